"""Locks made under one version of a library, in a project that pins another: a warning, no finding."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

import onnxpipe
from tests.services.test_skew import write
from tests.shell import git, told
from tests.shell import onnxpipe as program

UV = '[[package]]\nname = "scikit-learn"\nversion = "{}"\nsource = {{}}\n'
POETRY = '[[package]]\nname = "scikit-learn"\nversion = "{}"\ndescription = ""\n'


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a lock that was made under scikit-learn 1.5.2."""
    git(tmp_path, "init", "-q")
    path = write(tmp_path / "models")
    facts = {"framework": {"name": "sklearn", "version": "1.5.2"}}
    path.write_text(json.dumps({**json.loads(path.read_text()), **facts}))
    git(tmp_path, "add", "-A")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [])  # nothing is installed
    return tmp_path


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("uv.lock", UV),
        ("poetry.lock", POETRY),
        ("requirements.txt", "numpy==2.0\nScikit_Learn==1.7.0  # pinned\n"),
        ("requirements.lock", 'scikit-learn[alldeps]==1.7.0 ; python_version > "3"\n'),
    ],
)
def test_another_version_is_warned_of(repository: Path, file: str, text: str) -> None:
    (repository / file).write_text(text.format("1.7.0"))
    assert not onnxpipe.skew().drifts, "git doesn't track it yet"
    git(repository, "add", "-A")
    (drift,) = onnxpipe.skew().drifts
    assert drift.what == f"was saved under scikit-learn 1.5.2, and {file} now says 1.7.0"
    done = program("skew", cwd=repository)
    assert done.returncode == 0 and "warning: models/model.onnx.lock" in told(done)
    done = program("skew", "--output-format", "github", cwd=repository)
    assert b"::warning file=models/model.onnx.lock,line=" in done.stdout and done.returncode == 0


@pytest.mark.parametrize(
    "text", [UV.format("1.5.9"), "", "\xff", UV.replace("scikit-learn", "numpy").format("2")]
)
def test_the_same_version_or_none_is_silent(repository: Path, text: str) -> None:
    (repository / "uv.lock").write_text(text)
    git(repository, "add", "-A")
    assert onnxpipe.skew().drifts == ()


def test_a_version_for_each_python_is_compared_with_all(repository: Path) -> None:
    pins = 'scikit-learn=={} ; python_version < "3.11"\nscikit-learn=={} ; python_version >= "3.11"\n'
    (repository / "requirements.lock").write_text(pins.format("1.4.0", "1.5.2"))
    git(repository, "add", "-A")
    assert onnxpipe.skew().drifts == ()
    (repository / "requirements.lock").write_text(pins.format("1.7.2", "1.9.1"))
    git(repository, "add", "-A")
    (drift,) = onnxpipe.skew().drifts
    assert drift.what.endswith("requirements.lock now says 1.7.2 or 1.9.1")


def test_facts_that_are_none_are_passed_over(repository: Path) -> None:
    (repository / "uv.lock").write_text(UV.format("1.7.0"))
    git(repository, "add", "-A")
    path = repository / "models/model.onnx.lock"
    path.write_text(json.dumps({**json.loads(path.read_text()), "framework": [3]}))
    assert onnxpipe.skew().drifts == ()


@pytest.mark.parametrize(
    ("folder", "told"),
    [
        ("scikit_learn-1.7.2", "was saved under scikit-learn 1.5.2, and this environment has 1.7.2"),
        ("scikit_learn-1.5.0", ""),
        ("scikit_learn_extra-0.3.0", ""),
    ],
)  # fmt: skip
def test_without_pins_what_is_installed_counts(
    repository: Path, tmp_path_factory: pytest.TempPathFactory, folder: str, told: str
) -> None:
    place = tmp_path_factory.mktemp("site-packages")
    (place / f"{folder}.dist-info").mkdir()
    sys.path.append(str(place))
    assert "".join(drift.what for drift in onnxpipe.skew().drifts) == told
