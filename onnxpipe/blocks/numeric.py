"""Elementwise maths on numeric columns."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks import linear
from onnxpipe.core.ops import Tensor, Var, cast, const, dtype_of, op, shape_of

Array = NDArray[Any]


def inplace(x: Var, result: Var) -> Var:
    """``result`` in the dtype of ``x``, as numpy's in-place operators round it."""
    return cast(result, dtype_of(x))


_NARROW = 64
"""Bytes of a row up to which onnxruntime 1.31 is much quicker at equal shapes than at broadcasting."""


def beside(x: Var, values: Any, dtype: Any = None) -> Var:
    """``values`` ``[d]``, one per column of ``x`` ``[N, d]``, in the shape that is quickest to compute with.

    Broadcasting a row costs as much per row as dozens of values; repeating one costs next to nothing.
    """
    row = const(values, dtype)
    width, size = shape_of(x)[-1], dtype_of(row).itemsize
    if len(shape_of(x)) != 2 or width == 1 or shape_of(row) != (width,) or width * size > _NARROW:
        return row
    whole = op.expand(row, op.shape(_source(x)))
    whole._var_info.type = Tensor(dtype_of(row), shape_of(x))
    return whole


_SHAPED = {"Add", "Cast", "Div", "Mul", "Sub"}


def _source(x: Var) -> Var:
    """What this stage computed ``x`` from, value by value: runtimes ask for one shape once.

    A value that has a name came from a stage before, on which no other may depend in two ways.
    """
    while x._var_info._name is None and x._op.op_type.identifier in _SHAPED:
        first = Var(next(iter(x._op.dependencies)))
        if None in shape_of(x) or shape_of(first) != shape_of(x):
            break
        x = first
    return x


def standardise(x: Var, mean: Array | None, scale: Array | None) -> Var:
    """``(x - mean) / scale`` ``[N, d]``, mean and scale rounded to the dtype of ``x``."""
    if mean is not None:
        x = x - beside(x, mean, dtype_of(x))
    return x if scale is None else x / beside(x, scale, dtype_of(x))


def none_of(x: Var) -> Var:
    """bool ``[N]``: the rows of the bool ``x`` ``[N, d]`` in which nothing is true."""
    return op.equal(op.reduce_sum(cast(x, np.float32), const([1]), keepdims=0), const(0, np.float32))


_FEW, _SHORT = 16, 128
"""Columns, and values of a row, up to which onnxruntime 1.31 sums sooner, and in the same order, by a
product than along a middle axis."""


def sums_by_product(x: Var) -> bool:
    """Whether ``x`` ``[N, t, m]`` is sooner summed over its middle axis by a product."""
    count, width = (size if isinstance(size, int) else _SHORT + 1 for size in shape_of(x)[1:])
    return width <= _FEW and count * width <= _SHORT and dtype_of(x).kind == "f"


def summed_within(x: Var) -> Var:
    """``x`` ``[N, t, m]`` of finite numbers summed over its middle axis, ``[N, m]``.

    onnxruntime takes 0.1 µs per row and axis for it, however short they are; a product doesn't.
    """
    count, width = shape_of(x)[1:]
    if count == 1:
        return op.squeeze(x, const([1]))
    if not sums_by_product(x):
        return op.reduce_sum(x, const([1]), keepdims=0)
    units = np.tile(np.eye(width, dtype=dtype_of(x)), (count, 1))
    return op.gemm(op.reshape(x, const([0, count * width])), const(units))


def clipped(x: Var, low: float, high: float) -> Var:
    """``x`` between two limits in its own dtype; NaN stays."""
    return op.clip(x, const(low, dtype_of(x)), const(high, dtype_of(x)))


def unit(x: Var, norm: str) -> Var:
    """Each row of ``x`` ``[N, d]`` over its l1, l2 or max norm; rows whose norm is next to 0 stay.

    "Next to 0" is below 10 ulps of 1: sklearn.preprocessing._data._handle_zeros_in_scale.
    """
    axis, dtype = const([1]), dtype_of(x)
    if norm == "max":
        size = op.reduce_max(op.abs(x), axis)
    else:
        size = op.reduce_l1(x, axis) if norm == "l1" else op.reduce_l2(x, axis)
    tiny = op.less(size, const(10 * np.finfo(dtype).eps, dtype))
    return x / linear.repeated(op.where(tiny, const(1, dtype), size), x)


def norm(x: Var, p: float) -> Var:
    """The p-norm of each row of ``x`` ``[N, d]``, ``[N, 1]``, as a plain sum of powers.

    Formula: Vectors.norm in org/apache/spark/mllib/linalg/Vectors.scala, where NaN is never the largest.
    """
    axis, size = const([1]), op.abs(x)
    if p == np.inf:
        return op.reduce_max(op.where(op.isnan(x), const(0, dtype_of(x)), size), axis)
    if p == 1:
        return op.reduce_sum(size, axis)
    if p == 2:
        return op.sqrt(op.reduce_sum(op.mul(x, x), axis))
    power = op.reduce_sum(op.pow(size, const(p, dtype_of(x))), axis)
    return op.pow(power, const(1 / p, dtype_of(x)))


def log1p(x: Var) -> Var:
    """``log(1 + x)``, accurate to a few ulps also next to 0.

    What ``u = 1 + x`` rounds away, ``x - (u - 1)``, is put back to first order: ``log'(u)`` is ``1 / u``.
    """
    one, zero = const(1, dtype_of(x)), const(0, dtype_of(x))
    u = op.add(x, one)
    lost = op.div(op.sub(x, op.sub(u, one)), u)
    # Nothing is lost where u is 0 or infinite, and the quotient is NaN.
    return op.add(op.log(u), op.where(op.isnan(lost), zero, lost))


