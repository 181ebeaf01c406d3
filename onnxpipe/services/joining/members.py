"""What ensembles and cascades are made of: parts that read the same inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from numpy.typing import NDArray

from onnxpipe.core.fragment import Fragment
from onnxpipe.core.signature import Port
from onnxpipe.errors import BadManifest
from onnxpipe.stitching.parts import INPUT, End, Part

Ports = Mapping[str, Port]


@dataclass(frozen=True, slots=True)
class Member:
    """A part of a combination: ``ends`` are the names its inputs have on the whole, by its own names.

    ``answer`` is the output that is combined, empty for the first that is known as one.
    """

    part: Part
    ends: Mapping[str, str]
    classes: NDArray[Any] | None = None
    answer: str = ""

    @property
    def name(self) -> str:
        return self.part.name

    @property
    def outputs(self) -> Ports:
        return {port.name: port for port in self.part.fragment.signature.outputs}

    @property
    def inputs(self) -> Ports:
        return {port.name: port for port in self.part.fragment.signature.inputs}

    def port(self, known: Sequence[str]) -> Port | None:
        """The output that is meant: the one named, else the first of those known, else the only one."""
        there = self.outputs
        wanted = [self.answer] if self.answer else [name for name in known if name in there]
        lone = list(there) if len(there) == 1 else []
        return next((there[name] for name in (*wanted, *lone) if name in there), None)


class Combined(NamedTuple):
    """The one part, the class labels it answers, and what the user should know."""

    fragment: Fragment
    classes: NDArray[Any] | None
    notes: tuple[str, ...]


def answer(member: Member, known: Sequence[str]) -> Port:
    """The output that is combined. Raises BadManifest where nothing tells which one."""
    port = member.port(known)
    if port is None:
        raise BadManifest(
            f"nothing says which output of {member.name} is meant: it gives {', '.join(member.outputs)}",
            remedy=f"Say so: of={member.name}.{next(iter(member.outputs))}|...",
        )
    return port


def refuse_unlike(members: Sequence[Member], ports: Sequence[Port]) -> None:
    """Raise BadManifest for answers of other kinds or sizes than the first's."""
    for member, port in zip(members[1:], ports[1:], strict=True):
        alike = port.is_string == ports[0].is_string and port.shape[1:] == ports[0].shape[1:]
        if not alike or len(port.shape) != len(ports[0].shape):
            raise BadManifest(f"{members[0].name}.{ports[0]} and {member.name}.{port} aren't alike")


def fed(members: Sequence[Member]) -> list[tuple[End, End]]:
    return [(End(INPUT, end), End(m.name, own)) for m in members for own, end in m.ends.items()]


def free(wish: str, members: Sequence[Member]) -> str:
    return wish if wish not in {m.name for m in members} else f"{wish}_"


def put_in(notes: Sequence[str]) -> tuple[str, ...]:
    return tuple(note for note in notes if "put in" in note or "converted from" in note)
