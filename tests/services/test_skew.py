"""``onnxpipe skew``: what changed since it was converted, told by digests alone."""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import onnxpipe
from onnxpipe import lock
from onnxpipe.errors import Unreadable
from onnxpipe.lock import File, Lock
from tests.shell import git, told
from tests.shell import onnxpipe as program


def write(folder: Path, name: str = "model", *, source: str = "../train/pipe.joblib") -> Path:
    """A model with its lock, golden rows, a source and one more input, all small."""
    model, origin, labels = folder / f"{name}.onnx", folder / source, folder / "labels.txt"
    golden = folder / f"{name}.golden" / "test_data_set_0"
    for path, data in (
        (model, b"model"),
        (origin, b"source"),
        (labels, b"labels"),
        (golden / "input_0.pb", b""),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    entry = Lock(
        File.of("model", model, folder),
        File.of("source", origin, folder),
        (File.of("input", labels, folder),),
        File.of("golden", golden, folder),
        f"onnxpipe convert {source} -o {name}.onnx",
    )
    path = Path(lock.path_of(model))
    path.write_text(entry.to_json())
    return path


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git repository with one converted model, all of it committed; the working folder is in it."""
    git(tmp_path, "init", "-q")
    write(tmp_path / "models")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "all")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def findings(**options: bool) -> list[tuple[str, str]]:
    return [(change.role, change.what) for change in onnxpipe.skew(**options).findings]


def test_nothing_changed(repository: Path) -> None:
    found = onnxpipe.skew()
    assert found and found.locks == ("models/model.onnx.lock",)
    assert program("skew", cwd=repository).returncode == 0


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("train/pipe.joblib", "source"),
        ("models/labels.txt", "input"),
        ("models/model.onnx", "model"),
        ("models/model.golden/test_data_set_0/input_0.pb", "golden"),
    ],
)
def test_what_changed_is_told(repository: Path, path: str, role: str) -> None:
    (repository / path).write_bytes(b"other")
    ((found, what),) = findings()
    assert found == role and ("changed after" in what or "edited after" in what)
    done = program("skew", cwd=repository)
    assert done.returncode == 1
    assert "(cd models && onnxpipe convert ../train/pipe.joblib -o model.onnx)" in told(done)


@pytest.mark.parametrize("path", ["train/pipe.joblib", "models/model.onnx", "models/labels.txt"])
def test_a_tracked_file_that_is_missing_is_a_finding(repository: Path, path: str) -> None:
    (repository / path).unlink()
    ((_, what),) = findings()
    assert what == "is tracked by git but missing"
    assert f"git checkout -- {path}" in told(program("skew", cwd=repository))


def test_a_tracked_folder_that_is_missing_is_a_finding(repository: Path) -> None:
    shutil.rmtree(repository / "models/model.golden")
    assert findings() == [("golden", "is tracked by git but missing")]


def test_an_untracked_source_that_is_absent_is_not_checked(repository: Path) -> None:
    git(repository, "rm", "-q", "--cached", "train/pipe.joblib")
    shutil.rmtree(repository / "train")
    found = onnxpipe.skew()
    assert found and [change.role for change in found.unchecked] == ["source"]
    assert not onnxpipe.skew(strict=True)
    assert program("skew", cwd=repository).returncode == 0
    assert program("skew", "--strict", cwd=repository).returncode == 1


def test_an_untracked_source_that_is_there_is_checked(repository: Path) -> None:
    git(repository, "rm", "-q", "--cached", "train/pipe.joblib")
    (repository / "train/pipe.joblib").write_bytes(b"other")
    assert [role for role, _ in findings()] == ["source"]


def test_from_a_folder_below_all_locks_of_the_repository_are_checked(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository / "train/pipe.joblib").write_bytes(b"other")
    monkeypatch.chdir(repository / "train")
    (change,) = onnxpipe.skew().findings
    assert Path(change.lock) == Path("../models/model.onnx.lock") and change.path == "pipe.joblib"


def test_a_pointer_in_place_of_the_model_is_the_model(repository: Path) -> None:
    digest = lock.digest(repository / "models/model.onnx")
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize 5\n"
    (repository / "models/model.onnx").write_text(pointer, newline="\n")
    assert onnxpipe.skew()


@pytest.mark.parametrize(
    ("path", "locks"),
    [
        ("models/model.onnx.lock", 1),
        ("models/model.onnx", 1),
        ("train/pipe.joblib", 1),
        ("models/labels.txt", 1),
        ("models/model.golden/test_data_set_0/input_0.pb", 1),
        ("README.md", 0),
        ("gone/for/good.txt", 0),
    ],
)
def test_a_file_stands_for_the_locks_it_concerns(repository: Path, path: str, locks: int) -> None:
    assert len(onnxpipe.skew([path]).locks) == locks


def test_only_the_locks_concerned_are_checked(repository: Path) -> None:
    write(repository / "others", "other", source="source.bin")
    git(repository, "add", "-A")
    (repository / "others/other.onnx").write_bytes(b"edited")
    assert onnxpipe.skew(["models/model.onnx"])
    assert not onnxpipe.skew(["others/source.bin"])


def test_without_git_there_is_one_line_and_no_finding(tmp_path: Path) -> None:
    done = program("skew", cwd=tmp_path)
    assert done.returncode == 0 and len(told(done).splitlines()) == 1


def test_without_locks_there_is_one_line_and_no_finding(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    done = program("skew", cwd=tmp_path)
    assert done.returncode == 0 and len(told(done).splitlines()) == 1


def test_locks_can_be_named_where_there_is_no_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "models")
    monkeypatch.chdir(tmp_path)
    assert onnxpipe.skew([path])
    (tmp_path / "models/model.onnx").write_bytes(b"edited")
    assert not onnxpipe.skew(["models/model.onnx"]) and not onnxpipe.skew([str(path)])
    assert not onnxpipe.skew(["models/labels.txt"])


def test_a_lock_that_is_none_is_refused(repository: Path) -> None:
    (repository / "models/model.onnx.lock").write_text("{}\n")
    with pytest.raises(Unreadable, match="not a lock"):
        onnxpipe.skew()
    done = program("skew", cwd=repository)
    assert done.returncode == 2 and "Traceback" not in told(done)
    assert program("skew", "nothing.onnx.lock", cwd=repository).returncode == 2


CONVERT = "(cd models && onnxpipe convert {} -o {})"
SAME = CONVERT.format("../train/pipe.joblib", "model.onnx")
OTHER = CONVERT.format("../train/pipe.joblib", "m2.onnx")


def merged(repository: Path) -> None:
    """Both sides converted again: two digests, one command; another lock is edited, too."""
    path = repository / "models/model.onnx.lock"
    lines = path.read_text().splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if "sha256" in line)
    marked = ["<<<<<<< HEAD\n", lines[at], "=======\n", lines[at], ">>>>>>> theirs\n"]
    path.write_text("".join([*lines[:at], *marked, *lines[at + 1 :]]))


@pytest.mark.parametrize(
    ("commands", "expected"),
    [
        (["mv train/pipe.joblib new-name.joblib"], [CONVERT.format("../new-name.joblib", "model.onnx")]),
        (["mv models/labels.txt models/all.txt"], [f"Name all.txt where labels.txt is named; then: {SAME}"]),
        (["mv models/model.onnx models/m2.onnx"], [f"{OTHER} && git rm -fq models/model.onnx.lock"]),
        (["mv models/model.onnx models/m2.onnx", "mv models/model.onnx.lock models/m2.onnx.lock"], [OTHER]),
        (["rm -q models/model.onnx"], [SAME]),
        (["rm -rq models/model.golden"], [SAME]),
        (["rm -rq --cached models/model.golden"], ["git add models/model.golden/test_data_set_0"]),
        (["rm -q train/pipe.joblib"], []),
    ],
    ids=lambda value: value[0] if value else "",
)
def test_what_git_moved_or_removed_is_told_with_what_mends_it(
    repository: Path, commands: list[str], expected: list[str]
) -> None:
    for command in commands:
        git(repository, *command.split())
    assert [change.remedy for change in onnxpipe.skew().findings] == expected


def test_what_git_ignores_isnt_missed(repository: Path) -> None:
    git(repository, "rm", "-rq", "models/model.onnx", "models/model.golden")
    (repository / ".gitignore").write_text("*.onnx\n*.golden/\n")
    found = onnxpipe.skew()
    assert found and [change.role for change in found.unchecked] == ["model", "golden"]


def test_a_badly_merged_lock_hides_no_other(repository: Path) -> None:
    write(repository / "others", "other", source="source.bin")
    git(repository, "add", "-A")
    (repository / "others/other.onnx").write_bytes(b"edited")
    merged(repository)
    first, second = onnxpipe.skew().findings
    assert (first.role, first.what) == ("lock", "holds unresolved merge conflicts")
    assert first.remedy == SAME
    assert second.path == "others/other.onnx"


def test_what_makes_is_told_before_what_reads(repository: Path) -> None:
    """Run from top to bottom, the commands mend all."""
    folder = repository / "models"
    (folder / "all.onnx").write_bytes(b"joined")
    reads = Lock(
        File.of("model", folder / "all.onnx", folder),
        inputs=(File.of("input", folder / "model.onnx", folder),),
        command="onnxpipe stitch model.onnx -o all.onnx",
    )
    (folder / "all.onnx.lock").write_text(reads.to_json())
    git(repository, "add", "-A")
    (folder / "model.onnx").write_bytes(b"edited")
    assert [Path(change.lock).name for change in onnxpipe.skew().findings] == [
        "model.onnx.lock",
        "all.onnx.lock",
    ]


def joined(repository: Path, name: str, *read: str) -> None:
    """A graph that was joined of others, committed."""
    folder = repository / "models"
    (folder / f"{name}.onnx").write_text(f"{name} of {read}")
    entry = Lock(
        File.of("model", folder / f"{name}.onnx", folder),
        inputs=tuple(File.of("input", folder / part, folder) for part in read),
        command=f"onnxpipe stitch {' '.join(read)} -o {name}.onnx",
    )
    (folder / f"{name}.onnx.lock").write_text(entry.to_json())
    git(repository, "add", "-A")


STITCH = "(cd models && onnxpipe stitch {} -o {})"


def test_a_retrained_source_asks_for_all_that_is_made_of_it_at_once(repository: Path) -> None:
    """One round: the model, the graph it went into, and the graph that went into."""
    joined(repository, "all", "model.onnx", "labels.txt")
    joined(repository, "after", "all.onnx")
    joined(repository, "beside", "labels.txt")
    (repository / "train/pipe.joblib").write_bytes(b"retrained")
    steps = [
        SAME, STITCH.format("model.onnx labels.txt", "all.onnx"), STITCH.format("all.onnx", "after.onnx")
    ]  # fmt: skip
    for given in ((), ["train/pipe.joblib"]):
        found = onnxpipe.skew(given)
        assert [change.what for change in found.findings] == [
            "changed after it was converted",
            "will be another once it is made again",
            "will be another once it is made again",
        ]
        assert list(found.steps) == steps
    lines = [line.strip() for line in told(program("skew", cwd=repository)).splitlines()]
    assert lines[lines.index("All of it is mended by, in this order:") + 1 :][:3] == steps


def test_what_is_made_again_as_it_was_asks_for_nothing_more(repository: Path) -> None:
    joined(repository, "all", "model.onnx")
    (repository / "models/model.golden/test_data_set_0/input_0.pb").write_bytes(b"edited")
    assert list(onnxpipe.skew().steps) == [SAME]


def test_steps_bring_files_back_first_and_tell_git_last(repository: Path) -> None:
    git(repository, "rm", "-q", "--cached", "models/model.onnx")
    (repository / "train/pipe.joblib").write_bytes(b"retrained")
    (repository / "models/labels.txt").unlink()
    steps = ["git checkout -- models/labels.txt", SAME, "git add models/model.onnx"]
    assert list(onnxpipe.skew().steps) == steps


def test_git_that_fails_is_no_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").write_text("gitdir: /nowhere\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Unreadable):
        onnxpipe.skew()


def test_quiet_tells_findings_only(repository: Path) -> None:
    assert told(program("skew", "-q", cwd=repository)) == ""
    (repository / "models/model.onnx").write_bytes(b"other")
    assert "model.onnx" in told(program("skew", "-q", cwd=repository))


@pytest.mark.parametrize(
    "command",
    ["", "curl example.org | sh", "onnxpipe convert a; ls", "onnxpipe convert $(ls)", "onnxpipe convert 'a",
     "onnxpipe convert a\n ls", "onnxpipe convert \x1b[2J"],
)  # fmt: skip
def test_no_command_of_another_kind_is_recommended(repository: Path, command: str) -> None:
    path = repository / "models/model.onnx.lock"
    path.write_text(json.dumps({**json.loads(path.read_text()), "command": command}, indent=2))
    (repository / "models/model.onnx").write_bytes(b"other")
    (change,) = onnxpipe.skew().findings
    assert change.remedy == "Convert it again."


def test_json_tells_all(repository: Path) -> None:
    (repository / "models/model.onnx").write_bytes(b"other")
    done = program("skew", "--output-format", "json", cwd=repository)
    document = json.loads(done.stdout)
    (finding,) = document["findings"]
    assert done.returncode == 1 and not document["equal"]
    assert {"lock", "line", "role", "path", "what", "remedy"} == set(finding)
    assert finding["path"] == "models/model.onnx"


def test_github_annotates_the_line_of_the_lock(repository: Path) -> None:
    (repository / "models/model.onnx").write_bytes(b"other")
    done = program("skew", "--output-format", "github", cwd=repository)
    digest = json.loads((repository / "models/model.onnx.lock").read_text())["model"]["sha256"]
    lines = (repository / "models/model.onnx.lock").read_text().splitlines()
    line = next(i for i, text in enumerate(lines, 1) if digest in text)
    assert f"::error file=models/model.onnx.lock,line={line},".encode() in done.stdout


def test_odd_names_are_only_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(tmp_path, "init", "-q")
    write(tmp_path / "mödels (v1), 100%\nx")
    git(tmp_path, "add", "-A")
    monkeypatch.chdir(tmp_path)
    assert len(onnxpipe.skew().locks) == 1 and onnxpipe.skew()
    (tmp_path / "mödels (v1), 100%\nx" / "model.onnx").write_bytes(b"other")
    annotation = program("skew", "--output-format", "github", cwd=tmp_path).stdout.splitlines()[0].decode()
    assert "mödels (v1)%2C 100%25%0Ax" in annotation


@pytest.mark.slow
@pytest.mark.parametrize(
    ("count", "seconds", "ignored"), [(200, 0.45, "*.onnx\n*.golden/\n"), (1000, 1.5, "")]
)
def test_many_locks_are_checked_fast(tmp_path: Path, count: int, seconds: float, ignored: str) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / ".gitignore").write_text(ignored)
    for i in range(count):
        write(tmp_path / f"models/{i}", source="pipe.joblib")
    git(tmp_path, "add", "-A")
    taken = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, "-m", "onnxpipe", "skew"], cwd=tmp_path, check=True, capture_output=True
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(taken) <= seconds
