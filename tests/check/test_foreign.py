"""Models that onnxpipe didn't make: against ONNX's own test data, and against the pipeline they are of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from skl2onnx import to_onnx
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import onnxpipe
from onnxpipe.cli import main
from onnxpipe.errors import BadInput
from tests import datasets
from tests.graphs import graph
from tests.shell import fitted

pytestmark = pytest.mark.usefixtures("inhouse")

# Its rows have no batch axis, so that only whole sets can be run.
FIXED = "g (float[2,3] a, float[3,2] b) => (float[2,2] y) { y = MatMul(a, b) }"
LISTS = (
    "g (seq(float[N]) s, int64 i) => (float[N] y, seq(float[N]) t) "
    "{ y = SequenceAt(s, i) t = SequenceErase(s, i) }"
)


def write(folder: Path, number: int, fed: list[Any], told: list[Any]) -> Path:
    """A data set in ONNX's layout."""
    home = folder / f"test_data_set_{number}"
    home.mkdir()
    for kind, values in (("input", fed), ("output", told)):
        for i, value in enumerate(values):
            make = numpy_helper.from_list if isinstance(value, list) else numpy_helper.from_array
            (home / f"{kind}_{i}.pb").write_bytes(make(value).SerializeToString())
    return home


@pytest.fixture
def fixed(tmp_path: Path) -> Path:
    """A model of fixed sizes with two data sets beside it."""
    onnx.save(graph(FIXED), tmp_path / "any.onnx")
    rng = np.random.default_rng(0)
    for number in range(2):
        a, b = rng.normal(size=(2, 3)).astype("f4"), rng.normal(size=(3, 2)).astype("f4")
        write(tmp_path, number, [a, b], [a @ b])
    return tmp_path


@pytest.mark.parametrize("runtime", ["onnxruntime", "reference"])
def test_any_model_is_held_against_its_test_data(fixed: Path, runtime: str) -> None:
    found = onnxpipe.verify(fixed / "any.onnx", golden=fixed, runtime=runtime)
    assert found and found.tried == 2
    write(fixed, 2, [np.ones((2, 3), "f4"), np.ones((3, 2), "f4")], [np.full((2, 2), 3.01, "f4")])
    (wrong,) = onnxpipe.verify(fixed / "any.onnx", golden=fixed, runtime=runtime).verdicts
    assert (wrong.rows, wrong.differing, wrong.worst_row) == (3, 1, 2)
    arguments = ["verify", str(fixed / "any.onnx"), "--golden", str(fixed), "--runtime", runtime]
    assert main(arguments) == 1
    (fixed / "test_data_set_2" / "data.json").write_text(json.dumps({"rtol": 0.01}))
    assert main(arguments) == 0


def test_sets_of_other_shapes_and_missing_files_are_told(fixed: Path) -> None:
    write(fixed, 2, [np.ones((2, 3), "f4"), np.ones((3, 2), "f4")], [np.ones((2, 3), "f4")])
    assert "shape" in onnxpipe.verify(fixed / "any.onnx", golden=fixed).verdicts[0].failure
    write(fixed, 3, [np.ones((9, 9), "f4"), np.ones((3, 2), "f4")], [np.ones((2, 2), "f4")])
    assert onnxpipe.verify(fixed / "any.onnx", golden=fixed).refusals.graph_only == 1
    (fixed / "test_data_set_3" / "input_1.pb").unlink()
    with pytest.raises(BadInput, match="no input for b"):
        onnxpipe.verify(fixed / "any.onnx", golden=fixed)


def test_lists_of_tensors_are_compared_one_by_one(tmp_path: Path) -> None:
    onnx.save(graph(LISTS), tmp_path / "any.onnx")
    s = [np.arange(3, dtype="f4"), np.ones(2, "f4")]
    write(tmp_path, 0, [s, np.array(1)], [s[1], s[:1]])
    found = onnxpipe.verify(tmp_path / "any.onnx", golden=tmp_path)
    assert found and [v.output for v in found.verdicts] == ["y", "len(t)", "t[0]"]
    write(tmp_path, 1, [s, np.array(0)], [s[0], s])
    assert not onnxpipe.verify(tmp_path / "any.onnx", golden=tmp_path)


