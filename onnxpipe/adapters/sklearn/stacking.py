"""Stacking: a model on other models' answers. Formulas: sklearn/ensemble/_stacking.py."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from onnxpipe.adapters.sklearn.delegation import edges_of_all, inner, members
from onnxpipe.adapters.sklearn.members import asked, checked_once, inner_columns
from onnxpipe.blocks import classes
from onnxpipe.blocks.linear import as_column
from onnxpipe.core.apply import apply, tensor
from onnxpipe.core.ops import Var, concat, const, op, shape_of
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import Answers, converts
from onnxpipe.core.table import Table


def _stacked(stage: Stage, x: Table) -> Table:
    """The members' answers side by side, then the rows themselves where they are passed through."""
    inside = members(stage)
    x = checked_once(inside, x)
    answers = zip(asked(inside, x), stage.stack_method_, strict=True)
    parts = [Table.of(part) for each, method in answers for part in _columns_of(stage, each, method)]
    return Table.join([*parts, x] if stage.passthrough else parts).promoted()


def _columns_of(stage: Stage, answers: Answers, method: str) -> Iterator[Var]:
    """One member's answer as columns; of two classes, or of each of several targets', not the first."""
    targets = [name for name in answers if name.startswith(f"{method}_")] if method not in answers else []
    for name in targets or [method]:
        made = tensor(answers[name])
        if len(shape_of(made)) == 1:
            yield as_column(made)
        elif targets or (method == "predict_proba" and len(stage.classes_) == 2):
            yield op.slice(made, const([1]), const([shape_of(made)[1]]), const([1]))
        else:
            yield made


@converts("sklearn.ensemble.StackingRegressor", columns=inner_columns, edges=edges_of_all)
def stacking_regressor(stage: Stage, x: Table) -> Answers:
    """What the last regressor makes of the members' answers."""
    stacked = _stacked(stage, x)
    return {"predict": apply(inner(stage, "final_estimator_"), stacked)["predict"], "transform": stacked}


@converts("sklearn.ensemble.StackingClassifier", columns=inner_columns, edges=edges_of_all)
def stacking_classifier(stage: Stage, x: Table) -> Answers:
    """What the last classifier makes of the members' answers, its whole numbers back to classes."""
    stacked = _stacked(stage, x)
    final = apply(inner(stage, "final_estimator_"), stacked)
    answers = {name: final[name] for name in ("predict_proba", "decision_function") if name in final}
    if isinstance(stage.classes_, list):
        return {**answers, **_per_target(stage, final), "transform": stacked}
    index = tensor(final["predict"])
    return {**answers, "predict": classes.label(index, stage.classes_), "transform": stacked}


def _per_target(stage: Stage, final: Answers) -> dict[str, Any]:
    """Classes ``[N, targets]``, and of listed shares each target's first column ``[N, targets]``."""
    index = tensor(final["predict"])
    known = [np.asarray(each) for each in stage.classes_]
    if all(np.array_equal(each, [0, 1]) for each in known):
        answers = {"predict": index}
    else:
        columns = (op.gather(index, const([i]), axis=1) for i in range(len(known)))
        made = [classes.label(column, each) for column, each in zip(columns, known, strict=True)]
        answers = {"predict": concat(made, 1)}
    listed = [tensor(final[f"predict_proba_{i}"]) for i in range(len(known)) if f"predict_proba_{i}" in final]
    if listed:
        first = [op.gather(each, const([0]), axis=1) for each in listed]
        answers["predict_proba"] = concat(first, 1)
    return answers
