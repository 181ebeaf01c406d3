"""Manifests: what is read, and which line is named when something is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import numpy as np
import onnx
import pytest

import onnxpipe
from onnxpipe import lock
from onnxpipe.cli import main
from onnxpipe.errors import BadManifest, OnnxpipeError
from onnxpipe.services.stitch import stitched
from onnxpipe.stitching import lines, manifest
from tests.graphs import graph, run

SCORES = "g (double[N,3] x) => (double[N,3] scores) { scores = Neg(x) }"
GOOD = """\
# three parts
parts:
  - name: model
    model: scores.onnx
  - name: soft
    component: softmax
  - name: best
    component: sorted_probabilities
    parameters:
      top: 2
      file: labels/names.txt
wires:
  - model.scores=soft.scores
  - soft.probabilities=best.predict_proba
outputs: [labels, "p=best.probabilities"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    onnx.save(graph(SCORES), tmp_path / "scores.onnx")
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "names.txt").write_text("a\nb\nc\n")
    (tmp_path / "stitch.yaml").write_text(GOOD)
    return tmp_path


def test_what_a_manifest_makes_is_looked_at(folder: Path) -> None:
    found = onnxpipe.inspect(folder / "stitch.yaml")
    assert found.inputs == ("x: float64[N, 3]",)
    assert found.outputs == ("labels: string[N, 2]", "p: float64[N, 2]")
    assert main(["inspect", str(folder / "stitch.yaml"), "--html", str(folder / "page.html"), "-q"]) == 0
    page = (folder / "page.html").read_text("utf-8")
    assert "component sorted_probab" in page and "model scores.onnx" in page
    assert lock.digest(folder / "scores.onnx") in page


def test_editors_can_have_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stitch", "--schema"]) == 0
    assert json.loads(capsys.readouterr().out) == manifest.schema()


def refusal(folder: Path, text: str) -> OnnxpipeError:
    (folder / "stitch.yaml").write_text(text)
    with pytest.raises(OnnxpipeError) as caught:
        stitched(folder / "stitch.yaml")
    assert caught.value.where.startswith(str(folder / "stitch.yaml"))
    return caught.value


def test_a_manifest_is_read_relative_to_itself(folder: Path) -> None:
    made = stitched(folder / "stitch.yaml")
    assert [path.relative_to(folder).as_posix() for path in made.files] == [
        "stitch.yaml",
        "scores.onnx",
        "labels/names.txt",
    ]
    got = run(made.model, {"x": np.array([[0.0, -1.0, 2.0]])})
    assert got["labels"].tolist() == [["b", "a"]]
    assert list(got) == ["labels", "p"]


def test_the_api_and_what_is_given_beside_a_manifest(folder: Path) -> None:
    model = onnxpipe.stitch(str(folder / "stitch.yaml"), outputs=["model.scores"])
    assert [value.name for value in model.graph.output] == ["scores"]


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("wires:", "wirs:", 12, "unknown key wirs"),
        ("outputs:", "golden: x\noutputs:", 15, "there is no golden x"),
        ("component: softmax", "component: softmax\n    top: 3", 7, "unknown key top"),
        ("component: softmax", "component: sotfmax", 5, "no component is called sotfmax"),
        (
            "component: softmax",
            "component: softmax\n    model: scores.onnx",
            5,
            "here is model and component",
        ),
        ("    component: softmax\n", "", 5, "here is none"),
        ("component: softmax", "component: softmax\n    options: {}", 5, "options goes with source only"),
        ("name: soft", "name: so.ft", 5, "parts.2.name"),
        ("name: soft", "name: model", 5, "several parts are called model"),
        ("- name: soft\n    component", "- component", 5, "parts.2 has no name"),
        ("scores.onnx", "gone.onnx", 3, "there is no model gone.onnx"),
        ("scores.onnx", "labels", 3, "there is no model labels"),
        ("scores.onnx", "/etc/hosts", 3, "absolute path"),
        ("scores.onnx", "labels/names.txt", 3, "isn't an ONNX model"),
        ("names.txt", "gone.txt", 7, "can't be read"),
        ("      file: labels/names.txt\n", "", 7, "nobody says what the classes are called"),
        ("top: 2", "tpo: 2", 7, "Is it top?"),
        ("top: 2", "top: two", 7, "top can't be 'two'"),
        ("top: 2", "top: 2\n      top: 3", 11, "top is given twice"),
        ("top: 2", "top: [2", 11, "it isn't YAML"),
        ("top: 2", "top: !!python/name:os.system ''", 10, "it isn't YAML"),
        ("- model.scores=soft.scores", "- 3", 13, "wires.1"),
        ("=soft.score", "=soft.scored", 13, "no part has an input soft.score"),
        ("- model.scores=", "- model.score=", 5, "Is it model.scores"),
        ("- model.scores=", "- best.labels=", 5, "What feeds a part stands before it"),
        ("p=best.probabilities", "p=best.p", 15, "no part has an output best.p"),
        ('[labels, "p=best.probabilities"]', "\n- labels\n- p=best.probabilites", 17, "best.probabilities"),
        ("# three parts", "- one\n- two", None, "YAML"),
    ],
)
def test_the_line_that_is_wrong(folder: Path, old: str, new: str, line: int | None, says: str) -> None:
    assert old in GOOD
    error = refusal(folder, GOOD.replace(old, new, 1))
    assert says in f"{error.where} {error.what} {error.remedy}"
    if line is not None:
        assert error.where.startswith(f"{folder / 'stitch.yaml'}:{line}")


