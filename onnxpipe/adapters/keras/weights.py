"""The weights of a layer and of the layers inside it, as the two formats keep them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from numpy.typing import NDArray

from onnxpipe.adapters.keras.hdf5 import Group

Array = NDArray[Any]


class Weights(Protocol):
    """One layer's weights."""

    def arrays(self) -> dict[str, Array]:
        """The layer's own, by name or number, in order."""
        ...

    def inside(self, attribute: str, name: str) -> Weights:
        """Those of a layer that this one holds as ``attribute`` and which is called ``name``."""
        ...

    def layers(self, kinds: Sequence[tuple[str, str]]) -> list[Weights]:
        """Those of a model's layers, given as (class, name)."""
        ...


@dataclass(frozen=True, slots=True)
class Tree:
    """``model.weights.h5``: a group per layer, ``vars`` in it, by class and count within a model."""

    group: Group | None

    def arrays(self) -> dict[str, Array]:
        held = self.group.group("vars") if self.group else None
        return dict(held.arrays()) if held else {}

    def inside(self, attribute: str, name: str) -> Tree:
        return Tree(self.group.group(attribute) if self.group else None)

    def layers(self, kinds: Sequence[tuple[str, str]]) -> list[Weights]:
        """Keras 2 has the layers under another name."""
        found = [self.inside(home, "") for home in ("layers", "_layer_checkpoint_dependencies")]
        home = next((each for each in found if each.group), Tree(None))
        return [home.inside(place, "") for place in places(kind for kind, _ in kinds)]


CALLED = {"GroupQueryAttention": "GroupedQueryAttention"}
"""Classes that Keras calls otherwise inside."""


def places(kinds: Iterable[str]) -> list[str]:
    """What the groups of layers of these classes are called: in snake case, numbered from the second.

    Source: keras.src.saving.saving_lib._save_container_state, keras.src.utils.naming.to_snake_case.
    """
    seen: Counter[str] = Counter()
    found = []
    for kind in (CALLED.get(kind, kind) for kind in kinds):
        words = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", kind))
        base = re.sub("([a-z])([A-Z])", r"\1_\2", words).lower()
        found.append(f"{base}_{seen[base]}" if seen[base] else base)
        seen[base] += 1
    return found


@dataclass(frozen=True, slots=True)
class Flat:
    """``.h5``: all weights of an outermost layer in one list, by the path of layers' names that each has."""

    held: tuple[tuple[tuple[str, ...], Array], ...]

    @classmethod
    def of(cls, group: Group | None, name: str) -> Flat:
        """The weights that a layer's group lists; ``kernel:0`` of Keras 2 is ``kernel``."""
        names = group.texts("weight_names") if group else []
        held = tuple((tuple(n.split(":")[0].split("/")), group.array(n)) for n in names if group)
        return cls(held).within(name)

    def within(self, name: str) -> Flat:
        """The same with paths that begin behind a name, where they have it: shared layers don't."""
        return Flat(tuple((_behind(path, name), array) for path, array in self.held))

    def arrays(self) -> dict[str, Array]:
        return {str(i): array for i, (_, array) in enumerate(self.held)}

    def inside(self, attribute: str, name: str) -> Flat:
        """All of them where no path tells of the name: a cell's weights are its layer's."""
        return self._of(name) if any(path[0] == name for path, _ in self.held) else self

    def layers(self, kinds: Sequence[tuple[str, str]]) -> list[Weights]:
        return [self._of(name) for _, name in kinds]

    def _of(self, name: str) -> Flat:
        return Flat(tuple(each for each in self.held if each[0][0] == name)).within(name)


def _behind(path: tuple[str, ...], name: str) -> tuple[str, ...]:
    return path[path.index(name) + 1 :] if name in path else path


@dataclass(frozen=True, slots=True)
class Top:
    """``.h5``: the outermost model, with a group per layer's name."""

    group: Group

    def arrays(self) -> dict[str, Array]:
        return {}

    def inside(self, attribute: str, name: str) -> Flat:
        return Flat.of(self.group.group(name), name)

    def layers(self, kinds: Sequence[tuple[str, str]]) -> list[Weights]:
        return [self.inside("", name) for _, name in kinds]
