"""Rows for neural networks."""

from sklearn.neural_network import BernoulliRBM, MLPClassifier, MLPRegressor

from tests.harness import Case

ACTIVATIONS = ("identity", "logistic", "tanh", "relu")

CASES = [
    *[Case(MLPClassifier((8, 5), activation=a, max_iter=30, random_state=0)) for a in ACTIVATIONS],
    Case(MLPClassifier((8,), max_iter=30, random_state=0), data="binary"),
    Case(MLPClassifier((8,), max_iter=30, random_state=0), data="binary_labels"),
    Case(MLPClassifier((), max_iter=30, random_state=0), data="labels"),
    Case(MLPClassifier((8,), max_iter=30, random_state=0), data="multilabel"),
    Case(MLPClassifier((8,), max_iter=30, random_state=0), data="flags"),
    Case(MLPClassifier((8,), max_iter=30, random_state=0), data="single"),
    Case(MLPClassifier((8,), max_iter=30, random_state=0), data="odd_classes"),
    *[
        Case(MLPRegressor(hidden_layer_sizes=(8, 5), activation=a, max_iter=30, random_state=0))
        for a in ACTIVATIONS
    ],
    Case(MLPRegressor(hidden_layer_sizes=(8,), max_iter=30, random_state=0), data="targets"),
    Case(MLPRegressor(hidden_layer_sizes=(8,), loss="poisson", max_iter=30, random_state=0), data="counted"),
    Case(BernoulliRBM(5, n_iter=3, random_state=0), data="bits", methods=("transform",)),
    Case(BernoulliRBM(5, n_iter=3, random_state=0), data="single", methods=("transform",)),
]
