"""A graph with what is known about it: the unit that converters make and the stitcher joins."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, NamedTuple

import onnx

from onnxpipe.core import weights
from onnxpipe.core.signature import Port, Signature
from onnxpipe.errors import Unreadable

PREFIX = "io.onnxpipe."
"""Namespace of our keys in ``metadata_props``."""


class Tally(NamedTuple):
    """The names of the places and the numbers that a matrix would be added up of, and its width."""

    places: str
    values: str
    width: int


@dataclass(frozen=True, slots=True)
class Tap:
    """Where one stage's values are in a graph: value names of its input blocks and its answers.

    ``inputs`` are (value name, width) in column order; ``answers`` map method to value names,
    several where an answer has columns of several dtypes. ``single`` says that native answers in float32.
    ``tallies`` maps a value that isn't computed to what ``core.tallies`` would add it up of.
    """

    path: str
    kind: str
    inputs: tuple[tuple[str, int], ...]
    answers: Mapping[str, tuple[str, ...]]
    single: bool = False
    tallies: Mapping[str, Tally] = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        """What metadata keep: which stages answer in float32 has an entry of its own there."""
        told = {name: value for name, value in asdict(self).items() if name != "single"}
        return {name: value for name, value in told.items() if value or name != "tallies"}

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> Tap:
        inputs = tuple((str(name), int(width)) for name, width in data["inputs"])  # type: ignore[attr-defined]
        answers = {k: tuple(map(str, v)) for k, v in data["answers"].items()}  # type: ignore[attr-defined]
        found: Any = data.get("tallies", {})
        tallies = {str(name): Tally(str(p), str(v), int(width)) for name, (p, v, width) in found.items()}
        return cls(str(data["path"]), str(data["kind"]), inputs, answers, tallies=tallies)

    def renamed(self, names: Mapping[str, str]) -> Tap:
        """The same tap after values were renamed."""
        inputs = tuple((names.get(name, name), width) for name, width in self.inputs)
        answers = {k: tuple(names.get(n, n) for n in v) for k, v in self.answers.items()}
        tallies = {
            names.get(n, n): Tally(names.get(t.places, t.places), names.get(t.values, t.values), t.width)
            for n, t in self.tallies.items()
        }
        return replace(self, inputs=inputs, answers=answers, tallies=tallies)

    @property
    def values(self) -> set[str]:
        """The names of all that the answers are, or are added up of."""
        found = (name for names in self.answers.values() for name in names)
        return {value for name in found for value in self.tallies.get(name, (name,))[:2]}

    def within(self, computed: Container[str]) -> Tap | None:
        """The tap of what a graph computes; None where that is none of the stage's answers."""
        tallies = {n: t for n, t in self.tallies.items() if t.places in computed and t.values in computed}
        answers = {
            m: names for m, names in self.answers.items() if all(n in computed or n in tallies for n in names)
        }
        return replace(self, answers=answers, tallies=tallies) if answers else None


@dataclass(frozen=True, slots=True)
class Fragment:
    """A model and the taps of its stages. The model is shared, not copied: passes make new ones."""

    model: onnx.ModelProto
    taps: tuple[Tap, ...] = field(default=())

    @property
    def signature(self) -> Signature:
        return Signature.of(self.model)

    def finished(self, metadata: Mapping[str, str]) -> onnx.ModelProto:
        """The model with taps and metadata written into it, keys sorted."""
        model = onnx.ModelProto()
        model.CopyFrom(self.model)
        entries = {prop.key: prop.value for prop in model.metadata_props}
        entries |= {PREFIX + key: value for key, value in metadata.items()}
        entries[PREFIX + "stages"] = json.dumps([tap.to_json() for tap in self.taps], sort_keys=True)
        del model.metadata_props[:]
        for key in sorted(entries):
            model.metadata_props.add(key=key, value=entries[key])
        return model

    @classmethod
    def of(cls, model: onnx.ModelProto) -> Fragment:
        """A model read back, with the taps its metadata holds (none for a foreign model).

        Raises Unreadable for metadata that was damaged.
        """
        stored = metadata(model).get("stages", "[]")
        try:
            return cls(model, tuple(map(Tap.from_json, json.loads(stored))))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise Unreadable(f"the model's {PREFIX}stages can't be read: {error!r}") from None


def metadata(model: onnx.ModelProto) -> dict[str, str]:
    """Our own metadata entries of a model, without the prefix."""
    props: Iterable[onnx.StringStringEntryProto] = model.metadata_props
    return {p.key.removeprefix(PREFIX): p.value for p in props if p.key.startswith(PREFIX)}


def ports(model: onnx.ModelProto) -> dict[str, Port]:
    """Every typed value of a model's graph by name, as far as ONNX's shape inference tells."""
    return typed(inferred(model))


def inferred(model: onnx.ModelProto) -> onnx.GraphProto:
    """A model's graph, and the bodies in it, with the types that ONNX's shape inference tells."""
    try:
        return onnx.shape_inference.infer_shapes(weights.outlined(model)).graph
    except Exception:  # a damaged model that contradicts itself; inference has no type for its errors
        return onnx.GraphProto()


def typed(graph: onnx.GraphProto) -> dict[str, Port]:
    """The typed values of a graph by name, without those of bodies in it."""
    values = (*graph.input, *graph.value_info, *graph.output)
    view = onnx.ModelProto(graph=onnx.GraphProto(output=values))
    return {port.name: port for port in Signature.of(view).outputs}
