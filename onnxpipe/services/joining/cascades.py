"""Cascades: a cheap model first, a costly one for the rows that the cheap one is unsure of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from onnxpipe.components import combining as glue
from onnxpipe.components import registry
from onnxpipe.components.post import PROBABILITIES
from onnxpipe.core.signature import Port
from onnxpipe.errors import BadManifest
from onnxpipe.services.joining.members import Combined, Member, answer, fed, free, put_in, refuse_unlike
from onnxpipe.stitching import branches
from onnxpipe.stitching.merge import merge
from onnxpipe.stitching.parts import INPUT, End, Part

_GATE, _PICK, _BACK = "_gate", "_pick", "_back"
_ANY = ":any"
_MASK = Port("mask", "bool", ("N",))


def cascade(members: Sequence[Member], classes: NDArray[Any] | None, at: float) -> Combined:
    """The first member's answers, and the second's for the rows that the first is unsure of.

    Those rows are picked by a mask, given to the second as a batch of their own, and put back; if
    there are none, the second isn't run. Of three members the last two are such a cascade themselves.
    """
    if len(members) > 2:
        rest = cascade(members[1:], classes, at)
        members = [members[0], _nested(members[1:], rest)]
    quick, thorough = members
    scores = answer(quick, PROBABILITIES)
    if len(scores.shape) != 2 or not scores.dtype.startswith("float"):
        raise BadManifest(
            f"{quick.name}.{scores} holds no scores by class", remedy="of=part.output|other says which do."
        )
    shared = [name for name in quick.outputs if name in thorough.outputs]
    if not shared:
        raise BadManifest(f"{quick.name} and {thorough.name} have no output of the same name")
    for name in shared:
        refuse_unlike(members, [quick.outputs[name], thorough.outputs[name]])
    return _joined(quick, thorough, scores, shared, at)._replace(classes=classes)


def _joined(quick: Member, thorough: Member, scores: Port, shared: Sequence[str], at: float) -> Combined:
    gate = Part(_GATE, registry.glue({"scores": scores}, lambda given: glue.unsure(given["scores"], at)))
    pick, back = _picking(thorough), _putting_back(quick, thorough, shared)
    wires = [
        *fed([quick]),
        (End(quick.name, scores.name), End(_GATE, "scores")),
        *((End(_GATE, "rows"), End(name, "mask")) for name in (_PICK, _BACK)),
        *_around(quick, thorough, shared),
    ]
    stand_ins = {name: f"{name}:otherwise" for name in shared}
    outputs = [f"{name}={_BACK}.out_{i}" for i, name in enumerate(shared)]
    outputs += [f"{other}={quick.name}.{name}" for name, other in stand_ins.items()]
    parts = [quick.part, gate, pick, thorough.part, back]
    joined = merge(parts, wires, [*outputs, f"{_ANY}={_GATE}.any"])
    inside = (thorough.name, _PICK, _BACK)
    return Combined(branches.enclosed(joined.fragment, inside, _ANY, stand_ins), None, put_in(joined.notes))


def _picking(thorough: Member) -> Part:
    """The part that picks the marked rows of everything that the costly model reads."""
    taken = {f"of_{i}": port for i, port in enumerate(thorough.inputs.values())}

    def pick(given: Mapping[str, Any]) -> Mapping[str, Any]:
        return glue.picked(given["mask"], {f"rows_{k}": v for k, v in given.items() if k != "mask"})

    return Part(_PICK, registry.glue({"mask": _MASK, **taken}, pick))


def _putting_back(quick: Member, thorough: Member, shared: Sequence[str]) -> Part:
    """The part that puts the costly model's answers where the marked rows stood, in the cheap one's types."""
    ends: dict[str, Port] = {}
    for i, name in enumerate(shared):
        ends[f"all_{i}"] = quick.outputs[name]
        ends[f"some_{i}"] = replace(thorough.outputs[name], dtype=quick.outputs[name].dtype)

    def put(given: Mapping[str, Any]) -> Mapping[str, Any]:
        pairs = [(given[f"all_{i}"], given[f"some_{i}"]) for i in range(len(shared))]
        return {f"out_{i}": glue.put_back(given["mask"], *pair) for i, pair in enumerate(pairs)}

    return Part(_BACK, registry.glue({"mask": _MASK, **ends}, put))


def _around(quick: Member, thorough: Member, shared: Sequence[str]) -> list[tuple[End, End]]:
    """The wires of picking rows, of the costly model, and of putting its answers back."""
    made: list[tuple[End, End]] = []
    for i, port in enumerate(thorough.inputs):
        made.append((End(INPUT, thorough.ends[port]), End(_PICK, f"of_{i}")))
        made.append((End(_PICK, f"rows_of_{i}"), End(thorough.name, port)))
    for i, name in enumerate(shared):
        made.append((End(quick.name, name), End(_BACK, f"all_{i}")))
        made.append((End(thorough.name, name), End(_BACK, f"some_{i}")))
    return made


def _nested(members: Sequence[Member], made: Combined) -> Member:
    """A cascade as the last member of another."""
    names = {port.name: port.name for port in made.fragment.signature.inputs}
    return Member(Part(free("rest", members), made.fragment), names, made.classes)
