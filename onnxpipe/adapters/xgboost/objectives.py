"""From margins to predictions, objective by objective, and back for the first one.

Formulas: src/objective/regression_loss.h, regression_obj.cu, multiclass_obj.cu, hinge.cu, aft_obj.cu and
src/common/math.h of XGBoost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.xgboost import trees
from onnxpipe.blocks import linear
from onnxpipe.blocks.forests import boosting
from onnxpipe.core.ops import Var, cast, const, dtype_of, op, shape_of
from onnxpipe.core.plan import Stage

Array = NDArray[np.float32]


_NEAR = np.float32(1e-6)
"""How near to 0 and 1 a first share may be."""


class Objective(NamedTuple):
    """A link: margins ``[N, k]`` to predictions, and the first prediction ``[k]`` to its margin."""

    predict: Callable[[Var], Var]
    margin: Callable[[Array], Array] = lambda score: score


def _logit(score: Array) -> Array:
    """``-log(1 / p - 1)``, each step rounded to float32; ``p`` is kept off 0 and 1, as since 3.1."""
    inside = np.clip(score, _NEAR, np.float32(1) - _NEAR)
    odds = np.float32(1) / inside - np.float32(1)
    return (-np.log(odds.astype(np.float64))).astype(np.float32)


def _log(score: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(score.astype(np.float64)).astype(np.float32))


def _positive(margin: Var) -> Var:
    return cast(op.greater(margin, const(0, dtype_of(margin))), dtype_of(margin))


def _class(margin: Var) -> Var:
    return cast(op.arg_max(margin, axis=1, keepdims=1), dtype_of(margin))


def _same(margin: Var) -> Var:
    return margin


_NAMES: Mapping[Objective, str] = {
    Objective(_same): (
        "reg:squarederror reg:linear reg:squaredlogerror reg:pseudohubererror reg:absoluteerror "
        "reg:quantileerror reg:expectileerror binary:logitraw rank:pairwise rank:ndcg rank:map"
    ),
    Objective(boosting.sigmoid, _logit): "binary:logistic reg:logistic",
    Objective(boosting.exp, _log): "count:poisson reg:gamma reg:tweedie survival:cox survival:aft",
    Objective(_positive): "binary:hinge",
    Objective(boosting.softmax): "multi:softprob",
    Objective(_class): "multi:softmax",
}
OBJECTIVES: Mapping[str, Objective] = {name: made for made, names in _NAMES.items() for name in names.split()}
"""Every objective of the library by name."""


def objective(stage: Stage) -> Objective:
    """The booster's objective. Raises Unsupported for one that isn't the library's."""
    name = str(stage.objective.get("name"))
    if name not in OBJECTIVES:
        raise stage.unsupported(f"has the objective {name!r:.60}, whose predictions we don't know")
    return OBJECTIVES[name]


def margins(stage: Stage, x: Var, rounds: int | None = None, given: Var | None = None) -> Var:
    """The sum of all trees (of the first rounds), or the linear model: float32 ``[N, scores]``.

    ``x`` is float32 with NaN where a value is missing. ``given`` ``[N, scores]`` takes the place of the
    first prediction; the library adds the trees to it one by one, the graph adds it to their sum.
    """
    score = trees.base_score(stage)
    first = score if trees.is_untrained(stage) else objective(stage).margin(score)
    start = first if given is None else np.zeros_like(first)
    total = _linear(stage, x, start) if trees.is_linear(stage) else trees.summed(stage, x, start, rounds)
    return total if given is None else given + total


def _linear(stage: Stage, x: Var, start: Array) -> Var:
    """Coefficients times columns, missing ones counting nothing: src/gbm/gblinear.cc.

    Up to 3.4 all scores start from the first one's intercept.
    """
    weights = trees.linear_weights(stage)
    present = op.where(op.isnan(x), const(0, np.float32), x)
    return linear.affine(present, weights[:-1].T, weights[-1] + start[0])


def predictions(stage: Stage, margin: Var) -> Var:
    """What ``Booster.predict`` answers: ``[N]`` for one number a row, else ``[N, k]``."""
    return flat(objective(stage).predict(margin))


def flat(values: Var) -> Var:
    """``[N]`` in place of ``[N, 1]``."""
    return linear.column(values) if shape_of(values)[1] == 1 else values
