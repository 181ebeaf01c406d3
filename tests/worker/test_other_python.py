"""``--python``: an original in another environment: another Python, numpy and scikit-learn, another torch."""

from __future__ import annotations

import json
import os
import shutil
import site
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.shell import here, told

ROOT = Path(__file__).parents[2]
PACKAGES = ROOT / "tests" / "packages"
OLD = ("numpy==1.23.5", "scikit-learn==1.0.2", "joblib==1.1.1", "pandas==1.5.3", "skl2onnx==1.16.0",
       "onnx==1.14.1", "protobuf<4")  # fmt: skip

TRAIN = """
import acme, joblib, numpy as np, pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

rows = np.random.default_rng(0).normal(size=(80, 4))
labels = np.where(rows[:, 0] > 0, "no", "yes")
table = pd.DataFrame(rows, columns=list("abcd"))
table["word"] = np.where(rows[:, 1] > 0, "x", "yy")
table.to_csv("rows.csv", index=False)
columns = ColumnTransformer([("n", StandardScaler(), list("abcd")), ("w", OneHotEncoder(), ["word"])])
forest = make_pipeline(columns, RandomForestClassifier(10, random_state=0)).fit(table, labels)
joblib.dump(forest, "plain.joblib")
joblib.dump(make_pipeline(StandardScaler(), acme.Whiten(), acme.Centroids()).fit(rows, labels), "odd.joblib")
"""


def old_python() -> str:
    """An interpreter with an old scikit-learn: ``ONNXPIPE_OLD_PYTHON``, else a new environment's.

    Skips the test where no Python 3.8 or 3.9 is at hand, or nothing can be installed for it.
    """
    if named := os.environ.get("ONNXPIPE_OLD_PYTHON"):
        return named
    made = ROOT / "build" / "old-python"
    if not (made / "ready").exists():
        shutil.rmtree(made, ignore_errors=True)
        for command in ([base_python(), "-m", "venv", str(made)],
                        [str(made / "bin" / "python"), "-m", "pip", "install", "-q", *OLD]):  # fmt: skip
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
            if done.returncode:
                pytest.skip(f"no environment of an old scikit-learn can be made: {done.stderr[-200:]}")
        (made / "ready").touch()
    return str(made / "bin" / "python")


def base_python() -> str:
    versions = sorted((Path.home() / ".pyenv" / "versions").glob("3.[89].*"))
    found = [shutil.which("python3.8"), shutil.which("python3.9"), *(v / "bin" / "python" for v in versions)]
    for python in filter(None, found):
        # A shim of pyenv is there for versions that aren't.
        if subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0:
            return str(python)
    pytest.skip("no Python 3.8 or 3.9 is at hand")


@pytest.mark.slow
def test_an_old_environment_answers_and_exports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = old_python()
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(PACKAGES), str(ROOT)]))
    trained = subprocess.run([python, "-c", TRAIN], cwd=tmp_path, capture_output=True, check=False)
    assert trained.returncode == 0, told(trained)
    plain = ("convert", "plain.joblib", "-o", "plain.onnx", "--sample", "rows.csv")
    done = here(*plain, "--python", python, cwd=tmp_path)
    assert done.returncode == 0 and "sklearn 1.0.2" in told(done) and "EQUAL" in told(done), told(done)
    assert json.loads((tmp_path / "plain.onnx.lock").read_text())["framework"]["version"] == "1.0.2"
    trust = [word for name in ("Whiten", "Centroids", "peers") for word in ("--trust", f"acme.{name}")]
    done = here("convert", "odd.joblib", "-o", "odd.onnx", "--python", python, *trust, cwd=tmp_path)
    assert done.returncode == 0 and "converted by skl2onnx 1.16.0" in told(done), told(done)
    # This interpreter has no part in it: the golden rows of both hold with onnxruntime alone.
    assert here("verify", "plain.onnx", cwd=tmp_path).returncode == 0
    assert here("verify", "odd.onnx", cwd=tmp_path).returncode == 0
    assert sys.executable not in told(done)


def elsewhere(folder: Path) -> Path:
    """An environment of its own, whose torch says so, and where alone a module ``there`` makes a network."""
    venv.EnvBuilder(symlinks=True).create(folder)
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "ours.pth").write_text("\n".join(site.getsitepackages()))
    (packages / "there.py").write_text(
        "import torch\n\ntorch.__version__ = f'{torch.__version__}.elsewhere'\n\n\n"
        "def made():\n    torch.manual_seed(0)\n    return torch.nn.Linear(4, 2)\n"
    )
    return folder / "bin" / "python"


@pytest.mark.slow
@pytest.mark.xdist_group("torch")
def test_a_network_is_exported_and_asked_where_it_can_be_made(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="PyTorch isn't installed")
    command = ("convert", "there:made", "-o", "net.onnx", "--trust", "there.made", "--input",
               "input=float32[N,4]", "--no-golden")  # fmt: skip
    done = here(*command, "--python", elsewhere(tmp_path / "env"), cwd=tmp_path)
    assert done.returncode == 0 and "EQUAL" in told(done), told(done)
    lock = json.loads((tmp_path / "net.onnx.lock").read_text())
    assert lock["framework"]["version"].endswith("elsewhere")
