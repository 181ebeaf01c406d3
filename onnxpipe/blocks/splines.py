"""B-splines: bumps of polynomial pieces between knots.

Formula: the recursion of Cox and de Boor, as scipy.interpolate.BSpline evaluates it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxpipe.core.ops import Var, cast, const, op

Array = NDArray[Any]


class Basis(NamedTuple):
    """The m - degree - 1 splines of one degree on the sorted knots ``[d, m]`` of each of d columns."""

    knots: Array
    degree: int

    @property
    def low(self) -> Array:
        """Where the base interval begins ``[d]``."""
        return np.asarray(self.knots[:, self.degree])

    @property
    def high(self) -> Array:
        """Where the base interval ends ``[d]``."""
        return np.asarray(self.knots[:, -self.degree - 1])

    def brackets(self) -> tuple[Array, Array]:
        """Where each piece begins and ends ``[d, m - 1]``.

        The outermost of the base interval go on for ever, those outside of it are empty.
        """
        low, high = self.knots[:, :-1].copy(), self.knots[:, 1:].copy()
        first, last = self.degree, self.knots.shape[1] - self.degree - 2
        low[:, first], high[:, last] = -np.inf, np.inf
        low[:, :first] = high[:, :first] = low[:, last + 1 :] = high[:, last + 1 :] = np.inf
        return low, high

    def gaps(self, p: int) -> Array:
        """``t[i + p] - t[i]`` ``[d, m - p]``, infinite where both knots are one."""
        gap = self.knots[:, p:] - self.knots[:, :-p]
        return np.where(gap == 0, np.inf, gap)

    def lost(self) -> Array:
        """Pieces so short that 1 over their length overflows ``[d, m - 1]``: scipy has no value there.

        It weighs every spline's coefficients by infinities, the zeros of the other splines, too.
        """
        gap = self.knots[:, 1:] - self.knots[:, :-1]
        with np.errstate(divide="ignore", over="ignore"):
            return np.asarray((self.degree > 0) & (gap > 0) & np.isinf(1 / gap))


class Ends(NamedTuple):
    """Beyond ``low`` and ``high`` ``[d]`` the outermost ``lines`` ``[d]`` splines go on straight, or flat."""

    low: Array
    high: Array
    lines: Array
    flat: bool = False


def values(x: Var, basis: Basis, *, whole: bool = True) -> Var:
    """Every spline of every column at float64 ``x`` ``[N, d]``: ``[N, d, splines]``.

    Of pieces that are too short all are NaN; not ``whole``, what each makes of their infinities.
    """
    at = op.unsqueeze(x, const([2]))
    low, high = basis.brackets()
    piece = op.and_(op.greater_or_equal(at, const(low)), op.less(at, const(high)))
    made = start = cast(piece, np.float64)
    for p in range(1, basis.degree + 1):
        made = _raised(at, made, basis, p)
    if not (whole and basis.lost().any()):
        return made
    inside = op.reduce_max(start * const(basis.lost().astype(np.float64)), const([2]))
    return op.where(op.greater(inside, const(0.0)), const(np.nan), made)


def _raised(at: Var, below: Var, basis: Basis, p: int) -> Var:
    """The splines of degree ``p`` from those of the degree below."""
    share, end = op.div(below, const(basis.gaps(p))), const([np.iinfo(np.int64).max])
    rising = op.slice(share, const([0]), const([-1]), const([2])) * (at - const(basis.knots[:, : -p - 1]))
    falling = op.slice(share, const([1]), end, const([2])) * (const(basis.knots[:, p + 1 :]) - at)
    return op.add(rising, falling)


def outside(x: Var, basis: Basis) -> Var:
    """bool ``[N, d]``: what lies beyond the base interval of its column; NaN doesn't."""
    return op.or_(op.less(x, const(basis.low)), op.greater(x, const(basis.high)))


def held(x: Var, basis: Basis) -> Var:
    """``x`` held within the base interval; NaN stays."""
    return op.min([op.max([x, const(basis.low)]), const(basis.high)])


def within_period(x: Var, basis: Basis, nowhere: float = 0.0) -> Var:
    """``x`` moved into the base interval by whole periods; ``nowhere`` in columns whose interval is empty."""
    period = basis.high - basis.low
    empty = period <= 0
    safe = const(np.where(empty, 1.0, period))
    rest = op.mod(x - basis.low, safe, fmod=1)
    rest = op.where(op.less(rest, const(0.0)), rest + safe, rest)
    moved = rest + basis.low
    return op.where(const(empty), const(nowhere), moved) if empty.any() else moved


def wrapped(made: Var, degree: int) -> Var:
    """The last ``degree`` of the splines ``[N, d, n]`` added to the first: ``[N, d, n - degree]``."""
    if degree == 0:
        return made
    kept = op.slice(made, const([0]), const([-degree]), const([2]))
    tail = op.slice(made, const([-degree]), const([np.iinfo(np.int64).max]), const([2]))
    missing = op.shape(kept, start=2, end=3) - const([degree])
    zeros = op.concat([const([0, 0, 0, 0, 0]), missing], axis=0)
    return kept + op.pad(tail, zeros, const(0.0))


def straightened(x: Var, inside: Var, basis: Basis, ends: Ends) -> Var:
    """The splines ``[N, d, n]``, ``inside`` as given, the outermost going on as lines beyond both ends."""
    at = op.unsqueeze(x, const([2]))
    below, above = op.less(at, const(ends.low[:, None])), op.greater(at, const(ends.high[:, None]))
    made = op.where(above, _line(at, basis, ends, upper=True), inside)
    return op.where(below, _line(at, basis, ends, upper=False), made)


def _line(at: Var, basis: Basis, ends: Ends, *, upper: bool) -> Var:
    """The lines through each spline's end, 0 for those that don't go on."""
    place = ends.high if upper else ends.low
    height, slope = at_places(place, basis), at_places(place, basis, derivative=True)
    slope = np.zeros_like(slope) if ends.flat else slope
    number = np.arange(height.shape[1])
    kept = (number[::-1] if upper else number) < ends.lines[:, None]
    return op.where(const(kept), (at - place[:, None]) * slope + height, const(0.0))


def at_places(x: Array, basis: Basis, derivative: bool = False) -> Array:
    """Every spline, or its first derivative, of column i at ``x[i]`` ``[d, n]``, rounded as by native."""
    x = x[:, None]
    low, high = basis.brackets()
    piece = (x >= low) & (x < high)
    made = np.where((piece & basis.lost()).any(axis=1, keepdims=True), np.nan, piece.astype(np.float64))
    for p in range(1, basis.degree + 1):
        if derivative and p == basis.degree:
            share = p * made / basis.gaps(p)
            return np.asarray(share[:, :-1] - share[:, 1:])
        share = made / basis.gaps(p)
        rising = share[:, :-1] * (x - basis.knots[:, : -p - 1])
        made = rising + share[:, 1:] * (basis.knots[:, p + 1 :] - x)
    return np.zeros_like(made) if derivative else made
