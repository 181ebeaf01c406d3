"""Decision trees, random forests and gradient-boosted trees.

Formulas: DecisionTreeClassifier.scala, RandomForestClassifier.scala, GBTClassifier.scala and their
regressors in org/apache/spark/ml.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.spark import tree_nodes
from onnxpipe.adapters.spark.predicting import classified, logistic_pair, normalised, two_sided
from onnxpipe.adapters.spark.tree_nodes import Trees, edges
from onnxpipe.blocks.forests import leaf_rows, trees
from onnxpipe.core.frame import Column, vector
from onnxpipe.core.ops import Var, const, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts

Array = NDArray[Any]
Columns = dict[str, Var | Column]


@converts("pyspark.ml.classification.DecisionTreeClassificationModel", edges=edges)
def decision_tree_classifier(stage: Stage, x: Column) -> Columns:
    """Raw scores are the counts of the leaf; where only a label is asked for, thresholds don't count."""
    rows, held = tree_nodes.read(stage).over(x)
    leaf = held.leaf(rows)
    if not (stage.rawPredictionCol or stage.probabilityCol):
        return {"predictionCol": trees.summed(rows, held.forest, held.prediction), "leafCol": leaf}
    raw = leaf_rows.summed_in_order(rows, held.forest, held.stats)
    return {**classified(stage, raw, normalised), "leafCol": leaf}


@converts("pyspark.ml.classification.RandomForestClassificationModel", edges=edges)
def random_forest_classifier(stage: Stage, x: Column) -> Columns:
    """Raw scores are the shares of classes in the leaves, added tree by tree."""
    rows, held = tree_nodes.read(stage).over(x)
    raw = leaf_rows.summed_in_order(rows, held.forest, _shares(held.stats))
    return {**classified(stage, raw, normalised), "leafCol": vector(held.leaf(rows))}


def _shares(stats: Array) -> Array:
    """Counts as shares of their row's sum, rows of zeros as they are."""
    total = stats.sum(axis=1, keepdims=True)
    return np.asarray(stats / np.where(total == 0, 1, total))


@converts("pyspark.ml.classification.GBTClassificationModel", edges=edges)
def gbt_classifier(stage: Stage, x: Column) -> Columns:
    """``[-margin, margin]`` and ``1 / (1 + exp(-2 raw))``."""
    rows, held = tree_nodes.read(stage).over(x)
    raw = two_sided(_weighed(stage, rows, held))
    predicted = classified(stage, raw, lambda raw: logistic_pair(op.mul(raw, const(2.0)), sure=0))
    return {**predicted, "leafCol": vector(held.leaf(rows))}


@converts("pyspark.ml.regression.DecisionTreeRegressionModel", edges=edges)
def decision_tree_regressor(stage: Stage, x: Column) -> Columns:
    """The leaf's mean, and its variance ``(sum of squares - sum**2 / count) / count``."""
    rows, held = tree_nodes.read(stage).over(x)
    count, total, squares = held.stats.T
    safe = np.where(count == 0, 1, count)
    variance = np.where(count == 0, 0, (squares - total * total / safe) / safe)
    return {
        "predictionCol": trees.summed(rows, held.forest, held.prediction),
        "varianceCol": trees.summed(rows, held.forest, variance),
        "leafCol": held.leaf(rows),
    }


@converts("pyspark.ml.regression.RandomForestRegressionModel", edges=edges)
def random_forest_regressor(stage: Stage, x: Column) -> Columns:
    """The mean of the trees' predictions."""
    rows, held = tree_nodes.read(stage).over(x)
    total = trees.summed(rows, held.forest, held.prediction)
    return {"predictionCol": op.div(total, const(float(held.count))), "leafCol": vector(held.leaf(rows))}


@converts("pyspark.ml.regression.GBTRegressionModel", edges=edges)
def gbt_regressor(stage: Stage, x: Column) -> Columns:
    """The weighted sum of the trees' predictions."""
    rows, held = tree_nodes.read(stage).over(x)
    return {"predictionCol": _weighed(stage, rows, held), "leafCol": vector(held.leaf(rows))}


def _weighed(stage: Stage, x: Var, held: Trees) -> Var:
    """The trees' predictions times their weights, added up ``[N, 1]``."""
    weights = tree_nodes.weights(stage)
    return trees.summed(x, held.forest, held.prediction * weights[held.forest.tree_of_leaf])
