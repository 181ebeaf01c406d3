"""Verifying: refusals, missing text, names, golden rows, and the command."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path

import jsonschema
import numpy as np
import onnx
import pandas as pd
import pytest
from sklearn.decomposition import MiniBatchNMF
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import CategoricalNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

import onnxpipe
from onnxpipe.check.reports.report import Report, schema
from onnxpipe.cli import main
from onnxpipe.errors import BadInput, NativeFailed, Unreadable
from onnxpipe.services.judging import goldens
from onnxpipe.services.verify import verify
from tests import datasets
from tests.faults import FAULTS, columns, fitted, planted

pytestmark = pytest.mark.usefixtures("inhouse")


@pytest.mark.parametrize("on_invalid", ["raise", "flag", "nan"])
def test_rows_refused_by_both_are_equal_however_the_graph_says_so(on_invalid: str) -> None:
    frame, target = datasets.load("full_words")
    pipeline = make_pipeline(OneHotEncoder(), LogisticRegression()).fit(frame, target)
    model = onnxpipe.convert(pipeline, on_invalid=on_invalid)
    report = verify(model, pipeline, frame, rows=150)
    assert report, str(report)
    assert report.refusals.both > 5


def test_a_pipeline_that_refuses_whatever_it_has_not_seen_is_judged() -> None:
    frame, target = datasets.load("full_words")
    pipeline = make_pipeline(OrdinalEncoder(), CategoricalNB()).fit(frame, target)
    report = verify(onnxpipe.convert(pipeline), pipeline, frame, rows=150)
    assert report, str(report)
    assert report.refusals.both


def test_a_missing_text_that_only_the_original_refuses_is_told_with_a_way_out() -> None:
    texts = ["good day", "bad night", "fine", "so so"] * 5
    pipeline = make_pipeline(CountVectorizer(), LogisticRegression()).fit(texts, [0, 1, 0, 1] * 5)
    asked = pd.DataFrame({"text": [*texts, None]})
    report = verify(onnxpipe.convert(pipeline), pipeline, asked, rows=100)
    assert report.refusals.native_only == 1
    assert report.counterexample is None, "the row itself, without its gap, is answered by both"
    assert any("--missing-string" in note for note in report.setting.notes)
    assert verify(onnxpipe.convert(pipeline, missing_string="<none>"), pipeline, asked, rows=100)


def test_no_rows_are_made_up_that_a_stage_is_not_made_for() -> None:
    """MiniBatchNMF doesn't look for numbers below 0, and of such rows its answers mean nothing."""
    rows, _ = datasets.load("positive")
    original = MiniBatchNMF(3, beta_loss=1, batch_size=32, random_state=0).fit(rows)
    report = verify(onnxpipe.convert(original), original, rows, rows=1000)
    assert report, str(report)
    assert report.refusals.both


def test_text_that_native_tells_from_missing_is_read_as_the_user_has_it() -> None:
    frame = pd.DataFrame({"t": np.array(["a", "b", np.nan, "a"], object)})
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(frame)
    model = onnxpipe.convert(encoder)
    assert verify(model, encoder, frame, rows=50)
    empty = pd.DataFrame({"t": np.array(["", "a"], object)})
    report = verify(model, encoder, empty, rows=0)
    assert [v.rows_at_fault for v in report.verdicts] == [(0,)], "the empty text isn't a missing one natively"


def test_outputs_of_another_name_and_tolerances_are_mapped() -> None:
    pipeline, rows = fitted("linear")
    model = onnxpipe.convert(pipeline, outputs=("predict_proba",))
    model.graph.output[0].name = "probabilities"
    for node in model.graph.node:
        node.output[:] = ["probabilities" if v == "predict_proba" else v for v in node.output]
    with pytest.raises(NativeFailed, match="no method probabilities"):
        verify(model, pipeline, rows, rows=20)
    assert verify(model, pipeline, rows, rows=20, names={"probabilities": "predict_proba"})
    with pytest.raises(TypeError, match="no option rtol"):
        verify(model, pipeline, rows, rtol=1)


