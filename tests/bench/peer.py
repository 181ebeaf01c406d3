"""skl2onnx on the rows of the suite: what it is told, what it makes, and what that answers."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from onnx import TensorProto, helper

from tests.bench.alike import alike
from tests.bench.measure import session


class NotSupported(Exception):
    """The peer has no converter for an estimator or an option, and says so."""


def converted(estimator: Any, rows: Any, dtype: str) -> bytes:
    """skl2onnx's model on inputs of ``dtype``, without ZipMap.

    Raises NotSupported where it says that it can't, anything else where it fails.
    """
    from skl2onnx import to_onnx
    from skl2onnx.common.exceptions import MissingConverter, MissingShapeCalculator

    failure: Exception = NotSupported("rows of no type it knows")
    for types in _input_types(rows, dtype):
        for options in ({"zipmap": False}, {}):
            try:
                with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
                    warnings.simplefilter("ignore")
                    made = to_onnx(estimator, initial_types=types, options=_options(estimator, options))
                return bytes(_runnable(made).SerializeToString())
            except (MissingConverter, MissingShapeCalculator, NotImplementedError) as error:
                failure = NotSupported(str(error))
            except NameError as error:  # an option that this converter doesn't know
                failure = error
            except Exception as error:
                failure = error
                break
    raise failure


def _runnable(model: Any) -> Any:
    """The model with a locale that every machine has, where it names none: the default is often absent."""
    for node in model.graph.node:
        if node.op_type == "StringNormalizer" and not any(a.name == "locale" for a in node.attribute):
            node.attribute.add(name="locale", type=3, s=b"C.UTF-8")
    return model


def _options(estimator: Any, wanted: dict[str, Any]) -> dict[Any, Any]:
    return {id(estimator): wanted} if wanted else {}


def _input_types(rows: Any, dtype: str) -> Iterator[list[tuple[str, Any]]]:
    """Ways to declare the rows as skl2onnx's inputs, the likeliest first."""
    from skl2onnx.common import data_types as kinds

    number = kinds.FloatTensorType if dtype == "float32" else kinds.DoubleTensorType
    if isinstance(rows, pd.DataFrame):
        table = {"f": number, "i": kinds.Int64TensorType, "b": kinds.BooleanTensorType}
        yield [(str(c), table.get(rows[c].dtype.kind, kinds.StringTensorType)([None, 1])) for c in rows]
        if all(rows[c].dtype.kind == "f" for c in rows):
            yield [("X", number([None, rows.shape[1]]))]
    elif isinstance(rows, np.ndarray):
        kind = kinds.StringTensorType if rows.dtype.kind in "OU" else number
        shape = [None, *rows.shape[1:]] if rows.ndim > 1 else [None, 1]
        yield [("X", kind(shape))]
        if rows.ndim == 1:
            yield [("X", kind([None]))]


_NUMPY = {"tensor(float)": "f4", "tensor(double)": "f8", "tensor(int64)": "i8", "tensor(bool)": "?"}


class Graph:
    """A session and the rows fed to it as its inputs want them."""

    def __init__(self, model: bytes) -> None:
        self.model = model
        self.session = session(model)

    def like(self, ours: Graph, rows: Any) -> Graph | None:
        """This graph with the refusals and shapes of ours; None where that isn't of one matrix of numbers."""
        made = alike(self.model, ours.session, rows)
        return None if made is None else Graph(made)

    def feeds(self, rows: Any) -> dict[str, Any]:
        return {port.name: _fed(port, rows) for port in self.session.get_inputs()}

    def ready(self, rows: Any) -> Callable[[], object]:
        """A call on rows that are the runtime's own already.

        Handing over text costs more than most of what is then done with it, and the same on all sides.
        """
        binding = self.session.io_binding()
        for name, value in _held(self.feeds(rows)).items():
            binding.bind_ortvalue_input(name, value)
        for output in self.session.get_outputs():
            binding.bind_output(output.name)
        return partial(self.session.run_with_iobinding, binding)

    def answers(self, rows: Any) -> list[Any]:
        found: list[Any] = self.session.run(None, self.feeds(rows))
        return found


def _held(fed: dict[str, Any]) -> dict[str, Any]:
    """Arrays as the runtime's own values: Python can make some of numbers, of text only a graph can."""
    from onnxruntime import OrtValue

    text = [name for name, value in fed.items() if value.dtype.kind == "O"]
    nodes = [helper.make_node("Identity", [f"const {name}"], [name]) for name in text]
    kept = [
        helper.make_tensor(
            f"const {n}", TensorProto.STRING, fed[n].shape, [v.encode() for v in fed[n].ravel()]
        )
        for n in text
    ]
    outputs = [helper.make_tensor_value_info(name, TensorProto.STRING, None) for name in text]
    graph = helper.make_graph(nodes, "held", [], outputs, kept)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    made = session(model.SerializeToString()).run_with_ort_values(text, {}) if text else []
    numbers = {n: OrtValue.ortvalue_from_numpy(v) for n, v in fed.items() if n not in text}
    return numbers | dict(zip(text, made, strict=True))


def _fed(port: Any, rows: Any) -> Any:
    if isinstance(rows, pd.DataFrame) and port.name in rows:
        values = rows[port.name].to_numpy()[:, None]
    else:
        values = np.asarray(rows)
        values = values[:, None] if values.ndim == 1 and len(port.shape) == 2 else values
    if port.type == "tensor(string)":
        return np.where(pd.isna(values), "", values).astype(object)
    return values.astype(_NUMPY[port.type])