def expm1(x: Var) -> Var:
    """``exp(x) - 1``, accurate to a few ulps also next to 0, as ``tanh(x / 2) * (exp(x) + 1)``."""
    half, one = const(0.5, dtype_of(x)), const(1, dtype_of(x))
    return op.mul(op.tanh(op.mul(x, half)), op.add(op.exp(x), one))


def cos(x: Var) -> Var:
    """The cosine, right to an ulp of 1: ``1 - 2 sin(x / 2)**2`` in float64.

    onnxruntime has a kernel for float64 since 1.24 only.
    """
    if dtype_of(x) != np.float64:
        return op.cos(x)
    half = op.sin(op.mul(x, const(0.5)))
    return op.sub(const(1.0), op.mul(op.mul(half, half), const(2.0)))


def box_cox(x: Var, power: Array) -> Var:
    """``(x ** power - 1) / power`` ``[N, d]`` in float64, ``log(x)`` where a power is 0.

    Formula: scipy.special.boxcox, which takes powers below 1e-19 for 0.
    """
    flat = np.abs(power) < 1e-19
    log = op.log(cast(x, np.float64))
    bent = expm1(log * np.where(flat, 1.0, power)) / const(np.where(flat, 1.0, power), np.float64)
    return op.where(const(flat), log, bent) if flat.any() else bent


def yeo_johnson(x: Var, power: Array, *, by_powers: bool = False) -> Var:
    """Yeo and Johnson's transform ``[N, d]`` in float64: Box and Cox's of ``1 + |x|``, mirrored below 0.

    Formula: scipy.stats.yeojohnson (1.9 and later), which takes the logarithm in the dtype of ``x``;
    ``by_powers`` is ``_yeo_johnson_transform`` of sklearn/preprocessing/_data.py (up to 1.8), which
    loses digits where a power is next to 0.
    """
    eps, power = np.finfo(np.float64).eps, np.asarray(power, np.float64)
    flat_above, flat_below = np.abs(power) < eps, np.abs(power - 2) <= eps
    above = op.greater_or_equal(x, const(0, dtype_of(x)))
    log = cast(log1p(op.abs(x)), np.float64)
    # Signed divisors: below 0 the result is minus that of the power 2 - power.
    divisor = _either(above, np.where(flat_above, 1.0, power), np.where(flat_below, -1.0, power - 2))
    exponent = _either(above, power, 2 - power)
    if by_powers:
        base = cast(op.add(op.abs(x), const(1, dtype_of(x))), np.float64)
        raised = op.sub(op.pow(base, exponent), const(1.0))
    else:
        raised = expm1(op.mul(log, exponent))
    bent = op.div(raised, divisor)
    if not (flat_above.any() or flat_below.any()):
        return bent
    straight = op.where(above, log, -log)
    # onnxruntime 1.31 has no Where of truths.
    flat = op.or_(op.and_(above, const(flat_above)), op.and_(op.not_(above), const(flat_below)))
    return op.where(flat, straight, bent)


def _either(condition: Var, yes: Array, no: Array) -> Var:
    return op.where(condition, const(yes), const(no))


def inverse_box_cox(y: Var, power: Array) -> Var:
    """The ``x`` whose ``box_cox`` is ``y`` ``[N, d]``, in float64. Formula: scipy.special.inv_boxcox."""
    flat = power == 0
    wide = cast(y, np.float64)
    safe = np.where(flat, 1.0, power)
    bent = op.exp(log1p(wide * safe) / safe)
    return op.where(const(flat), op.exp(wide), bent) if flat.any() else bent


def inverse_yeo_johnson(y: Var, power: Array) -> Var:
    """The ``x`` whose ``yeo_johnson`` is ``y`` ``[N, d]``, in float64.

    Formula: ``_yeo_johnson_inverse_transform`` in sklearn/preprocessing/_data.py, by expm1 and log1p.
    """
    eps = np.finfo(np.float64).eps
    wide = cast(y, np.float64)
    above = op.greater_or_equal(wide, const(0.0))
    # The size of y under the power, and below 0 under 2 minus it; only the sign differs then.
    bend = np.where(np.abs(power) < eps, 0, power), np.where(np.abs(power - 2) <= eps, 0, 2 - power)
    size = op.abs(wide)
    both = [_unbent(size, each) for each in bend]
    return op.where(above, both[0], op.neg(both[1]))


def _unbent(size: Var, power: Array) -> Var:
    """``(size * power + 1) ** (1 / power) - 1``, ``exp(size) - 1`` where a power is 0."""
    flat = power == 0
    safe = np.where(flat, 1.0, power)
    bent = expm1(log1p(size * safe) / safe)
    return op.where(const(flat), expm1(size), bent) if flat.any() else bent


def greatest(x: Var, axes: Var, keepdims: int = 1, *, least: bool = False) -> Var:
    """The greatest along ``axes``, or the least; NaN where one is among them.

    onnxruntime's reductions (1.31) lose a NaN that doesn't come first.
    """
    reduce = op.reduce_min if least else op.reduce_max
    found = reduce(x, axes, keepdims=keepdims)
    if dtype_of(x).kind != "f":
        return found
    lost = op.reduce_max(cast(op.isnan(x), np.int32), axes, keepdims=keepdims)
    return op.where(op.equal(lost, const(np.int32(1))), const(np.nan, dtype_of(x)), found)