SINGLE = "g (float[N,3] y) => (float[N,3] z) { z = Neg(y) }"
DOUBLE = SINGLE.replace("float", "double")


@pytest.mark.parametrize(
    ("model", "more", "line", "says"),
    [
        (SINGLE, "wires:\n- input.x=a.x\n- a.scores=b.y", 7, "float64 into float32"),
        (SINGLE, "", 3, "float64 into float32"),
        (DOUBLE.replace("N,3", "N,4"), "wires: [a.scores=b.y]", 5, "[N, 3] into [N, 4]"),
        (DOUBLE, "wires: [a.score=b.y]", 5, "Is it a.scores"),
        (DOUBLE, "wires: [a.scores=b.y, b.z=a.x]", 5, "b doesn't come before a"),
        (DOUBLE, "wires: [a.scores=b.y]\noutputs: [y=b.zz]", 6, "b.zz"),
        (DOUBLE.replace("] y", "] y, double[N,3] q"), "", 3, "nothing connects b to a"),
        (DOUBLE, "    layouts: {y: nchw}", 3, "it has 2 axes"),
        (DOUBLE.replace("N,3", "N,3,8,8"), "wires: [a.scores=b.y]", 5, "into [N, 3, 8, 8]"),
    ],
)
def test_parts_that_do_not_go_together_are_found_in_the_manifest(
    folder: Path, model: str, more: str, line: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    onnx.save(graph(model), folder / "b.onnx")
    text = "parts:\n- {name: a, model: scores.onnx}\n- name: b\n  model: b.onnx\n"
    place = folder / "stitch.yaml"
    place.write_text(text + more.replace("    layouts", "  layouts"))
    assert main(["stitch", str(place), "-o", str(folder / "full.onnx")]) == 2
    told = capsys.readouterr().err
    assert f"{place}:{line}: " in told and says in told, told
    assert not (folder / "full.onnx").exists()


@pytest.mark.parametrize("text", ["", "null", "3", "[]", "parts: []", "parts: {}", "\x00", "parts: 3"])
def test_what_is_no_manifest(folder: Path, text: str) -> None:
    assert isinstance(refusal(folder, text), BadManifest)


def test_bombs(folder: Path) -> None:
    bomb = "a: &a [x, x]\n" + "".join(f"b{i}: &b{i} [*a, *a]\n" for i in range(9))
    assert "alias" in refusal(folder, bomb).what
    assert "nested" in refusal(folder, "[" * 10000).what
    assert "larger" in refusal(folder, "# " + "x" * 2_000_000).what


def test_bytes_that_are_no_text(folder: Path) -> None:
    with pytest.raises(BadManifest, match="isn't YAML"):
        lines.parse(b"parts: \xff")


def test_the_published_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(dict(manifest.schema()))
    json.dumps(manifest.schema())
