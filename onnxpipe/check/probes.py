"""The rows a graph is judged on: the user's, the ones likely to break it, and more like the user's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.check.anchors import Anchors
from onnxpipe.check.boundary import Arrive, Edge, around, reaching
from onnxpipe.check.deciding import Answer, between, deciding
from onnxpipe.check.rows import Rows, Slot, column, joined, length, slots, take, with_values
from onnxpipe.check.specials import specials, variants
from onnxpipe.core.signature import Port, Signature, numpy_dtype

Array = NDArray[Any]

_DISCRETE = 12
"""Different values up to which a column of numbers is taken for codes, which are never a little off."""
_BASE = 128
_FULL, _LEAN = 6, 3
"""Rows that an edge is given, and where there are too many edges for that."""
_SPECIAL_CELLS = 48
"""Cells that get special values: wide matrices are sampled."""


@dataclass(frozen=True, slots=True)
class Original:
    """What the original can be asked: what arrives per stage path, and its answers.

    ``loose`` says that answers are compared more loosely than float64 rounds.
    """

    arrive: Mapping[str, Arrive]
    answer: Answer | None = None
    loose: bool = False


@dataclass(frozen=True, slots=True)
class Probes:
    """Rows and, for each, where it is from: ``data``, ``edge``, ``special`` or ``drawn``, and a note."""

    rows: Rows
    origins: tuple[str, ...]
    notes: tuple[str, ...]

    @classmethod
    def of(cls, rows: Rows, origin: str, notes: Sequence[str] = ()) -> Probes:
        n = length(rows)
        return cls(rows, (origin,) * n, tuple(notes) or ("",) * n)

    @classmethod
    def join(cls, parts: Sequence[Probes]) -> Probes:
        return cls(
            joined([p.rows for p in parts]),
            tuple(o for p in parts for o in p.origins),
            tuple(n for p in parts for n in p.notes),
        )

    def __len__(self) -> int:
        return len(self.origins)


def probes(
    signature: Signature, data: Rows | None, found: Sequence[Anchors], original: Original,
    *, budget: int = 2000, seed: int = 0,
) -> Probes:  # fmt: skip
    """All of ``data`` and up to ``budget`` rows besides, the same for the same seed.

    Without data, rows are drawn around the values that the fitted state speaks of.
    """
    rng = np.random.default_rng(seed)
    cells = slots(signature)
    base = _base(signature, data, rng)
    if data is None or not length(data):
        base = _mirrored(_settled(base, cells, found, original.arrive, rng), found, original.arrive)
    parts = [Probes.of(data, "data")] if data is not None and length(data) else []
    edges = _edge_rows(base, cells, found, original, max(1, budget // 2), rng)
    close = _close_calls(base, original, budget // 16, rng)
    parts += [part for part in (edges, close, _special_rows(base, cells, budget // 4, rng)) if len(part)]
    made = sum(len(p) for p in parts if p.origins[0] != "data")
    parts.append(Probes.of(_drawn(base, cells, max(8, budget - made), rng), "drawn"))
    return Probes.join([part if part.origins[0] == "data" else _sensible(part, found, original.arrive)
                        for part in parts])  # fmt: skip


def _sensible(part: Probes, found: Sequence[Anchors], arrive_at: Mapping[str, Arrive]) -> Probes:
    """The rows that aren't too far out for a stage."""
    kept = np.flatnonzero(~_wild(part.rows, found, arrive_at))
    origins, notes = (tuple(told[i] for i in kept) for told in (part.origins, part.notes))
    return Probes(take(part.rows, kept), origins, notes)


def _wild(rows: Rows, found: Sequence[Anchors], arrive_at: Mapping[str, Arrive]) -> Array:
    """Which rows (bool ``[N]``) are too far out where they arrive at a stage."""
    wild = np.zeros(length(rows), bool)
    for stage in found:
        if stage.wild is not None and stage.path in arrive_at:
            wild |= stage.wild(arrive_at[stage.path](rows).astype(float))
    return wild


def _mirrored(base: Rows, found: Sequence[Anchors], arrive_at: Mapping[str, Arrive]) -> Rows:
    """The base rows, with all numbers above 0 where some are too far out for a stage."""
    wild = _wild(base, found, arrive_at).any()
    return {name: np.abs(v) if wild and v.dtype.kind == "f" else v for name, v in base.items()}


def _base(signature: Signature, data: Rows | None, rng: np.random.Generator) -> Rows:
    """Some rows to start from: the user's, or rows of zeros with some noise."""
    if data is not None and length(data):
        size = min(_BASE, length(data))
        return take(data, np.sort(rng.choice(length(data), size, replace=False)))
    return {port.name: _blank(port, 16, rng) for port in signature.inputs}


def _blank(port: Port, n: int, rng: np.random.Generator) -> Array:
    shape = (n, *(dim if isinstance(dim, int) else 1 for dim in port.shape[1:]))
    if port.is_string:
        return np.full(shape, "onnxpipe", object)
    kind = numpy_dtype(port.dtype)
    noise = rng.normal(size=shape) if kind.kind == "f" else rng.integers(0, 2, shape)
    return np.asarray(noise.astype(kind))


