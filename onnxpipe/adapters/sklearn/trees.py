"""Decision trees. Formulas: sklearn/tree/_classes.py and _tree.pyx, 1.0 to 1.9."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.sklearn.versions import saved_since
from onnxpipe.blocks import classes, linear
from onnxpipe.blocks.forests import leaf_rows, trees
from onnxpipe.blocks.forests.trees import Forest
from onnxpipe.core.guards import guarded
from onnxpipe.core.ops import Var, concat, const, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.record import Record
from onnxpipe.core.registry import Answers, converts
from onnxpipe.core.table import Check

Array = NDArray[Any]


def members(stage: Stage) -> list[Record]:
    """The trees of a forest or boosting model, in order, as the saved estimators."""
    return [tree for tree in np.ravel(np.asarray(stage.estimators_, dtype=object)) if tree is not None]


def forest_of(estimators: Sequence[Record]) -> Forest:
    """The nodes of saved tree estimators, children numbered through.

    The rule on missing values came with 1.3; older trees refuse them.
    """
    nodes = [estimator.get("tree_").get("nodes") for estimator in estimators]
    sizes = [len(tree) for tree in nodes]
    roots = np.cumsum([0, *sizes])[:-1]
    offset = np.repeat(roots, sizes)
    left = joined(nodes, "left_child")
    knows_nan = "missing_go_to_left" in (nodes[0].dtype.names or ())
    return Forest(
        feature=joined(nodes, "feature"),
        threshold=joined(nodes, "threshold"),
        left=np.where(left < 0, -1, left + offset),
        right=joined(nodes, "right_child") + offset,
        roots=roots,
        nan_left=joined(nodes, "missing_go_to_left") if knows_nan else None,
        cover=joined(nodes, "n_node_samples"),
    ).checked()


def joined(nodes: Sequence[Array], field: str) -> Array:
    """One field of all nodes of all trees."""
    return np.concatenate([tree[field] for tree in nodes])


def leaf_values(estimators: Sequence[Record]) -> Array:
    """The values at all leaves ``[leaves, outputs, classes]``, in node order."""
    states = (estimator.get("tree_").fields for estimator in estimators)
    return np.concatenate([state["values"][state["nodes"]["left_child"] < 0] for state in states])


def shares(values: Array) -> Array:
    """Class shares from leaf values, which before 1.3 were sums of sample weights."""
    total = values.sum(axis=-1, keepdims=True)
    counted = (np.abs(total - 1) > 1e-9) & (total > 0)
    return np.asarray(values / np.where(counted, total, 1))


def edges(stage: Stage) -> Mapping[int, Array]:
    """The thresholds, and the float32 numbers around them that inputs are rounded to."""
    estimators = members(stage) if "estimators_" in stage.state else itself(stage)
    found = forest_of(estimators).edges()
    below = {feature: trees.rounded_down(values) for feature, values in found.items()}
    return {
        f: np.concatenate([v, below[f], np.nextafter(below[f], np.float32(np.inf))]) for f, v in found.items()
    }


def outputs_of(stage: Stage) -> list[tuple[Array, int]]:
    """(classes, number of classes) per output of a tree or forest classifier."""
    if int(stage.n_outputs_) == 1:
        return [(np.asarray(stage.classes_), int(np.ravel(stage.n_classes_)[0]))]
    return [(np.asarray(c), int(n)) for c, n in zip(stage.classes_, stage.n_classes_, strict=True)]


def classifier(stage: Stage, x: Var, estimators: Sequence[Record], check: Check) -> Answers:
    """The mean over trees of the leaves' class shares, and the most likely class, per output."""
    outputs = outputs_of(stage)
    proba = _class_shares(stage, x, estimators, check)
    if len(outputs) == 1:
        return {"predict": classes.most_likely(proba[0], outputs[0][0]), "predict_proba": proba[0]}
    labels = [
        op.unsqueeze(classes.most_likely(p, c), const([1])) for p, (c, _) in zip(proba, outputs, strict=True)
    ]
    return {"predict": concat(labels, 1), **{f"predict_proba_{i}": p for i, p in enumerate(proba)}}


def _class_shares(stage: Stage, x: Var, estimators: Sequence[Record], check: Check) -> list[Var]:
    """The mean class shares ``[N, k]`` per output, rows that native refuses refused."""
    outputs = outputs_of(stage)
    values = shares(leaf_values(estimators))
    mean = mean_rows(stage, x, forest_of(estimators), values.reshape(len(values), -1), check)
    width = values.shape[2]
    return [_slice(mean, i * width, i * width + k, len(outputs) * width) for i, (_, k) in enumerate(outputs)]


def mean_rows(stage: Stage, x: Var, forest: Forest, rows: Array, check: Check) -> Var:
    """The mean over trees of the leaves' rows, checked by a tree of its own where that can be."""
    if leaf_rows.can_watch(x) and stage.options.on_invalid == "raise":
        return leaf_rows.mean_rows(x, forest, rows, check)
    return leaf_rows.mean_rows(guarded(stage.context, x, check), forest, rows)


def regressor(stage: Stage, x: Var, estimators: Sequence[Record]) -> Answers:
    """The mean over trees of the leaves' values, ``[N]`` or ``[N, outputs]``."""
    values = leaf_values(estimators)[:, :, 0]
    result = leaf_rows.mean_values(x, forest_of(estimators), values)
    return {"predict": linear.column(result) if values.shape[1] == 1 else result}


def _slice(x: Var, start: int, stop: int, width: int) -> Var:
    return x if stop - start == width else op.slice(x, const([start]), const([stop]), const([1]))


_NAN_CRITERIA = ("gini", "entropy", "log_loss", "squared_error", "friedman_mse", "poisson")


def refused(stage: Stage) -> Check:
    """Infinity; NaN too before 1.3 (forests 1.4, extra trees 1.6) and where options rule it out."""
    extra = "ExtraTree" in stage.kind
    since = 6 if extra else 4 if "estimators_" in stage.state else 3
    allows = saved_since(stage, 1, since) and _allows_nan(stage, "random" if extra else "best")
    return Check.INFINITE if allows else Check.NONFINITE


def _allows_nan(stage: Stage, splitter: str) -> bool:
    """Whether the options of a tree (whose kind splits by ``splitter``) allow NaN: its ``allow_nan`` tag."""
    chosen = stage.get("splitter", splitter)
    if saved_since(stage, 1, 9):
        return splitter == "best" or bool(chosen == "random")
    known = stage.criterion in _NAN_CRITERIA and stage.get("monotonic_cst") is None
    return bool(known and (chosen == splitter or (splitter == "best" and saved_since(stage, 1, 6))))


def itself(stage: Stage) -> list[Record]:
    """A lone tree as the ensemble it is."""
    return [Record(stage.kind, stage.kind, state=dict(stage.state))]


@converts(
    "sklearn.tree.DecisionTreeClassifier",
    "sklearn.tree.ExtraTreeClassifier",
    dtype=np.float32,
    refuses=refused,
    edges=edges,
)
def tree_classifier(stage: Stage, x: Var, check: Check) -> Answers:
    """The class shares of the leaf."""
    return classifier(stage, x, itself(stage), check)


@converts(
    "sklearn.tree.DecisionTreeRegressor",
    "sklearn.tree.ExtraTreeRegressor",
    dtype=np.float32,
    refuses=refused,
    edges=edges,
)
def tree_regressor(stage: Stage, x: Var) -> Answers:
    """The value of the leaf."""
    return regressor(stage, x, itself(stage))
