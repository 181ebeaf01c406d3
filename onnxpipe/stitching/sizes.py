"""Symbolic sizes of joined graphs: which of them are one, and what each is called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from onnxpipe.core.signature import Dim
from onnxpipe.errors import BadManifest
from onnxpipe.stitching.edges import Edge, dims, permuted
from onnxpipe.stitching.parts import INPUT, End, Part


class Symbol(NamedTuple):
    """A symbolic size of one part."""

    part: str
    name: str


@dataclass(slots=True)
class Sizes:
    """Sizes that are equal, as a forest of symbols, and names given so far.

    onnxruntime plans memory by these names, so two sizes that may differ must not share one.
    """

    parents: dict[Symbol, Symbol] = field(default_factory=dict)
    fixed: dict[Symbol, int] = field(default_factory=dict)
    names: dict[Symbol, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def size(self, part: str, dim: Dim) -> Dim:
        """What a size of a part is called, or is, in the joined graph."""
        if not isinstance(dim, str):
            return dim
        root = self._root(Symbol(part, dim))
        if root in self.fixed:
            return self.fixed[root]
        if root not in self.names:
            free = root.name not in self.taken
            self.names[root] = root.name if free else f"{root.part}.{root.name}"
            self.taken.add(self.names[root])
        return self.names[root]

    def _root(self, symbol: Symbol) -> Symbol:
        while (parent := self.parents.get(symbol, symbol)) != symbol:
            symbol = parent
        return symbol

    def equate(self, edge: Edge, a: Symbol, b: Symbol | int) -> None:
        """Record that two sizes are one. Raises BadManifest where that makes two numbers equal."""
        first = self._root(a)
        if isinstance(b, Symbol):
            second = self._root(b)
            if second != first:
                self.parents[second] = first
            number = self.fixed.pop(second, None) if second != first else None
        else:
            number = b
        if number is not None and self.fixed.setdefault(first, number) != number:
            raise BadManifest(
                f"{edge}: size {a.name} would have to be {self.fixed[first]} and {number}",
                where=f"part {edge.target.part}",
            )


def unified(parts: Sequence[Part], edges: Sequence[Edge], inputs: Mapping[str, End]) -> Sizes:
    """The sizes of parts joined along these edges; batches of one name are one.

    A batch is the symbol in front of an input of the whole graph. Raises BadManifest where two
    fixed sizes meet.
    """
    sizes = Sizes()
    takes = {End(part.name, name): dims(kind) for part in parts for name, kind in part.inputs.items()}
    gives = {End(part.name, name): dims(kind) for part in parts for name, kind in part.outputs.items()}
    batches: dict[str, Symbol] = {}
    for edge in edges:
        own = edge.source.part == INPUT
        source = inputs[edge.source.port] if own else edge.source
        shape = permuted((takes if own else gives)[source], edge.perm) or ()
        taken = takes[edge.target] or ()
        for a, b in zip(shape, taken, strict=False):
            _equated(sizes, edge, Symbol(source.part, a) if isinstance(a, str) else a, b)
        if own and taken and isinstance(taken[0], str):
            symbol = Symbol(edge.target.part, taken[0])
            sizes.equate(edge, batches.setdefault(taken[0], symbol), symbol)
    return sizes


def _equated(sizes: Sizes, edge: Edge, a: Symbol | int | None, b: Dim) -> None:
    other = Symbol(edge.target.part, b) if isinstance(b, str) else b
    if isinstance(a, Symbol) and other is not None:
        sizes.equate(edge, a, other)
    elif isinstance(a, int) and isinstance(other, Symbol):
        sizes.equate(edge, other, a)
