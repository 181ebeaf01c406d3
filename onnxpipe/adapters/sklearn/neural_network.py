"""Neural networks.

Formulas: sklearn/neural_network/_multilayer_perceptron.py, _base.py, _rbm.py and
LabelBinarizer.inverse_transform in sklearn/preprocessing/_label.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks import classes, linear
from onnxpipe.core.ops import Var, const, dtype_of, op, shape_of
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import Answers, converts

Array = NDArray[Any]

_ACTIVATIONS: dict[str, Callable[[Var], Var]] = {
    "identity": lambda x: x,
    "exp": op.exp,
    "logistic": linear.expit,
    "relu": op.relu,
    "softmax": linear.softmax,
    "tanh": op.tanh,
}


def _forward(stage: Stage, x: Var) -> Var:
    """The last layer's activations ``[N, outputs]``."""
    layers = list(zip(stage.coefs_, stage.intercepts_, strict=True))
    *hidden, last = [_as_one(layers)] if stage.activation == "identity" else layers
    for weights, bias in hidden:
        x = _ACTIVATIONS[stage.activation](linear.affine(x, weights.T, bias))
    return _ACTIVATIONS[stage.out_activation_](linear.affine(x, last[0].T, last[1]))


def _as_one(layers: Sequence[tuple[Array, Array]]) -> tuple[Array, Array]:
    """The weights ``[d, outputs]`` and biases of the one layer that layers with nothing between them are."""
    dtype, width = layers[0][0].dtype, len(layers[0][0])
    weights, bias = np.eye(width), np.zeros(width)
    for more, offset in layers:
        weights, bias = weights @ more, bias @ more + offset
    return weights.astype(dtype), bias.astype(dtype)


@converts("sklearn.neural_network.MLPRegressor")
def mlp_regressor(stage: Stage, x: Var) -> Answers:
    """The last layer, ``[N]`` for one target, else ``[N, targets]``."""
    y = _forward(stage, x)
    return {"predict": linear.column(y) if shape_of(y)[1] == 1 else y}


@converts("sklearn.neural_network.MLPClassifier")
def mlp_classifier(stage: Stage, x: Var) -> Answers:
    """The class with the highest share; for two classes and for labels, those above one half."""
    p = _forward(stage, x)
    labels = stage.child("_label_binarizer", stage._label_binarizer)
    if str(labels.y_type_).startswith("multilabel"):
        if shape_of(p)[1] > 1:
            return {"predict": classes.above(p, 0.5), "predict_proba": p}
        return {"predict": classes.above(p, 0.5), "predict_proba": linear.two_columns(p)}
    if len(labels.classes_) > 2:
        return {"predict": classes.most_likely(p, labels.classes_), "predict_proba": p}
    score = linear.column(p) - const(0.5, dtype_of(p))
    known = np.resize(labels.classes_, 2)
    return {"predict": classes.positive(score, known), "predict_proba": linear.two_columns(p)}


@converts("sklearn.neural_network.BernoulliRBM")
def bernoulli_rbm(stage: Stage, x: Var) -> Var:
    """The probability that each hidden unit is on ``[N, k]``."""
    return linear.expit(linear.affine(x, stage.components_, stage.intercept_hidden_))
