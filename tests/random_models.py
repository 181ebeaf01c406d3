"""Models of random pipelines, by the kind of their target, and what can be put around them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sklearn import (
    calibration,
    cluster,
    compose,
    decomposition,
    discriminant_analysis,
    ensemble,
    linear_model,
    mixture,
    model_selection,
    multiclass,
    multioutput,
    naive_bayes,
    neighbors,
    neural_network,
    preprocessing,
    semi_supervised,
    svm,
    tree,
)

Make = Callable[[], Any]


class Models:
    """Models drawn by one generator."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng

    def one(self, choices: Sequence[Any]) -> Any:
        return choices[int(self.rng.integers(len(choices)))]

    def flip(self, share: float = 0.5) -> bool:
        return bool(self.rng.random() < share)

    def seed(self) -> int:
        return int(self.rng.integers(100))

    def model(self, target: str, depth: int) -> Any:
        """A last step for a kind of target."""
        if target == "targets":
            return self.of_targets()
        if target == "multilabel":
            return self.of_labels()
        kind = "regression" if target == "regression" else "classes"
        if depth > 0 and self.flip(0.5):
            return self.around(self.model(target, min(depth - 1, 1)), target)
        if depth == 2 and self.flip(0.08):
            return self.unsupervised()
        return self.regressor() if kind == "regression" else self.classifier()

    def classifier(self) -> Any:
        seed = self.seed()
        return self.one(
            [
                lambda: linear_model.LogisticRegression(C=0.5),
                lambda: linear_model.RidgeClassifier(),
                lambda: linear_model.SGDClassifier(
                    loss=self.one(["hinge", "log_loss", "modified_huber"]), random_state=seed
                ),
                lambda: tree.DecisionTreeClassifier(max_depth=4, random_state=seed),
                lambda: ensemble.RandomForestClassifier(5, max_depth=3, random_state=seed),
                lambda: ensemble.ExtraTreesClassifier(4, max_depth=3, random_state=seed),
                lambda: ensemble.GradientBoostingClassifier(n_estimators=4, random_state=seed),
                lambda: ensemble.HistGradientBoostingClassifier(max_iter=4, min_samples_leaf=5),
                lambda: neighbors.KNeighborsClassifier(3, weights=self.one(["uniform", "distance"])),
                lambda: neighbors.NearestCentroid(),
                lambda: naive_bayes.GaussianNB(),
                lambda: naive_bayes.BernoulliNB(),
                lambda: svm.SVC(kernel=self.one(["rbf", "poly", "linear"])),
                lambda: svm.LinearSVC(random_state=seed),
                lambda: neural_network.MLPClassifier((5,), max_iter=20, random_state=seed),
                lambda: discriminant_analysis.LinearDiscriminantAnalysis(),
                lambda: discriminant_analysis.QuadraticDiscriminantAnalysis(reg_param=0.5),
            ]
        )()

    def regressor(self) -> Any:
        seed = self.seed()
        return self.one(
            [
                lambda: linear_model.Ridge(),
                lambda: linear_model.Lasso(alpha=0.1),
                lambda: linear_model.LinearRegression(),
                lambda: linear_model.HuberRegressor(max_iter=500),
                lambda: tree.DecisionTreeRegressor(max_depth=4, random_state=seed),
                lambda: ensemble.RandomForestRegressor(5, max_depth=3, random_state=seed),
                lambda: ensemble.GradientBoostingRegressor(n_estimators=4, random_state=seed),
                lambda: ensemble.HistGradientBoostingRegressor(max_iter=4, min_samples_leaf=5),
                lambda: neighbors.KNeighborsRegressor(3, weights=self.one(["uniform", "distance"])),
                lambda: svm.SVR(kernel=self.one(["rbf", "poly", "linear"])),
                lambda: svm.LinearSVR(random_state=seed),
                lambda: neural_network.MLPRegressor((5,), max_iter=20, random_state=seed),
            ]
        )()

    def unsupervised(self) -> Any:
        return self.one(
            [
                lambda: cluster.KMeans(3, n_init=1, random_state=0),
                lambda: ensemble.IsolationForest(5, random_state=0),
                lambda: mixture.GaussianMixture(2, random_state=0, reg_covar=1e-3),
                lambda: svm.OneClassSVM(nu=0.3),
                lambda: neighbors.LocalOutlierFactor(novelty=True),
                lambda: decomposition.PCA(2),
            ]
        )()

    def of_targets(self) -> Any:
        one = self.regressor
        return self.one(
            [
                lambda: multioutput.MultiOutputRegressor(one()),
                lambda: multioutput.RegressorChain(one()),
                lambda: linear_model.Ridge(),
                lambda: linear_model.MultiTaskLasso(alpha=0.1),
                lambda: ensemble.RandomForestRegressor(5, max_depth=3, random_state=0),
                lambda: compose.TransformedTargetRegressor(
                    linear_model.Ridge(), transformer=preprocessing.StandardScaler()
                ),
                lambda: neighbors.KNeighborsRegressor(3),
            ]
        )()

    def of_labels(self) -> Any:
        one = self.classifier
        return self.one(
            [
                lambda: multioutput.MultiOutputClassifier(one()),
                lambda: multioutput.ClassifierChain(one()),
                lambda: multiclass.OneVsRestClassifier(one()),
                lambda: neighbors.KNeighborsClassifier(3),
                lambda: ensemble.RandomForestClassifier(5, max_depth=3, random_state=0),
                lambda: tree.DecisionTreeClassifier(max_depth=3),
                lambda: neural_network.MLPClassifier((5,), max_iter=20, random_state=0),
            ]
        )()

    def around(self, inner: Any, target: str) -> Any:
        """An ensemble or another wrapper of a model."""
        if target == "regression":
            return self.one(self.around_regressors(inner))()
        wrappers = self.around_classifiers(inner)
        return self.one(
            [*wrappers, *self.around_binary(inner)] if target.startswith("binary") else wrappers
        )()

    def around_regressors(self, inner: Any) -> list[Make]:
        more = self.regressor()
        return [
            lambda: ensemble.BaggingRegressor(inner, 3, max_features=0.7, random_state=0),
            lambda: ensemble.AdaBoostRegressor(inner, n_estimators=3, random_state=0),
            lambda: ensemble.StackingRegressor([("a", inner), ("b", more)], cv=2, passthrough=self.flip()),
            lambda: ensemble.VotingRegressor([("a", inner), ("b", more)], weights=self.one([None, [2, 1]])),
            lambda: compose.TransformedTargetRegressor(
                inner, transformer=preprocessing.QuantileTransformer(n_quantiles=10)
            ),
            lambda: model_selection.GridSearchCV(inner, {}, cv=2),
        ]

    def around_classifiers(self, inner: Any) -> list[Make]:
        more = self.classifier()
        return [
            lambda: ensemble.BaggingClassifier(inner, 3, max_features=0.7, random_state=0),
            lambda: ensemble.AdaBoostClassifier(inner, n_estimators=3, random_state=0),
            lambda: ensemble.StackingClassifier([("a", inner), ("b", more)], cv=2, passthrough=self.flip()),
            lambda: ensemble.VotingClassifier([("a", inner), ("b", more)], voting=self.one(["hard", "soft"])),
            lambda: calibration.CalibratedClassifierCV(
                inner, cv=2, ensemble=self.flip(), method=self.one(["sigmoid", "isotonic", "temperature"])
            ),
            lambda: multiclass.OneVsRestClassifier(inner),
            lambda: multiclass.OneVsOneClassifier(inner),
            lambda: multiclass.OutputCodeClassifier(inner, random_state=0),
            lambda: model_selection.GridSearchCV(inner, {}, cv=2),
            lambda: semi_supervised.SelfTrainingClassifier(inner),
        ]

    def around_binary(self, inner: Any) -> list[Make]:
        m = model_selection
        return [
            lambda: m.FixedThresholdClassifier(inner, threshold=0.4),
            lambda: m.TunedThresholdClassifierCV(inner, cv=2, random_state=0, scoring="accuracy"),
        ]
