"""Stages without a converter of ours: exported by skl2onnx in a worker, joined, verified, told."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import acme
import joblib
import numpy as np
import onnx
import pandas as pd
import pytest
from onnx import numpy_helper
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import StackingClassifier
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

import onnxpipe as api
from onnxpipe.check.localise import culprit
from onnxpipe.core.foreign import borrowed
from onnxpipe.core.options import Options
from onnxpipe.errors import BadInput, FallbackWarning, NativeFailed, Unsupported, Untrusted
from onnxpipe.services.convert import Conversion, conversion, sample_of
from onnxpipe.services.natives.native import Where
from tests.shell import here, told

pytestmark = pytest.mark.usefixtures("inhouse")

PACKAGES = Path(__file__).parents[1] / "packages"
PEERS = Where(trust=("acme.peers",))
RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(80, 4))
LABELS = np.where(ROWS[:, 0] > 0, "no", "yes")


def frame() -> pd.DataFrame:
    """Numbers and a text column."""
    table = pd.DataFrame(ROWS, columns=list("abcd"))
    table["word"] = np.where(RNG.random(len(table)) > 0.5, "x", "yy")
    return table


@pytest.fixture(scope="module")
def mixed() -> tuple[Any, pd.DataFrame, Conversion]:
    """A pipeline with strangers in a ColumnTransformer, in a nested pipeline and at the end, converted."""
    table = frame()
    nested = make_pipeline(StandardScaler(), acme.Squash())
    members = [
        ("white", acme.Whiten(), ["a", "b"]),
        ("low", nested, ["c"]),
        ("text", acme.Labelled(), ["word", "d"]),
    ]
    columns = ColumnTransformer(members, remainder="passthrough")
    fitted = Pipeline([("columns", columns), ("model", acme.Centroids())]).fit(table, LABELS)
    return fitted, table, conversion(fitted, Options(), sample=sample_of(table), where=PEERS)


def test_strangers_answer_as_they_do_natively(mixed: Any) -> None:
    fitted, table, made = mixed
    report = api.verify(made.model, fitted, table, rows=300)
    assert report, str(report)
    assert {v.output for v in report.verdicts} == {"predict", "predict_proba"}
    assert "Pipeline/columns/low/squash (acme.Squash)" in " ".join(report.setting.notes)


def test_a_stage_is_told_with_its_precision(mixed: Any) -> None:
    stages = {stage.path: stage for stage in mixed[2].borrowed}
    assert {path: stage.precision for path, stage in stages.items()} == {
        "Pipeline/columns/white": ("float64",),
        "Pipeline/columns/low/squash": ("float32",),
        "Pipeline/columns/text": ("float64",),
        "Pipeline/model": ("float64",),
    }
    assert borrowed(mixed[2].model) == mixed[2].borrowed
    assert "computes in float32" in str(stages["Pipeline/columns/low/squash"])


def test_inspecting_the_model_tells_who_converted_what(mixed: Any) -> None:
    stages = {stage.path: stage for stage in api.inspect(mixed[2].model).stages}
    assert stages["Pipeline/model"].status == "fallback" and "skl2onnx" in stages["Pipeline/model"].reason
    assert stages["Pipeline/columns/low/standardscaler"].status == "ours"


def test_the_same_stranger_gives_the_same_bytes(mixed: Any) -> None:
    again = conversion(mixed[0], Options(), sample=sample_of(mixed[1]), where=PEERS)
    assert again.model.SerializeToString(deterministic=True) == mixed[2].model.SerializeToString(
        deterministic=True
    )


def test_no_node_that_stands_for_a_graph_is_left_and_all_are_marked(mixed: Any) -> None:
    model = mixed[2].model
    assert {entry.domain for entry in model.opset_import} <= {"", "ai.onnx.ml"}
    assert all(prop.value for node in model.graph.node for prop in node.metadata_props)
    assert "ZipMap" not in {node.op_type for node in model.graph.node}


def test_a_fault_in_a_strangers_graph_is_found_there(mixed: Any) -> None:
    fitted, table, made = mixed
    broken = onnx.ModelProto()
    broken.CopyFrom(made.model)
    for tensor in broken.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.name.startswith("Pipeline/columns/white:") and values.ndim == 2:
            tensor.CopyFrom(numpy_helper.from_array(values * 1.5, tensor.name))
    report = api.verify(broken, fitted, table, rows=100)
    found = culprit(report.stages)
    assert not report and found is not None and found.path == "Pipeline/columns/white"


def test_a_stranger_alone_is_a_whole_pipeline() -> None:
    plane = acme.Plane().fit(ROWS, ROWS @ [1.0, 2.0, 3.0, 4.0])
    with pytest.warns(FallbackWarning, match=r"acme\.Plane"):
        model = api.convert(plane, trust="acme.peers")
    assert np.allclose(api.load(model)(ROWS)["predict"], plane.predict(ROWS), rtol=1e-12)
    assert api.load(model)(ROWS[:0])["predict"].shape == (0,)


def test_a_stranger_within_ensembles_answers_and_leaves_their_edges_to_be_sought() -> None:
    strange, tree = ("strange", acme.Centroids()), ("tree", DecisionTreeClassifier(max_depth=2))
    for ensemble in (StackingClassifier([strange, tree], cv=2), OneVsRestClassifier(acme.Centroids())):
        fitted = ensemble.fit(ROWS, LABELS)
        with pytest.warns(FallbackWarning, match=r"acme\.Centroids"):
            model = api.convert(fitted, trust="acme.peers")
        report = api.verify(model, fitted, ROWS, rows=200)
        assert report, str(report)
        assert not any("weren't sought" in note for note in report.setting.notes)


def test_columns_that_nobody_counted_are_those_of_a_sample_by_name() -> None:
    whiten = acme.Whiten().fit(ROWS)
    with pytest.warns(FallbackWarning):
        model = api.convert(whiten, sample=frame()[list("abcd")], trust="acme.peers")
    assert np.allclose(api.load(model)(ROWS)["transform"], whiten.transform(ROWS), rtol=1e-9)


def test_columns_that_nobody_counted_are_asked_for() -> None:
    whiten = acme.Whiten().fit(ROWS)
    with pytest.raises(BadInput, match="how many columns") as caught:
        api.convert(whiten, trust="acme.peers")
    assert "--input X=float64" in caught.value.remedy
    with pytest.warns(FallbackWarning):
        single = api.convert(whiten, inputs={"X": ("float32", (None, 4))}, trust="acme.peers")
    answer = api.load(single)(ROWS.astype(np.float32))["transform"]
    assert np.allclose(answer, whiten.transform(ROWS), rtol=1e-4, atol=1e-5)


def test_without_fallback_all_strangers_are_refused_at_once(mixed: Any) -> None:
    with pytest.raises(Unsupported) as caught:
        api.convert(mixed[0], fallback=False)
    kinds = {stage.kind for stage in caught.value.stages}
    assert kinds == {"acme.Centroids", "acme.Labelled", "acme.Squash", "acme.Whiten"}


def test_what_the_peer_does_not_know_either_is_refused_with_both_reasons() -> None:
    held = make_pipeline(StandardScaler(), acme.Unknown()).fit(ROWS)
    with pytest.raises(Unsupported, match=r"no converter of ours, and skl2onnx .* no converter") as caught:
        api.convert(held)
    assert caught.value.stages[0].path == "Pipeline/unknown" and "--trust MODULE" in caught.value.remedy


@pytest.mark.usefixtures("own_process")
def test_what_a_converter_of_ours_refuses_is_no_case_for_the_peer() -> None:
    held = make_pipeline(StandardScaler(), DecisionTreeClassifier(max_depth=1)).fit(ROWS, LABELS)
    with pytest.raises(BadInput, match="no output nothing"):
        api.convert(held, outputs="nothing", trust="acme.dies")


def test_a_file_is_loaded_only_with_every_name_allowed(tmp_path: Path) -> None:
    joblib.dump(acme.Plane().fit(ROWS, ROWS[:, 0]), tmp_path / "plane.joblib")
    with pytest.raises(Untrusted, match="to try skl2onnx") as caught:
        api.convert(tmp_path / "plane.joblib", trust="acme.peers")
    assert caught.value.names == ("acme.Plane",) and "--trust acme.Plane" in caught.value.remedy


@pytest.mark.usefixtures("own_process")
@pytest.mark.parametrize(("module", "says"), [("hangs", "no answer within 3 s"), ("dies", "exit code 7")])
def test_a_peer_that_hangs_or_dies_is_told(module: str, says: str) -> None:
    plane = acme.Plane().fit(ROWS, ROWS[:, 0])
    with pytest.raises(NativeFailed, match=says):
        api.convert(plane, trust=[f"acme.{module}"], timeout=3 if module == "hangs" else 60)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A folder with a pipeline that ends with a stranger, and its rows."""
    pipeline = make_pipeline(StandardScaler(), acme.Squash(), acme.Centroids()).fit(ROWS, LABELS)
    joblib.dump(pipeline, tmp_path / "pipe.joblib")
    np.save(tmp_path / "rows.npy", ROWS)
    return tmp_path


