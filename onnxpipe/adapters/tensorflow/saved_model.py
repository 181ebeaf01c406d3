"""What a SavedModel folder says of itself: who wrote it, its signatures, its operators; nothing is run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from onnxpipe.adapters.base import Artefact
from onnxpipe.adapters.reading import reading
from onnxpipe.adapters.tensorflow.messages import inside, text
from onnxpipe.errors import Unreadable

FILE = "saved_model.pb"
_MAGIC = b"\x08\x01\x12"
"""Field 1, schema version 1, then a graph: how every SavedModel begins."""
_INTERNAL = "__saved_model_"
"""How signatures begin that TensorFlow keeps for itself."""

# Field numbers of tensorflow/core/protobuf/{saved_model,meta_graph}.proto and framework/*.proto.
_GRAPHS = 2
_INFO, _GRAPH, _SIGNATURES = 1, 2, 5
_VERSION = 5
_NODE, _LIBRARY, _FUNCTION, _FUNCTION_NODE = 1, 2, 1, 3
_KEY, _OPERATOR = 1, 2


@dataclass(frozen=True, slots=True)
class Saved:
    """The version of TensorFlow that wrote it, the names of its signatures, and every operator in it."""

    version: str
    signatures: tuple[str, ...]
    operators: frozenset[str]


def recognises(artefact: Artefact) -> bool:
    """Whether it is a folder whose ``saved_model.pb`` begins as one."""
    file = _file(artefact)
    if file is None or not file.is_file():
        return False
    try:
        with file.open("rb") as opened:
            return opened.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


def opened(artefact: Artefact) -> Saved:
    """What the folder says of itself. Raises Unreadable."""
    with reading("SavedModel", str(artefact), "Save it again: tf.saved_model.save(module, folder)"):
        file = _file(artefact)
        if file is None:
            raise Unreadable("a SavedModel is a folder")
        data = memoryview(file.read_bytes())
        graphs = list(inside(data, _GRAPHS))
        if not graphs:
            raise Unreadable("it has no graph")
        signatures = (text(entry, _KEY) for graph in graphs for entry in inside(graph, _SIGNATURES))
        return Saved(
            text(graphs[0], _INFO, _VERSION),
            tuple(sorted({name for name in signatures if not name.startswith(_INTERNAL)})),
            frozenset(operator for graph in graphs for operator in _operators(graph)),
        )


def _operators(graph: memoryview) -> set[str]:
    """The operators of a graph and of every function that it brings along."""
    nodes = (_GRAPH, _NODE), (_GRAPH, _LIBRARY, _FUNCTION, _FUNCTION_NODE)
    return {text(node, _OPERATOR) for path in nodes for node in inside(graph, *path)}


def _file(artefact: Artefact) -> Path | None:
    return artefact.path / FILE if artefact.path is not None and artefact.path.is_dir() else None
