"""The functions of numpy and scipy that act on each number alone, by name.

All keep float32 and float64; those in ``FLOATING`` need floats, those in ``KEEPING`` take integers too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from onnxpipe.blocks import linear, numeric, special, trigonometry
from onnxpipe.core.ops import Var, cast, const, dtype_of, op, promote


def _like(x: Var, value: float) -> Var:
    return const(value, dtype_of(x))


def _times(factor: float) -> Callable[[Var], Var]:
    return lambda x: op.mul(x, _like(x, factor))


def cbrt(x: Var) -> Var:
    """The cube root, negative below 0."""
    return op.mul(op.sign(x), op.pow(op.abs(x), _like(x, 1 / 3)))


def logit(x: Var) -> Var:
    """``log(x / (1 - x))``."""
    return op.sub(op.log(x), numeric.log1p(op.neg(x)))


def trunc(x: Var) -> Var:
    """Rounded towards 0."""
    return op.mul(op.sign(x), op.floor(op.abs(x)))


def is_minus_zero(x: Var) -> Var:
    """bool: where ``x`` is the zero below 0, which only its reciprocal tells from the other."""
    return op.less(op.reciprocal(x), _like(x, -float(np.finfo(dtype_of(x)).max)))


def is_finite(x: Var) -> Var:
    """bool: neither NaN nor infinite."""
    return op.not_(op.isnan(op.mul(x, _like(x, 0))))


def rounded(x: Var, decimals: int) -> Var:
    """Rounded half to even at a decimal place, as numpy does it: scaled, rounded, scaled back."""
    if decimals == 0:
        return op.round(x)
    scale = _like(x, 10.0 ** abs(decimals))
    first, last = (op.mul, op.div) if decimals > 0 else (op.div, op.mul)
    return last(op.round(first(x, scale)), scale)


def limited(x: Var, low: Any, high: Any) -> Var:
    """``x`` ``[N, d]`` between limits (numbers or ``[d]``, or None), in numpy's common dtype; NaN stays."""
    if low is not None:
        x, limit = promote(x, low)
        x = op.where(op.less(x, limit), limit, x)
    if high is not None:
        x, limit = promote(x, high)
        x = op.where(op.greater(x, limit), limit, x)
    return x


def replaced(x: Var, nan: float, high: float | None, low: float | None) -> Var:
    """``x`` with numbers for NaN and the infinities; None is the dtype's largest and smallest."""
    ends = np.finfo(dtype_of(x))
    x = op.where(op.isnan(x), _like(x, nan), x)
    x = op.where(op.equal(x, _like(x, np.inf)), _like(x, float(ends.max) if high is None else high), x)
    return op.where(op.equal(x, _like(x, -np.inf)), _like(x, float(ends.min) if low is None else low), x)


FLOATING: Mapping[str, Callable[[Var], Var]] = {
    "arccos": trigonometry.arccos,
    "arccosh": trigonometry.arccosh,
    "arcsin": trigonometry.arcsin,
    "arcsinh": trigonometry.arcsinh,
    "arctan": trigonometry.arctan,
    "arctanh": trigonometry.arctanh,
    "cbrt": cbrt,
    "cos": trigonometry.cos,
    "cosh": trigonometry.cosh,
    "deg2rad": _times(np.pi / 180),
    "exp": op.exp,
    "exp2": lambda x: op.pow(_like(x, 2), x),
    "expm1": numeric.expm1,
    "fabs": op.abs,
    "isfinite": is_finite,
    "isinf": op.isinf,
    "isneginf": lambda x: op.equal(x, _like(x, -np.inf)),
    "isposinf": lambda x: op.equal(x, _like(x, np.inf)),
    "isnan": op.isnan,
    "log": op.log,
    "log10": lambda x: op.div(op.log(x), _like(x, np.log(10))),
    "log1p": numeric.log1p,
    "log2": lambda x: op.div(op.log(x), _like(x, np.log(2))),
    "rad2deg": _times(180 / np.pi),
    "rint": op.round,
    "sin": op.sin,
    "sinc": trigonometry.sinc,
    "sinh": trigonometry.sinh,
    "sqrt": op.sqrt,
    "tan": trigonometry.tan,
    "tanh": op.tanh,
}
KEEPING: Mapping[str, Callable[[Var], Var]] = {
    "absolute": op.abs,
    "ceil": lambda x: op.ceil(x) if dtype_of(x).kind == "f" else x,
    "floor": lambda x: op.floor(x) if dtype_of(x).kind == "f" else x,
    "negative": op.neg,
    "positive": lambda x: x,
    "sign": op.sign,
    "square": lambda x: op.mul(x, x),
    "trunc": lambda x: trunc(x) if dtype_of(x).kind == "f" else x,
}
SPECIAL: Mapping[str, Callable[[Var], Var]] = {
    "erf": lambda x: numeric.inplace(x, special.erf(cast(x, np.float64))),
    "exp10": lambda x: op.pow(_like(x, 10), x),
    "expit": linear.expit,
    "logit": logit,
    "ndtr": lambda x: numeric.inplace(x, special.normal_cdf(cast(x, np.float64))),
}
"""What scipy.special has and numpy hasn't."""
