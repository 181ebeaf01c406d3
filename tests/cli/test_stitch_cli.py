"""``onnxpipe stitch`` as a user calls it."""

from __future__ import annotations

from pathlib import Path

import joblib
import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import onnxpipe
from onnxpipe import lock
from onnxpipe.cli import main
from onnxpipe.errors import BadManifest, Unreadable
from onnxpipe.services.stitch import stitched
from tests import datasets
from tests.graphs import graph, run

PLUS = "g (float[N,2] x) => (float[N,2] y) <float[2] w = {1, 2}> { y = Add(x, w) }"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rows, target = datasets.load("labels")
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(rows, target)
    joblib.dump(model, tmp_path / "pipe line.joblib")
    onnx.save(graph(PLUS), tmp_path / "plus.onnx")
    (tmp_path / "labels.txt").write_text("A\nB\nC\n")
    (tmp_path / "out").mkdir()
    return tmp_path


def test_pipeline_and_component(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [
        "stitch",
        "pipe line.joblib",
        "sorted_probabilities:top=2,file=labels.txt",
        "-o",
        "out/full.onnx",
    ]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "pipe_line.predict_proba -> sorted_probabilities.predict_proba" in said
    assert "labels: string[N, 2]" in said
    assert "pipe_line.predict is left out" in said
    rows, _ = datasets.load("labels")
    got = run(onnx.load("out/full.onnx"), {"X": rows})
    p = joblib.load("pipe line.joblib").predict_proba(rows)
    order = np.argsort(-p, axis=1, kind="stable")[:, :2]
    np.testing.assert_array_equal(got["labels"], np.array(["A", "B", "C"])[order])
    np.testing.assert_allclose(got["probabilities"], np.take_along_axis(p, order, 1), rtol=1e-9)
    locked = lock.read("out/full.onnx.lock")
    assert [file.path for file in locked.inputs] == ["../labels.txt", "../pipe line.joblib"]
    assert locked.command.endswith(
        "'../pipe line.joblib' sorted_probabilities:top=2,file=../labels.txt -o full.onnx"
    )
    assert sorted(path.name for path in (folder / "out").iterdir()) == ["full.onnx", "full.onnx.lock"]


def test_the_locked_command_makes_the_same_bytes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import shlex

    main(["stitch", "pipe line.joblib", "labels:file=labels.txt", "-o", "out/full.onnx", "-q", "--no-verify"])
    before = Path("out/full.onnx").read_bytes()
    command = lock.read("out/full.onnx.lock").command
    monkeypatch.chdir(folder / "out")
    assert main(shlex.split(command)[1:]) == 0
    assert Path("full.onnx").read_bytes() == before


def test_manifest_with_wires_and_outputs(folder: Path) -> None:
    Path("m.yaml").write_text(
        "parts:\n- name: a\n  model: plus.onnx\n- name: b\n  model: plus.onnx\n"
        "- name: c\n  component: rename\n  parameters: {y: z}\n"
    )
    assert main(["stitch", "m.yaml", "-o", "m.onnx", "--outputs", "first=a.y,z"]) == 0
    got = run(onnx.load("m.onnx"), {"x": np.zeros((1, 2), "f4")})
    assert {name: value.tolist() for name, value in got.items()} == {"first": [[1, 2]], "z": [[2, 4]]}
    locked = lock.read("m.onnx.lock")
    assert locked.source is not None
    assert locked.source.path == "m.yaml"
    assert [file.path for file in locked.inputs] == ["plus.onnx"]


def test_options_of_a_source(folder: Path) -> None:
    frame, target = datasets.load("frame")
    columns = ["length", "count"]
    joblib.dump(make_pipeline(StandardScaler(), LogisticRegression()).fit(frame[columns], target), "f.joblib")
    frame[columns].to_csv("rows.csv", index=False)
    for option in ("inputs: {count: int64}", "sample: rows.csv"):
        options = f"options: {{outputs: [predict_proba], {option}}}"
        Path("m.yaml").write_text(f"parts: [{{name: a, source: f.joblib, {options}}}]")
        made = stitched("m.yaml")
        assert [str(port) for port in made.fragment.signature.inputs][1] == "count: int64[N, 1]"
        assert [path.name for path in made.files][2:] == (["rows.csv"] if "sample" in option else [])


def test_two_models_beside_each_other(folder: Path) -> None:
    wires = ["--wire", "input.x=plus_2.x", "--wire", "input.x=plus.x"]
    assert (
        main(["stitch", "plus.onnx", "plus.onnx", *wires, "--outputs", "a=plus.y,b=plus_2.y", "-o", "t.onnx"])
        == 0
    )
    got = run(onnx.load("t.onnx"), {"x": np.zeros((1, 2), "f4")})
    np.testing.assert_array_equal(got["a"], got["b"])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["plus.onnx", "softmaxx", "-o", "t.onnx"], "no such file"),
        (["plus.onnx", "sorted_probabilities:tpo=3", "-o", "t.onnx"], "Is it top?"),
        (["plus.onnx", "gone.onnx", "-o", "t.onnx"], "gone.onnx: no such file"),
        (["plus.onnx", "labels.txt", "-o", "t.onnx"], "labels.txt"),
        (["lfs.onnx", "-o", "t.onnx"], "git lfs pull"),
        (["broken.onnx", "-o", "t.onnx"], "broken.onnx: it isn't an ONNX model"),
        (["plus.onnx", "plus.onnx", "--wire", "a=b", "-o", "t.onnx"], "wire a=b"),
        (["plus.onnx", "plus.onnx", "--outputs", "q", "-o", "t.onnx"], "no part has an output q"),
        (["plus.onnx", "-o", "plus.onnx"], "would replace a file that goes in"),
        (["plus.onnx", "-o", "nowhere/t.onnx"], "no such folder"),
        (["plus.onnx"], "-o"),
        ([], "Missing argument"),
    ],
)
def test_refusals_exit_with_2_and_write_nothing(
    folder: Path, arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("lfs.onnx").write_bytes(
        b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 9\n"
    )
    Path("broken.onnx").write_bytes(Path("plus.onnx").read_bytes()[:40])
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert main(["stitch", *arguments]) == 2
    assert says in capsys.readouterr().err
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_standard_output(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["stitch", "plus.onnx", "plus.onnx", "-o", "-"]) == 0
    out = capfdbinary.readouterr().out
    onnx.checker.check_model(onnx.load_model_from_string(out), full_check=True)


def test_a_colon_in_a_path_makes_no_component(folder: Path) -> None:
    onnx.save(graph(PLUS), "C:plus.onnx")
    assert len(stitched(["C:plus.onnx", "C:plus.onnx"]).files) == 1
    with pytest.raises(Unreadable, match="no such file"):
        stitched(["C:\\models\\gone.onnx"])


def test_tensors_in_other_files_come_along(folder: Path) -> None:
    big = graph("g (float[N,2] y) => (float[N,2] z) <float[2] w = {3, 4}> { z = Mul(y, w) }")
    big.graph.initializer[0].CopyFrom(numpy_helper.from_array(np.array([3, 4], "f4"), "w"))
    onnx.save(big, "big.onnx", save_as_external_data=True, location="big.bin", size_threshold=0)
    made = stitched(["plus.onnx", "big.onnx"])
    assert [path.name for path in made.files] == ["plus.onnx", "big.onnx", "big.bin"]
    Path("big.bin").unlink()
    got = run(made.model, {"x": np.zeros((1, 2), "f4")})
    assert got["z"].tolist() == [[3, 8]]


def test_named_parts_and_models_in_memory() -> None:
    model = onnxpipe.stitch({"one": graph(PLUS), "two": graph(PLUS)}, outputs=["one.y", "end=two.y"])
    assert [value.name for value in model.graph.output] == ["y", "end"]
    rows, target = datasets.load("labels")
    forest = RandomForestClassifier(2).fit(rows, target)
    assert [value.name for value in onnxpipe.stitch(forest).graph.input] == ["X"]
    with pytest.raises(BadManifest, match="no parts"):
        onnxpipe.stitch([])