TRUST = ("--trust", "acme.Squash", "--trust", "acme.Centroids", "--trust", "acme.peers")


def test_the_command_line_asks_for_trust_with_the_exact_flags(saved: Path) -> None:
    done = here("convert", "pipe.joblib", "-o", "m.onnx", "--trust", "acme.peers", cwd=saved)
    assert done.returncode == 2 and "--trust acme.Centroids --trust acme.Squash" in told(done)
    done = here("convert", "pipe.joblib", "-o", "m.onnx", "--no-fallback", *TRUST, cwd=saved)
    assert done.returncode == 2 and "2 stage(s) can't be converted" in told(done)
    assert sorted(path.name for path in saved.iterdir()) == ["pipe.joblib", "rows.npy"]


def test_the_command_line_converts_proves_and_locks(saved: Path) -> None:
    done = here("convert", "pipe.joblib", "-o", "m.onnx", "--sample", "rows.npy", *TRUST, cwd=saved)
    assert done.returncode == 0, told(done)
    assert "EQUAL" in told(done) and "Pipeline/squash (acme.Squash) was converted by skl2onnx" in told(done)
    document = json.loads((saved / "m.onnx.lock").read_text())
    assert [(s["path"], s["precision"]) for s in document["fallback"]] == [
        ("Pipeline/squash", ["float32"]),
        ("Pipeline/centroids", ["float64"]),
    ]
    assert "--trust acme.peers" in document["command"]
    assert here("verify", "m.onnx", cwd=saved).returncode == 0  # its golden rows, with onnxruntime alone


