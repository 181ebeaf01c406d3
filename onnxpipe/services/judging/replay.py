"""Golden rows replayed: recorded native answers against the graph, with onnxruntime alone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from onnxpipe.check.compare import Tolerance, compare
from onnxpipe.check.reports.report import Refusals, Report
from onnxpipe.check.runtimes.graph import Graph, Runtime
from onnxpipe.core.fragment import metadata
from onnxpipe.core.signature import Port
from onnxpipe.errors import BadInput, Unreadable
from onnxpipe.services.judging import test_data

Array = NDArray[Any]


def folders(model: Path | None, golden: str | Path | None) -> tuple[Path, ...]:
    """The data sets to replay: those of ``golden``, else those beside the model.

    Raises BadInput where there are none.
    """
    home = Path(golden) if golden else model.with_suffix(".golden") if model else None
    if home is None:
        raise BadInput("neither a source nor golden rows", remedy="Name the saved pipeline, or --golden DIR.")
    if (home / "input_0.pb").is_file():
        return (home,)
    found = sorted(home.glob("test_data_set_*"), key=_number)
    if not found:
        raise BadInput(
            "there are no golden rows here and no source was named", where=str(home),
            remedy="onnxpipe verify MODEL.onnx SOURCE, or convert again without --no-golden.",
        )  # fmt: skip
    return tuple(found)


def replay(
    model: onnx.ModelProto, sets: Sequence[Path], tolerances: Mapping[str, Tolerance],
    runtime: Runtime = "onnxruntime",
) -> Report:  # fmt: skip
    """The graph's answers to the recorded rows against the recorded answers, all sets as one.

    Of a model that onnxpipe didn't make, which may have no rows, each set is run as a whole.
    """
    if not metadata(model):
        return test_data.replay(model, sets, tolerances, runtime)
    graph = Graph(model, runtime=runtime)
    pairs = [_read(folder, graph) for folder in sets]
    rows = {name: np.concatenate([fed[name] for fed, _ in pairs]) for name in pairs[0][0]}
    native = {name: np.concatenate([told[name] for _, told in pairs]) for name in pairs[0][1]}
    total = len(next(iter(rows.values())))
    got, refused = graph.each(rows)
    kept = np.setdiff1d(np.arange(total), list(refused))
    known = {name: values[kept] if len(values) == total else values for name, values in native.items()}
    examples = tuple((row, "the graph", why) for row, why in list(refused.items())[:5])
    return Report(
        compare(known, got, tolerances) if len(kept) else (),
        Refusals(graph_only=len(refused), examples=examples),
        {"golden": total},
        rows={name: values[kept] for name, values in rows.items()},
        native=known,
        graph=got,
        places=kept,
    )


def recorded(graph: Graph, sets: Sequence[Path]) -> dict[str, Array]:
    """The rows of all data sets by input name, without the answers."""
    pairs = [_read(folder, graph)[0] for folder in sets]
    return {name: np.concatenate([fed[name] for fed in pairs]) for name in pairs[0]}


def _read(folder: Path, graph: Graph) -> tuple[dict[str, Array], dict[str, Array]]:
    """One data set by the graph's names: i is the place in graph.input and graph.output."""
    sides = (("input", graph.signature.inputs), ("output", graph.signature.outputs))
    fed, told = (
        {port.name: _tensor(folder / f"{kind}_{i}.pb", port) for i, port in enumerate(ports)}
        for kind, ports in sides
    )
    return fed, told


def _tensor(path: Path, port: Port) -> Array:
    if not path.is_file():
        raise BadInput(
            f"no golden rows for {port.name}: the graph isn't the one they belong to", where=str(path)
        )
    array = test_data.tensor(path)
    if port.is_string != (array.dtype.kind == "O"):
        raise Unreadable(f"it holds {array.dtype}, the graph has {port.dtype}", where=str(path))
    return array


def _number(folder: Path) -> tuple[int, str]:
    digits = re.search(r"\d+$", folder.name)
    return (int(digits.group()) if digits else -1, folder.name)
