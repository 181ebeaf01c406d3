"""What a user may ask of a conversion, as one frozen bundle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, get_args

from onnxpipe.core.units import is_unit
from onnxpipe.errors import BadInput

OPSET = 21
"""The default ai.onnx opset; string Equal needs 19, blocks are written against 21."""
ML_OPSET = 5
"""The ai.onnx.ml opset: TreeEnsemble with double thresholds came with 5."""
IR_VERSION = 10
"""Metadata on nodes came with IR 10."""

Dtype = Literal["native", "float32", "float64"]
OnInvalid = Literal["raise", "flag", "nan"]
Portability = Literal["standard", "onnxruntime", "extensions"]
PORTABILITY: tuple[Portability, ...] = ("standard", "onnxruntime", "extensions")
"""From the most portable class to the least."""
DTYPES = (
    *("float64", "float32", "int64", "int32", "int16", "int8"),
    *("uint64", "uint32", "uint16", "uint8", "bool", "string"),
)
"""What an input may hold."""
OF_PROGRAMS = ("float16",)
"""What an input of a network that is a program may hold, too."""
_IN_FORWARD = {
    "bfloat16": "Have forward take float32 and begin with x.bfloat16(): numpy has no such type to feed.",
    "complex64": "Have forward take float32 [..., 2] and begin with torch.view_as_complex(x).",
    "complex128": "Have forward take float64 [..., 2] and begin with torch.view_as_complex(x).",
}
"""How what onnxruntime can't be fed comes in otherwise."""


class Axis(NamedTuple):
    """An axis of an input that is to be open, and the sizes it may have (``most`` 0: any)."""

    place: int
    least: int = 1
    most: int = 0


@dataclass(frozen=True, slots=True)
class Options:
    """Options of one conversion, named as the command line names them.

    ``inputs`` maps input names to (dtype, shape), overriding what the artefact says;
    ``outputs`` picks answers by name, empty for the defaults; ``fallback`` lets stages without a
    converter go to a peer's exporter; ``dynamic`` names axes of a program's inputs to be left open.
    """

    dtype: Dtype = "native"
    opset: int = OPSET
    outputs: tuple[str, ...] = ()
    inputs: Mapping[str, tuple[str, tuple[int | None, ...] | None]] = field(default_factory=dict)
    on_invalid: OnInvalid = "raise"
    missing_string: str = ""
    portable: Portability = "extensions"
    fallback: bool = True
    dynamic: Mapping[str, tuple[Axis, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise BadInput for a word that isn't a choice."""
        for name, choices in (("dtype", Dtype), ("on_invalid", OnInvalid), ("portable", Portability)):
            if getattr(self, name) not in get_args(choices):
                known = ", ".join(get_args(choices))
                raise BadInput(f"{name} must be one of {known}, not {getattr(self, name)!r}")
        for name, (dtype, _) in self.inputs.items():
            if dtype not in (*DTYPES, *OF_PROGRAMS) and not is_unit(dtype):
                known = f"Known: {', '.join((*DTYPES, *OF_PROGRAMS))}; of dates datetime64[us] and the like"
                raise BadInput(f"no type {dtype} for input {name}", remedy=_IN_FORWARD.get(dtype, known))

    def refuse_dates(self, *, unless: bool) -> None:
        """Raise BadInput for an input of dates, ``unless`` the artefact is one that may have some."""
        for name, (dtype, _) in self.inputs.items():
            if is_unit(dtype) and not unless:
                raise BadInput(f"{name} can't be {dtype}", remedy=f"Say what the numbers are: {name}=int64")

    def refuse_halves(self) -> None:
        """Raise BadInput for an input of a type that only programs take."""
        for name, (dtype, _) in self.inputs.items():
            if dtype in OF_PROGRAMS:
                raise BadInput(
                    f"{name} can't be {dtype}: only networks of PyTorch and TensorFlow take it",
                    remedy=f"--input {name}=float32",
                )
