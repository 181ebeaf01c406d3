"""A model taken apart: its parts and stages, and the values on the wires between them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import onnx

from onnxpipe.core.fragment import PREFIX, Fragment, metadata, ports
from onnxpipe.core.signature import Port

_STAGE = PREFIX + "stage"
INPUTS, OUTPUTS = "inputs", "outputs"
"""What stands at the other end of a wire that comes from outside, or leads there."""


class Wire(NamedTuple):
    """A value, its type and shape as far as they are known, and the boxes at its other end."""

    value: str
    type: str
    ends: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Box:
    """A part or a stage: its path, what it is, its operators by type, its wires, and the stages in it."""

    path: str
    kind: str
    operators: Mapping[str, int]
    takes: tuple[Wire, ...]
    gives: tuple[Wire, ...]
    inner: tuple[Box, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The last step of the path."""
        return self.path.rpartition("/")[2] or self.path

    @property
    def count(self) -> int:
        """How many operators it has, those in branches and bodies included."""
        return sum(self.operators.values())


@dataclass(slots=True)
class _Pile:
    """What the nodes at and below a path make, read and are."""

    made: set[str] = field(default_factory=set)
    read: dict[str, None] = field(default_factory=dict)
    operators: Counter[str] = field(default_factory=Counter)


def anatomy(model: onnx.ModelProto) -> tuple[Box, ...]:
    """The boxes of a model in the order they run: the parts of a stitched one, else its outermost stages.

    Nodes that nothing tells the stage of are one box, named after the graph.
    """
    return _Anatomy(model).boxes("")


class _Anatomy:
    """The nodes of a model, piled up by path."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self.model, self.told = model, metadata(model)
        self.types: Mapping[str, Port] = ports(model)
        self.kinds = {tap.path: tap.kind for tap in Fragment.of(model).taps}
        self.piles: dict[str, _Pile] = {}
        self.constants = {tensor.name for tensor in model.graph.initializer}
        self.inputs = {value.name for value in model.graph.input} - self.constants
        self.outputs = {value.name for value in model.graph.output}
        for node in model.graph.node:
            self._pile(node)

    def _pile(self, node: onnx.NodeProto, around: str = "") -> None:
        """Note a node at its path and at all above; what is in its branches where that says it is."""
        path = stage_of(node) or around or self.model.graph.name or "graph"
        steps = path.split("/")
        reads = dict.fromkeys(name for name in _reads(node) if name and name not in self.constants)
        for i in range(1, len(steps) + 1):
            pile = self.piles.setdefault("/".join(steps[:i]), _Pile())
            pile.made.update(node.output)
            pile.read |= reads
            pile.operators[operator(node)] += 1
        for inner in _inner(node):
            self._pile(inner, path)

    def boxes(self, above: str) -> tuple[Box, ...]:
        """The boxes right below a path."""
        depth = above.count("/") + 1 if above else 0
        paths = [
            p for p in self.piles if p.count("/") == depth and p.startswith(f"{above}/" if above else "")
        ]
        return tuple(self._box(path, paths) for path in paths)

    def _box(self, path: str, beside: list[str]) -> Box:
        pile = self.piles[path]
        outer = [name for name in pile.read if name not in pile.made]
        takes = (self._wire(name, self._sources(name, path)) for name in outer)
        ends = {name: self._targets(name, path, beside) for name in sorted(pile.made) if name}
        gives = (self._wire(name, found) for name, found in ends.items() if found)
        inner = self.boxes(path)
        return Box(
            path, self.kinds.get(path, ""), dict(sorted(pile.operators.items())), tuple(takes), tuple(gives),
            inner, self._facts(path),
        )  # fmt: skip

    def _wire(self, name: str, ends: list[str]) -> Wire:
        port = self.types.get(name)
        return Wire(name, str(port).partition(": ")[2] if port else "", tuple(ends))

    def _sources(self, name: str, path: str) -> list[str]:
        """Where a value is made: the innermost box that is beside this one or beside one around it."""
        if name in self.inputs:
            return [INPUTS]
        return [other for other in self._beside(path) if name in self.piles[other].made]

    def _targets(self, name: str, path: str, beside: list[str]) -> list[str]:
        found = [other for other in self._beside(path) if name in self.piles[other].read]
        return found + ([OUTPUTS] if name in self.outputs else [])

    def _beside(self, path: str) -> Iterator[str]:
        """The boxes beside a box, then those beside the one around it, and so on outwards."""
        while path:
            above = path.rpartition("/")[0]
            start, depth = (f"{above}/" if above else ""), path.count("/")
            yield from (p for p in self.piles if p != path and p.startswith(start) and p.count("/") == depth)
            path = above

    def _facts(self, path: str) -> dict[str, str]:
        """What a stitched model tells of a part: where it is from, its digest, its framework."""
        if path not in json.loads(self.told.get("parts", "[]")):
            return {}
        known = {key: self.told.get(f"parts.{path}.{key}", "") for key in _TOLD}
        return {key: value for key, value in known.items() if value}


_TOLD = ("from", "digest", "framework", "framework_version", "portability", "mirrors")


def stage_of(node: onnx.NodeProto) -> str:
    """The stage a node is marked with, empty for none."""
    return next((prop.value for prop in node.metadata_props if prop.key == _STAGE), "")


def operator(node: onnx.NodeProto) -> str:
    """An operator's name, with its domain where that isn't the standard's own."""
    return f"{node.domain}.{node.op_type}" if node.domain not in ("", "ai.onnx") else node.op_type


def _reads(node: onnx.NodeProto) -> Iterator[str]:
    """The values that a node reads, those its branches and bodies capture included."""
    yield from node.input
    own = {name for inner in _inner(node) for name in inner.output}
    for inner in _inner(node):
        yield from (name for name in _reads(inner) if name not in own)


def _inner(node: onnx.NodeProto) -> Iterator[onnx.NodeProto]:
    for attribute in node.attribute:
        for graph in (attribute.g, *attribute.graphs):
            yield from graph.node
