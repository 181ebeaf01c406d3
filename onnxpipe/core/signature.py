"""The typed inputs and outputs of a graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import onnx

Dim = int | str | None

_STRING = "string"


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
    """One input or output: its name, dtype name and shape (``"N"`` is the batch)."""

    name: str
    dtype: str
    shape: tuple[Dim, ...]

    def __str__(self) -> str:
        dims = ", ".join("?" if dim is None else str(dim) for dim in self.shape)
        return f"{self.name}: {self.dtype}[{dims}]"

    @property
    def is_string(self) -> bool:
        return self.dtype == _STRING


@dataclass(frozen=True, slots=True)
class Signature:
    """The inputs and outputs of a graph, in the graph's order."""

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]

    @classmethod
    def of(cls, model: onnx.ModelProto) -> Signature:
        """Read the signature of a model; initializers that double as inputs are left out."""
        known = {tensor.name for tensor in model.graph.initializer}
        inputs = (value for value in model.graph.input if value.name not in known)
        return cls(
            tuple(map(_port, inputs)),
            tuple(map(_port, model.graph.output)),
        )


def _port(value: onnx.ValueInfoProto) -> Port:
    from onnx import TensorProto, helper  # machines that only run a model may have no onnx

    tensor = value.type.tensor_type
    if not value.type.HasField("tensor_type"):
        return Port(value.name, str(value.type.WhichOneof("value")), ())
    dtype = np.dtype(object) if tensor.elem_type == TensorProto.STRING else None
    dtype = dtype or np.dtype(helper.tensor_dtype_to_np_dtype(tensor.elem_type))
    return Port(value.name, dtype_name(dtype), tuple(map(dim, tensor.shape.dim)))


def dim(proto: onnx.TensorShapeProto.Dimension) -> Dim:
    """One size of a shape: a number, a symbol, or None where nothing is said."""
    if proto.HasField("dim_value"):
        return int(proto.dim_value)
    return proto.dim_param or None
