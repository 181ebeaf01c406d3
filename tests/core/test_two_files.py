"""Models larger than one file holds, tried at a limit of 100 kB: all the way weights lie in a second one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pyarrow.parquet
import pytest
from onnx import TensorProto, helper, numpy_helper
from sklearn.neighbors import KNeighborsRegressor

import onnxpipe
from onnxpipe.core import models, weights
from onnxpipe.errors import Refusal, Unreadable
from onnxpipe.scale import spark
from onnxpipe.services.natives import spill
from tests.shell import here, told

ROWS = np.random.default_rng(0).normal(size=(5, 8)).astype(np.float32)
LIMIT = 100_000


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    torch = pytest.importorskip("torch", reason="PyTorch isn't installed")
    folder = tmp_path_factory.mktemp("large")
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(8, 200), torch.nn.ELU(), torch.nn.Linear(200, 200),
                              torch.nn.ELU(), torch.nn.Linear(200, 3)).eval()  # fmt: skip
    program = torch.export.export(net, (torch.tensor(ROWS),), dynamic_shapes=({0: torch.export.Dim.DYNAMIC},))
    torch.export.save(program, folder / "net.pt2")
    np.save(folder / "told.npy", net(torch.tensor(ROWS)).detach().numpy())
    np.savez(folder / "rows.npz", input=ROWS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(weights, "WHOLE", LIMIT)
        done = here("convert", "net.pt2", "-o", "net.onnx", cwd=folder)
        assert done.returncode == 0 and "EQUAL on" in told(done), told(done)
        yield folder


def native(folder: Path) -> Any:
    return np.load(folder / "told.npy")


def session(path: Path) -> ort.InferenceSession:
    return ort.InferenceSession(path, providers=["CPUExecutionProvider"])


pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("torch")]


def test_a_model_and_its_weights_are_two_files_and_one_lock(home: Path) -> None:
    graph, data = home / "net.onnx", home / "net.onnx.data"
    assert graph.stat().st_size < LIMIT < data.stat().st_size
    onnx.checker.check_model(graph, full_check=True)
    (found,) = session(graph).run(None, {"input": ROWS})
    np.testing.assert_allclose(found, native(home), rtol=1e-5, atol=1e-6)
    lock = json.loads((home / "net.onnx.lock").read_text())
    assert lock["data"]["path"] == "net.onnx.data" and lock["verdict"]["status"] == "equal"
    assert here("skew", "net.onnx.lock", cwd=home).returncode == 0


def test_it_is_verified_scored_and_loaded_from_both(home: Path) -> None:
    for more in ((), ("--runtime", "reference")):
        done = here("verify", "net.onnx", *more, cwd=home)
        assert done.returncode == 0 and "EQUAL on" in told(done), told(done)
    done = here("score", "net.onnx", "--data", "rows.npz", "-o", "scored.parquet", cwd=home)
    assert done.returncode == 0, told(done)
    scored = np.array(pyarrow.parquet.read_table(home / "scored.parquet")["output"].to_pylist(), np.float32)
    np.testing.assert_allclose(scored, native(home), rtol=1e-5, atol=1e-6)
    loaded = onnxpipe.load(home / "net.onnx")
    np.testing.assert_allclose(loaded({"input": ROWS})["output"], native(home), rtol=1e-5, atol=1e-6)
    assert models.read(home / "net.onnx").ByteSize() < LIMIT  # what is large stays where it is
    with pytest.raises(Refusal, match="can't be sent to executors"):
        spark.scorer(home / "net.onnx")


def test_a_fault_in_the_weights_is_found(home: Path, tmp_path: Path) -> None:
    for path in home.iterdir():
        (tmp_path / path.name).symlink_to(path)
    (tmp_path / "net.onnx.data").unlink()
    changed = np.fromfile(home / "net.onnx.data", np.float32)
    wide = next(t for t in onnx.load(home / "net.onnx", load_external_data=False).graph.initializer
                if list(t.dims) == [200, 200])  # fmt: skip
    start = int({e.key: e.value for e in wide.external_data}["offset"]) // 4
    changed[start : start + 40_000] *= np.float32(1.1)
    changed.tofile(tmp_path / "net.onnx.data")
    done = here("skew", "net.onnx.lock", cwd=tmp_path)
    assert done.returncode == 1 and "net.onnx.data was edited" in told(done)
    done = here("verify", "net.onnx", "net.pt2", "--rows", "50", cwd=tmp_path)
    assert done.returncode == 1 and "network/2" in told(done), told(done)
    (tmp_path / "net.onnx.data").write_bytes(b"short")
    done = here("verify", "net.onnx", cwd=tmp_path)
    assert done.returncode == 2 and "doesn't lie in 'net.onnx.data'" in told(done)


def test_parts_are_joined_into_two_files(home: Path) -> None:
    done = here("stitch", "net.onnx", "softmax", "-o", "full.onnx", cwd=home)
    assert done.returncode == 0, told(done)
    assert (home / "full.onnx").stat().st_size < LIMIT < (home / "full.onnx.data").stat().st_size
    (found,) = session(home / "full.onnx").run(None, {"input": ROWS})
    odds = np.exp(native(home))
    np.testing.assert_allclose(found, odds / odds.sum(1, keepdims=True), rtol=1e-5, atol=1e-6)
    assert here("skew", "full.onnx.lock", cwd=home).returncode == 0
    inputs = {each["path"] for each in json.loads((home / "full.onnx.lock").read_text())["inputs"]}
    assert inputs == {"net.onnx", "net.onnx.data"}


def test_one_file_is_asked_for_in_vain(home: Path) -> None:
    done = here("stitch", "net.onnx", "softmax", "-o", "-", cwd=home)
    assert done.returncode == 2 and "-o model.onnx" in told(done) and b"net.onnx" not in done.stdout
    done = here("verify", "-", "--golden", "net.golden", stdin=(home / "net.onnx").read_bytes(), cwd=home)
    assert done.returncode == 2 and "kept in 'net.onnx.data', which wasn't read" in told(done), told(done)


def test_in_memory_a_model_is_whole(home: Path, tmp_path: Path) -> None:
    model = onnxpipe.stitch([home / "net.onnx"])
    assert not list(models.external(model))
    np.testing.assert_allclose(onnxpipe.load(model)({"input": ROWS})["output"], native(home), rtol=1e-5)
    graph, places = weights.light(model)
    assert len(graph) < LIMIT < sum(weight.bits.nbytes for weight in places.values())


def test_weights_on_the_way_are_kept_until_they_are_in_memory(home: Path, tmp_path: Path) -> None:
    for name in ("net.onnx", "net.onnx.data"):
        (tmp_path / name).write_bytes((home / name).read_bytes())
    taken = spill.taken(tmp_path / "net.onnx")
    (place,) = {Path(models.location(tensor)) for tensor in models.external(taken)}
    assert place.is_file() and not (tmp_path / "net.onnx.data").exists()
    whole = spill.loaded(taken)
    assert not list(models.external(whole)) and not place.exists()
    assert spill.loaded(whole) is whole


def test_one_file_takes_the_place_of_two(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = ("stitch", home / "net.onnx", "softmax", "-o", "full.onnx", "--no-verify")
    assert here(*command, cwd=tmp_path).returncode == 0
    for name in ("full.onnx", "full.onnx.data"):
        assert (tmp_path / name).read_bytes() == (home / name).read_bytes()
    monkeypatch.setattr(weights, "WHOLE", 2**31 - 1)
    assert here(*command, cwd=tmp_path).returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["full.onnx", "full.onnx.lock"]
    assert session(tmp_path / "full.onnx").run(None, {"input": ROWS})[0].shape == (5, 3)


def test_no_model_names_a_file_that_was_not_checked(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(bytes(4 * 3))
    tensor = TensorProto(name="w", data_type=1, dims=[3], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value=str(tmp_path / "secret"))
    ends = [helper.make_tensor_value_info(name, 1, ["N", 3]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Add", ["x", "w"], ["y"])], "g", ends[:1], ends[1:], [tensor])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    with pytest.raises(Unreadable, match="which wasn't read"):
        onnxpipe.load(model)


def test_what_a_converter_writes_goes_into_two_files_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(4000, 8))
    fitted = KNeighborsRegressor(2).fit(rows, rows[:, 0])
    model, told = onnxpipe.convert(fitted), fitted.predict(rows[:5])
    assert sum(map(weights.size, model.graph.initializer)) > LIMIT
    monkeypatch.setattr(weights, "WHOLE", LIMIT)
    weights.write(model, tmp_path, "m.onnx")
    assert (tmp_path / "m.onnx").stat().st_size < LIMIT
    for each in (model, tmp_path / "m.onnx"):
        np.testing.assert_array_equal(onnxpipe.load(each)(rows[:5])["predict"], told)
    np.testing.assert_array_equal(
        numpy_helper.to_array(weights.whole(models.read(tmp_path / "m.onnx")).graph.initializer[0]),
        numpy_helper.to_array(model.graph.initializer[0]),
    )
