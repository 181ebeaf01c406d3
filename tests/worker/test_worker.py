"""The worker answers as the framework does, says who refused, and never hangs."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import VotingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from onnxpipe.errors import MissingExtra, NativeFailed, NativeRefused
from onnxpipe.services.convert import adapter_of, artefact_of
from onnxpipe.services.natives.native import Native, Where
from onnxpipe.worker import wire
from tests import datasets

WORKER = Path(wire.__file__).parent


@pytest.fixture(scope="module")
def mixed() -> Iterator[tuple[Native, Any, Any]]:
    """A worker, the pipeline it holds, and rows."""
    frame, target = datasets.load("frame")
    numbers = Pipeline([("fill", SimpleImputer()), ("scale", StandardScaler())])
    columns = ColumnTransformer(
        [("num", numbers, ["length", "width"]), ("cat", OneHotEncoder(), ["city", "size"])]
    )
    voters = [("lr", LogisticRegression()), ("tree", DecisionTreeClassifier(max_depth=2))]
    pipeline = Pipeline([("pre", columns), ("model", VotingClassifier(voters, voting="soft"))]).fit(
        frame, target
    )
    artefact = artefact_of(pipeline)
    with Native(artefact, adapter_of(artefact)) as native:
        yield native, pipeline, frame


def fed(frame: Any) -> dict[str, Any]:
    return {
        c: frame[c].to_numpy(object if frame[c].dtype.kind in "OTU" else None)[:, None] for c in frame.columns
    }


def test_answers_are_the_estimators_own(mixed: tuple[Native, Any, Any]) -> None:
    native, pipeline, frame = mixed
    told = native.answers(fed(frame), ["predict", "predict_proba"], ["decision_function"])
    np.testing.assert_array_equal(told["predict"], pipeline.predict(frame))
    np.testing.assert_array_equal(told["predict_proba"], pipeline.predict_proba(frame))
    assert set(told) == {"predict", "predict_proba"}


def test_a_refused_row_does_not_hide_the_others(mixed: tuple[Native, Any, Any]) -> None:
    native, pipeline, frame = mixed
    rows = fed(frame.iloc[:7])
    rows["city"] = rows["city"].copy()
    rows["city"][3] = "Atlantis"
    with pytest.raises(NativeRefused, match="Atlantis"):
        native.answers(rows, ["predict"])
    told, refused = native.each(rows, ["predict"])
    assert list(refused) == [3]
    assert "unknown categories" in refused[3]
    kept = [0, 1, 2, 4, 5, 6]
    np.testing.assert_array_equal(told["predict"], pipeline.predict(frame.iloc[kept]))


def test_columns_that_nothing_reads_may_be_left_out(mixed: tuple[Native, Any, Any]) -> None:
    native, pipeline, frame = mixed
    rows = {name: value for name, value in fed(frame).items() if name != "count"}
    np.testing.assert_array_equal(native.answers(rows, ["predict"])["predict"], pipeline.predict(frame))


def test_stages_are_listened_in_on(mixed: tuple[Native, Any, Any]) -> None:
    native, pipeline, frame = mixed
    wanted = {
        "Pipeline": ["predict"],
        "Pipeline/pre/num/scale": ["transform"],
        "Pipeline/pre/cat": ["transform"],
        "Pipeline/model/estimators_[1]": ["predict_proba"],
        "Pipeline/nowhere": ["transform"],
    }
    records, refused = native.stages(fed(frame), wanted)
    assert refused == ""
    assert set(records) == set(wanted) - {"Pipeline/nowhere"}
    numbers = pipeline.named_steps["pre"].named_transformers_["num"]
    filled = numbers["fill"].transform(frame[["length", "width"]])
    np.testing.assert_array_equal(records["Pipeline/pre/num/scale"].inputs[0], filled)
    scaled = numbers["scale"].transform(filled)
    np.testing.assert_array_equal(records["Pipeline/pre/num/scale"].answers["transform"], scaled)
    assert records["Pipeline/pre/cat"].inputs[0].dtype == object
    whole = pipeline.named_steps["pre"].transform(frame)
    tree = pipeline.named_steps["model"].estimators_[1]
    got = records["Pipeline/model/estimators_[1]"].answers["predict_proba"]
    np.testing.assert_array_equal(got, tree.predict_proba(whole))


def test_the_stage_that_refuses_is_named(mixed: tuple[Native, Any, Any]) -> None:
    native, _, frame = mixed
    rows = fed(frame.iloc[:2])
    rows["city"] = np.array([["Atlantis"], ["Oslo"]], object)
    _, refused = native.stages(rows, {"Pipeline": ["predict"], "Pipeline/pre": [], "Pipeline/pre/cat": []})
    assert refused == "Pipeline/pre/cat"


def test_arrive_stops_at_the_stage(mixed: tuple[Native, Any, Any]) -> None:
    native, pipeline, frame = mixed
    arrived = native.arrive(fed(frame), "Pipeline/model")
    np.testing.assert_array_equal(arrived, pipeline.named_steps["pre"].transform(frame))
    rows = fed(frame.iloc[:3])
    rows["city"] = np.array([["Oslo"], ["Atlantis"], ["Oslo"]], object)
    arrived = native.arrive(rows, "Pipeline/model")
    assert np.isnan(arrived[1]).all()
    assert np.isfinite(arrived[[0, 2]]).all()


def test_a_method_it_lacks_is_no_rows_fault(mixed: tuple[Native, Any, Any]) -> None:
    native, _, frame = mixed
    with pytest.raises(NativeFailed, match="score_samples"):
        native.each(fed(frame), ["score_samples"])


class Sleeper(TransformerMixin, BaseEstimator):
    """Never answers."""

    def fit(self, X: Any, y: Any = None) -> Sleeper:
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X: Any) -> Any:
        if X[0, 0] == 13:
            sys.exit(4)
        if X[0, 0] < 0:
            os.kill(os.getpid(), -int(X[0, 0]))
        time.sleep(60)


def test_a_hang_and_a_death_are_told_and_nothing_is_left() -> None:
    sleeper = make_pipeline(Sleeper()).fit(np.ones((2, 2)))
    artefact = artefact_of(sleeper)
    ends = {
        1.0: "no answer within 0.7 s", 13.0: r"ended by itself while it was asked \(exit code 4\)",
        -11.0: r"crashed \(SIGSEGV\)", -9.0: r"killed \(SIGKILL\), as a system does that runs out of memory",
    }  # fmt: skip
    for value, told in ends.items():
        started = time.monotonic()
        with Native(artefact, adapter_of(artefact), Where(timeout=60)) as native:
            native._process.timeout = 0.7 if value == 1 else 30
            with pytest.raises(NativeFailed, match=told):
                native.answers({"X": np.full((1, 2), value)}, ["transform"])
            assert native._process._process.poll() is not None
            with pytest.raises(NativeFailed, match="has ended"):
                native.answers({"X": np.ones((1, 2))}, ["transform"])
        assert time.monotonic() - started < 30


def test_a_missing_interpreter_and_a_missing_framework_are_told(tmp_path: Path) -> None:
    artefact = artefact_of(StandardScaler().fit(np.ones((2, 2))))
    with pytest.raises(NativeFailed, match="can't start"):
        Native(artefact, adapter_of(artefact), Where(python=str(tmp_path / "python")))
    # A Python with numpy and nothing else: site-packages stay out (-S), numpy is linked in.
    start = tmp_path / "start.py"
    lines = ("import sys, runpy", f"sys.path.insert(0, {str(tmp_path)!r})", "sys.argv = sys.argv[1:]")
    start.write_text("\n".join([*lines, "runpy.run_path(sys.argv[0], run_name='__main__')"]))
    bare = tmp_path / "bare"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -S {start} "$@"\n')
    bare.chmod(0o755)
    (tmp_path / "numpy").symlink_to(Path(np.__file__).parent)
    with pytest.raises(MissingExtra, match=r"sklearn isn't installed"):
        Native(artefact, adapter_of(artefact), Where(python=str(bare)))


def test_arrays_cross_unchanged(tmp_path: Path) -> None:
    text = np.array([["a\0", None], ["", "東京\ud800"]], object)
    sent = {
        "x": np.array([[np.nan, -0.0, np.inf]]), "f": np.float32([1.1]), "i": np.array([2**62]),
        "b": np.array([True]), "text": text, "none": np.zeros((0, 3)), "fixed": np.array(["a", "bc"]),
    }  # fmt: skip
    wire.save(str(tmp_path), "s", sent)
    got = wire.load(str(tmp_path), "s")
    assert list(got) == list(sent)
    for name, value in sent.items():
        assert got[name].shape == value.shape
        assert got[name].tolist() == value.tolist() or name == "x"
    assert got["x"].tobytes() == sent["x"].tobytes()
    assert got["text"].tolist() == text.tolist()
    with pytest.raises(TypeError):
        wire.save(str(tmp_path), "s", {"odd": np.array([{1: 2}, None], object)})


@pytest.mark.parametrize("path", sorted(WORKER.glob("*.py")), ids=lambda p: p.name)
def test_the_worker_speaks_python_3_8(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"), feature_version=(3, 8))
    imported = {n.name for node in ast.walk(tree) if isinstance(node, ast.Import) for n in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not any(name.split(".")[0] == "onnxpipe" for name in imported)


def test_the_worker_shadows_no_module_of_the_users() -> None:
    code = "import json, sys; sys.argv = ['main.py']; import runpy\n"
    code += f"sys.path.insert(0, {str(WORKER)!r})\n"
    code += f"runpy.run_path({str(WORKER / 'main.py')!r}, run_name='__main__')\n"
    code += (
        "import importlib.util as u; print(u.find_spec('recording'), u.find_spec('wire'), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    assert done.stderr.strip().endswith("None None")
