"""The typed inputs and outputs of a graph."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from onnxpipe.core.units import is_unit

if TYPE_CHECKING:
    import onnx

Dim = int | str | None
V = TypeVar("V")

_STRING = "string"
SEQUENCE = "sequence of "
"""How the dtype name of a sequence of tensors begins; the shape is that of each tensor."""


def dtype_name(dtype: np.dtype[Any]) -> str:
    """The name used in signatures: numpy's own, or ``string`` for text of any width."""
    return _STRING if dtype.kind in "OUST" else dtype.name


def numpy_dtype(name: str) -> np.dtype[Any]:
    """The numpy dtype of a signature name (``string`` gives ``str``, as spox has it).

    Raises TypeError for a name that numpy doesn't know.
    """
    return np.dtype(str) if name == _STRING else np.dtype(name)


@dataclass(frozen=True, slots=True)
class Port:
    """One input or output: its name, dtype name and shape (``"N"`` is the batch).

    ``unit`` is numpy's type of the dates or spans of time that integers are counts of, else empty.
    """

    name: str
    dtype: str
    shape: tuple[Dim, ...]
    unit: str = ""

    def __str__(self) -> str:
        dims = ", ".join("?" if dim is None else str(dim) for dim in self.shape)
        return f"{self.name}: {self.dtype}[{dims}]{self.unit and f' of {self.unit}'}"

    @property
    def is_string(self) -> bool:
        return self.dtype == _STRING

    @property
    def is_sequence(self) -> bool:
        return self.dtype.startswith(SEQUENCE)


@dataclass(frozen=True, slots=True)
class Signature:
    """The inputs and outputs of a graph, in the graph's order."""

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]

    @classmethod
    def of(cls, model: onnx.ModelProto) -> Signature:
        """Read the signature of a model; initializers that double as inputs are left out."""
        known = {tensor.name for tensor in model.graph.initializer}
        inputs = (_port(value) for value in model.graph.input if value.name not in known)
        units = _units(model)
        return cls(
            tuple(replace(port, unit=units.get(port.name, "")) for port in inputs),
            tuple(map(_port, model.graph.output)),
        )


SIZES = "io.onnxpipe.sizes"
"""The metadata key of a size that each open axis but the batch may have, as JSON by symbol."""


_TEXTS = 3
"""Texts in a row of an array of any number: some that meet, some that are padding."""


def renamed(columns: Mapping[str, V], wanted: Iterable[str]) -> dict[str, V]:
    """The columns under the names that are wanted: LightGBM keeps a blank in a name as an underscore, and
    where a matrix or columns called 0, 1, ... were fitted, they go by number (``x0``, ``x1``, ...).
    """
    wanted = set(wanted)
    missing = wanted - set(columns)
    if wanted and missing == wanted:
        numbered = set(columns) == {str(i) for i in range(len(columns))}
        places = columns if numbered else map(str, range(len(columns) if len(columns) == len(wanted) else 0))
        found = {f"x{place}": column for place, column in zip(places, columns.values(), strict=False)}
        if wanted <= set(found):
            return found
    names = {name: name.replace(" ", "_") for name in columns}
    return {names[name] if names[name] in missing else name: column for name, column in columns.items()}


def sized(model: onnx.ModelProto, given: Mapping[str, int] | None = None) -> Signature:
    """The signature with open axes of inputs, but for the batch, at sizes they may have (else 1, of text 3).

    ``given`` are sizes by symbol to take instead of those that the metadata tells.
    """
    found, sizes = Signature.of(model), given or sizes_of(model)
    return replace(found, inputs=tuple(_sized(port, sizes) for port in found.inputs))


def _sized(port: Port, sizes: Mapping[str, int]) -> Port:
    usual = _TEXTS if port.is_string else 1
    rest = (dim if isinstance(dim, int) else sizes.get(str(dim), usual) for dim in port.shape[1:])
    return replace(port, shape=(*port.shape[:1], *rest))


def sizes_of(model: onnx.ModelProto) -> dict[str, int]:
    """A size by symbol of an open axis, as the metadata tells; none where it can't be read."""
    told = _told(model, SIZES)
    return {k: v for k, v in told.items() if isinstance(v, int) and 0 < v < 2**20}


UNITS = "io.onnxpipe.units"
"""The metadata key of the units of inputs that hold dates, as JSON by name."""


def _units(model: onnx.ModelProto) -> dict[str, str]:
    """The units a model's metadata tells; none where it can't be read."""
    told = _told(model, UNITS)
    return {k: v for k, v in told.items() if isinstance(v, str) and is_unit(v)}


def _told(model: onnx.ModelProto, key: str) -> dict[str, object]:
    """What an entry of a model's metadata holds as a JSON object; nothing where it can't be read."""
    text = next((prop.value for prop in model.metadata_props if prop.key == key), "{}")
    try:
        told = json.loads(text)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _port(value: onnx.ValueInfoProto) -> Port:
    from onnx import TensorProto, helper  # machines that only run a model may have no onnx

    listed = value.type.sequence_type.elem_type.HasField("tensor_type")
    tensor = value.type.sequence_type.elem_type.tensor_type if listed else value.type.tensor_type
    if not listed and not value.type.HasField("tensor_type"):
        return Port(value.name, str(value.type.WhichOneof("value")), ())
    dtype = np.dtype(object) if tensor.elem_type == TensorProto.STRING else None
    dtype = dtype or np.dtype(helper.tensor_dtype_to_np_dtype(tensor.elem_type))
    name = dtype_name(dtype)
    return Port(value.name, SEQUENCE + name if listed else name, tuple(map(dim, tensor.shape.dim)))


def dim(proto: onnx.TensorShapeProto.Dimension) -> Dim:
    """One size of a shape: a number, a symbol, or None where nothing is said."""
    if proto.HasField("dim_value"):
        return int(proto.dim_value)
    return proto.dim_param or None
