"""Operators over which onnxruntime ends the process on no rows: told of foreign graphs, mended in ours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pyarrow.parquet as pq
import pytest

import onnxpipe
from onnxpipe.check.runtimes.graph import Graph, GraphRefused
from onnxpipe.errors import BadInput
from onnxpipe.services.score import score
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


@pytest.mark.parametrize(
    ("text", "given", "shape"), [(RECURRENT, (0, 4, 3), (0, 2)), (PRODUCT, (0, 4, 3), (0, 4, 4)),
                                 (BESIDE, (0, 3), (0, 3))],
)  # fmt: skip
def test_an_empty_table_is_answered_without_asking(
    tmp_path: Path, text: str, given: tuple[int, ...], shape: tuple[int, ...]
) -> None:
    onnx.save(graph(text), tmp_path / "m.onnx")
    np.savez(tmp_path / "none.npz", x=np.zeros(given, np.float32))
    told = onnxpipe.load(tmp_path / "m.onnx")({"x": np.zeros(given, np.float32)})["y"]
    assert (told.dtype, told.shape) == (np.float32, shape)
    assert onnxpipe.load(tmp_path / "m.onnx")({"x": np.ones((2, *given[1:]), "f4")})["y"].shape[0] == 2
    done = score(tmp_path / "m.onnx", tmp_path / "none.npz", tmp_path / "out.parquet")
    table = pq.read_table(tmp_path / "out.parquet")
    assert done.rows == 0 and table.column_names == ["x", "y"] and table.num_rows == 0


def test_what_may_not_be_empty_is_refused_before_asking() -> None:
    fixed = RECURRENT.replace("float[N,2] y", "float[1,N,2] y, float[5] s").replace(
        "y = Squeeze (h, z)", "y = Identity (h) s = Constant <value_floats = [1.0, 1.0, 1.0, 1.0, 1.0]> ()"
    )
    with pytest.raises(
        BadInput, match=r"may end the process over that \(the model answers s: float32\[5\]\)"
    ):
        onnxpipe.load(graph(fixed))({"x": np.zeros((0, 4, 3), np.float32)})
