"""``onnxpipe convert`` as a user sees it: what it writes, tells and exits with."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest

import onnxpipe as api
from onnxpipe.cli import main
from onnxpipe.core import registry
from onnxpipe.core.ops import Var
from onnxpipe.core.plan import Stage
from tests.shell import fitted, here, onnxpipe, saved, told

pytestmark = pytest.mark.usefixtures("inhouse")


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a source, its rows, and what converting it into a folder below wrote."""
    folder = tmp_path_factory.mktemp("converted")
    saved(folder)
    (folder / "models").mkdir()
    done = onnxpipe(
        "convert", "pipe.joblib", "-o", "models/model.onnx", "--sample", "rows.npy", cwd=folder
    )  # fmt: skip
    assert done.returncode == 0, told(done)
    assert b"wrote models" in done.stdout and b"equal" in done.stdout.lower()
    return folder


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a source and its rows, and the working folder at that."""
    saved(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def listed(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_model_lock_and_goldens_are_written_together(converted: Path) -> None:
    golden = "model.golden/test_data_set_0"
    assert listed(converted / "models") == [
        *(f"{golden}/{name}.pb" for name in ("input_0", "output_0", "output_1")),
        "model.onnx",
        "model.onnx.lock",
    ]


def test_the_model_answers_as_the_original(converted: Path) -> None:
    pipeline, rows = fitted()
    session = ort.InferenceSession(converted / "models/model.onnx")
    labels, proba = session.run(["predict", "predict_proba"], {"X": rows})
    assert labels.tolist() == pipeline.predict(rows).tolist()
    np.testing.assert_allclose(proba, pipeline.predict_proba(rows), rtol=1e-9)


def test_the_lock_tells_what_was_made_of_what(converted: Path) -> None:
    document = json.loads((converted / "models/model.onnx.lock").read_text())
    assert document["source"]["path"] == "../pipe.joblib"
    assert [entry["path"] for entry in document["inputs"]] == ["../rows.npy"]
    assert document["golden"]["path"] == "model.golden/test_data_set_0"
    assert document["framework"]["name"] == "sklearn" and document["framework"]["version"]
    assert document["signature"] == {
        "inputs": ["X: float64[N, 3]"],
        "outputs": ["predict: string[N]", "predict_proba: float64[N, 2]"],
    }
    assert document["dtype"] == "native" and document["opset"]["ai.onnx"] == 21
    assert document["verdict"]["status"] == "equal" and document["verdict"]["seed"] == 0
    assert str(converted) not in json.dumps(document)


ANOTHER_DAY = """
import os, sys, time

clock = time.time
time.time, time.time_ns = lambda: clock() + 4e7, lambda: int((clock() + 4e7) * 1e9)
os.umask(0o077)
from onnxpipe.cli import main

sys.exit(main(sys.argv[1:]))
"""


def test_the_command_in_the_lock_makes_the_same_bytes_again(converted: Path, tmp_path: Path) -> None:
    before = {path: (converted / "models" / path).read_bytes() for path in listed(converted / "models")}
    program, *arguments = json.loads(before["model.onnx.lock"])["command"].split()
    assert program == "onnxpipe"
    elsewhere = tmp_path / "another place"
    shutil.copytree(converted, elsewhere)
    shutil.rmtree(elsewhere / "models")
    (elsewhere / "models").mkdir()
    other = {
        **os.environ,
        "PYTHONHASHSEED": "12345",
        "TZ": "Asia/Tokyo",
        "LC_ALL": "C",
        "OMP_NUM_THREADS": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", ANOTHER_DAY, *arguments], cwd=elsewhere / "models", env=other, check=False
    )
    assert done.returncode == 0
    assert {path: (elsewhere / "models" / path).read_bytes() for path in before} == before


def test_what_was_written_is_without_skew(converted: Path) -> None:
    found = api.skew([converted / "models/model.onnx"])
    assert found and len(found.locks) == 1 and not found.unchecked


def test_a_table_in_is_answers_out(converted: Path) -> None:
    pipeline, rows = fitted()
    model = api.load(converted / "models/model.onnx")
    assert model({"X": rows})["predict"].tolist() == pipeline.predict(rows).tolist()
    assert model(rows)["predict"].tolist() == pipeline.predict(rows).tolist()
    assert "X: float64[N, 3]" in repr(model)
    fed = api.feeds(converted / "models/model.onnx", rows)
    assert list(fed) == ["X"] and fed["X"].dtype == np.float64


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A StandardScaler whose converter is wrong."""
    kind = "sklearn.preprocessing.StandardScaler"
    registry.discover("onnxpipe.adapters.sklearn")
    before = registry.find(kind)
    assert before is not None

    def wrong(stage: Stage, x: Var) -> Var:
        return x - stage.mean_

    monkeypatch.setitem(registry._converters, kind, before)  # what teardown puts back
    registry.converts(kind)(wrong)


