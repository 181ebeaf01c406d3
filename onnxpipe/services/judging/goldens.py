"""Goldens: rows with native's own answers beside the model, in ONNX's test-data layout."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from onnxpipe import lock
from onnxpipe.core.signature import Port, Signature, numpy_dtype
from onnxpipe.lock import SUFFIX
from onnxpipe.services.keeping.repository import tracked_locks

if TYPE_CHECKING:
    from onnxpipe.check.reports.report import Report

Answers = Mapping[str, np.ndarray[Any, Any]]

ROWS = 200
"""Rows kept at most: enough for every kind of edge, small enough to commit."""


def folder_of(model: Path) -> Path:
    """Where the golden rows of a model are: ``model.golden/test_data_set_0``."""
    return model.with_suffix(".golden") / "test_data_set_0"


def of(model: onnx.ModelProto, report: Report | None) -> dict[str, bytes]:
    """The files of the rows on which both sides agree: one that is only excused as a tie would fail every
    replay.

    None where the answer to a row depends on the batch it comes in: replayed among fewer, it differs.
    """
    if report is None or report.batchwise:
        return {}
    rows, native, origins = report.agreeing()
    return encoded(model, rows, native, origins)


def are_ours(golden: Path, output: Path) -> bool:
    """Whether the lock that is about to be replaced speaks of these golden rows."""
    try:
        old = lock.read(lock.path_of(output))
    except Exception:  # no lock, or none that can be read: then the folder isn't known to be ours
        return False
    return old.golden is not None and output.parent / old.golden.path == golden and golden.is_dir()


def with_goldens(models: Sequence[str]) -> Iterator[Path]:
    """The models that golden rows lie beside, of these or else of all whose locks git tracks."""
    given = map(Path, models or (path.removesuffix(SUFFIX) for path in tracked_locks() or ()))
    return (path for path in given if folder_of(path).is_dir() and path.is_file())


def encoded(
    model: onnx.ModelProto, rows: Answers, native: Answers, origins: Sequence[str] = ()
) -> dict[str, bytes]:
    """The files of a data set: inputs and native's answers, i being the place in the graph.

    ``origins`` say where each row is from. Empty where there is no row, or where native doesn't
    answer every output.
    """
    signature = Signature.of(model)
    count = min((len(column) for column in rows.values()), default=0)
    answers = _completed(signature, native, count)
    if not count or any(port.name not in answers for port in signature.outputs):
        return {}
    keep = selected(origins if len(origins) == count else [""] * count)
    files = {}
    for kind, ports, values in (("input", signature.inputs, rows), ("output", signature.outputs, answers)):
        for i, port in enumerate(ports):
            files[f"{kind}_{i}.pb"] = _tensor(port, np.asarray(values[port.name])[keep])
    return files


def selected(origins: Sequence[str]) -> NDArray[np.int64]:
    """Up to ``ROWS`` places, ascending: an even selection of each origin, all with the same share.

    What one origin leaves of its share goes to the others, so that a few edge rows are all kept
    beside many ordinary ones.
    """
    places = {kind: np.flatnonzero(np.asarray(origins) == kind) for kind in dict.fromkeys(origins)}
    kept: list[NDArray[np.int64]] = []
    for i, found in enumerate(sorted(places.values(), key=len)):
        share = (ROWS - sum(map(len, kept))) // (len(places) - i)
        even = np.linspace(0, len(found) - 1, min(len(found), share)).round().astype(int)
        kept.append(found[even])
    return np.sort(np.concatenate(kept))


def _completed(signature: Signature, native: Answers, count: int) -> Answers:
    """Native's answers, and ``invalid`` (False: it answered these rows) where the graph has that output."""
    flagged = any(port.name == "invalid" for port in signature.outputs)
    return {"invalid": np.zeros(count, bool), **native} if flagged else native


def _tensor(port: Port, values: np.ndarray[Any, Any]) -> bytes:
    typed = values.astype(object if port.is_string else numpy_dtype(port.dtype))
    tensor: bytes = numpy_helper.from_array(np.ascontiguousarray(typed), port.name).SerializeToString(
        deterministic=True
    )
    return tensor
