"""Missing values predicted from the other columns, round by round. Formulas: sklearn/impute/_iterative.py."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from onnxpipe.adapters.sklearn.delegation import inner
from onnxpipe.adapters.sklearn.imputing import refused_unless_missing, with_indicators
from onnxpipe.blocks import missing, numeric
from onnxpipe.core.apply import apply, tensor, transformed
from onnxpipe.core.ops import Var, any_of, cast, const, dtype_of, op, take_columns
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts
from onnxpipe.core.table import Table


class _Step(NamedTuple):
    """One column's turn in a round: its place, the columns it is predicted from, and by what."""

    column: int
    others: list[int]
    estimator: Stage


@converts("sklearn.impute.IterativeImputer", refuses=refused_unless_missing)
def iterative_imputer(stage: Stage, x: Var) -> Var:
    """Missing values filled simply, then column by column with what the others' values predict.

    As natively, nothing is predicted for rows of which, all together, nothing is known.
    Indicators of what was missing behind.
    """
    if stage.sample_posterior:
        raise stage.unsupported("draws from the posterior, at random (sample_posterior)")
    gone = missing.is_missing(x, stage.missing_values)
    simple = transformed(inner(stage, "initial_imputer_"), Table.of(x)).matrix()
    kept, steps = _kept(stage), list(_steps(stage))
    lacking, filled = take_columns(gone, kept), simple
    # Where each column is missing ``[N, d]``, once for all rounds.
    own = {c: op.and_(lacking, const(np.arange(len(kept)) == c)) for c in sorted({s.column for s in steps})}
    for step in steps:
        filled = op.where(own[step.column], _predicted(stage, step, filled), filled)
    return with_indicators(stage, op.where(any_of(op.not_(lacking)), filled, simple), gone)


def _steps(stage: Stage) -> Iterator[_Step]:
    for i, saved in enumerate(stage.imputation_sequence_):
        column, others, estimator = saved.args
        inside = stage.child(f"imputation_sequence_[{i}][2]", estimator)
        yield _Step(int(column), [int(j) for j in others], inside)


def _kept(stage: Stage) -> Any:
    """Positions of the columns that weren't empty when fitted, or that are kept all the same."""
    statistics = np.asarray(inner(stage, "initial_imputer_").statistics_, np.float64)
    keeps = stage.get("keep_empty_features", False)
    return np.arange(len(statistics)) if keeps else np.flatnonzero(~np.isnan(statistics))


def _predicted(stage: Stage, step: _Step, filled: Var) -> Var:
    """What the other columns of ``filled`` ``[N, d]`` say of one, within its limits: ``[N, 1]``."""
    said = tensor(apply(step.estimator, Table.of(take_columns(filled, step.others)))["predict"])
    low, high = (np.float64(limits[step.column]) for limits in (stage._min_value, stage._max_value))
    return cast(numeric.clipped(op.reshape(said, const([-1, 1])), low, high), dtype_of(filled))
