"""Converters and translations of an installed package, found through its entry points."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import acme
import joblib
import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from onnxpipe.core import registry
from onnxpipe.core.ops import Var
from onnxpipe.core.plan import Stage
from tests.shell import PROGRAM, told

ROOT = Path(__file__).parents[2]
ROWS = np.random.default_rng(0).normal(size=(60, 3))
LABELS = np.where(ROWS[:, 0] > 0, "no", "yes")


def install(site: Path, entry_points: str) -> None:
    """The package as pip would leave it: its modules, and what its metadata says of entry points."""
    shutil.copytree(ROOT / "tests" / "packages" / "acme", site / "acme")
    told_of = site / "acme-1.0.dist-info"
    told_of.mkdir()
    (told_of / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    (told_of / "entry_points.txt").write_text(entry_points)


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """The program in an environment that has what is in ``site`` installed."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder / "site"), str(ROOT)])}
    command = [*PROGRAM, *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False, timeout=120)


def saved(folder: Path, *steps: Any) -> None:
    joblib.dump(make_pipeline(*steps).fit(ROWS, LABELS), folder / "pipe.joblib")


def test_a_package_brings_its_converters_and_translations(tmp_path: Path) -> None:
    install(tmp_path / "site", "[onnxpipe.converters]\nacme = acme.converters\n")
    saved(tmp_path, FunctionTransformer(acme.halved, kw_args={"times": 3}), acme.Unknown(), StandardScaler())
    done = run(tmp_path, "convert", "pipe.joblib", "-o", "m.onnx")
    assert done.returncode == 0 and "EQUAL" in told(done), told(done)
    done = run(tmp_path, "convert", "pipe.joblib", "--explain")
    lines = {line.split()[0]: line for line in done.stdout.decode().splitlines()}
    assert "ours" in lines["Pipeline/unknown"] and "ours" in lines["Pipeline/functiontransformer"]


def test_a_translation_that_is_wrong_is_found_at_its_stage(tmp_path: Path) -> None:
    install(tmp_path / "site", "[onnxpipe.converters]\nacme = acme.converters\n")
    saved(tmp_path, StandardScaler(), FunctionTransformer(acme.rounded), acme.Unknown())
    done = run(tmp_path, "convert", "pipe.joblib", "-o", "m.onnx")
    assert done.returncode == 1 and not (tmp_path / "m.onnx").exists()
    assert "Pipeline/functiontransformer" in told(done), told(done)


def test_a_package_registers_with_the_peer_and_no_flag_is_needed_for_that(tmp_path: Path) -> None:
    install(tmp_path / "site", "[onnxpipe.skl2onnx]\nacme = acme.peers\n")
    saved(tmp_path, StandardScaler(), acme.Squash())
    done = run(tmp_path, "convert", "pipe.joblib", "-o", "m.onnx", "--trust", "acme.Squash")
    assert done.returncode == 0 and "was converted by skl2onnx" in told(done), told(done)


@pytest.mark.parametrize("target", ["acme.nowhere", "acme.peers:nothing", "acme.broken"])
def test_a_package_whose_module_does_not_load_is_named(tmp_path: Path, target: str) -> None:
    install(tmp_path / "site", f"[onnxpipe.converters]\nmine = {target}\n")
    (tmp_path / "site" / "acme" / "broken.py").write_text("1 / 0\n")
    saved(tmp_path, StandardScaler())
    done = run(tmp_path, "convert", "pipe.joblib", "-o", "m.onnx")
    assert done.returncode == 2, told(done)
    assert "acme" in told(done) and f"mine = {target}" in told(done)


def test_a_users_converter_stays_whatever_of_ours_is_imported_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_converters", {})

    def theirs(stage: Stage, x: Var) -> Var:
        return x

    def ours(stage: Stage, x: Var) -> Var:
        return x

    ours.__module__ = "onnxpipe.adapters.acme.units"
    registry.converts("acme.Unit")(ours)
    registry.converts("acme.Unit")(theirs)
    registry.converts("acme.Unit")(ours)
    found = registry.find("acme.Unit")
    assert found is not None and found.convert is theirs
