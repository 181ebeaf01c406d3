"""State that doesn't fit together: told as a refusal that names the stage."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from onnx.checker import ValidationError
from onnx.shape_inference import InferenceError

from onnxpipe.errors import Contradictory

_OF_DATA = (
    ArithmeticError,
    AttributeError,
    InferenceError,
    LookupError,
    MemoryError,
    TypeError,
    ValidationError,
    ValueError,
)
"""What Python, numpy and onnx raise over data of another type, shape or size than a formula needs."""


@contextmanager
def sound(stage: str = "") -> Iterator[None]:
    """Tell what goes wrong with data inside as Contradictory of ``stage``; the innermost one wins.

    The reading of any file may end so: whoever knows that the data is sound raises its cause.
    """
    try:
        yield
    except _OF_DATA as error:
        raise Contradictory(error, stage=stage) from error
