"""The judge is judged: planted faults are found, put down to their stage and shrunk; good pairs pass."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import onnx
import pandas as pd
import pytest
from onnx import numpy_helper
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import onnxpipe
from onnxpipe.check.report import Report, schema
from onnxpipe.cli import main
from onnxpipe.errors import BadInput, NativeFailed, Unreadable
from onnxpipe.services import goldens
from onnxpipe.services.convert import adapter_of, artefact_of
from onnxpipe.services.matching import Names
from onnxpipe.services.native import Native
from onnxpipe.services.trial import Trial
from onnxpipe.services.verify import verify
from tests import datasets
from tests.faults import FAULTS, PIPELINES, Fault, fitted, planted

BUDGET = 500
Bench = tuple[Native, dict[str, onnx.ModelProto], Any]


def sample(rows: Any) -> Any:
    return {c: rows[c].to_numpy() for c in rows.columns} if isinstance(rows, pd.DataFrame) else None


@pytest.fixture(scope="module")
def benches() -> Iterator[dict[str, Bench]]:
    """Per pipeline one worker, the models by dtype, and the rows it was fitted on."""
    made: dict[str, Bench] = {}
    for name in PIPELINES:
        pipeline, rows = fitted(name)
        artefact = artefact_of(pipeline)
        models = {d: onnxpipe.convert(pipeline, sample=sample(rows), dtype=d) for d in ("native", "float32")}
        made[name] = (Native(artefact, adapter_of(artefact)), models, rows)
    yield made
    for native, _, _ in made.values():
        native.close()


def judged(model: onnx.ModelProto, native: Native, rows: Any, budget: int = BUDGET) -> Report:
    return Trial(model, native, {}, Names()).report(rows, budget=budget, seed=0, model="model.onnx")


@pytest.mark.parametrize("dtype", ["native", "float32"])
@pytest.mark.parametrize("with_rows", [True, False], ids=["rows", "no rows"])
@pytest.mark.parametrize("name", PIPELINES)
def test_a_correct_pair_passes(benches: dict[str, Bench], name: str, with_rows: bool, dtype: str) -> None:
    native, models, rows = benches[name]
    report = judged(models[dtype], native, rows if with_rows else None)
    assert report, str(report)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_found_localised_and_shrunk(
    benches: dict[str, Bench], fault: Fault, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    native, models, rows = benches[fault.pipeline]
    broken = planted(fault, models[fault.dtype])
    report = judged(broken, native, rows)
    assert not report
    assert report.culprit is not None, str(report)
    assert report.culprit.path == fault.stage, str(report)
    found = report.counterexample
    assert found is not None
    monkeypatch.chdir(tmp_path)
    assert not passes(found.test, models[fault.dtype], broken)
    if fault.cells is not None:
        assert len(found.cells) <= fault.cells, str(report)


def passes(test: str, good: onnx.ModelProto, broken: onnx.ModelProto) -> bool:
    """Whether a pasted test passes on the broken model; on the good one it has to."""
    space: dict[str, Any] = {}
    exec(test, space)
    onnx.save(good, "model.onnx")
    space["test_counterexample"]()
    onnx.save(broken, "model.onnx")
    try:
        space["test_counterexample"]()
    except BaseException:
        return False
    return True


def test_a_fault_that_changes_no_answer_is_none(benches: dict[str, Bench]) -> None:
    """The sign of a zero in a mean: no row tells it from the original, and it isn't called a fault."""
    native, models, rows = benches["linear"]
    same = onnx.ModelProto()
    same.CopyFrom(models["native"])
    for node in same.graph.node:
        if node.op_type == "Mul":
            name = node.input[1]
            tensor = next(t for t in same.graph.initializer if t.name == name)
            tensor.CopyFrom(numpy_helper.from_array(-numpy_helper.to_array(tensor), name))
    assert same.SerializeToString() != models["native"].SerializeToString()
    assert judged(same, native, rows)


@pytest.mark.parametrize("on_invalid", ["raise", "flag", "nan"])
def test_rows_refused_by_both_are_equal_however_the_graph_says_so(on_invalid: str) -> None:
    frame, target = datasets.load("full_words")
    pipeline = make_pipeline(OneHotEncoder(), LogisticRegression()).fit(frame, target)
    model = onnxpipe.convert(pipeline, on_invalid=on_invalid)
    report = verify(model, pipeline, frame, rows=150)
    assert report, str(report)
    assert report.refusals.both > 5


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
def test_golden_rows_are_replayed_without_the_framework(
    benches: dict[str, Bench], pipeline: str, tmp_path: Path
) -> None:
    native, models, rows = benches[pipeline]
    model = models["native"]
    golden(model, judged(model, native, rows), tmp_path / "model.golden")
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
