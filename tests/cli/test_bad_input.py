"""What can't be done is refused with exit code 2, in words, and no file is left behind."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cloudpickle
import joblib
import numpy as np
import onnx
import pandas as pd
import pytest
from sklearn.cluster import DBSCAN, OPTICS
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

import onnxpipe as api
from onnxpipe.cli import main
from onnxpipe.errors import Refusal, Unfitted, Unsupported
from tests.graphs import graph
from tests.shell import fitted, here, saved, told

Given = tuple[str, ...]


def truncated(folder: Path) -> Given:
    data = saved(folder).read_bytes()
    (folder / "pipe.joblib").write_bytes(data[: len(data) // 2])
    return ()


def empty(folder: Path) -> Given:
    (folder / "pipe.joblib").write_bytes(b"")
    return ()


def text(folder: Path) -> Given:
    (folder / "pipe.joblib").write_text("not a pipeline\n")
    return ()


def garbage(folder: Path) -> Given:
    (folder / "pipe.joblib").write_bytes(b"\x80\x05" + bytes(range(256)))
    return ()


def pointer(folder: Path) -> Given:
    line = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'ab' * 32}\nsize 1\n"
    (folder / "pipe.joblib").write_text(line)
    return ()


class Hostile:
    """Runs a command where it is unpickled by pickle itself."""

    def __reduce__(self) -> Any:
        import os

        return os.system, ("touch ran",)


def hostile(folder: Path) -> Given:
    (folder / "pipe.joblib").write_bytes(pickle.dumps(Hostile()))
    return ()


def hidden(folder: Path) -> Given:
    pipeline, _ = fitted()
    pipeline.steps[0][1].mean_ = Hostile()
    (folder / "pipe.joblib").write_bytes(pickle.dumps(pipeline))
    return ()


def number(folder: Path) -> Given:
    joblib.dump(42, folder / "pipe.joblib")
    return ()


def unfitted(folder: Path) -> Given:
    joblib.dump(make_pipeline(StandardScaler(), LogisticRegression()), folder / "pipe.joblib")
    return ()


def unsupported(folder: Path) -> Given:
    rows = fitted()[1]
    joblib.dump(make_pipeline(StandardScaler(), OPTICS()).fit(rows), folder / "pipe.joblib")
    return ()


def function(folder: Path) -> Given:
    rows = fitted()[1]
    made = make_pipeline(FunctionTransformer(lambda x: x + 1), StandardScaler()).fit(rows)
    (folder / "pipe.joblib").write_bytes(cloudpickle.dumps(made))
    return ()


def columns(folder: Path) -> Any:
    frame = pd.DataFrame({"size": [1.0, 2.0, 3.0], "city": ["a", "b", "a"]})
    steps = [("size", StandardScaler(), ["size"]), ("city", OneHotEncoder(), ["city"])]
    joblib.dump(ColumnTransformer(steps).fit(frame), folder / "pipe.joblib")
    return frame


def contradiction(folder: Path) -> Given:
    columns(folder).assign(size=["small", "large", "small"]).to_csv(folder / "rows.csv", index=False)
    return ("--sample", "rows.csv")


def other_contradiction(folder: Path) -> Given:
    columns(folder).assign(city=[1, 2, 3]).to_csv(folder / "rows.csv", index=False)
    return ("--sample", "rows.csv")


def lacking(folder: Path) -> Given:
    columns(folder).drop(columns="city").to_csv(folder / "rows.csv", index=False)
    return ("--sample", "rows.csv")


def too_wide(folder: Path) -> Given:
    saved(folder)
    np.save(folder / "wide.npy", np.zeros((2, 7)))
    return ("--sample", "wide.npy")


def no_such_column(folder: Path) -> Given:
    columns(folder)
    return ("--input", "colour=string")


def with_options(*given: str) -> Callable[[Path], Given]:
    def make(folder: Path) -> Given:
        saved(folder)
        return given

    make.__name__ = " ".join(given)
    return make


REFUSED: list[tuple[Callable[[Path], Given], str]] = [
    (truncated, "pipe.joblib"),
    (empty, "pipe.joblib"),
    (text, "not a saved pipeline of any kind we know"),
    (garbage, "pipe.joblib"),
    (pointer, "git lfs pull"),
    (hostile, "system"),
    (hidden, "pipe.joblib"),
    (number, "int"),
    (unfitted, "fitted"),
    (unsupported, "sklearn.cluster.OPTICS"),
    (function, "FunctionTransformer"),
    (contradiction, "size"),
    (other_contradiction, "city"),
    (lacking, "no column city"),
    (too_wide, "(2, 7)"),
    (no_such_column, "colour"),
    (with_options("--sample", "none.csv"), "none.csv"),
    (with_options("--sample", "pipe.joblib"), "can't be read as rows"),
    (with_options("--input", "Y=float32"), "Y"),
    (with_options("--input", "X"), "NAME=DTYPE"),
    (with_options("--input", "X=float16x"), "float16x"),
    (with_options("--input", "X=float64[N,7]"), "7"),
    (with_options("--outputs", "transform"), "--outputs"),
    (with_options("--framework", "fortran"), "fortran"),
    (with_options("--dtype", "float16"), "--dtype"),
    (with_options("--opset", "8"), "opset"),
    (with_options("--opset", "99"), "opset"),
    (with_options("--opset", "x"), "--opset"),
    (with_options("--output", "none/model.onnx"), "no such folder"),
    (with_options("--output", "."), "it is a folder"),
    (with_options("--output", "pipe.joblib"), "pipe.joblib"),
]


@pytest.mark.parametrize(("make", "says"), REFUSED, ids=lambda value: getattr(value, "__name__", ""))
def test_it_is_refused_in_words_and_leaves_nothing(
    make: Callable[[Path], Given], says: str, tmp_path: Path
) -> None:
    given = make(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    done = here("convert", "pipe.joblib", "-o", "model.onnx", *given, cwd=tmp_path)
    assert done.returncode == 2, told(done)
    assert "Traceback" not in told(done) and "Error: " in told(done)
    assert says in told(done)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("command", ["convert", "inspect"])
def test_a_file_that_is_not_there_is_refused(command: str, tmp_path: Path) -> None:
    given = ("-o", "model.onnx") if command == "convert" else ()
    done = here(command, "none.joblib", *given, cwd=tmp_path)
    assert done.returncode == 2 and "no such file" in told(done)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there are no devices among files there")
@pytest.mark.parametrize(
    "command",
    [
        ("convert", "/dev/zero", "-o", "m.onnx"),
        ("inspect", "/dev/zero"),
        ("stitch", "/dev/zero", "-o", "m.onnx"),
        ("stitch", "endless.yaml", "-o", "m.onnx"),
        ("stitch", "rows.onnx", "post:labels=/dev/zero", "-o", "m.onnx"),
    ],
    ids=" ".join,
)
def test_what_has_no_end_is_not_read(
    command: Given, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("endless.yaml").symlink_to("/dev/zero")
    onnx.save(graph("g (float[N,3] scores) => (float[N,3] y) { y = Neg(scores) }"), "rows.onnx")
    assert main(list(command)) == 2
    said = capsys.readouterr().err
    assert "neither a file nor a folder" in said or "larger than" in said, said


@pytest.mark.parametrize("make", [truncated, empty, text, garbage, number])
def test_looking_at_it_is_refused_too(make: Callable[[Path], Given], tmp_path: Path) -> None:
    make(tmp_path)
    done = here("inspect", "pipe.joblib", cwd=tmp_path)
    assert done.returncode == 2 and "Traceback" not in told(done)


def test_looking_at_a_hostile_file_shows_the_name_and_runs_nothing(tmp_path: Path) -> None:
    hostile(tmp_path)
    done = here("inspect", "pipe.joblib", cwd=tmp_path)
    assert done.returncode == 0 and "system" in told(done)
    assert not (tmp_path / "ran").exists()


def test_all_unsupported_stages_are_told_at_once_with_their_neighbours() -> None:
    rows = fitted()[1]
    pipeline = make_pipeline(
        ColumnTransformer([("a", FunctionTransformer(), [0]), ("b", OPTICS(), [1])]), DBSCAN()
    )
    pipeline.steps[0][1].transformers_ = [("a", FunctionTransformer(), [0]), ("b", OPTICS().fit(rows), [1])]
    pipeline.steps[1][1].fit(rows)
    with pytest.raises(Unsupported) as refused:
        api.convert(pipeline)
    assert [(s.kind, bool(s.nearest)) for s in refused.value.stages] == [
        ("sklearn.cluster.DBSCAN", True),
        ("sklearn.cluster.OPTICS", True),
    ]
    assert "Pipeline/dbscan" in str(refused.value) and "Pipeline/columntransformer/b" in str(refused.value)


def test_a_live_lambda_is_refused_in_words() -> None:
    rows = fitted()[1]
    with pytest.raises(Refusal, match="lambda") as refused:
        api.convert(make_pipeline(FunctionTransformer(lambda x: x), StandardScaler()).fit(rows))
    assert "named functions" in refused.value.remedy


def test_a_live_unfitted_estimator_is_refused() -> None:
    with pytest.raises(Unfitted):
        api.convert(StandardScaler())


@pytest.mark.parametrize("options", [{"dtype": "float16"}, {"on_invalid": "ignore"}, {"colour": "red"}])
def test_options_that_are_none_are_refused(options: Any) -> None:
    with pytest.raises(Refusal):
        api.convert(fitted()[0], **options)


def test_a_sample_that_is_a_matrix_of_text_contradicts_a_scaler() -> None:
    with pytest.raises(Refusal):
        api.convert(fitted()[0], sample={"X": np.array([["a", "b", "c"]], object)})
