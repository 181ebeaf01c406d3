"""A CatBoost model as data, the same from each of its formats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Numeric(NamedTuple):
    """A numeric feature: its number, column, borders (float32, ``value > border``), and where NaN goes."""

    number: int
    column: int
    name: str
    borders: Array
    nan_is_high: bool


class Categorical(NamedTuple):
    """A categorical feature: its number, column and name."""

    number: int
    column: int
    name: str


class OneHot(NamedTuple):
    """The hashes that splits compare a categorical feature (by its number) with."""

    feature: int
    hashes: Array


class Projection(NamedTuple):
    """What a statistic is taken of: categories, and splits as (feature, border) or (feature, hash)."""

    categories: tuple[int, ...]
    numeric: tuple[tuple[int, float], ...] = ()
    one_hot: tuple[tuple[int, int], ...] = ()

    @property
    def features(self) -> tuple[int, ...]:
        """The numbers of the categorical features it reads."""
        return (*self.categories, *(feature for feature, _ in self.one_hot))


class Ctr(NamedTuple):
    """A statistic of a projection (``kind`` as CatBoost names it) and the borders it is compared with."""

    projection: Projection
    kind: str
    classifier: int
    target_border: int
    prior: tuple[float, float]
    shift: float
    scale: float
    borders: Array

    @property
    def key(self) -> tuple[Projection, str, int]:
        """The table it is computed from."""
        return self.projection, self.kind, self.classifier


class CtrTable(NamedTuple):
    """Counts ``[n, m]`` (or a sum and a count) of every projected value, by its hash ``[n]``."""

    hashes: Array
    counts: Array
    denominator: int


class Trees(NamedTuple):
    """All trees: per tree how many entries of ``splits`` it has.

    Oblivious trees have a split per level, lowest bit of the leaf's number first. Others have one
    per node, ``steps`` ``[nodes, 2]`` ahead to its children (0: none, the node itself is the leaf)
    and ``leaves`` ``[nodes]``, where a node's values begin. ``ended`` is the weight of the rows that ended
    in each leaf of oblivious trees in training, of no leaf where the file doesn't say.
    """

    sizes: Array
    splits: Array
    steps: Array | None = None
    leaves: Array | None = None
    ended: Array = np.zeros(0)


@dataclass(frozen=True, slots=True)
class Model:
    """Features, trees and the values ``[leaves, dimension]`` of their leaves.

    ``other`` names the kinds of features in use that have no converter.
    """

    dimension: int
    numeric: tuple[Numeric, ...]
    categorical: tuple[Categorical, ...]
    one_hot: tuple[OneHot, ...]
    ctrs: tuple[Ctr, ...]
    tables: Mapping[Any, CtrTable]
    trees: Trees
    values: Array
    scale: float
    bias: Array
    info: Mapping[str, Any] = field(default_factory=dict)
    other: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """How many columns the model was trained on, as far as it tells."""
        return 1 + max(self.columns, default=-1)

    @property
    def columns(self) -> list[int]:
        """The columns of all features."""
        return [f.column for f in self.numeric] + [f.column for f in self.categorical]

    @property
    def used(self) -> tuple[Numeric, ...]:
        """The numeric features that trees compare; the first one where they compare none."""
        return tuple(f for f in self.numeric if len(f.borders)) or self.numeric[: not self.categories]

    @property
    def categories(self) -> tuple[Categorical, ...]:
        """The categorical features that trees or statistics read."""
        used = {f.feature for f in self.one_hot} | {i for c in self.ctrs for i in c.projection.features}
        return tuple(f for f in self.categorical if f.number in used)

    @property
    def names(self) -> tuple[str, ...] | None:
        """The columns' names, None for a plain matrix."""
        found = {f.column: f.name for f in self.numeric} | {f.column: f.name for f in self.categorical}
        names = tuple(found.get(i, str(i)) for i in range(self.width))
        plain = all(name in ("", str(i)) for i, name in enumerate(names))
        return None if plain or len(set(names)) < len(names) else names