@pytest.mark.usefixtures("faulty")
def test_a_difference_exits_with_1_and_writes_nothing(scratch: Path, capfd: Any) -> None:
    before = listed(scratch)
    assert main(["convert", "pipe.joblib", "-o", "model.onnx"]) == 1
    assert listed(scratch) == before
    said = capfd.readouterr()
    assert "Nothing was written" in said.err and "standardscaler" in said.out


def test_without_the_comparison_there_are_no_goldens(scratch: Path) -> None:
    done = here("convert", "pipe.joblib", "-o", "model.onnx", "--no-verify", cwd=scratch)
    assert done.returncode == 0 and b"not verified" in done.stderr
    assert listed(scratch) == ["model.onnx", "model.onnx.lock", "pipe.joblib", "rows.npy"]
    verdict = json.loads((scratch / "model.onnx.lock").read_text())["verdict"]
    assert verdict == {"status": "converted, not verified", "reason": "--no-verify"}


def test_goldens_that_no_longer_hold_are_removed(converted: Path) -> None:
    output = converted / "models/other.onnx"
    for given, there in (((), True), (("--no-golden",), False)):
        done = here("convert", "pipe.joblib", "-o", output, *given, cwd=converted)
        assert done.returncode == 0, told(done)
        assert (converted / "models/other.golden/test_data_set_0").exists() is there
    for path in converted.glob("models/other*"):
        path.rmdir() if path.is_dir() else path.unlink()


def bare_python() -> str:
    """An interpreter without scikit-learn: the one this environment was made from, if it is bare."""
    home = Path(sysconfig.get_config_var("BINDIR"))
    found = home / f"python3.{sys.version_info.minor}"
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(home.parent)}))
    return str(found) if found.exists() and not (packages / "sklearn").exists() else ""


@pytest.mark.usefixtures("own_process")
@pytest.mark.skipif(not bare_python(), reason="no interpreter without scikit-learn is at hand")
def test_where_the_framework_is_missing_it_is_converted_and_not_verified(scratch: Path) -> None:
    done = here("convert", "pipe.joblib", "-o", "model.onnx", "--python", bare_python(), cwd=scratch)
    assert done.returncode == 0 and b"Converted, not verified" in done.stderr
    assert (scratch / "model.onnx").exists() and not (scratch / "model.golden").exists()


def test_standard_streams_serve_as_files(scratch: Path) -> None:
    data = (scratch / "pipe.joblib").read_bytes()
    done = here("convert", "-", "-o", "-", "--no-verify", cwd=scratch, stdin=data)
    assert done.returncode == 0
    onnx.checker.check_model(onnx.load_model_from_string(done.stdout))
    assert listed(scratch) == ["pipe.joblib", "rows.npy"]
    for command, says in (
        (("inspect", "-"), b"predict_proba"),
        (("verify", "-", "pipe.joblib", "--rows", "50"), b"EQUAL on 50 rows"),
    ):
        read = here(*command, cwd=scratch, stdin=done.stdout)
        assert read.returncode == 0 and says in read.stdout, told(read)
    assert here("inspect", "-", cwd=scratch, stdin=b"neither").returncode == 2
    assert here("verify", "-", "pipe.joblib", cwd=scratch, stdin=data).returncode == 2


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (("--dtype", "float32"), "float32[N, 3]"),
        (("--outputs", "decision_function"), "decision_function"),
        (("--input", "X=float32[N,3]"), "X: float32"),
        (("--on-invalid", "flag"), "invalid: bool[N]"),
    ],
)
def test_options_reach_the_graph_and_the_lock(scratch: Path, given: tuple[str, ...], says: str) -> None:
    done = here("convert", "pipe.joblib", "-o", "model.onnx", "--no-verify", *given, cwd=scratch)
    assert done.returncode == 0, told(done)
    document = json.loads((scratch / "model.onnx.lock").read_text())
    assert says in json.dumps(document["signature"])
    assert " ".join(given) in document["command"].replace("'", "")


def test_an_older_opset_is_declared_and_loads(scratch: Path) -> None:
    done = here("convert", "pipe.joblib", "-o", "m.onnx", "--no-verify", "--opset", "18", cwd=scratch)
    assert done.returncode == 0, told(done)
    model = onnx.load(scratch / "m.onnx")
    assert [entry.version for entry in model.opset_import if entry.domain == ""] == [18]
    ort.InferenceSession(scratch / "m.onnx")


def test_explaining_tells_every_stage_and_writes_nothing(scratch: Path) -> None:
    before = listed(scratch)
    done = here("convert", "pipe.joblib", "--explain", cwd=scratch)
    assert done.returncode == 0 and listed(scratch) == before
    for word in ("Pipeline/standardscaler", "ours", "float64", "standard"):
        assert word in done.stdout.decode()


