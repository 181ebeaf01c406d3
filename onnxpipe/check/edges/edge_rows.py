"""Rows where answers change: around the edges of every stage, between classes, and texts that meet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from onnxpipe.check.edges.anchors import Anchors
from onnxpipe.check.edges.boundary import Edge, Found, around
from onnxpipe.check.edges.deciding import between, deciding
from onnxpipe.check.edges.reaching import reaching
from onnxpipe.check.edges.specials import variants
from onnxpipe.check.edges.tried import NONE, Original, Probes
from onnxpipe.check.rows import Rows, Slot, copied, length, take, with_values

_FULL, _LEAN = 6, 3
"""Rows that an edge is given, and where there are too many edges for that."""
_APART = 16
"""Stages up to which each is searched by itself."""


def edge_rows(
    base: Rows, cells: Sequence[Slot], found: Sequence[Anchors], original: Original,
    budget: int, rng: np.random.Generator,
) -> Probes:  # fmt: skip
    """Rows around the edges of every stage, each stage with its share of the budget."""
    parts = []
    staged = [stage for stage in found if stage.edges and stage.path in original.arrive]
    share = max(8, budget // max(1, len(staged)))
    for stages in together(staged, original, base):
        arrive = original.arrive[stages[0].path]
        lean = any(len(stage.edges) * _FULL > share for stage in stages)
        each = max(2, share // (_LEAN if lean else _FULL))
        owner = {edge: stage.path for stage in stages for edge in thinned(stage.edges, each, rng)}
        cell_of = reaching(arrive, base, cells)
        near = around(arrive, base, list(owner), cell_of, lean=lean)
        if near.values and original.answer is not None:
            near = deciding(near, base, original.answer)
        if near.values:
            notes = [f"{owner[e]} column {e.feature} at {e.value!r}" for e in near.edges]
            parts.append(Probes.of(near.rows(base), "edge", notes))
            parts += _further(base, near, owner, len(stages) * share // 4, rng)
            parts += _near_texts(base, near.slots, near.values, len(stages) * share // 4)
        for stage in stages:
            parts += _side_by_side(base, stage, cell_of, share // 8)
    return Probes.join(parts) if parts else NONE


def _further(
    base: Rows, near: Found, owner: Mapping[Edge, str], budget: int, rng: np.random.Generator
) -> Iterator[Probes]:  # fmt: skip
    """Rows a little away from the edges: what rounds before a stage leaves those next to them to chance."""
    far = near.further()
    chosen = spread(len(far.values) // 2, budget // 2, rng)
    places = [place for i in chosen for place in (2 * i, 2 * i + 1)]
    if places:
        rows = with_values(
            base,
            [far.bases[i] for i in places],
            [far.slots[i] for i in places],
            [far.values[i] for i in places],
        )
        edges = [far.edges[i] for i in places]
        yield Probes.of(rows, "edge", [f"{owner[e]} column {e.feature} beside {e.value!r}" for e in edges])


def together(found: Sequence[Anchors], original: Original, base: Rows) -> list[list[Anchors]]:
    """The stages, those together to which the same rows come, as to the members of an ensemble.

    A search asks the original some 40 times, however many edges it is for: where stages are many, one
    serves all that get the same. Few are searched each by itself.
    """
    if len(found) <= _APART:
        return [[stage] for stage in found]
    known = original.alike(base, [stage.path for stage in found]) if original.alike else {}
    groups: dict[Any, list[Anchors]] = {}
    for stage in found:
        told = known.get(stage.path) or _arrived(original.arrive[stage.path](base))
        groups.setdefault(told, []).append(stage)
    return list(groups.values())


def _arrived(values: Any) -> Any:
    """What is the same of the same rows alone."""
    told = str(values.tolist()) if values.dtype.kind == "O" else values.tobytes()
    return values.shape, values.dtype.str, told


def _side_by_side(base: Rows, stage: Anchors, cell_of: Mapping[int, Slot], budget: int) -> Iterator[Probes]:
    """Rows with the first known text in every cell that has some, then the second: for texts that meet."""
    texts: dict[Slot, list[Any]] = {}
    for edge in stage.edges:
        if isinstance(edge.value, str) and edge.feature in cell_of and cell_of[edge.feature].is_text:
            texts.setdefault(cell_of[edge.feature], []).append(edge.value)
    count = min(budget, max(map(len, texts.values()), default=0))
    if len(texts) > 1 and count:
        rows = copied(take(base, np.arange(count) % length(base)))
        for slot, values in texts.items():
            rows[slot.name][:, slot.column] = [values[i % len(values)] for i in range(count)]
        yield Probes.of(rows, "edge", [f"{stage.path}: texts side by side"] * count)


def close_calls(base: Rows, original: Original, pairs: int, rng: np.random.Generator) -> Probes:
    """Rows on both sides of the border between two classes, so close that a small error changes sides."""
    asked = original.answer if pairs else None
    rows = between(base, asked, pairs, rng, coarse=original.loose) if asked is not None else None
    if rows is None:
        return NONE
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


def thinned(edges: Sequence[Edge], limit: int, rng: np.random.Generator) -> list[Edge]:
    return [edges[i] for i in spread(len(edges), limit, rng)]


def spread(total: int, limit: int, rng: np.random.Generator) -> list[int]:
    """Positions of at most ``limit`` of ``total`` things, in order."""
    if total <= limit:
        return list(range(total))
    return sorted(int(i) for i in rng.choice(total, limit, replace=False))
