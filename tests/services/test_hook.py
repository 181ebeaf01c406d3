"""The hooks under the real pre-commit: what they let pass and what they stop."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.shell import git, here, saved, told

ROOT = Path(__file__).parents[2]
MANIFEST = ROOT / ".pre-commit-hooks.yaml"

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def pre_commit(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PRE_COMMIT_HOME": str(cwd / ".pre-commit-home")}
    command = [sys.executable, "-m", "pre_commit", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, check=False)


def published() -> dict[str, dict[str, Any]]:
    """The published hooks by their ids."""
    return {hook["id"]: hook for hook in yaml.safe_load(MANIFEST.read_text())}


def test_the_manifest_is_valid(tmp_path: Path) -> None:
    done = pre_commit("validate-manifest", MANIFEST, cwd=tmp_path)
    assert done.returncode == 0, told(done)
    assert set(published()) == {"onnxpipe-skew", "onnxpipe-verify"}


def test_our_own_configuration_is_valid(tmp_path: Path) -> None:
    done = pre_commit("validate-config", ROOT / ".pre-commit-config.yaml", cwd=tmp_path)
    assert done.returncode == 0, told(done)


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory, inhouse: None) -> Path:
    folder = tmp_path_factory.mktemp("hook")
    saved(folder)
    done = here("convert", "pipe.joblib", "-o", "model.onnx", cwd=folder)
    assert done.returncode == 0, told(done)
    return folder


@pytest.fixture
def repository(converted: Path, tmp_path: Path) -> Path:
    """A repository with a converted model whose hooks are the published ones, run by this Python."""
    shutil.copytree(converted, tmp_path, dirs_exist_ok=True)
    hooks = []
    for hook in published().values():
        entry = hook["entry"].replace("onnxpipe", f'"{sys.executable}" -m onnxpipe', 1)
        hooks.append({**hook, "entry": entry, "language": "system"})
    config = {"repos": [{"repo": "local", "hooks": hooks}]}
    (tmp_path / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    (tmp_path / ".gitignore").write_text(".pre-commit-home/\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "a converted model")
    return tmp_path


def commit(repository: Path) -> subprocess.CompletedProcess[bytes]:
    """Stage everything and run the commit hooks on it."""
    git(repository, "add", "-A")
    return pre_commit("run", cwd=repository)


def test_an_unrelated_change_passes(repository: Path) -> None:
    (repository / "notes.txt").write_text("a change\n")
    done = commit(repository)
    assert done.returncode == 0 and b"onnxpipe skew" in done.stdout, told(done)


@pytest.mark.parametrize("path", ["pipe.joblib", "model.onnx", "model.golden/test_data_set_0/output_0.pb"])
def test_a_change_without_converting_again_is_stopped(repository: Path, path: str) -> None:
    with (repository / path).open("ab") as file:
        file.write(b"changed")
    done = commit(repository)
    assert done.returncode == 1
    assert path.partition("/")[0] in told(done) and "onnxpipe convert pipe.joblib -o model.onnx" in told(done)


def test_a_deleted_model_is_stopped_when_its_lock_stays(repository: Path) -> None:
    (repository / "model.onnx").unlink()
    done = pre_commit("run", "--all-files", cwd=repository)
    assert done.returncode == 1 and "tracked by git but missing" in told(done)


def renamed(repository: Path) -> None:
    git(repository, "mv", "pipe.joblib", "trained.joblib")


def pointer(repository: Path) -> None:
    """The pointer of another version than the one that was converted."""
    line = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'ab' * 32}\nsize 9\n"
    (repository / "pipe.joblib").write_text(line, newline="\n")


def badly_merged(repository: Path) -> None:
    path = repository / "model.onnx.lock"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text(
        "".join([lines[0], "<<<<<<< ours\n", *lines[1:3], "=======\n", ">>>>>>> theirs\n", *lines[3:]])
    )


def half_merged(repository: Path) -> None:
    """The lock of the other branch beside the model of this one."""
    path = repository / "model.onnx.lock"
    digest = json.loads(path.read_text())["model"]["sha256"]
    path.write_text(path.read_text().replace(digest, "0" * 64))


def not_added(repository: Path) -> None:
    """The lock is committed, its model is forgotten."""
    git(repository, "rm", "-q", "--cached", "model.onnx")


LABELLED = "onnxpipe stitch model.onnx post:labels=labels.txt -o full.onnx"


def relabelled(repository: Path) -> None:
    """A label file that went into a joined graph says something else."""
    (repository / "labels.txt").write_text("no\nyes\n")
    done = here(*LABELLED.split()[1:], cwd=repository)
    assert done.returncode == 0, told(done)
    (repository / "labels.txt").write_text("no\nmaybe\n")
    git(repository, "add", "full.onnx", "full.onnx.lock", "labels.txt")


def retrained(repository: Path) -> None:
    """The source of a model that went into a joined graph is another."""
    (repository / "labels.txt").write_text("no\nyes\n")
    done = here(*LABELLED.split()[1:], cwd=repository)
    assert done.returncode == 0, told(done)
    git(repository, "add", "full.onnx", "full.onnx.lock", "labels.txt")
    with (repository / "pipe.joblib").open("ab") as file:
        file.write(b"retrained")


AGAIN = "onnxpipe convert pipe.joblib -o model.onnx"


@pytest.mark.parametrize(
    ("change", "says", "mends"),
    [
        (
            renamed,
            "is renamed by this commit to trained.joblib",
            "onnxpipe convert trained.joblib -o model.onnx",
        ),
        (pointer, "changed after it was converted", AGAIN),
        (badly_merged, "unresolved merge conflicts", AGAIN),
        (half_merged, "was edited after it was written", AGAIN),
        (not_added, "isn't tracked by git", "git add model.onnx"),
        (relabelled, "changed after the conversion that read it", LABELLED),
        (retrained, "model.onnx will be another once it is made again", f"  {AGAIN}\n  {LABELLED}\n"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_else_goes_wrong_is_told_with_what_mends_it(
    repository: Path, change: Callable[[Path], None], says: str, mends: str
) -> None:
    change(repository)
    git(repository, "add", "-u")
    done = pre_commit("run", cwd=repository)
    assert done.returncode == 1 and says in told(done) and mends in told(done), told(done)


def test_converting_again_passes(repository: Path) -> None:
    with (repository / "pipe.joblib").open("ab") as file:
        file.write(b"trailing bytes that no reader looks at")
    done = here("convert", "pipe.joblib", "-o", "model.onnx", "--no-verify", cwd=repository)
    assert done.returncode == 0, told(done)
    assert commit(repository).returncode == 0


def test_before_a_push_the_golden_rows_are_replayed(repository: Path) -> None:
    pushed = ("run", "--hook-stage", "pre-push", "--all-files")
    done = pre_commit(*pushed, cwd=repository)
    assert done.returncode == 0 and b"onnxpipe verify" in done.stdout, told(done)
    golden = repository / "model.golden" / "test_data_set_0"
    (golden / "output_0.pb").write_bytes(_another_answer(golden / "output_0.pb"))
    git(repository, "add", "-A")
    assert pre_commit(*pushed, cwd=repository).returncode == 1


def _another_answer(path: Path) -> bytes:
    import onnx

    tensor = onnx.load_tensor(path)
    tensor.string_data[0] = b"no" if tensor.string_data[0] == b"yes" else b"yes"
    data: bytes = tensor.SerializeToString()
    return data


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as a repository of its own, as pre-commit would clone it."""
    folder = tmp_path_factory.mktemp("package")
    for name in git(ROOT, "ls-files", "-co", "--exclude-standard", "-z").split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "the package")
    return folder


def index_is_reachable(folder: Path) -> bool:
    """Whether pip finds a package here; hooks in ``language: python`` are installed by pip."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "-q", "-d", str(folder), "click"]
    return subprocess.run(command, capture_output=True, check=False, timeout=60).returncode == 0


@pytest.mark.slow
def test_pre_commit_installs_and_runs_the_published_hooks(
    package: Path, repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if not index_is_reachable(tmp_path_factory.mktemp("index")):
        pytest.skip("no package index can be reached")
    ids = [{"id": name} for name in published()]
    repo = {"repo": str(package), "rev": git(package, "rev-parse", "HEAD").strip(), "hooks": ids}
    (repository / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": [repo]}))
    git(repository, "commit", "-qam", "the hooks as they are published")
    for hook, stage in (("onnxpipe-skew", "pre-commit"), ("onnxpipe-verify", "pre-push")):
        done = pre_commit("run", hook, "--all-files", "--hook-stage", stage, cwd=repository)
        assert done.returncode == 0 and b"Passed" in done.stdout, told(done)
