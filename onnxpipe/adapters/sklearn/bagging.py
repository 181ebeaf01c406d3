"""Bagging: means over members that each see some columns. Formulas: sklearn/ensemble/_bagging.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.sklearn import trees as saved
from onnxpipe.adapters.sklearn.delegation import members
from onnxpipe.adapters.sklearn.members import checked_once, classes_of, strongest
from onnxpipe.adapters.sklearn.subsets import among, are_trees, read_columns, subset_edges, subset_forest
from onnxpipe.blocks import classes, ensembles, linear
from onnxpipe.blocks.forests import leaf_rows
from onnxpipe.blocks.forests.trees import Forest
from onnxpipe.core.apply import apply, floating, tensor
from onnxpipe.core.guards import guarded
from onnxpipe.core.ops import Var, cast, const
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import ANY, UNREAD, Answers, columns, converts
from onnxpipe.core.table import Check, Table

Array = NDArray[Any]


def member_columns(stage: Stage) -> list[str]:
    found = [UNREAD] * int(stage.n_features_in_)
    for member, features in zip(members(stage), stage.estimators_features_, strict=True):
        hints = columns(member) or (ANY,) * len(features)
        for i, hint in zip(features, hints, strict=True):
            found[i] = strongest([found[i], hint])
    return found


def edges(stage: Stage) -> Mapping[int, Array]:
    return subset_edges(stage) if are_trees(stage) else {}


@converts("sklearn.ensemble.BaggingClassifier", refuses=Check.NOTHING, columns=member_columns, edges=edges)
def bagging_classifier(stage: Stage, x: Table) -> Answers:
    """The mean of the members' class shares, or the share of members that say a class."""
    if are_trees(stage):
        return _classified(stage, _tree_shares(stage, x))
    answers = _asked(stage, x)
    found = _classified(stage, _shares(stage, answers))
    if all("decision_function" in each for each in answers):
        scores = [tensor(each["decision_function"]) for each in answers]
        found["decision_function"] = ensembles.mean(scores)
    return found


@converts("sklearn.ensemble.BaggingRegressor", refuses=Check.NOTHING, columns=member_columns, edges=edges)
def bagging_regressor(stage: Stage, x: Table) -> Answers:
    """The mean of the members' answers, ``[N]`` or ``[N, targets]``."""
    if not are_trees(stage):
        return {"predict": ensembles.mean([tensor(each["predict"]) for each in _asked(stage, x)])}
    values = saved.leaf_values(list(stage.estimators_))[:, :, 0]
    single, forest = guarded(stage.context, _single(stage, x), _check(stage)), _forest(stage)
    result = leaf_rows.mean_values(single, forest, values)
    return {"predict": linear.column(result) if values.shape[1] == 1 else result}


def _asked(stage: Stage, x: Table) -> list[Answers]:
    """What each member answers on its own columns."""
    inside = members(stage)
    if read_columns(stage).size == x.width:
        x = checked_once(inside, x)
    joined, places = x.promoted(), zip(inside, stage.estimators_features_, strict=True)
    return [apply(member, joined.take([int(i) for i in features])) for member, features in places]


def _classified(stage: Stage, proba: Var) -> dict[str, Var]:
    return {"predict": classes.most_likely(proba, stage.classes_), "predict_proba": proba}


def _shares(stage: Stage, answers: list[Answers]) -> Var:
    """Class shares ``[N, k]`` float64: the mean of the members' own, or of their votes."""
    count = int(stage.n_classes_)
    if all("predict_proba" in each for each in answers):
        parts = [cast(tensor(each["predict_proba"]), np.float64) for each in answers]
        known = map(classes_of, stage.estimators_)
        places = zip(parts, known, strict=True)
        return ensembles.mean([ensembles.placed(part, own, count) for part, own in places])
    said = ensembles.stacked([tensor(each["predict"]) for each in answers])
    return cast(ensembles.votes(said, np.arange(count)), np.float64) / const(float(len(answers)))


def _tree_shares(stage: Stage, x: Table) -> Var:
    """Class shares ``[N, k]`` of trees, all in one operator."""
    return saved.mean_rows(stage, _single(stage, x), _forest(stage), _tree_rows(stage), _check(stage))


def _tree_rows(stage: Stage) -> Array:
    """The class shares at all leaves ``[leaves, k]``; a tree that never met a class gives it none."""
    rows = []
    for tree in stage.estimators_:
        shares = saved.shares(saved.leaf_values([tree]))[:, 0]
        rows.append(np.zeros((len(shares), int(stage.n_classes_))))
        rows[-1][:, np.asarray(tree.get("classes_"), np.int64)] = shares
    return np.concatenate(rows)


def _single(stage: Stage, x: Table) -> Var:
    """The columns that some tree reads, as trees compare them."""
    columns = read_columns(stage)
    seen = x if columns.size == x.width else x.take([int(i) for i in columns])
    return floating(seen, np.float32)


def _forest(stage: Stage) -> Forest:
    """The trees, splitting on the columns that some tree reads."""
    return among(subset_forest(stage), read_columns(stage))


def _check(stage: Stage) -> Check:
    return saved.refused(members(stage)[0])