def test_output_is_asked_for(scratch: Path) -> None:
    done = here("convert", "pipe.joblib", cwd=scratch)
    assert done.returncode == 2 and b"--output" in done.stderr


def test_quiet_says_nothing(scratch: Path) -> None:
    done = onnxpipe("convert", "pipe.joblib", "-o", "m.onnx", "-q", "--sample", "rows.npy", cwd=scratch)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_verbose_shows_where_a_refusal_is_from(scratch: Path) -> None:
    done = here("convert", "pipe.joblib", "-o", "m.onnx", "-v", "--outputs", "none", cwd=scratch)
    assert done.returncode == 2 and "Traceback" in told(done) and "Error: " in told(done)


SETTINGS = """
[tool.onnxpipe]
dtype = "float32"
[tool.onnxpipe.convert]
no-verify = true
outputs = "predict"
"""


def test_defaults_come_from_the_project_file(scratch: Path) -> None:
    (scratch / "pyproject.toml").write_text(SETTINGS)
    (scratch / "below").mkdir()
    done = here("convert", "../pipe.joblib", "-o", "m.onnx", cwd=scratch / "below")
    assert done.returncode == 0, told(done)
    model = onnx.load(scratch / "below/m.onnx")
    assert [value.name for value in model.graph.output] == ["predict"]
    assert model.graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.FLOAT
    done = here("convert", "../pipe.joblib", "-o", "m.onnx", "--dtype", "native", cwd=scratch / "below")
    model = onnx.load(scratch / "below/m.onnx")
    assert model.graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.DOUBLE


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[tool.onnxpipe]\ncolour = 1\n", "no setting colour"),
        ("[tool.onnxpipe.skew]\ndtype = 'float32'\n", "no setting skew.dtype"),
        ("[tool.onnxpipe.convert]\ndtype = 'float16'\n", "float16"),
        ("[tool.onnxpipe\n", "not TOML"),
        ("[tool.onnxpipe]\nno-verify = 'yes'\n", "no-verify must be true or false"),
        ("[tool.onnxpipe]\nopset = true\n", "opset must be a whole number"),
        ("[tool.onnxpipe]\ntimeout = 'long'\n", "timeout must be a number"),
        ("[tool.onnxpipe]\ntrust = 'os.system'\n", "says what may be run: trust"),
        ("[tool.onnxpipe.convert]\npython = './evil'\n", "says what may be run: python"),
        ("[tool.onnxpipe]\nframework = [1]\n", "framework must be a text"),
        ("[tool.onnxpipe]\ndtype = ['float32']\n", "dtype must be a text"),
    ],
)
def test_a_project_file_that_is_wrong_is_refused(scratch: Path, text: str, says: str) -> None:
    (scratch / "pyproject.toml").write_text(text)
    done = here("convert", "pipe.joblib", "-o", "m.onnx", cwd=scratch)
    assert done.returncode == 2 and says in told(done) and "Traceback" not in told(done)


def test_settings_may_be_lists_and_paths_are_the_projects_own(
    scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONNXPIPE_TRUST_PROJECT", "1")
    (scratch / "pyproject.toml").write_text(
        '[tool.onnxpipe]\ntrust = "a.B"\n[tool.onnxpipe.convert]\nno-verify = true\nsample = "rows.npy"\n'
        'outputs = ["predict", "decision_function"]\ninput = ["X=float32[N,3]"]\n'
    )
    (scratch / "below").mkdir()
    done = here("convert", "../pipe.joblib", "-o", "m.onnx", cwd=scratch / "below")
    assert done.returncode == 0, told(done)
    document = json.loads((scratch / "below/m.onnx.lock").read_text())
    assert document["signature"]["inputs"] == ["X: float32[N, 3]"]
    assert document["signature"]["outputs"] == ["predict: string[N]", "decision_function: float64[N]"]
    assert document["inputs"][0]["path"] == "../rows.npy" and "--trust a.B" in document["command"]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (("--input", "X=float32", "--input", "X=float64"), "twice"),
        (("--input", "X=float64[8,3]"), "a word for the batch"),
        (("--input", "X=float64[N,-3]"), "a word for the batch"),
        (("--opset", "30"), "or choose a lower one"),
        (("--opset", "8"), "or choose a higher one"),
    ],
)
def test_requests_that_make_no_sense_are_refused(scratch: Path, given: tuple[str, ...], says: str) -> None:
    done = here("convert", "pipe.joblib", "-o", "m.onnx", "--no-verify", *given, cwd=scratch)
    assert done.returncode == 2 and says in told(done), told(done)
    assert "/onnxruntime_src" not in told(done)


def test_other_project_files_are_none_of_ours(scratch: Path) -> None:
    (scratch / "pyproject.toml").write_text("[tool.black\nthis is no TOML")
    assert here("skew", cwd=scratch).returncode == 0