def _settled(
    base: Rows, cells: Sequence[Slot], found: Sequence[Anchors], arrive_at: Mapping[str, Arrive],
    rng: np.random.Generator,
) -> Rows:  # fmt: skip
    """Base rows whose cells hold values the pipeline was fitted around, as far as its state tells."""
    pool: dict[Slot, list[Any]] = {}
    for stage in found:
        arrive = arrive_at.get(stage.path)
        if arrive is not None:
            chosen = _thinned([*stage.hints, *stage.edges], 200, rng)
            near = around(arrive, base, chosen, reaching(arrive, base, cells))
            exact = near.exact(arrive(near.rows(base))) if near.values else ()
            for slot, value, hit in zip(near.slots, near.values, exact, strict=True):
                if hit or not any(exact):
                    pool.setdefault(slot, []).append(value)
    settled = {name: np.repeat(value, 4, axis=0) for name, value in base.items()}
    for slot, values in pool.items():
        picks = rng.integers(0, len(values), length(settled))
        settled[slot.name][:, slot.column] = np.array(values, dtype=object)[picks]
    return settled


def _edge_rows(
    base: Rows, cells: Sequence[Slot], found: Sequence[Anchors], original: Original,
    budget: int, rng: np.random.Generator,
) -> Probes:  # fmt: skip
    """Rows around the edges of every stage, each stage with its share of the budget."""
    parts = []
    staged = [stage for stage in found if stage.edges and stage.path in original.arrive]
    for stage in staged:
        share = max(8, budget // len(staged))
        arrive = original.arrive[stage.path]
        lean = len(stage.edges) * _FULL > share
        chosen = _thinned(stage.edges, max(2, share // (_LEAN if lean else _FULL)), rng)
        near = around(arrive, base, chosen, reaching(arrive, base, cells), lean=lean)
        if near.values and original.answer is not None:
            near = deciding(near, base, original.answer)
        if near.values:
            notes = [f"{stage.path} column {e.feature} at {e.value!r}" for e in near.edges]
            parts.append(Probes.of(near.rows(base), "edge", notes))
            parts += _near_texts(base, near.slots, near.values, share // 4)
    return Probes.join(parts) if parts else Probes({}, (), ())


def _close_calls(base: Rows, original: Original, pairs: int, rng: np.random.Generator) -> Probes:
    """Rows on both sides of the border between two classes, so close that a small error changes sides."""
    asked = original.answer if pairs else None
    rows = between(base, asked, pairs, rng, coarse=original.loose) if asked is not None else None
    if rows is None:
        return Probes({}, (), ())
    return Probes.of(rows, "edge", ["between two classes"] * length(rows))


def _near_texts(base: Rows, cells: Sequence[Slot], values: Sequence[Any], budget: int) -> Iterator[Probes]:
    """Known texts with other case, spaces and Unicode form."""
    pairs = [(s, v) for s, text in zip(cells, values, strict=True) if s.is_text for v in variants(text)][
        :budget
    ]
    if pairs:
        spots = np.arange(len(pairs)) % length(base)
        rows = with_values(base, spots, [s for s, _ in pairs], [v for _, v in pairs])
        yield Probes.of(rows, "special", [f"{s}: near a known text" for s, _ in pairs])


def _special_rows(base: Rows, cells: Sequence[Slot], budget: int, rng: np.random.Generator) -> Probes:
    """One row per special value and cell; where there are too many, a missing value in each cell first."""
    chosen = [cells[i] for i in _spread(len(cells), _SPECIAL_CELLS, rng)]
    missing = [(slot, specials(slot.dtype)[0]) for slot in chosen]
    others = [(slot, value) for slot in chosen for value in specials(slot.dtype)[1:]]
    pairs = [missing[i] for i in _spread(len(missing), budget, rng)]
    pairs += [others[i] for i in _spread(len(others), budget - len(pairs), rng)]
    if not pairs:
        return Probes({}, (), ())
    spots = rng.integers(0, length(base), len(pairs))
    rows = with_values(base, spots, [s for s, _ in pairs], [v for _, v in pairs])
    return Probes.of(rows, "special", [f"{slot} = {value!r:.40}" for slot, value in pairs])


def _drawn(base: Rows, cells: Sequence[Slot], n: int, rng: np.random.Generator) -> Rows:
    """Rows like the base rows: each cell from another row of them, numbers a little off."""
    drawn = {name: value[rng.integers(0, len(value), n)].copy() for name, value in base.items()}
    for slot in cells:
        values = column(base, slot)
        picked = values[rng.integers(0, len(values), n)]
        if picked.dtype.kind == "f" and len(np.unique(values)) > _DISCRETE:
            with np.errstate(all="ignore"):
                spread = np.nanstd(np.where(np.isfinite(values), values, np.nan).astype(np.float64))
            jitter = rng.normal(size=n) * (0.1 * spread if np.isfinite(spread) else 0.0)
            picked = (picked + jitter * (rng.random(n) < 0.5)).astype(picked.dtype)
        drawn[slot.name][:, slot.column] = picked
    return drawn


def _thinned(edges: Sequence[Edge], limit: int, rng: np.random.Generator) -> list[Edge]:
    return [edges[i] for i in _spread(len(edges), limit, rng)]


def _spread(total: int, limit: int, rng: np.random.Generator) -> list[int]:
    """Positions of at most ``limit`` of ``total`` things, in order."""
    if total <= limit:
        return list(range(total))
    return sorted(int(i) for i in rng.choice(total, limit, replace=False))


__all__ = ["Original", "Probes", "probes"]
