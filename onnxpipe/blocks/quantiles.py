"""Quantiles: looking up where a value stands among fitted ones, and the normal distribution's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks.forests.tree_node import LEQ, LT, Leaves, Splits, tree_ensemble
from onnxpipe.core.ops import Var, cast, const, op

Array = NDArray[Any]


def rank(x: Var, knots: Array, *, inclusive: bool) -> Var:
    """int64 ``[N, d]``: how many of its column's sorted ``knots`` ``[m, d]`` are below (or at) each value.

    One balanced search tree per column, as one operator: ``log2(m)`` comparisons for a value.
    ``x`` is float64; NaN ranks past all knots.
    """
    columns, depth = knots.shape[1], max(1, len(knots).bit_length())
    size = 2**depth - 1
    padded = np.full((size, columns), np.inf)
    padded[: len(knots)] = knots
    splits = _search_trees(padded, depth, LT if inclusive else LEQ)
    counts = np.minimum(np.tile(np.arange(size + 1), columns), len(knots)).astype(np.float64)
    leaves = Leaves(np.repeat(np.arange(columns), size + 1), counts, columns)
    return cast(tree_ensemble(x, splits, leaves), np.int64)


def _search_trees(knots: Array, depth: int, mode: int) -> Splits:
    """A tree over each column of ``knots`` ``[2 ** depth - 1, d]``; its leaves from left to right.

    Nodes are numbered level by level: those below node i are 2i + 1 and 2i + 2, and node i splits at
    the knot in the middle of all that are below it.
    """
    size, columns = knots.shape
    node = np.arange(size)
    level = np.floor(np.log2(node + 1)).astype(np.int64)
    middle = (2 * (node + 1 - 2**level) + 1) * 2 ** (depth - level - 1) - 1
    inner = level < depth - 1
    child = np.where(inner, 2 * node + 1, 2 * node + 1 - size)
    first = np.where(inner, size, size + 1) * np.arange(columns)[:, None]
    lowest = np.tile(~inner, columns)
    return Splits(
        features=np.repeat(np.arange(columns), size),
        thresholds=knots[middle].T.ravel(),
        true=(child + first).ravel(),
        false=(child + 1 + first).ravel(),
        true_is_leaf=lowest,
        false_is_leaf=lowest,
        roots=np.arange(columns) * size,
        modes=np.full(size * columns, mode),
    )


def interpolated(x: Var, knots: Array, heights: Array) -> Var:
    """The mean of numpy's interpolation ``[N, d]`` from the left and from the right, which differ at ties.

    ``x`` is float64, ``knots`` ``[m, d]`` sorted, ``heights`` ``[m]``. Formula:
    sklearn.preprocessing.QuantileTransformer._transform_col.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        slopes = np.diff(heights)[:, None] / np.diff(knots, axis=0)
    flat = np.zeros((1, knots.shape[1]))
    steep = np.isinf(slopes) & (np.diff(knots, axis=0) > 0)
    slopes = np.concatenate([flat, np.where(np.isfinite(slopes) | steep, slopes, 0), flat])
    left = _line(x, rank(x, knots, inclusive=True), slopes, knots, heights, shift=1)
    right = _line(x, rank(x, knots, inclusive=False), slopes, knots, heights, shift=0)
    return op.mul(op.add(left, right), const(0.5))


def at_knots(x: Var, knots: Sequence[Array], heights: Sequence[Array]) -> Var:
    """numpy.interp by column: the line through each column's sorted knots and heights at ``x`` ``[N, d]``.

    ``x`` is float64. On a knot exactly its height; beyond the knots the height of the outermost.
    """
    count, columns = max(map(len, knots)), len(knots)
    padded = np.full((count, columns), np.inf)
    slopes, starts, levels = np.zeros((3, columns, count + 1))
    for i, (places, values) in enumerate(zip(knots, heights, strict=True)):
        padded[: len(places), i] = places
        slopes[i, 1 : len(places)] = np.diff(values) / np.diff(places)
        below = np.clip(np.arange(count + 1) - 1, 0, len(places) - 1)
        starts[i], levels[i] = places[below], values[below]
    place = op.add(rank(x, padded, inclusive=True), const(np.arange(columns) * (count + 1), np.int64))
    slope, start, level = (
        op.gather(const(table.ravel()), place, axis=0) for table in (slopes, starts, levels)
    )
    return op.add(op.mul(slope, op.sub(x, start)), level)


