"""A SavedModel's signatures, recognised; what they compute only TensorFlow itself can tell."""

from __future__ import annotations

from onnxpipe.adapters.base import Artefact, Rows
from onnxpipe.adapters.tensorflow import saved_model, trust
from onnxpipe.core.options import Options
from onnxpipe.core.plan import Plan, Stage
from onnxpipe.errors import Unsupported, UnsupportedStage

framework = "tensorflow"
_KIND = "tensorflow.SavedModel"
recognises = saved_model.recognises


def program(artefact: Artefact) -> str:
    """Every signature is a program, which tf2onnx exports."""
    return "tf2onnx"


def names(artefact: Artefact) -> frozenset[str]:
    """The operators in it that reach beyond the graph. Raises Unreadable."""
    found = saved_model.opened(artefact).operators & trust.REACHING
    return frozenset(trust.PREFIX + operator for operator in found)


def outline(artefact: Artefact) -> tuple[Stage, ...]:
    """One stage per signature. Raises Unreadable."""
    return tuple(Stage(_KIND, name, {}) for name in saved_model.opened(artefact).signatures)


def read(artefact: Artefact, options: Options, sample: Rows | None = None) -> Plan:
    """Raises Unsupported: no signature is read as data."""
    why = "is a program, which tf2onnx exports"
    raise Unsupported([UnsupportedStage(stage.path, stage.kind, why, ()) for stage in outline(artefact)])
