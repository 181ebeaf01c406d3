"""Golden rows: native's answers in ONNX's test-data layout, few, deterministic, replayable."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import numpy_helper

import onnxpipe as api
from onnxpipe.services.judging import goldens
from tests.shell import fitted, here, saved, told

pytestmark = pytest.mark.usefixtures("inhouse")


def tensors(files: dict[str, bytes]) -> dict[str, onnx.TensorProto]:
    return {name: onnx.TensorProto.FromString(data) for name, data in files.items()}


@pytest.fixture(scope="module")
def model() -> onnx.ModelProto:
    return api.convert(fitted()[0], on_invalid="flag")


def answers(rows: np.ndarray) -> dict[str, np.ndarray]:
    pipeline, _ = fitted()
    return {"predict": pipeline.predict(rows).astype(object), "predict_proba": pipeline.predict_proba(rows)}


def test_files_are_named_by_place_and_typed_as_the_graph(model: onnx.ModelProto) -> None:
    rows = fitted()[1]
    files = tensors(goldens.encoded(model, {"X": rows}, answers(rows)))
    outputs = [f"output_{i}.pb" for i in range(len(model.graph.output))]
    assert sorted(files) == ["input_0.pb", *outputs]
    for i, value in enumerate(model.graph.output):
        tensor = files[f"output_{i}.pb"]
        assert tensor.name == value.name and tensor.data_type == value.type.tensor_type.elem_type
    np.testing.assert_array_equal(numpy_helper.to_array(files["input_0.pb"]), rows)


def test_the_same_rows_give_the_same_bytes(model: onnx.ModelProto) -> None:
    rows = fitted()[1]
    assert goldens.encoded(model, {"X": rows}, answers(rows)) == goldens.encoded(
        model, {"X": rows.copy()}, dict(reversed(answers(rows).items()))
    )


@pytest.mark.parametrize("rows", [np.zeros((0, 3)), np.zeros((2, 3))])
def test_where_native_did_not_answer_there_are_none(model: onnx.ModelProto, rows: np.ndarray) -> None:
    told = (
        answers(rows) if len(rows) else {"predict": np.array([], object), "predict_proba": np.zeros((0, 2))}
    )
    del told["predict" if len(rows) else "predict_proba"]
    assert goldens.encoded(model, {"X": rows}, told) == {}


def test_few_edge_rows_are_all_kept_beside_many_others() -> None:
    origins = ["data"] * 5000 + ["edge"] * 30 + ["drawn"] * 1000
    kept = goldens.selected(origins)
    assert len(kept) == goldens.ROWS and (np.diff(kept) > 0).all()
    assert sum(origins[i] == "edge" for i in kept) == 30
    assert {0, 4999, 5030, 6029} <= set(kept)


@pytest.mark.parametrize("count", [1, 2, 199, 200, 201])
def test_the_number_of_rows_is_bounded(count: int) -> None:
    assert len(goldens.selected([""] * count)) == min(count, goldens.ROWS)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("goldens")
    saved(folder)
    done = here("convert", "pipe.joblib", "-o", "model.onnx", cwd=folder)
    assert done.returncode == 0, told(done)
    return folder


def test_what_is_recorded_is_what_native_said(written: Path) -> None:
    home = written / "model.golden" / "test_data_set_0"
    rows, labels, proba = (
        numpy_helper.to_array(onnx.load_tensor(home / f"{name}.pb"))
        for name in ("input_0", "output_0", "output_1")
    )
    pipeline, _ = fitted()
    assert 0 < len(rows) <= goldens.ROWS
    assert pipeline.predict(rows).tolist() == [str(label) for label in labels.astype(str)]
    np.testing.assert_array_equal(proba, pipeline.predict_proba(rows))


def test_any_runner_of_the_layout_can_replay_them(written: Path) -> None:
    session = ort.InferenceSession(written / "model.onnx")
    home = written / "model.golden" / "test_data_set_0"
    fed = {
        port.name: numpy_helper.to_array(onnx.load_tensor(home / f"input_{i}.pb"))
        for i, port in enumerate(session.get_inputs())
    }
    for i, got in enumerate(session.run(None, fed)):
        want = numpy_helper.to_array(onnx.load_tensor(home / f"output_{i}.pb"))
        if want.dtype == object:
            assert want.astype(str).tolist() == got.astype(str).tolist()
        else:
            np.testing.assert_allclose(got, want, rtol=1e-3, atol=1e-7)


def test_replaying_tells_a_model_that_was_changed(written: Path, tmp_path: Path) -> None:
    shutil.copytree(written, tmp_path, dirs_exist_ok=True)
    assert here("replay", "model.onnx", cwd=tmp_path).returncode == 0
    model = onnx.load(tmp_path / "model.onnx")
    for tensor in model.graph.initializer:
        if tensor.data_type == onnx.TensorProto.DOUBLE and len(tensor.raw_data) > 8:
            tensor.raw_data = (np.frombuffer(tensor.raw_data) * 1.001).tobytes()
    onnx.save(model, tmp_path / "model.onnx")
    done = here("replay", "model.onnx", cwd=tmp_path)
    assert done.returncode == 1, told(done)


def test_a_model_without_golden_rows_is_passed_over(written: Path, tmp_path: Path) -> None:
    shutil.copy(written / "model.onnx", tmp_path)
    assert here("replay", "model.onnx", cwd=tmp_path).returncode == 0
    assert here("replay", cwd=tmp_path).returncode == 0
