"""The GitHub Action and the GitLab template, their scripts run as a runner would run them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.shell import git, here, saved, told

ROOT = Path(__file__).parent.parent
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
GITLAB = yaml.safe_load((ROOT / "docs/templates/onnxpipe.gitlab-ci.yml").read_text())


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory, inhouse: None) -> Path:
    """A repository with one converted model, in a folder with a space and an umlaut."""
    top = tmp_path_factory.mktemp("ci")
    folder = top / "mödels of ours"
    folder.mkdir()
    saved(folder)
    done = here("convert", "pipe.joblib", "-o", "model.onnx", cwd=folder)
    assert done.returncode == 0, told(done)
    git(top, "init", "-q")
    git(top, "add", "-A")
    return top


def step(script: str, folder: Path, scratch: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """One step run by bash, with ``onnxpipe`` on the path."""
    program = scratch / "onnxpipe"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m onnxpipe "$@"\n')
    program.chmod(0o755)
    given = {"GITHUB_STEP_SUMMARY": str(scratch / "summary.md"), "RUNNER_TEMP": str(scratch), **environment}
    path = f"{scratch}{os.pathsep}{os.environ['PATH']}"
    command = ["bash", "-e", "-o", "pipefail", "-c", script]
    return subprocess.run(command, cwd=folder, env={**os.environ, "PATH": path, **given}, capture_output=True)


def action(folder: Path, scratch: Path) -> list[subprocess.CompletedProcess[bytes]]:
    steps: list[dict[str, Any]] = ACTION["runs"]["steps"]
    return [step(s["run"], folder, scratch, MODELS="", STRICT="false") for s in steps[1:]]


def gitlab(folder: Path, scratch: Path) -> list[subprocess.CompletedProcess[bytes]]:
    return [step(script, folder, scratch) for script in GITLAB["onnxpipe"]["script"]]


def test_what_is_equal_passes(repository: Path, tmp_path: Path) -> None:
    for done in (*action(repository, tmp_path), *gitlab(repository, tmp_path)):
        assert done.returncode == 0, told(done)
    assert "EQUAL" in (tmp_path / "summary.md").read_text()
    assert list(repository.glob("onnxpipe-*.xml"))


def test_a_change_is_annotated_and_fails(repository: Path, tmp_path: Path) -> None:
    golden = next(repository.rglob("output_1.pb"))
    before = golden.read_bytes()
    golden.write_bytes(before[:-8] + bytes(8))
    try:
        checked, replayed = action(repository, tmp_path)
        assert checked.returncode == 1 and b"::error file=" in checked.stdout, told(checked)
        assert replayed.returncode == 1 and b"::error file=" in replayed.stdout, told(replayed)
        assert "DIFFERENT" in (tmp_path / "summary.md").read_text()
        assert [done.returncode for done in gitlab(repository, tmp_path)] == [1, 1]
    finally:
        golden.write_bytes(before)


def test_no_input_is_pasted_into_a_script() -> None:
    """An expression in ``run`` would be shell to whoever names a model."""
    assert all("${{" not in each["run"] for each in ACTION["runs"]["steps"])
