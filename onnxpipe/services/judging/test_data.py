"""ONNX's own test data (``test_data_set_N/{input_i,output_i}.pb``) beside any model, whoever made it.

Layout: the ONNX project's backend tests (onnx/backend/test/runner); tolerances as its loader has them,
``data.json`` of a set before them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from onnxpipe.check.compare import Tolerance, Verdict, compare
from onnxpipe.check.reports.report import Refusals, Report
from onnxpipe.check.runtimes.graph import Graph, GraphRefused, Runtime
from onnxpipe.check.ulps import added
from onnxpipe.errors import BadInput, Unreadable

Array = NDArray[Any]

USUAL = Tolerance(1e-3, 1e-7)
"""What the ONNX project compares its own test data with."""


def replay(
    model: onnx.ModelProto, sets: Sequence[Path], tolerances: Mapping[str, Tolerance], runtime: Runtime
) -> Report:
    """A graph's answers to each set, as a whole, against those recorded; a verdict's rows are sets."""
    graph = Graph(model, runtime=runtime)
    verdicts: dict[str, Verdict] = {}
    refused = []
    for place, folder in enumerate(sets):
        fed, told = _side(folder, "input", _fed(model)), _side(folder, "output", model.graph.output)
        try:
            got = {name: part for n, v in graph.run(fed).items() for name, part in _parts(n, v)}
        except GraphRefused as error:
            refused.append((place, "the graph", str(error)))
            continue
        known = {name: part for n, v in told.items() for name, part in _parts(n, v)}
        for verdict in compare(_as_one(known), _as_one(got), _allowed(folder, tolerances)):
            found = replace(verdict, worst_row=None if verdict.worst_row is None else place)
            verdicts[verdict.output] = _joined(verdicts.get(verdict.output), found, place)
    refusals = Refusals(graph_only=len(refused), examples=tuple(refused[:5]))
    return Report(tuple(verdicts.values()), refusals, {"golden": len(sets)})


def tensor(path: Path) -> Array:
    """The array in a file of a serialized TensorProto, text as objects. Raises Unreadable."""
    try:
        array = numpy_helper.to_array(onnx.TensorProto.FromString(path.read_bytes()))
        return _texts(array) if array.dtype.kind in "OUS" else np.asarray(array)
    except Exception as error:
        raise Unreadable(f"not a serialized tensor: {error}", where=str(path)) from None


def _fed(model: onnx.ModelProto) -> list[onnx.ValueInfoProto]:
    constants = {t.name for t in model.graph.initializer}
    return [value for value in model.graph.input if value.name not in constants]


def _side(folder: Path, kind: str, values: Sequence[onnx.ValueInfoProto]) -> dict[str, Any]:
    """The values of a set by the graph's names; i is the place in graph.input or graph.output."""
    found = {}
    for i, value in enumerate(values):
        path = folder / f"{kind}_{i}.pb"
        if not path.is_file():
            raise BadInput(f"no {kind} for {value.name}", where=str(path))
        found[value.name] = _value(path, value.type)
    return found


def _value(path: Path, kind: onnx.TypeProto) -> Any:
    """A tensor, a list of them or None, as the graph's type says that the file holds it."""
    form = kind.WhichOneof("value")
    if form == "tensor_type":
        return tensor(path)
    try:
        if form == "sequence_type":
            return numpy_helper.to_list(onnx.SequenceProto.FromString(path.read_bytes()))
        if form == "optional_type":
            held = onnx.OptionalProto.FromString(path.read_bytes())
            # One that holds nothing may name a type all the same, which to_optional then looks for.
            there = any(field.name.endswith("_value") for field, _ in held.ListFields())
            return numpy_helper.to_optional(held) if there else None
    except Exception as error:
        raise Unreadable(f"not a serialized {form}: {error}", where=str(path)) from None
    raise BadInput(f"values of {form} can't be told from a file", where=str(path))


def _parts(name: str, value: Any) -> Iterator[tuple[str, Array]]:
    """A value as tensors: the elements of a list under ``name[0]``, ``name[1]``, and how many there are;
    of an optional one without a value that it has none.
    """
    if isinstance(value, list):
        yield f"len({name})", np.array(len(value))
        for i, element in enumerate(value):
            yield from _parts(f"{name}[{i}]", element)
    elif value is None:
        yield f"has({name})", np.array(False)
    else:
        array = np.asarray(value)
        yield name, _texts(array) if array.dtype.kind in "OUS" else array


def _texts(array: Array) -> Array:
    out = np.empty(array.size, object)
    out[:] = [v.decode("utf-8") if isinstance(v, bytes) else str(v) for v in array.ravel().tolist()]
    return out.reshape(array.shape)


def _as_one(answers: Mapping[str, Array]) -> dict[str, Array]:
    """Every answer as one row: whether its first axis is a batch nobody says."""
    return {name: value[None] for name, value in answers.items()}


def _allowed(folder: Path, given: Mapping[str, Tolerance]) -> dict[str, Tolerance]:
    path, told = folder / "data.json", USUAL
    if path.is_file():
        try:
            facts = json.loads(path.read_bytes())
            told = Tolerance(float(facts.get("rtol", USUAL.rtol)), float(facts.get("atol", USUAL.atol)))
        except (ValueError, TypeError, AttributeError) as error:
            raise Unreadable(f"no tolerances: {error}", where=str(path)) from None
    return {"": told, **given}


def _joined(one: Verdict | None, other: Verdict, place: int) -> Verdict:
    """Verdicts of several sets as one."""
    other = replace(other, rows_at_fault=(place,) if other.differing else ())
    if one is None:
        return other
    worst = max(one, other, key=lambda v: (bool(v.failure), v.worst))
    return replace(
        worst, rows=one.rows + other.rows, differing=one.differing + other.differing,
        rows_at_fault=(*one.rows_at_fault, *other.rows_at_fault), ulps=added(one.ulps, other.ulps),
    )  # fmt: skip
