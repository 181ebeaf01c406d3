"""What stands in for the functions of numpy and scipy that pipelines name. Formulas: their documentation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from onnxpipe.blocks import elementwise, linear
from onnxpipe.blocks.elementwise import FLOATING, KEEPING, SPECIAL
from onnxpipe.blocks.rowwise import BINARY, WITHIN_ROWS
from onnxpipe.core.ops import Var, cast, const, dtype_of, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.translations import translates


def _floats(stage: Stage, x: Var) -> Var:
    """``x`` as the floats that numpy's functions make of it. Raises Unsupported where those are narrow."""
    dtype = dtype_of(x)
    if dtype.kind == "f":
        return x
    if dtype.kind not in "iu":
        raise stage.unsupported(f"computes on {dtype.name}, which numpy does in half precision or not at all")
    if dtype.itemsize < 4:
        raise stage.unsupported(f"computes on {dtype}, which numpy does in half precision or float32")
    return cast(x, np.float64)


_ALIASES = {
    "absolute": ("abs",),
    "deg2rad": ("radians",),
    "divide": ("true_divide",),
    "max": ("amax",),
    "min": ("amin",),
    "rad2deg": ("degrees",),
    "trunc": ("fix",),
}
_OPERATORS = {
    "absolute": ("builtins.abs", "_operator.abs"),
    "negative": ("_operator.neg",),
    "positive": ("_operator.pos",),
}
"""What Python itself has, under the names that pickles give it."""
_FLOATING = ("divide", "equal", "greater", "greater_equal", "less", "less_equal")
"""Functions of two integers that answer floats or truth values."""
_IN_BOTH = ("cbrt", "exp2", "expm1", "log1p")
"""Functions of numpy that scipy.special has as well."""


def _numpy_names(name: str) -> list[str]:
    both = [f"scipy.special.{name}"] if name in _IN_BOTH else []
    both += _OPERATORS.get(name, ())
    return [f"numpy.{each}" for each in (name, *_ALIASES.get(name, ()))] + both


def _register(names: list[str], function: Callable[[Var], Var], *, floating: bool) -> None:
    def translate(stage: Stage, x: Var) -> Var:
        return function(_floats(stage, x) if floating or dtype_of(x).kind == "b" else x)

    translates(*names, by_column=True)(translate)


def _register_binary(name: str, function: Callable[[Any, Any], Var]) -> None:
    def translate(stage: Stage, x: Var, before: Any) -> Var:
        if type(before) not in (int, float):
            raise stage.unsupported(f"calls numpy.{name} with something else than a plain number")
        if dtype_of(x).kind in "iu" and type(before) is int and name not in _FLOATING:
            raise stage.unsupported(f"calls numpy.{name} with a whole number on integers: make one a float")
        return function(before, _floats(stage, x))

    translates(*_numpy_names(name), by_column=True)(translate)


def _register_within_rows(name: str, function: Callable[[Var], Var]) -> None:
    def translate(stage: Stage, x: Var, axis: int, keepdims: bool = False) -> Var:
        if axis not in (1, -1) or not keepdims:
            raise stage.unsupported(f"calls numpy.{name} otherwise than with axis=1 and keepdims=True")
        if dtype_of(x).kind in "iu" and name != "mean":
            raise stage.unsupported(f"calls numpy.{name} on integers: make them floats")
        return function(_floats(stage, x))

    translates(*_numpy_names(name))(translate)


for _name, _function in FLOATING.items():
    _register(_numpy_names(_name), _function, floating=True)
for _name, _function in SPECIAL.items():
    _register([f"scipy.special.{_name}"], _function, floating=True)
for _name, _function in KEEPING.items():
    _register(_numpy_names(_name), _function, floating=False)
for _name, _binary in BINARY.items():
    _register_binary(_name, _binary)
for _name, _function in WITHIN_ROWS.items():
    _register_within_rows(_name, _function)


@translates("numpy.asarray", "numpy.array", "numpy.ascontiguousarray", "numpy.real", "numpy.conjugate")
def unchanged(stage: Stage, x: Var) -> Var:
    """The rows as they are."""
    return x


@translates("numpy.logical_not", by_column=True)
def logical_not(stage: Stage, x: Var) -> Var:
    """bool: where ``x`` is 0 or False."""
    return op.not_(x) if dtype_of(x).kind == "b" else op.equal(x, const(0, dtype_of(x)))


@translates("numpy.invert", by_column=True)
def invert(stage: Stage, x: Var) -> Var:
    """Every bit the other way: of truth values and integers."""
    if dtype_of(x).kind == "f":
        raise stage.unsupported("inverts the bits of floats, which numpy refuses")
    return op.not_(x) if dtype_of(x).kind == "b" else op.bitwise_not(x)


@translates("numpy.cumsum")
def cumulated(stage: Stage, x: Var, axis: int) -> Var:
    """Sums of the columns up to each."""
    if axis not in (1, -1):
        raise stage.unsupported("adds up rows, of which a graph sees any number")
    return op.cumsum(x if dtype_of(x) == np.int64 else _floats(stage, x), const(1))


@translates("scipy.special.softmax")
def softmax(stage: Stage, x: Var, axis: int) -> Var:
    """Shares of the exponentials of a row."""
    if axis not in (1, -1):
        raise stage.unsupported("compares rows with each other")
    return linear.softmax(_floats(stage, x))


@translates("numpy.clip", by_column=True)
def clip(
    stage: Stage, x: Var, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None
) -> Var:
    """``x`` between limits. Of frames, pandas moves limits that cross, and widens float32 where it must."""
    low, high = a_min if min is None else min, a_max if max is None else max
    if stage.get("feature_names_in_") is not None:
        if low is not None and high is not None and np.any(np.greater(low, high)):
            raise stage.unsupported("clips a data frame between limits that cross")
        if dtype_of(x) == np.float32 and np.ndim(low) + np.ndim(high):
            raise stage.unsupported("clips float32 columns of a data frame between lists of limits")
    return elementwise.limited(x, low, high)


@translates("numpy.nan_to_num", by_column=True)
def nan_to_num(
    stage: Stage, x: Var, *, copy: bool = True, nan: float = 0.0, posinf: Any = None, neginf: Any = None
) -> Var:
    """``x`` with numbers in the place of NaN and infinities."""
    return elementwise.replaced(x, nan, posinf, neginf) if dtype_of(x).kind == "f" else x


@translates("numpy.round", "numpy.around", by_column=True)
def around(stage: Stage, x: Var, decimals: int = 0) -> Var:
    """``x`` rounded half to even at a decimal place."""
    if dtype_of(x).kind == "f":
        return elementwise.rounded(x, decimals)
    if decimals < 0:
        raise stage.unsupported("rounds integers to tens")
    return x


@translates("numpy.reciprocal", by_column=True)
def reciprocal(stage: Stage, x: Var) -> Var:
    """``1 / x``."""
    if dtype_of(x).kind != "f":
        raise stage.unsupported("takes the reciprocal of integers, which numpy cuts to integers")
    return op.reciprocal(x)
