"""Judges of other projects, each asked as its own users ask it: does a graph answer as its original does?

A judge takes a model, its original and rows like those it was fitted on, and answers whether it calls them
equal. It raises where it can't be asked at all.
"""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import onnx
import pandas as pd

from onnxpipe.core.signature import Signature, numpy_dtype
from tests.bench.measure import session
from tests.bench.peer import Graph


@dataclass(frozen=True)
class Pair:
    """A model in one file, the fitted pipeline that it is of, and rows."""

    model: onnx.ModelProto
    original: Any
    rows: Any

    @property
    def data(self) -> bytes:
        return self.model.SerializeToString()

    def native(self, rows: Any) -> list[Any]:
        """What the pipeline answers, in the order of the graph's outputs."""
        told = [np.asarray(getattr(self.original, value.name)(rows)) for value in self.model.graph.output]
        return [value.astype(object) if value.dtype.kind in "US" else value for value in told]

    def rows_of(self, feeds: Any) -> Any:
        """Inputs of the graph as the pipeline takes them."""
        if not isinstance(self.rows, pd.DataFrame):
            return next(iter(feeds.values())) if np.ndim(self.rows) > 1 else feeds["X"][:, 0]
        return pd.DataFrame({name: feeds[name][:, 0] for name in self.rows.columns})


Judge = Callable[[Pair], bool]


def judges() -> dict[str, Judge | None]:
    """The judges by name; None for one that isn't installed."""
    found: dict[str, Judge | None] = {
        "Polygraphy, its own inputs": partial(polygraphy, own=True),
        "Polygraphy, the user's rows": partial(polygraphy, own=False),
        "onnxmltools' and skl2onnx's test helper": helper,
        "ONNX's backend tests": backend,
        "allclose on a dummy batch": dummy,
    }
    try:
        import polygraphy as _  # noqa: F401
    except ImportError:
        found.update(dict.fromkeys([name for name in found if name.startswith("Polygraphy")]))
    return found


def polygraphy(pair: Pair, *, own: bool) -> bool:
    """Polygraphy's comparator with its default tolerances, on what its data loader draws or on the rows."""
    from polygraphy.backend.base import BaseRunner
    from polygraphy.backend.onnxrt import OnnxrtRunner
    from polygraphy.comparator import Comparator, DataLoader
    from polygraphy.logger import G_LOGGER

    class Original(BaseRunner):  # type: ignore[misc]
        """The pipeline as one of Polygraphy's runners."""

        def get_input_metadata_impl(self) -> Any:
            return metadata

        def infer_impl(self, feed_dict: Any) -> Any:
            self.inference_time = 0.0
            names = [value.name for value in numbers.model.graph.output]
            return OrderedDict(zip(names, numbers.native(pair.rows_of(feed_dict)), strict=True))

    G_LOGGER.module_severity = G_LOGGER.CRITICAL
    numbers = replace(pair, model=without_text(pair.model))
    graph = OnnxrtRunner(session(numbers.data))
    with graph:
        metadata = graph.get_input_metadata(use_numpy_dtypes=False)
    data = DataLoader() if own else [Graph(pair.data).feeds(pair.rows)]
    results = Comparator.run([graph, Original("original")], data_loader=data)
    return bool(Comparator.compare_accuracy(results))


def without_text(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model without outputs of text, which can't be given to Polygraphy."""
    out = onnx.ModelProto()
    out.CopyFrom(model)
    kept = [v for v in model.graph.output if v.type.tensor_type.elem_type != onnx.TensorProto.STRING]
    del out.graph.output[:]
    out.graph.output.extend(kept)
    return out


def helper(pair: Pair) -> bool:
    """``dump_data_and_model``, which skl2onnx's tests use too: equal to five decimals on the rows."""
    from onnxmltools.utils.tests_helper import dump_data_and_model
    from onnxmltools.utils.utils_backend import OnnxRuntimeAssertionError

    kind = next(iter(Signature.of(pair.model).inputs))
    rows = (
        pair.rows if isinstance(pair.rows, pd.DataFrame) else np.asarray(pair.rows, numpy_dtype(kind.dtype))
    )
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        try:
            dump_data_and_model(rows, pair.original, pair.model, basename="pipeline", folder=folder)
        except OnnxRuntimeAssertionError as error:
            return _disagreement(error)
    return True


def _disagreement(error: Exception) -> bool:
    """False for a difference of values; anything else means that the judge couldn't ask."""
    if any(said in str(error) for said in ("max diff", "mismatch", "ot equal", "not almost equal")):
        return False
    raise error


def backend(pair: Pair) -> bool:
    """The rows recorded as ONNX test data and compared as the ONNX project does (1e-3, 1e-7)."""
    from onnx.backend.test.runner import Runner

    got = Graph(pair.data).answers(pair.rows)
    try:
        Runner.assert_similar_outputs(pair.native(pair.rows), got, rtol=1e-3, atol=1e-7)
    except AssertionError:
        return False
    return True


def dummy(pair: Pair) -> bool:
    """optimum's rule: ``numpy.allclose`` with ``atol=1e-5`` on one batch of two made-up rows.

    Source: validate_model_outputs of optimum/exporters/onnx/convert.py.
    """
    rng = np.random.default_rng(0)
    feeds = {}
    for port in Signature.of(pair.model).inputs:
        shape = [2, *(dim for dim in port.shape[1:])]
        made = rng.random(shape) if port.dtype.startswith("float") else rng.integers(0, 2, shape)
        feeds[port.name] = (
            np.full(shape, "text", object) if port.is_string else made.astype(numpy_dtype(port.dtype))
        )
    got = session(pair.data).run(None, feeds)
    for told, ours in zip(pair.native(pair.rows_of(feeds)), got, strict=True):
        if np.shape(told) != np.shape(ours):
            return False
        same = np.allclose(told, ours, atol=1e-5) if ours.dtype.kind in "fiu" else (told == ours).all()
        if not same:
            return False
    return True
