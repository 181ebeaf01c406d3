"""One edge between two parts: whether its types fit, and what makes them fit without loss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, TypeProto, helper

from onnxpipe.core.signature import Dim, dim
from onnxpipe.errors import BadManifest
from onnxpipe.stitching.parts import End

_CHANNELS = (1, 3, 4)


@dataclass(frozen=True, slots=True)
class Edge:
    """A checked edge: ``cast`` is the element type to cast to (0: none), ``axis`` what changes of the rank.

    ``axis`` is +1 where ``[N]`` becomes ``[N, 1]``, -1 where ``[N, 1]`` becomes ``[N]``, else 0;
    ``perm`` the axes in their new order where both sides declare a layout, and another one.
    """

    source: End
    target: End
    cast: int = 0
    axis: int = 0
    perm: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{self.source} -> {self.target}"

    def notes(self) -> list[str]:
        """What was put on this edge, for the user."""
        made = [f"a cast to {_type_name(self.cast)}"] if self.cast else []
        made += [f"a transpose by {', '.join(map(str, self.perm))}"] if self.perm else []
        made += {1: ["an axis: [N] becomes [N, 1]"], -1: ["no axis: [N, 1] becomes [N]"], 0: []}[self.axis]
        return [f"{self}: put in {what}" for what in made]


def checked(
    source: End, gives: TypeProto, target: End, takes: TypeProto, layouts: tuple[str, str] = ("", "")
) -> Edge:
    """The edge from an output to an input; ``layouts`` are those that both declare, "" where one doesn't.

    Raises BadManifest where values would be lost, reinterpreted or laid out otherwise.
    """
    if not (gives.HasField("tensor_type") and takes.HasField("tensor_type")):
        if gives.WhichOneof("value") != takes.WhichOneof("value"):
            raise _refusal(source, target, f"{_kind(gives)} into {_kind(takes)}")
        inner, wanted = (each.sequence_type.elem_type.tensor_type for each in (gives, takes))
        if inner.elem_type != wanted.elem_type and inner.elem_type and wanted.elem_type:
            names = [_type_name(each.elem_type) for each in (inner, wanted)]
            raise _refusal(source, target, f"a sequence of {names[0]} into one of {names[1]}")
        return Edge(source, target)
    cast = _cast(source, gives.tensor_type.elem_type, target, takes.tensor_type.elem_type)
    perm = _permutation(*layouts)
    return Edge(source, target, cast, _axis(source, permuted(dims(gives), perm), target, dims(takes)), perm)


def permuted(shape: tuple[Dim, ...] | None, perm: tuple[int, ...]) -> tuple[Dim, ...] | None:
    """The sizes in another order of axes."""
    return tuple(shape[i] for i in perm) if perm and shape is not None else shape


def _permutation(gives: str, takes: str) -> tuple[int, ...]:
    """The order of axes from one layout to another of the same axes; none where nothing has to be done."""
    if gives == takes or sorted(gives) != sorted(takes):
        return ()
    return tuple(gives.index(axis) for axis in takes)


def dims(kind: TypeProto) -> tuple[Dim, ...] | None:
    """The dimensions of a tensor type; None where not even their number is known."""
    tensor = kind.tensor_type
    if not kind.HasField("tensor_type") or not tensor.HasField("shape"):
        return None
    return tuple(dim(size) for size in tensor.shape.dim)


def _cast(source: End, gives: int, target: End, takes: int) -> int:
    """``takes`` where a widening cast is needed, 0 where none is."""
    if gives == takes or not gives or not takes:
        return 0
    if _widens(gives, takes):
        return takes
    raise _refusal(
        source,
        target,
        f"{_type_name(gives)} into {_type_name(takes)} changes values",
        f"If that is meant, put component cast:to={_type_name(takes)} between them, or convert the source "
        f"with the dtype that is wanted.",
    )


def _widens(gives: int, takes: int) -> bool:
    """Whether every value survives: a wider type of one kind, or integers of at most 32 bits into float64."""
    if TensorProto.STRING in (gives, takes):
        return False
    old, new = (np.dtype(helper.tensor_dtype_to_np_dtype(t)) for t in (gives, takes))
    if old.kind == "b" or new.kind == "b":
        return False
    same = old.kind == new.kind or (old.kind in "iu" and new == np.float64)
    return (
        same
        and old.kind in "fiu"
        and new.kind in "fiu"
        and np.can_cast(old, new, "safe")
        and (old.kind == new.kind or old.itemsize <= 4)
    )


def _axis(source: End, gives: tuple[Dim, ...] | None, target: End, takes: tuple[Dim, ...] | None) -> int:
    """The change of rank that is needed. Raises BadManifest for sizes or layouts that differ."""
    if gives is None or takes is None:
        return 0
    if len(gives) == 1 and len(takes) == 2 and not _differ(takes[1], 1):
        gives, axis = (*gives, 1), 1
    elif len(gives) == 2 and len(takes) == 1 and gives[1] == 1:
        gives, axis = gives[:1], -1
    else:
        axis = 0
    if len(gives) != len(takes) or any(map(_differ, gives, takes)):
        raise _refusal(source, target, f"{_shown(gives)} into {_shown(takes)}", _layout(gives, takes))
    if _channels_move(gives, takes):
        raise _refusal(source, target, f"{_shown(gives)} into {_shown(takes)}", _TRANSPOSE)
    return axis


_TRANSPOSE = (
    "The channels are on another axis there. Declare the layouts of both ends in a manifest, or put a "
    "transpose between them: "
    "component transpose:perm=0|3|1|2 makes NCHW of NHWC, 0|2|3|1 the other way round."
)


def _layout(gives: tuple[Dim, ...], takes: tuple[Dim, ...]) -> str:
    same = len(gives) == len(takes) == 4 and sorted(map(str, gives)) == sorted(map(str, takes))
    if same or _channels_move(gives, takes):
        return _TRANSPOSE
    return "Wire other ends, or put a part between them that brings the shape that is wanted."


def _channels_move(gives: tuple[Dim, ...], takes: tuple[Dim, ...]) -> bool:
    """Whether one side has channels at axis 1 and the other at axis 3, other sizes being dynamic."""
    if len(gives) != 4 or len(takes) != 4:
        return False
    known = [(a in _CHANNELS, b in _CHANNELS) for a, b in ((gives[1], gives[3]), (takes[1], takes[3]))]
    return set(known) == {(True, False), (False, True)}


def _differ(a: Dim, b: Dim) -> bool:
    return isinstance(a, int) and isinstance(b, int) and a != b


def _shown(shape: tuple[Dim, ...]) -> str:
    return "[" + ", ".join("?" if size is None else str(size) for size in shape) + "]"


def _kind(kind: TypeProto) -> str:
    return str(kind.WhichOneof("value")).removesuffix("_type")


def _type_name(elem_type: int) -> str:
    """numpy's name of an element type."""
    if elem_type == TensorProto.STRING:
        return "string"
    return str(np.dtype(onnx.helper.tensor_dtype_to_np_dtype(elem_type)).name)


def _refusal(source: End, target: End, what: str, remedy: str = "") -> BadManifest:
    return BadManifest(f"{source} doesn't fit {target}: {what}", remedy=remedy)
