"""Histogram gradient boosting.

Formulas: sklearn/ensemble/_hist_gradient_boosting/gradient_boosting.py and _predictor.pyx. Values are
compared in float64; NaN, infinities and unseen categories all have their branch, so nothing is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.sklearn import byte_categories
from onnxpipe.adapters.sklearn.trees import joined
from onnxpipe.blocks import classes, linear
from onnxpipe.blocks.forests import boosting, trees
from onnxpipe.blocks.forests.tree_node import LEQ, MEMBER
from onnxpipe.blocks.forests.trees import Forest
from onnxpipe.core.apply import transformed
from onnxpipe.core.ops import Var, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.record import Record
from onnxpipe.core.registry import ANY, Answers, columns, converts
from onnxpipe.core.table import Check, Table

Array = NDArray[Any]


def _predictors(stage: Stage) -> list[Record]:
    """The trees, round by round, within a round one per score."""
    return [tree for rounds in stage._predictors for tree in rounds]


def _forest(predictors: Sequence[Record]) -> Forest:
    nodes = [tree.get("nodes") for tree in predictors]
    sizes = [len(tree) for tree in nodes]
    roots = np.cumsum([0, *sizes])[:-1]
    offset = np.repeat(roots, sizes)
    leaf, categorical = joined(nodes, "is_leaf") != 0, joined(nodes, "is_categorical") != 0
    sets = [
        tree.get("raw_left_cat_bitsets")[n["bitset_idx"][n["is_categorical"] != 0]]
        for tree, n in zip(predictors, nodes, strict=True)
    ]
    return Forest(
        feature=joined(nodes, "feature_idx"),
        threshold=np.where(categorical, 0, joined(nodes, "num_threshold")),
        left=np.where(leaf, -1, joined(nodes, "left").astype(np.int64) + offset),
        right=joined(nodes, "right").astype(np.int64) + offset,
        roots=roots,
        nan_left=joined(nodes, "missing_go_to_left"),
        modes=np.where(categorical, MEMBER, LEQ) if categorical.any() else None,
        members=_members(np.concatenate(sets)) if categorical.any() else None,
        cover=joined(nodes, "count").astype(np.int64),
    ).checked()


def _members(bitsets: Array) -> Array:
    """The codes in each set of ``[sets, 8]`` uint32, NaN after each set's.

    A set that only NaN belongs to gets -1, which no code is: the operator wants a member.
    """
    bits = np.unpackbits(np.ascontiguousarray(bitsets, "<u4").view(np.uint8), axis=1, bitorder="little")
    codes = [-1, *range(bits.shape[1]), np.nan]
    present = np.column_stack([~bits.any(axis=1), bits, np.ones(len(bits))]).astype(bool)
    return np.asarray(np.broadcast_to(codes, present.shape)[present])


def _raw(stage: Stage, x: Table) -> Var:
    """The baseline plus all trees, float64 ``[N, scores]``."""
    predictors = _predictors(stage)
    forest = _forest(predictors)
    nodes = [tree.get("nodes") for tree in predictors]
    values = joined(nodes, "value")[forest.is_leaf]
    targets = forest.tree_of_leaf % int(stage.n_trees_per_iteration_)
    first = np.ravel(np.asarray(stage._baseline_prediction, np.float64))
    return trees.summed(_prepared(stage, x), *boosting.starting(forest, values, targets, first))


def _order(stage: Stage) -> list[int]:
    """Columns as the trees number them: since 1.4 the categorical ones, which get encoded, come first."""
    chosen = np.asarray(stage.is_categorical_, bool)
    return [int(i) for i in np.concatenate([np.flatnonzero(chosen), np.flatnonzero(~chosen)])]


def _encoder(stage: Stage) -> Stage | None:
    """The ordinal encoder of the categorical columns, None where there are none; before 1.4 always."""
    preprocessor = stage.get("_preprocessor")
    if preprocessor is not None:
        inner = stage.child("_preprocessor", preprocessor)
        return inner.child("encoder", inner.transformers_[0][1])
    return None


def _prepared(stage: Stage, x: Table) -> Var:
    """The columns as the trees read them, float64 ``[N, d]``."""
    encoder = _encoder(stage)
    if encoder is None:
        rows = x.matrix(np.float64)
        return byte_categories.read(stage, rows) if byte_categories.known(stage) else rows
    ordered = x.take(_order(stage))
    width = int(np.sum(stage.is_categorical_))
    coded = transformed(encoder, ordered.take(range(width)))
    return Table.join([coded, ordered.take(range(width, x.width))]).matrix(np.float64)


def _columns(stage: Stage) -> list[str]:
    """What the encoder says of the categorical columns; the rest are numbers."""
    found = [ANY] * int(stage.n_features_in_)
    encoder = _encoder(stage)
    for i, hint in zip(_order(stage), columns(encoder) or (), strict=False) if encoder is not None else ():
        found[i] = hint
    return found


def _edges(stage: Stage) -> Mapping[int, Array]:
    """Thresholds and categories, by the column they apply to."""
    found = _forest(_predictors(stage)).edges()
    encoder = _encoder(stage)
    if encoder is None:
        return {**found, **byte_categories.known(stage)}
    known = dict(enumerate(encoder.categories_))
    return {column: known.get(i, found.get(i, np.zeros(0))) for i, column in enumerate(_order(stage))}


@converts(
    "sklearn.ensemble.HistGradientBoostingRegressor", refuses=Check.NOTHING, columns=_columns, edges=_edges
)
def hist_regressor(stage: Stage, x: Table) -> Answers:
    """The raw prediction, its exponential for the losses with a log link."""
    raw = linear.column(_raw(stage, x))
    return {"predict": op.exp(raw) if stage.loss in ("poisson", "gamma") else raw}


@converts(
    "sklearn.ensemble.HistGradientBoostingClassifier", refuses=Check.NOTHING, columns=_columns, edges=_edges
)
def hist_classifier(stage: Stage, x: Table) -> Answers:
    """The sigmoid of the one score for two classes, else the softmax."""
    raw = _raw(stage, x)
    if len(stage.classes_) > 2:
        proba, predicted = linear.softmax(raw), classes.most_likely(raw, stage.classes_)
        return {"predict": predicted, "predict_proba": proba, "decision_function": raw}
    score, proba = linear.column(raw), linear.two_columns(linear.expit(raw))
    return {
        "predict": classes.positive(score, stage.classes_),
        "predict_proba": proba,
        "decision_function": score,
    }
