"""Inputs at which a stage's answer is about to change, found by search instead of by algebra.

A stage says at which values of its own input it changes (thresholds, bin edges, categories).
Which pipeline inputs lead there is found by sections on the floats' bit patterns, over the
native stages before it, all targets at once. All it knows of the pipeline is ``arrive``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxpipe.check.edges.ordering import decoded, encoded
from onnxpipe.check.rows import Rows, Slot, column, length, with_values
from onnxpipe.core.signature import numpy_dtype

Array = NDArray[Any]
Arrive = Callable[[Rows], Array]
"""Rows to the matrix ``[N, d]`` that arrives at a stage, NaN or None where a row doesn't get there."""

_LADDER = np.outer((-1, 1), (0, 0.1, 1, 10, 100, 1e3, 1e6, 1e12, 1e30)).ravel()[1:]
_STEPS = 20
_WAYS = 16
"""Parts that a span is cut into at once: asking costs more by the call than by the row."""
_DENSE = 2**53
"""Up to here float64 holds every whole number."""
_FAR = {8: 2**12, 4: 2**6, 2: 2**2}
"""Steps of a number of so many bytes that are further than sums and functions are off."""


class Edge(NamedTuple):
    """A value of a stage's input column at which the stage's answer changes."""

    feature: int
    value: Any


@dataclass(frozen=True, slots=True)
class Found:
    """Rows around edges: which base row, which slot, which value, and the edge each is for."""

    bases: tuple[int, ...] = ()
    slots: tuple[Slot, ...] = ()
    values: tuple[Any, ...] = ()
    edges: tuple[Edge, ...] = ()

    def rows(self, base: Rows) -> dict[str, Array]:
        """The rows themselves, made of the base rows they were searched from."""
        return with_values(base, self.bases, self.slots, self.values)

    def further(self) -> Found:
        """The outermost rows of every edge, moved away from it by more than stages before it round."""
        groups: dict[Any, list[int]] = {}
        for i, key in enumerate(zip(self.bases, self.slots, self.edges, strict=True)):
            if key[1].dtype.startswith("float"):
                groups.setdefault(key, []).append(i)
        found = []
        for (base, slot, edge), members in groups.items():
            dtype = numpy_dtype(slot.dtype)
            codes = encoded(np.array([self.values[i] for i in members], dtype))
            away = _FAR[dtype.itemsize]
            ends = decoded(np.array([codes.min() - away, codes.max() + away]), dtype)
            found += [(base, slot, value, edge) for value in ends.tolist() if np.isfinite(ends).all()]
        return Found(*zip(*found, strict=True)) if found else Found()

    def exact(self, arrived: Array) -> list[bool]:
        """For each row whether it lies on its edge, given what arrived of the rows."""
        return [bool(arrived[i, edge.feature] == edge.value) for i, edge in enumerate(self.edges)]


def around(
    arrive: Arrive, base: Rows, edges: Sequence[Edge], cell_of: Mapping[int, Slot], *, lean: bool = False
) -> Found:
    """The inputs next to each edge: the last before it, the first past it, and unless ``lean`` their
    neighbours.

    Searched for what arrives and for what arrives rounded to float32, since trees compare that;
    there a value that float32 holds exactly has two borders, one to each side.
    """
    usable = [e for e in edges if e.feature in cell_of]
    texts = [e for e in usable if isinstance(e.value, str)]
    numbers = [e for e in usable if not isinstance(e.value, str) and np.isfinite(e.value)]
    parts = [_textual(texts, cell_of, length(base)), _counted(numbers, cell_of, length(base))]
    exact = [e for e in numbers if float(_single(e.value)) == float(e.value)]
    for past, some in ((_reaches, numbers), (_reaches_single, numbers), (_exceeds_single, exact)):
        for dtype in sorted({cell_of[e.feature].dtype for e in some} - {"string", "bool"}):
            chosen = [e for e in some if cell_of[e.feature].dtype == dtype]
            parts.append(_searched(arrive, base, chosen, [cell_of[e.feature] for e in chosen], past, lean))
    return _merged(parts)


def _single(values: Any) -> Array:
    with np.errstate(all="ignore"):
        return np.asarray(np.float32(values))


def _reaches(seen: Array, edge: Array) -> Array:
    return np.asarray(seen >= edge)


def _reaches_single(seen: Array, edge: Array) -> Array:
    return np.asarray(_single(seen).astype(np.float64) >= edge)


def _exceeds_single(seen: Array, edge: Array) -> Array:
    return np.asarray(_single(seen).astype(np.float64) > edge)