def test_explaining_lists_ours_fallback_and_refused(saved: Path) -> None:
    done = here("convert", "pipe.joblib", "--explain", *TRUST, cwd=saved)
    assert done.returncode == 0, told(done)
    lines = {line.split()[0]: line for line in done.stdout.decode().splitlines()}
    assert "fallback: skl2onnx" in lines["Pipeline/squash"] and "float32" in lines["Pipeline/squash"]
    assert "ours" in lines["Pipeline/standardscaler"]
    done = here("convert", "pipe.joblib", "--explain", "--no-fallback", cwd=saved)
    assert done.returncode == 2 and "refused: has no converter" in told(done)


def interpreter(folder: Path, *lines: str) -> str:
    """This Python under another name, after some lines of its own."""
    start = folder / "start.py"
    start.write_text("\n".join([*lines, "import sys, runpy", "sys.argv = sys.argv[1:]",
                                "runpy.run_path(sys.argv[0], run_name='__main__')"]))  # fmt: skip
    made = folder / "python"
    made.write_text(f'#!/bin/sh\nexec {sys.executable} {start} "$@"\n')
    made.chmod(0o755)
    return str(made)


@pytest.mark.usefixtures("own_process")
def test_the_peer_is_asked_in_the_interpreter_that_is_named(saved: Path) -> None:
    other = interpreter(
        saved, "import sys", "print('noise', end='', flush=True)", f"sys.path.append({str(PACKAGES)!r})"
    )
    done = here("convert", "pipe.joblib", "-o", "m.onnx", "--python", other, *TRUST, cwd=saved)
    assert done.returncode == 0 and "EQUAL" in told(done), told(done)


@pytest.mark.usefixtures("own_process")
def test_where_the_peer_is_missing_the_refusal_says_how_to_get_it(saved: Path) -> None:
    hidden = "import importlib.metadata as m; v = m.version; "
    hidden += "m.version = lambda name: v('no-such' if name == 'skl2onnx' else name)"
    other = interpreter(saved, hidden)
    done = here("convert", "pipe.joblib", "-o", "m.onnx", "--python", other, cwd=saved)
    assert done.returncode == 2
    for words in ("2 stage(s) can't be converted", "skl2onnx isn't installed", "onnxpipe[sklearn]"):
        assert words in told(done)


def test_bytes_from_a_pipe_are_not_trusted(saved: Path) -> None:
    data = (saved / "pipe.joblib").read_bytes()
    done = here("convert", "-", "-o", "m.onnx", cwd=saved, stdin=data)
    assert done.returncode == 2 and b"--trust acme.Centroids" in done.stderr


def test_joining_parts_never_loads_a_file(saved: Path) -> None:
    done = here("stitch", "pipe.joblib", "-o", "m.onnx", cwd=saved)
    assert done.returncode == 2 and "has no converter" in told(done)
