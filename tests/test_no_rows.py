"""Operators over which onnxruntime ends the process on no rows: told of foreign graphs, mended in ours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

import onnxpipe
from onnxpipe.check.graph import Graph, GraphRefused
from onnxpipe.stitching import no_rows
from tests.graphs import graph

_WEIGHTS = (
    "float[1,8,3] w = {" + ",".join(["0.1"] * 24) + "}, float[1,8,2] r = {" + ",".join(["0.2"] * 16) + "}"
)
RECURRENT = (
    "g (float[N,4,3] x) => (float[N,2] y) <" + _WEIGHTS + ", int64[1] z = {0}> "
    "{ t = Transpose <perm = [1,0,2]> (x) a, h = LSTM <hidden_size = 2> (t, w, r) y = Squeeze (h, z) }"
)
BESIDE = (
    "g (float[N,3] x) => (float[N,3] y) <" + _WEIGHTS + ", float[4,1,3] c = {" + ",".join(["1"] * 12) + "}> "
    "{ a, h = LSTM <hidden_size = 2> (c, w, r) s = ReduceSum <keepdims = 0> (h) y = Mul (x, s) }"
)
PRODUCT = 'g (float[N,4,3] x) => (float[N,4,4] y) { y = Einsum <equation = "nij,nkj->nik"> (x, x) }'


def test_a_graph_that_would_end_the_process_is_told_of() -> None:
    model = Graph(graph(RECURRENT))
    with pytest.raises(GraphRefused, match=r"^onnxruntime ends the whole process \(over LSTM\)$"):
        model.run({"x": np.zeros((0, 4, 3), np.float32)})
    assert model.run({"x": np.ones((1, 4, 3), np.float32)})["y"].shape == (1, 2)


def test_an_operator_that_does_not_see_the_batch_is_no_fault() -> None:
    assert Graph(graph(BESIDE)).run({"x": np.zeros((0, 3), np.float32)})["y"].shape == (0, 3)


@pytest.mark.parametrize(("text", "shape"), [(RECURRENT, (0, 2)), (PRODUCT, (0, 4, 4))])
def test_a_foreign_part_is_mended(tmp_path: Path, text: str, shape: tuple[int, ...]) -> None:
    onnx.save(graph(text), tmp_path / "part.onnx")
    whole = onnxpipe.stitch([tmp_path / "part.onnx"])
    assert not no_rows.fatal(whole)
    session = Graph(whole)
    assert session.run({"x": np.zeros((0, 4, 3), np.float32)})["y"].shape == shape
    rows = np.random.default_rng(0).normal(size=(3, 4, 3)).astype(np.float32)
    np.testing.assert_array_equal(session.run({"x": rows})["y"], Graph(graph(text)).run({"x": rows})["y"])
