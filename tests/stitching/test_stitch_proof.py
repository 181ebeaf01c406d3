"""What ``onnxpipe stitch`` proves: parts against their originals, the whole against a Python reference."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import onnxpipe
from onnxpipe import lock
from onnxpipe.check.compare import compare
from onnxpipe.cli import main
from onnxpipe.errors import BadInput
from onnxpipe.services.convert import conversion
from onnxpipe.services.joining import originals
from onnxpipe.services.judging import replay
from onnxpipe.services.stitch import stitched
from tests import datasets
from tests.graphs import run

MANIFEST = """parts:
- name: model
  source: pipe.joblib
  options: {sample: rows.csv}
- name: best
  component: sorted_probabilities
  parameters: {top: 2}
reference: whole:score
data: rows.csv
rows: 40
"""
TWO = """parts:
- name: model
  source: pipe.joblib
  options: {sample: rows.csv}
- {name: other, source: other.joblib}
wires: [input.length=model.length, input.X=other.X]
outputs: [model.predict_proba, other.transform]
"""
WHOLE = """import joblib
import numpy as np

PIPE = joblib.load("pipe.joblib")


def score(rows):
    shares = PIPE.predict_proba(np.stack([rows[name] for name in PIPE.feature_names_in_], axis=1))
    order = np.argsort(-shares, axis=1, kind="stable")[:, :2]
    best = np.take_along_axis(shares, order, 1)
    return {"labels": PIPE.classes_[order], "probabilities": best, "model.predict_proba": shares}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    frame, target = datasets.load("frame")
    frame = frame[["length", "count"]].astype(float)
    joblib.dump(make_pipeline(StandardScaler(), LogisticRegression()).fit(frame, target), "pipe.joblib")
    frame.to_csv("rows.csv", index=False)
    Path("whole.py").write_text(WHOLE)
    Path("pipeline.yaml").write_text(MANIFEST)
    return tmp_path


@pytest.fixture
def parts_equal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts aren't compared: that is tried elsewhere, and starts a process each time."""
    monkeypatch.setattr(originals, "verdict", lambda *_, **__: ({"status": "equal", "rows": 1}, None))


def stitch(*more: str) -> int:
    return main(["stitch", "pipeline.yaml", "-o", "full.onnx", *more])


