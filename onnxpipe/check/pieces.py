"""Pieces of a graph run alone: one stage, on what natively came to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from onnxpipe.check.runtimes.graph import Graph, names_in, subgraph
from onnxpipe.core.fragment import Tally, Tap
from onnxpipe.errors import OnnxpipeError

Array = NDArray[Any]


class Pieces:
    """Pieces of a model, run on values given from outside."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self.model, self.names = model, names_in(model)
        self.outputs = {value.name for value in model.graph.output}

    def run(self, tap: Tap, inputs: Sequence[Array]) -> Mapping[str, Array] | None:
        """A stage's answers on native's input of it; None where that can't be fed.

        Raises GraphRefused where the piece fails on it.
        """
        fed = self._fed(tap, inputs)
        if fed is None:
            return None
        wanted = sorted(tap.values - fed.keys())
        part = subgraph(self.model, fed, wanted) if wanted else None
        if part is None:
            return None
        # A value may be needed that isn't the stage's own: then the piece can't be opened.
        try:
            graph = Graph(part)
        except OnnxpipeError:
            return None
        read = {value.name for value in part.graph.input}
        return dict(graph.run({k: v for k, v in fed.items() if k in read}, wanted)) | fed

    def _fed(self, tap: Tap, inputs: Sequence[Array]) -> dict[str, Array] | None:
        as_they_are = not any(w for _, w in tap.inputs) or any(part.ndim != 2 for part in inputs)
        if len(inputs) == len(tap.inputs) and as_they_are:
            kinds = self._kinds(tap)
            pairs = zip(tap.inputs, inputs, strict=True)
            return {name: typed(value, kinds[name]) for (name, _), value in pairs if name in kinds} or None
        if as_they_are:
            return None
        width = sum(part.shape[1] for part in inputs)
        if width != sum(w for _, w in tap.inputs) or not inputs:
            return None
        cells = inputs[0] if len(inputs) == 1 else np.concatenate([p.astype(object) for p in inputs], 1)
        kinds = self._kinds(tap)
        fed, start = {}, 0
        for name, w in tap.inputs:
            block = cells[:, start : start + w]
            start += w
            if name in self.names and name in kinds:
                fed[name] = typed(block, kinds[name])
            elif name in tap.tallies:
                fed |= _taken_apart(tap.tallies[name], block.astype(np.float64), kinds)
        return fed

    def _kinds(self, tap: Tap) -> Mapping[str, np.dtype[Any]]:
        """The dtype of each of a stage's input values, as the model's types say."""
        types = _types(self.model)
        names = {name for name, _ in tap.inputs} | {v for t in tap.tallies.values() for v in t[:2]}
        return {name: types[name] for name in names if name in types}


def whole(tap: Tap, name: str, values: Mapping[str, Array]) -> Array | None:
    """A value of a stage: as it was computed, or added up of what was; None where that isn't there."""
    tally = tap.tallies.get(name)
    if name in values or tally is None or tally.places not in values or tally.values not in values:
        return values.get(name)
    places, numbers = values[tally.places], values[tally.values]
    made = np.zeros((len(places), tally.width), numbers.dtype)
    np.add.at(made, (np.arange(len(places))[:, None], places), numbers)
    return made


def _taken_apart(tally: Tally, rows: Array, kinds: Mapping[str, np.dtype[Any]]) -> dict[str, Array]:
    """Rows as the places and numbers that they would be added up of, padded with zeros."""
    count = int((rows != 0).sum(axis=1).max(initial=1))
    places = np.argsort(rows == 0, axis=1, kind="stable")[:, :count]
    values = np.take_along_axis(rows, places, axis=1)
    return {tally.places: places, tally.values: values.astype(kinds.get(tally.values, rows.dtype))}


def _types(model: onnx.ModelProto) -> Mapping[str, np.dtype[Any]]:
    inferred = onnx.shape_inference.infer_shapes(model).graph
    found = {}
    for value in [*inferred.value_info, *inferred.input, *inferred.output]:
        kind = value.type.tensor_type.elem_type
        text = kind == onnx.TensorProto.STRING
        if kind:
            found[value.name] = np.dtype(object) if text else onnx.helper.tensor_dtype_to_np_dtype(kind)
    return found


def typed(block: Array, dtype: np.dtype[Any]) -> Array:
    """A stage's native input as the graph holds it; missing text as the empty string."""
    if dtype == np.dtype(object):
        flat = ["" if v is None or v != v else str(v) for v in block.ravel().tolist()]
        out = np.empty(len(flat), object)
        out[:] = flat
        return out.reshape(block.shape)
    with np.errstate(all="ignore"):
        return np.ascontiguousarray(block.astype(np.float64) if block.dtype.kind == "O" else block).astype(
            dtype
        )