@pytest.fixture(scope="module")
def exported() -> tuple[Any, onnx.ModelProto, onnx.ModelProto]:
    """A pipeline and what skl2onnx makes of it in float32, with a matrix of scores and with its ZipMap."""
    rows, target = datasets.load("labels")
    pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(rows, target)
    plain = to_onnx(pipeline, rows[:1].astype("f4"), options={"zipmap": False}, target_opset=21)
    return pipeline, plain, to_onnx(pipeline, rows[:1].astype("f4"), target_opset=21)


@pytest.mark.parametrize("place", [1, 2], ids=["matrix", "ZipMap"])
def test_a_peers_export_is_matched_by_type_and_shape(exported: Any, place: int) -> None:
    rows = datasets.load("labels")[0][:20]
    found = onnxpipe.verify(exported[place], exported[0], rows, rows=0)
    assert found.verdicts[0].output.endswith("label") and len(found.verdicts) == 2
    assert not any(v.failure for v in found.verdicts) and found.differing == 0
    assert "label is predict" in found.setting.notes[0]


def test_a_fault_in_a_peers_export_is_found(exported: Any) -> None:
    model = onnx.ModelProto()
    model.CopyFrom(exported[1])
    node = next(n for n in model.graph.node if n.op_type == "Scaler")
    next(a for a in node.attribute if a.name == "scale").floats[0] *= 2
    rows = datasets.load("labels")[0][:20]
    found = onnxpipe.verify(model, exported[0], rows, rows=0)
    assert not found and found.counterexample is not None


def test_float32_exports_are_compared_in_float32(tmp_path: Path) -> None:
    pipeline, rows = fitted()
    model = to_onnx(pipeline, rows[:1].astype("f4"), options={"zipmap": False})
    found = onnxpipe.verify(model, pipeline, rows, rows=0)
    assert found, str(found)


def test_what_cant_be_told_apart_is_asked_for(tmp_path: Path) -> None:
    joblib.dump(fitted()[0], tmp_path / "pipe.joblib")
    same = graph("g (double[N,3] X) => (double[N,3] a, double[N,3] b) { a = Neg(X) b = Abs(X) }")
    onnx.save(same, tmp_path / "any.onnx")
    with pytest.raises(BadInput, match="nothing says what the original calls"):
        onnxpipe.verify(tmp_path / "any.onnx", tmp_path / "pipe.joblib")
    with pytest.raises(BadInput, match="the model has no c to map"):
        onnxpipe.verify(tmp_path / "any.onnx", tmp_path / "pipe.joblib", names={"c": "predict"})


def test_our_own_graph_runs_in_the_reference_evaluator(tmp_path: Path) -> None:
    pipeline, rows = fitted()
    model = onnxpipe.convert(pipeline)
    assert onnxpipe.verify(model, pipeline, rows, rows=0, runtime="reference")


def test_optional_values_are_compared_where_they_are(tmp_path: Path) -> None:
    onnx.save(graph("g (float[N] x) => (optional(float[N]) y) { y = Optional(x) }"), tmp_path / "any.onnx")
    x = np.arange(3, dtype="f4")
    home = write(tmp_path, 0, [x], [x])
    held = numpy_helper.from_optional(x, "y", onnx.OptionalProto.TENSOR)
    (home / "output_0.pb").write_bytes(held.SerializeToString())
    assert onnxpipe.verify(tmp_path / "any.onnx", golden=tmp_path)
    other = numpy_helper.from_optional(x + 1, "y", onnx.OptionalProto.TENSOR)
    (home / "output_0.pb").write_bytes(other.SerializeToString())
    assert not onnxpipe.verify(tmp_path / "any.onnx", golden=tmp_path)
    nothing = numpy_helper.from_optional(None, "y", onnx.OptionalProto.TENSOR)
    (home / "output_0.pb").write_bytes(nothing.SerializeToString())
    assert not onnxpipe.verify(tmp_path / "any.onnx", golden=tmp_path)