def _line(x: Var, rank: Var, slopes: Array, knots: Array, heights: Array, *, shift: int) -> Var:
    """``slope * (x - knot) + height`` with what rank r stands for: the knot r - shift, within limits."""
    count, columns = knots.shape
    knot = np.clip(np.arange(count + 1) - shift, 0, count - 1)
    place = op.add(rank, const(np.arange(columns) * (count + 1), np.int64))

    def at(table: Array) -> Var:
        return op.gather(const(table.T.ravel()), place, axis=0)

    offset, height = op.sub(x, at(knots[knot])), at(np.tile(heights[knot], (columns, 1)).T)
    made = op.add(op.mul(at(slopes), offset), height)
    # Between knots so near that the slope overflows: infinite, but on a knot itself its height.
    return op.where(op.equal(offset, const(0.0)), height, made) if np.isinf(slopes).any() else made


_CENTRE = np.array(
    [
        [3.3871328727963666080, 1],
        [1.3314166789178437745e2, 4.2313330701600911252e1],
        [1.9715909503065514427e3, 6.8718700749205790830e2],
        [1.3731693765509461125e4, 5.3941960214247511077e3],
        [4.5921953931549871457e4, 2.1213794301586595867e4],
        [6.7265770927008700853e4, 3.9307895800092710610e4],
        [3.3430575583588128105e4, 2.8729085735721942674e4],
        [2.5090809287301226727e3, 5.2264952788528545610e3],
    ]
)
_TAIL = np.array(
    [
        [1.42343711074968357734, 1],
        [4.63033784615654529590, 2.05319162663775882187],
        [5.76949722146069140550, 1.67638483018380384940],
        [3.64784832476320460504, 6.89767334985100004550e-1],
        [1.27045825245236838258, 1.48103976427480074590e-1],
        [2.41780725177450611770e-1, 1.51986665636164571966e-2],
        [2.27238449892691845833e-2, 5.47593808499534494600e-4],
        [7.74545014278341407640e-4, 1.05075007164441684324e-9],
    ]
)
"""Coefficients ``[8, 2]`` of numerator and denominator, from the constant up."""


def normal_quantile(p: Var) -> Var:
    """The standard normal quantile of float64 ``p`` ``[N, d]``, to about 1e-15.

    Wichura, Algorithm AS 241, Applied Statistics 37 (1988): PPND16 without its far tails, so ``p``
    and ``1 - p`` must be above 2e-11.
    """
    half, one = const(0.5), const(1.0)
    q = op.sub(p, half)
    central = op.less_or_equal(op.abs(q), const(0.425))
    centre = op.mul(q, _ratio(op.max([op.sub(const(0.180625), op.mul(q, q)), const(0.0)]), _CENTRE))
    r = op.sqrt(op.neg(op.log(op.min([p, op.sub(one, p)]))))
    tail = op.mul(op.sign(q), _ratio(op.max([op.sub(r, const(1.6)), const(0.0)]), _TAIL))
    return op.where(central, centre, tail)


def _ratio(r: Var, coefficients: Array) -> Var:
    """The quotient of two polynomials in ``r`` ``[N, d]``, of ``coefficients`` ``[m, 2]``."""
    powers = op.pow(op.unsqueeze(r, const([2])), const(np.arange(len(coefficients)), np.float64))
    both = op.matmul(powers, const(coefficients))
    return op.div(*(op.gather(both, const(i, np.int64), axis=2) for i in (0, 1)))
