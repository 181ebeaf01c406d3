"""Where a stage's input is interesting: its edges, and the values its fitted state speaks of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.check.edges.boundary import Edge
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import find

Array = NDArray[Any]

_CENTRES = (
    "mean_",
    "mean",
    "center_",
    "data_min_",
    "data_max_",
    "statistics_",
    "theta_",
    "location_",
    "means_",
)
_SPREADS = ("scale_", "data_range_", "std")
_WORDS = 200


@dataclass(frozen=True, slots=True)
class Anchors:
    """One stage's edges (its answer changes there), hints (typical values of its input) and which rows
    ``[N, d]`` are too far out for it, if any are.
    """

    path: str
    kind: str
    edges: tuple[Edge, ...] = ()
    hints: tuple[Edge, ...] = ()
    wild: Callable[[Array], Array] | None = None


def anchors(stages: Iterable[Stage]) -> tuple[Anchors, ...]:
    """The anchors of every stage that has any, in the order given, each path once."""
    found: dict[str, Anchors] = {}
    for stage in stages:
        converter = find(stage.kind)
        wild = partial(converter.wild, stage) if converter is not None and converter.wild else None
        made = Anchors(stage.path, stage.kind, tuple(_edges(stage)), tuple(_hints(stage)), wild)
        for each in (made, *_within(stage)):
            if each.edges or each.hints or each.wild:
                found.setdefault(each.path, each)
    return tuple(found.values())


def _within(stage: Stage) -> Iterator[Anchors]:
    """The edges of what a stage gives to functions that it holds, at ``path@attribute``."""
    converter = find(stage.kind)
    if converter is not None and converter.within is not None:
        for name, edges in converter.within(stage).items():
            yield Anchors(f"{stage.path}@{name}", stage.kind, tuple(_listed(edges)))


def _edges(stage: Stage) -> Iterator[Edge]:
    """What the stage's converter says, else the categories of its fitted state."""
    converter = find(stage.kind)
    if converter is not None and converter.edges is not None:
        yield from _listed(converter.edges(stage))
    else:
        yield from _categories(stage)


def _categories(stage: Stage) -> Iterator[Edge]:
    categories = stage.get("categories_")
    if isinstance(categories, (list, tuple)):
        yield from _listed(dict(enumerate(categories)))


def _listed(values: Mapping[int, Any]) -> Iterator[Edge]:
    for feature, of_feature in values.items():
        for value in dict.fromkeys(_counted(of_feature).ravel().tolist()):
            if isinstance(value, str) or (_is_number(value) and np.isfinite(value)):
                yield Edge(int(feature), value)


def _counted(values: Any) -> Array:
    """Values as objects, dates as counts of their unit without the missing ones."""
    if isinstance(values, np.ndarray) and values.dtype.kind in "mM":
        return np.asarray(values[~np.isnat(values)].astype(np.int64))
    return np.asarray(values, dtype=object)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def _hints(stage: Stage) -> Iterator[Edge]:
    """Categories, pairs of known words, means and extremes, one and two spreads to either side."""
    yield from _categories(stage)
    words = stage.get("vocabulary_")
    if isinstance(words, dict):
        known = [str(word) for word in words][:_WORDS]
        yield from (Edge(0, f"{a} {b}") for a, b in pairwise([*known, *known[:1]]))
    spread = next((a for name in _SPREADS if (a := _row(stage.get(name))) is not None), None)
    for name in _CENTRES:
        centre = _row(stage.get(name))
        for feature, value in enumerate(centre if centre is not None else ()):
            size = float(spread[feature]) if spread is not None and feature < len(spread) else 1.0
            yield from (Edge(feature, float(value) + k * size) for k in (-2, -1, 0, 1, 2))


def _row(value: Any) -> Sequence[float] | None:
    """Fitted state as one finite value per column, None where it isn't such a thing."""
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "iuf" or value.ndim not in (1, 2):
        return None
    flat = value if value.ndim == 1 else value.mean(axis=0)
    return [float(v) for v in flat[:64]] if np.isfinite(flat).all() else None
