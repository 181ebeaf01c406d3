"""The inverse link functions of generalised linear models, and the ranges of their families.

Formulas: Link, Family and FamilyAndLink in org/apache/spark/ml/regression/GeneralizedLinearRegression.scala.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from onnxpipe.blocks import elementwise, linear, special
from onnxpipe.core.ops import Var, const, op
from onnxpipe.core.plan import Stage

_LEAST, _MOST = 1e-16, float(np.finfo(np.float64).max)
"""Spark's epsilon, below which no mean is, and what stands for infinity."""
_POWERS = {"identity": 1.0, "log": 0.0, "inverse": -1.0, "sqrt": 0.5}
_CANONICAL = {"gaussian": "identity", "binomial": "logit", "poisson": "log", "gamma": "inverse"}
_TWEEDIE = {0.0: "gaussian", 1.0: "poisson", 2.0: "gamma"}
"""Families that are Tweedie's of some variance power."""
_RANGES = {"gaussian": (-_MOST, _MOST), "binomial": (_LEAST, 1 - _LEAST)}


def mean(stage: Stage, score: Var) -> Var:
    """The mean ``[N, 1]`` that belongs to a linear predictor, within what the family allows; NaN stays."""
    family = str(stage.family).lower()
    if family == "tweedie":
        family = _TWEEDIE.get(float(stage.variancePower), family)
    found = _unlinked(_link(stage, family), score)
    return elementwise.limited(found, *_RANGES.get(family, (_LEAST, _MOST)))


def _link(stage: Stage, family: str) -> str | float:
    """The name of the link function, or the power that it raises means to."""
    if str(stage.family).lower() != "tweedie":
        return str(stage.get("link") or _CANONICAL[family]).lower()
    power = stage.get("linkPower")
    if power is not None:
        return float(power)
    return _CANONICAL.get(family) or 1 - float(stage.variancePower)


def _unlinked(link: str | float, score: Var) -> Var:
    """The inverse of the link function."""
    if link in _NAMED:
        return _NAMED[str(link)](score)
    power = _POWERS[link] if isinstance(link, str) else link
    if power == 0:
        return op.exp(score)
    if power == 1:
        return score
    return op.mul(score, score) if power == 0.5 else op.pow(score, const(1 / power))


def _complementary_log_log(score: Var) -> Var:
    """``1 - exp(-exp(score))``."""
    return op.sub(const(1.0), op.exp(op.neg(op.exp(score))))


_NAMED: Mapping[str | float, Callable[[Var], Var]] = {
    "logit": linear.expit,
    "probit": special.normal_cdf,
    "cloglog": _complementary_log_log,
}
