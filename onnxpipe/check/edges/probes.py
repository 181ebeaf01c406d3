"""The rows a graph is judged on: the user's, the ones likely to break it, and more like the user's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.check.edges.anchors import Anchors
from onnxpipe.check.edges.boundary import Arrive, around
from onnxpipe.check.edges.edge_rows import close_calls, edge_rows, spread, thinned, together
from onnxpipe.check.edges.pictures import is_picture, noise, pictured
from onnxpipe.check.edges.reaching import reaching
from onnxpipe.check.edges.specials import specials
from onnxpipe.check.edges.tried import NONE, Original, Probes
from onnxpipe.check.rows import Rows, Slot, column, length, slots, take, with_values
from onnxpipe.core.signature import Port, Signature, numpy_dtype

Array = NDArray[Any]

_DISCRETE = 12
"""Different values up to which a column of numbers is taken for codes, which are never a little off."""
_BASE = 128
_SETTLED, _SOUGHT = 200, 2**18
"""Values of a stage, or of those that get the same rows, that base rows are settled around; and how many
cells may be in as many rows."""
_SPECIAL_CELLS = 48
"""Cells that get special values: wide matrices are sampled."""


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
        base = _mirrored(_settled(base, cells, found, original, rng), found, original.arrive)
    parts = [Probes.of(data, "data")] if data is not None and length(data) else []
    edges = edge_rows(base, cells, found, original, max(1, budget // 2), rng)
    close = close_calls(base, original, budget // 16, rng)
    special = (_special_rows(base, cells, budget // 4, rng), _pictures(signature, base, budget // 4, rng))
    parts += [part for part in (edges, close, *special) if len(part)]
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
    if is_picture(port) and port.dtype == "uint8":
        return noise(shape, port.dtype, rng)
    drawn = rng.normal(size=shape) if kind.kind == "f" else rng.integers(0, 2, shape)
    return np.asarray(drawn.astype(kind))


def _settled(
    base: Rows, cells: Sequence[Slot], found: Sequence[Anchors], original: Original,
    rng: np.random.Generator,
) -> Rows:  # fmt: skip
    """Base rows whose cells hold values the pipeline was fitted around, as far as its state tells."""
    pool: dict[Slot, list[Any]] = {}
    most = max(8, min(_SETTLED, _SOUGHT // sum(value[:1].size for value in base.values())))
    for stages in together([stage for stage in found if stage.path in original.arrive], original, base):
        arrive = original.arrive[stages[0].path]
        chosen = thinned([e for stage in stages for e in (*stage.hints, *stage.edges)], most, rng)
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


def _special_rows(base: Rows, cells: Sequence[Slot], budget: int, rng: np.random.Generator) -> Probes:
    """One row per special value and cell; where there are too many, a missing value in each cell first."""
    chosen = [cells[i] for i in spread(len(cells), _SPECIAL_CELLS, rng)]
    missing = [(slot, specials(slot.dtype)[0]) for slot in chosen]
    others = [(slot, value) for slot in chosen for value in specials(slot.dtype)[1:]]
    pairs = [missing[i] for i in spread(len(missing), budget, rng)]
    pairs += [others[i] for i in spread(len(others), budget - len(pairs), rng)]
    if not pairs:
        return NONE
    spots = rng.integers(0, length(base), len(pairs))
    rows = with_values(base, spots, [s for s, _ in pairs], [v for _, v in pairs])
    return Probes.of(rows, "special", [f"{slot} = {value!r:.40}" for slot, value in pairs])


def _pictures(signature: Signature, base: Rows, budget: int, rng: np.random.Generator) -> Probes:
    """Rows with a whole image, or the like, that shows what images seldom do."""
    made = pictured(signature, base, budget, rng)
    return NONE if made is None else Probes.of(made[0], "special", made[1])


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


__all__ = ["Original", "Probes", "probes"]
