"""Forests: means over trees. Formulas: sklearn/ensemble/_forest.py."""

from __future__ import annotations

import numpy as np

from onnxpipe.adapters.sklearn.trees import classifier, edges, members, refused, regressor
from onnxpipe.core.ops import Var
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import Answers, converts
from onnxpipe.core.table import Check


@converts(
    "sklearn.ensemble.RandomForestClassifier",
    "sklearn.ensemble.ExtraTreesClassifier",
    dtype=np.float32,
    refuses=refused,
    edges=edges,
)
def forest_classifier(stage: Stage, x: Var, check: Check) -> Answers:
    """The mean of the trees' class shares, and the most likely class."""
    return classifier(stage, x, members(stage), check)


@converts(
    "sklearn.ensemble.RandomForestRegressor",
    "sklearn.ensemble.ExtraTreesRegressor",
    dtype=np.float32,
    refuses=refused,
    edges=edges,
)
def forest_regressor(stage: Stage, x: Var) -> Answers:
    """The mean of the trees' values."""
    return regressor(stage, x, members(stage))
