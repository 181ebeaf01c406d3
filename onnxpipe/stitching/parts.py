"""What is joined: named fragments, and the names of their ends."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import onnx

from onnxpipe.core.fragment import Fragment
from onnxpipe.errors import BadManifest

INPUT = "input"
"""The part name that stands for the joined graph's own inputs, as in ``input.age=model.age``."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


class End(NamedTuple):
    """One input or output of a part; of the joined graph where ``part`` is ``INPUT``."""

    part: str
    port: str

    def __str__(self) -> str:
        return f"{self.part}.{self.port}"


@dataclass(frozen=True, slots=True)
class Part:
    """A fragment under a name.

    ``roles`` map an input to the names of outputs it is meant for, the best first; ``layouts`` are
    the layouts (nhwc, nchw, hwc, chw) of inputs and outputs that are declared to have one.
    Raises BadManifest for a name that can't be told apart in a wire, and for a layout that can't be.
    """

    name: str
    fragment: Fragment
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    layouts: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or self.name == INPUT:
            raise BadManifest(
                f"{self.name!r} can't name a part",
                remedy=f"Use letters, digits, _ and -, and any word but {INPUT}.",
            )
        known = {**self.inputs, **self.outputs} if self.layouts else {}
        for port, layout in self.layouts.items():
            sizes = known[port].tensor_type.shape.dim if port in known else ()
            if len(sizes) != len(layout):
                there = f"has {len(sizes)} axes" if port in known else f"isn't one of {', '.join(known)}"
                raise BadManifest(
                    f"{self.name}.{port} can't be laid out {layout}: it {there}", where="layouts"
                )

    @property
    def inputs(self) -> dict[str, onnx.TypeProto]:
        """Types of the inputs by name; initializers that double as inputs are constants here."""
        graph = self.fragment.model.graph
        known = {tensor.name for tensor in graph.initializer}
        return {value.name: value.type for value in graph.input if value.name not in known}

    @property
    def outputs(self) -> dict[str, onnx.TypeProto]:
        """Types of the outputs by name."""
        return {value.name: value.type for value in self.fragment.model.graph.output}


def free_name(wish: str, taken: Sequence[str]) -> str:
    """A legal part name close to ``wish`` (a file's stem, say) that isn't taken yet."""
    base = re.sub(r"[^A-Za-z0-9_-]+", "_", wish).strip("_") or "part"
    base = f"_{base}" if not _NAME.fullmatch(base) or base == INPUT else base
    number = 1
    name = base
    while name in taken:
        number += 1
        name = f"{base}_{number}"
    return name


def refuse_twins(parts: Sequence[Part]) -> None:
    """Raise BadManifest where there is nothing to join or two parts have one name."""
    names = [part.name for part in parts]
    if not parts:
        raise BadManifest("there are no parts to join")
    if twins := sorted({name for name in names if names.count(name) > 1}):
        raise BadManifest(f"several parts are called {', '.join(twins)}")