def _searched(
    arrive: Arrive, base: Rows, edges: Sequence[Edge], cells: Sequence[Slot],
    is_past: Callable[[Array, Array], Array], lean: bool,
) -> Found:  # fmt: skip
    """Search for all edges at once, on the ordered integers that stand for the floats."""
    dtype = numpy_dtype(cells[0].dtype)
    bases = np.arange(len(edges)) % length(base)
    wanted = np.array([float(e.value) for e in edges])

    features = np.array([e.feature for e in edges])

    def past(codes: Array, which: Array) -> Array:
        values = decoded(codes, dtype).tolist()
        arrived = arrive(with_values(base, bases[which], [cells[i] for i in which.tolist()], values))
        if not arrived.shape[1]:  # none of the rows gets there
            return is_past(np.full(len(which), np.nan), wanted[which])
        seen = arrived[np.arange(len(which)), features[which]].astype(np.float64)
        return is_past(seen, wanted[which])

    ladder = np.concatenate([_rungs(base, *pair, dtype) for pair in zip(cells, wanted, strict=True)])
    rungs = len(ladder) // len(edges)
    sides = past(ladder, np.repeat(np.arange(len(edges)), rungs)).reshape(len(edges), -1)
    ladder = ladder.reshape(len(edges), -1)
    steps = sides[:, 1:] != sides[:, :-1]
    which = np.flatnonzero(steps.any(axis=1))
    first = steps[which].argmax(axis=1)
    low, high = ladder[which, first], ladder[which, first + 1]
    low_side = sides[which, first]
    for _ in range(_STEPS):
        if not len(which) or np.all(high - low <= 1):
            break
        cuts = _cuts(low, high)
        inner = cuts[:, 1:-1]
        seen = past(inner.ravel(), np.repeat(which, inner.shape[1])).reshape(inner.shape)
        left = np.argmax(np.c_[seen != low_side[:, None], np.ones(len(which), bool)], axis=1)
        low, high = cuts[np.arange(len(which)), left], cuts[np.arange(len(which)), left + 1]
    sides_of = [low, high] if lean else [low - 1, low, high, high + 1]
    return _listed(np.stack(sides_of, axis=1), which, bases, cells, edges, dtype)


def _cuts(low: Array, high: Array) -> Array:
    """Spans ``[n]`` cut into equal parts: both ends and what lies between, ``[n, _WAYS + 1]``."""
    parts, rest = np.divmod(high - low, _WAYS)
    steps = np.arange(_WAYS + 1)
    return np.asarray(low[:, None] + parts[:, None] * steps + rest[:, None] * steps // _WAYS)


def _listed(
    codes: Array, which: Array, bases: Array, cells: Sequence[Slot], edges: Sequence[Edge], dtype: Any
) -> Found:
    values = decoded(codes.ravel(), dtype).tolist()
    owner = np.repeat(which, codes.shape[1])
    return Found(
        tuple(int(bases[i]) for i in owner),
        tuple(cells[i] for i in owner),
        tuple(values),
        tuple(edges[i] for i in owner),
    )


def _rungs(base: Rows, cell: Slot, value: float, dtype: Any) -> Array:
    """Starting points, as codes in rising order: all magnitudes, the rows' own range, the edge itself."""
    seen = column(base, cell).astype(np.float64)
    finite = seen[np.isfinite(seen)]
    ends = [finite.min(), finite.max()] if finite.size else [0.0, 1.0]
    ladder = np.array(sorted([*_LADDER, *ends, value, value - 1e-3 * abs(value)]))
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        ladder = np.clip(ladder, max(info.min, -(2**53)), min(info.max, 2**53))
    return encoded(ladder.astype(dtype))


def _textual(edges: Sequence[Edge], cell_of: Mapping[int, Slot], rows: int) -> Found:
    kept = [e for e in edges if cell_of[e.feature].is_text]
    return Found(
        tuple(i % rows for i in range(len(kept))),
        tuple(cell_of[e.feature] for e in kept),
        tuple(e.value for e in kept),
        tuple(kept),
    )


def _counted(edges: Sequence[Edge], cell_of: Mapping[int, Slot], rows: int) -> Found:
    """Whole numbers that float64 can't tell from their neighbours, such as dates in nanoseconds: as they
    are, and one to each side. No search by what arrives finds them.
    """
    kept = [e for e in edges if cell_of[e.feature].dtype == "int64" and _DENSE < abs(e.value) < 2**63 - 1]
    near = [(i % rows, edge, int(edge.value) + step) for i, edge in enumerate(kept) for step in (-1, 0, 1)]
    return Found(
        tuple(row for row, *_ in near),
        tuple(cell_of[edge.feature] for _, edge, _ in near),
        tuple(value for *_, value in near),
        tuple(edge for _, edge, _ in near),
    )


def _merged(parts: Sequence[Found]) -> Found:
    """All findings, each (base, slot, value) once."""
    seen: dict[Any, Edge] = {}
    for part in parts:
        for base, slot, value, edge in zip(part.bases, part.slots, part.values, part.edges, strict=True):
            seen.setdefault((base, slot, value), edge)
    keys = list(seen)
    return Found(
        tuple(k[0] for k in keys), tuple(k[1] for k in keys), tuple(k[2] for k in keys), tuple(seen.values())
    )