def golden(model: onnx.ModelProto, report: Report, folder: Path) -> None:
    home = folder / "test_data_set_0"
    home.mkdir(parents=True)
    for name, data in goldens.encoded(model, report.rows, report.native, report.row_origins).items():
        (home / name).write_bytes(data)


@pytest.mark.parametrize("pipeline", ["linear", "mixed"])
def test_golden_rows_are_replayed_without_the_framework(pipeline: str, tmp_path: Path) -> None:
    original, rows = fitted(pipeline)
    model = onnxpipe.convert(original, sample=columns(rows))
    golden(model, verify(model, original, rows, rows=200), tmp_path / "model.golden")
    path = tmp_path / "model.onnx"
    onnx.save(model, path)
    code = (
        "import sys; from onnxpipe.services.verify import verify\n"
        f"report = verify({str(path)!r}); print(report)\n"
        "assert report and report.origins['golden'] > 50\n"
        "assert not {'sklearn', 'pandas', 'scipy', 'skl2onnx'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
    fault = next(f for f in FAULTS if f.pipeline == pipeline and f.stage.endswith("logisticregression"))
    onnx.save(planted(fault, model), path)
    assert not verify(path)
    assert not verify(path, golden=tmp_path / "model.golden" / "test_data_set_0")
    (tmp_path / "model.golden" / "test_data_set_0" / "output_0.pb").write_bytes(b"\xff\xff")
    with pytest.raises(Unreadable, match=r"output_0\.pb"):
        verify(path)


def test_without_source_and_golden_rows_there_is_nothing_to_compare(tmp_path: Path) -> None:
    pipeline, _ = fitted("linear")
    model = onnxpipe.convert(pipeline)
    with pytest.raises(BadInput, match="neither a source nor golden rows"):
        verify(model)
    onnx.save(model, tmp_path / "model.onnx")
    with pytest.raises(BadInput, match="no golden rows here"):
        verify(tmp_path / "model.onnx")


@pytest.mark.parametrize(
    ("fault", "flags", "code", "says"),
    [
        (None, [], 0, "EQUAL"),
        ("spread doubled", [], 1, "introduced by Pipeline/standardscaler"),
        ("spread doubled", ["--max-ppm", "1e6"], 0, ""),
        ("intercepts of other classes", ["--rtol", "predict_proba:5"], 1, "predict:"),
        (None, ["--engine", "spark"], 2, "give SOURCE and --data"),
        (None, ["--rtol", "tight"], 2, "write it 1e-6"),
        (None, ["--map", "a"], 2, "MODEL_NAME=SOURCE_NAME"),
        (None, ["--report", "report.pdf"], 2, "name it .html"),
        (None, ["--data", "nowhere.csv"], 2, "no such file"),
    ],
)
def test_the_command(
    fault: str | None,
    flags: list[str],
    code: int,
    says: str,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    pipeline, _ = fitted("linear")
    source, path = tmp_path / "pipe.pkl", tmp_path / "model.onnx"
    source.write_bytes(pickle.dumps(pipeline))
    model = onnxpipe.convert(source)
    onnx.save(planted(next(f for f in FAULTS if f.name == fault), model) if fault else model, path)
    page, facts, test = (tmp_path / name for name in ("r.html", "r.json", "test_row.py"))
    files = ["--report", str(page), "--report", str(facts), "--save-counterexample", str(test)]
    assert main(["verify", str(path), str(source), "--rows", "60", *files, *flags]) == code
    told = capfd.readouterr()
    assert says in told.out + told.err
    if code < 2:
        jsonschema.validate(json.loads(facts.read_text("utf-8")), schema())
        assert page.read_text("utf-8").startswith("<!doctype html>")
        assert test.exists() == (fault is not None)
    else:
        assert not page.exists()


def test_json_goes_to_stdout_alone(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    pipeline, _ = fitted("linear")
    source, path = tmp_path / "pipe.pkl", tmp_path / "model.onnx"
    source.write_bytes(pickle.dumps(pipeline))
    onnx.save(onnxpipe.convert(source), path)
    assert main(["verify", str(path), str(source), "--rows", "20", "--output-format", "json"]) == 0
    jsonschema.validate(json.loads(capfd.readouterr().out), schema())