def test_the_whole_is_held_against_the_reference(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert stitch("--trust", "whole.score") == 0
    said = capsys.readouterr().out
    assert "part model: EQUAL" in said and "the whole: EQUAL" in said
    locked = lock.read("full.onnx.lock")
    assert locked.facts["verdict"]["status"] == locked.facts["parts"]["model"]["status"] == "equal"
    assert [file.path for file in locked.inputs] == ["pipe.joblib", "rows.csv", "whole.py"]
    assert locked.command == "onnxpipe stitch pipeline.yaml -o full.onnx --trust whole.score"
    assert locked.golden is not None and onnxpipe.verify("full.onnx")
    again = onnxpipe.verify("full.onnx", "pipeline.yaml", trust=["whole.score"], rows=5)
    assert again and again.setting.source == "whole:score@pipeline.yaml"
    with pytest.raises(BadInput, match="not on a cluster"):
        onnxpipe.verify("full.onnx", "pipeline.yaml", "rows.csv", engine="spark")
    before = Path("full.onnx.lock").read_bytes()
    assert stitch("--trust", "whole.score") == 0
    said = capsys.readouterr().out
    assert "model: unchanged since it was built" in said and "rows, as before" in said
    assert Path("full.onnx.lock").read_bytes() == before
    assert (folder / ".onnxpipe/.gitignore").read_text() == "*\n"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("order = np.argsort(shares", "DIFFERENT on"),
        ("shares = shares * (1 + 1e-6); order = np.argsort(-shares", "probabilities"),
    ],
)
def test_another_answer_is_a_finding_and_nothing_is_written(
    folder: Path, parts_equal: None, change: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("whole.py").write_text(WHOLE.replace("order = np.argsort(-shares", change))
    assert stitch("--trust", "whole.score") == 1
    out = capsys.readouterr()
    assert says in out.out and "Nothing was written" in out.err
    assert ("model/Pipeline" in out.out) == ("1e-6" in change), "the part that differs is named"
    assert not Path("full.onnx").exists()


def test_a_manifest_loosens_its_own_tolerances(folder: Path, parts_equal: None) -> None:
    Path("whole.py").write_text(WHOLE.replace("order =", "shares = shares * (1 + 1e-6); order ="))
    Path("pipeline.yaml").write_text(MANIFEST + "tolerances: {probabilities: {rtol: 1.0e-5}}\n")
    assert stitch("--trust", "whole.score", "-q") == 0
    limits = lock.read("full.onnx.lock").facts["verdict"]["tolerances"]
    assert limits["probabilities"] == {"rtol": 1e-5, "atol": None}


@pytest.mark.parametrize(
    ("more", "flags", "says"),
    [
        ("", [], "--trust whole.score"),
        ("", ["--trust", "whole"], "--trust whole.score"),
        ("reference: whole:scores\n", ["--trust", "whole.scores"], "yaml:8: reference: whole defines no"),
        ("reference: hole:score\n", ["--trust", "hole.score"], "no module hole lies beside the manifest"),
        ("data: gone.csv\n", [], "pipeline.yaml:9: data: there is no data gone.csv"),
        ("golden: gone\n", [], "there is no golden gone"),
        ("golden: .\n", ["--trust", "whole.score"], "pipeline.yaml:11: golden"),
        ("tolerances: {probabilitys: {rtol: 1}}\n", ["--trust", "whole.score"], "Is it probabilities?"),
        ("tolerances: {labels: {rtoll: 1}}\n", [], "pipeline.yaml:11: unknown key rtoll"),
        ("reference: whole\n", [], "pipeline.yaml:8"),
    ],
)  # fmt: skip
def test_refusals_name_the_line(
    folder: Path, parts_equal: None, more: str, flags: list[str], says: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    key = more.partition(":")[0]
    lines = [more if line.startswith(key) and more else line for line in MANIFEST.splitlines(keepends=True)]
    Path("pipeline.yaml").write_text("".join(lines) + ("" if more in lines else more))
    assert stitch(*flags) == 2
    assert says in capsys.readouterr().err
    assert not Path("full.onnx").exists()


def test_only_what_changed_is_converted_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    def counted(artefact: Any, *arguments: Any, **options: Any) -> Any:
        done.append(str(artefact))
        return conversion(artefact, *arguments, **options)

    monkeypatch.setattr("onnxpipe.services.joining.originals.conversion", counted)
    Path("pipeline.yaml").write_text(TWO)
    joblib.dump(StandardScaler().fit(np.eye(3)), "other.joblib")
    assert stitch("--no-verify") == 0 and done == ["pipe.joblib", "other.joblib"]
    first = Path("full.onnx").read_bytes()
    assert stitch("--no-verify") == 0 and len(done) == 2
    assert Path("full.onnx").read_bytes() == first
    joblib.dump(StandardScaler().fit(2 * np.eye(3)), "other.joblib")
    assert stitch("--no-verify") == 0 and done[2:] == ["other.joblib"]
    Path("pipeline.yaml").write_text(TWO.replace("rows.csv}", "rows.csv, opset: 20}"))
    assert stitch("--no-verify") == 0 and done[3:] == ["pipe.joblib"]
    assert stitch("--no-verify", "--rebuild") == 0 and len(done) == 6
    assert len(list((folder / ".onnxpipe/full.onnx").iterdir())) == 2


def test_a_build_folder_that_cannot_be_used_is_no_error(folder: Path) -> None:
    Path(".onnxpipe").write_text("a file")
    assert stitch("--no-verify") == 0
    Path("builds").mkdir()
    assert stitch("--no-verify", "--build-dir", "builds") == 0
    held = next(Path("builds").glob("*.onnx"))
    held.write_bytes(held.read_bytes()[:50])
    assert stitch("--no-verify", "--build-dir", "builds") == 0
    assert len(held.read_bytes()) > 50


ONE = """parts: [{name: small, component: image, parameters: {resize: 4x4, interpolation: bilinear}}]
reference: pillow:score
data: images.npz
"""
PILLOW = """import numpy as np
from PIL import Image


def score(rows):
    pixels = rows["image"]
    image = np.asarray(Image.fromarray(pixels).resize((4, 4), Image.%s))
    return %s
"""
NO_DATA = ONE.replace("data: images.npz\n", "")


@pytest.mark.parametrize(
    ("kind", "answer", "manifest", "code", "says"),
    [
        ("BILINEAR", "image", ONE, 0, "rows: 3 yours, 13"),
        ("BICUBIC", "image", ONE, 1, "rows differ"),
        ("BILINEAR", "image", NO_DATA, 0, "EQUAL on 13 rows"),
        ("BILINEAR", "image", f"{ONE}rows: 0\n", 0, "EQUAL on 3 rows"),
        ("BILINEAR", "image", f"{NO_DATA}rows: 0\n", 2, "takes one at a time"),
        # Faults that no usual image shows: only a point, a line, a white image or one without colour does.
        ("BILINEAR", "image + (pixels.size == 3)", ONE, 1, "1 of 16 rows differ"),
        ("BILINEAR", "image + (min(pixels.shape[:2]) == 1)", ONE, 1, "3 of 16 rows differ"),
        ("BILINEAR", "np.minimum(image, 254)", ONE, 1, "1 of 16 rows differ"),
        ("BILINEAR", "image * (np.ptp(pixels, axis=2).max() > 0)", ONE, 1, "2 of 16 rows differ"),
        # What the original refuses among images that are made up is no finding.
        ("BILINEAR", "image if len(pixels) > 1 else None[0]", ONE, 0, "EQUAL on 14"),
    ],
)
def test_a_graph_without_a_batch_is_asked_one_by_one(
    folder: Path, kind: str, answer: str, manifest: str, code: int, says: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    Path("pillow.py").write_text(PILLOW % (kind, answer))
    Path("pipeline.yaml").write_text(manifest)
    np.savez("images.npz", image=np.random.default_rng(0).integers(0, 256, (3, 7, 9, 3), np.uint8))
    assert stitch("--trust", "pillow.score") == code
    told = capsys.readouterr()
    assert says in told.out + told.err


FIXTURES = Path(__file__).parents[2] / "fixtures"
MIXED = {"sklearn_keras": "keras", "image_torch": "torch"}


@pytest.mark.parametrize("name", ["mixed_sklearn_keras", "mixed_optimum"])
def test_pipelines_of_several_makers_answer_as_recorded(name: str) -> None:
    """scikit-learn's columns before Keras' network; a tokenizer before a BERT that optimum exported."""
    folder = FIXTURES / name
    model = stitched(folder / "pipeline.yaml").model
    assert replay.replay(model, replay.folders(None, folder / "golden"), {})


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.xdist_group(group)) for name, group in MIXED.items()]
)
def test_pipelines_over_frameworks_answer_as_their_references(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip(MIXED[name])
    manifest = FIXTURES / f"mixed_{name}" / "pipeline.yaml"
    code = main(["stitch", str(manifest), "-o", str(tmp_path / "full.onnx"), "--trust", "whole.score"])
    assert code == 0, capsys.readouterr()
    facts = lock.read(tmp_path / "full.onnx.lock").facts
    verdicts = (facts["verdict"], *facts["parts"].values())
    assert {"equal"} == {each["status"] for each in verdicts}, verdicts
    assert facts["verdict"]["origins"]["data"] and onnxpipe.verify(tmp_path / "full.onnx")


@pytest.mark.slow
@pytest.mark.xdist_group("spark")
def test_features_of_spark_before_a_network_of_torch_answer_as_their_reference() -> None:
    """As recorded, and as the manifest's function says now, asked in the tests' own session of Spark."""
    for module in ("pyspark", "torch"):
        pytest.importorskip(module)
    from tests.rigs import spark

    spark.session()
    folder = FIXTURES / "mixed_spark_torch"
    model = stitched(folder / "pipeline.yaml").model
    assert replay.replay(model, replay.folders(None, folder / "golden"), {})
    spec = importlib.util.spec_from_file_location("whole", folder / "whole.py")
    assert spec is not None and spec.loader is not None
    whole = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(whole)
    table = pd.read_csv(folder / "penguins.csv")
    texts = table[list(whole.TEXT)].astype(object)
    known = {name: table[name].to_numpy(float) for name in table.columns if name not in whole.TEXT}
    given = {**known, **{name: texts[name].where(texts[name].notna(), None).to_numpy() for name in texts}}
    fed = {**known, **{name: texts[name].fillna("").to_numpy() for name in texts}}
    got = run(model, {name: column[:, None] for name, column in fed.items()})
    for verdict in compare(whole.score({name: given[name] for name in table.columns}), got):
        assert verdict.equal, verdict
