"""``onnxpipe bench``: figures per batch size, of a model and its original; no test looks at how fast."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import onnx
import pytest
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import onnxpipe as api
from onnxpipe.check.reports.timings import Speed, Timing, Timings, told
from onnxpipe.check.reports.timings_page import plot
from onnxpipe.errors import BadInput, NativeRefused
from onnxpipe.services.bench import Pace
from tests.shell import fitted, here, saved
from tests.shell import told as said

pytestmark = pytest.mark.usefixtures("inhouse")

QUICK = Pace((1, 7), 0.0)
"""Two sizes, as few calls as there can be."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a source, its rows, and the model with its goldens."""
    path = tmp_path_factory.mktemp("bench")
    saved(path)
    done = here("convert", "pipe.joblib", "-o", "model.onnx", "--sample", "rows.npy", cwd=path)
    assert done.returncode == 0, said(done)
    return path


def timings() -> Timings:
    slow, quick = Speed(5, 2e-3, 3e-3), Speed(9, 4e-6, 5e-6)
    sizes = (Timing(1, quick, slow), Timing(1000, slow, None))
    return Timings("m.onnx", "p.joblib", "golden", 0.25, 3_000_000, 1, sizes, {"onnxruntime": "1"})


def test_the_graph_and_the_original_are_timed_on_each_size(folder: Path) -> None:
    found = api.bench(folder / "model.onnx", folder / "pipe.joblib", folder / "rows.npy", pace=QUICK)
    assert [timing.rows for timing in found.timings] == [1, 7]
    for timing in found.timings:
        assert timing.native is not None and timing.native.calls == timing.graph.calls == 5
        assert 0 < timing.graph.median <= timing.graph.p95 and timing.native.median > 0
    assert found.load > 0 and found.size == (folder / "model.onnx").stat().st_size
    assert {"onnxruntime", "sklearn"} <= found.versions.keys()


def test_without_rows_the_golden_ones_are_taken(folder: Path) -> None:
    found = api.bench(folder / "model.onnx", pace=QUICK)
    assert found.origin == "golden" and found.timings[0].native is None


def test_without_any_rows_it_says_so() -> None:
    with pytest.raises(BadInput, match="no rows to time it on"):
        api.bench(api.convert(fitted()[0]), pace=QUICK)


def test_rows_that_the_model_refuses_are_left_out() -> None:
    pipeline, rows = fitted()
    model = api.convert(pipeline)
    some = rows.copy()
    some[::2] = np.nan
    assert api.bench(model, pipeline, some, pace=QUICK).timings[0].native
    with pytest.raises(BadInput, match="no rows to time it on"):
        api.bench(model, data=np.full_like(rows, np.nan), pace=QUICK)


def test_missing_text_reaches_each_side_in_its_own_form() -> None:
    words = np.array([["a"], ["b"], [np.nan]], object)
    encoder = OneHotEncoder(handle_unknown="error")
    pipeline = make_pipeline(SimpleImputer(strategy="most_frequent"), encoder).fit(words)
    found = api.bench(api.convert(pipeline), pipeline, {"X": np.array(["b", None], object)}, pace=QUICK)
    assert found.timings[1].native


def test_what_the_original_cannot_answer_is_told() -> None:
    pipeline, rows = fitted()
    model = api.convert(pipeline)
    other = pipeline[:-1]
    with pytest.raises(Exception, match="no method") as caught:
        api.bench(model, other, rows, pace=QUICK)
    assert not isinstance(caught.value, NativeRefused)


def test_the_command_prints_a_table_and_writes_reports(folder: Path) -> None:
    done = here(
        "bench", "model.onnx", "pipe.joblib", "--data", "rows.npy", "--batch", 1, "--batch", 20,
        "--seconds", 0, "--report", "times.html", "--report", "times.json", "--report", "times.md",
        cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, said(done)
    lines = done.stdout.decode().splitlines()
    assert lines[0].startswith("model.onnx: ") and lines[1].split()[:2] == ["rows", "graph"]
    assert [line.split()[0] for line in lines[2:]] == ["1", "20"]
    told_json = json.loads((folder / "times.json").read_text("utf-8"))
    assert [timing["rows"] for timing in told_json["timings"]] == [1, 20]
    assert (folder / "times.md").read_text("utf-8").count("\n| ") == 3
    assert "<svg" in (folder / "times.html").read_text("utf-8")


def test_json_is_all_of_it(folder: Path) -> None:
    done = here("bench", "model.onnx", "--seconds", 0, "--batch", 3, "--output-format", "json", cwd=folder)
    found = json.loads(done.stdout)
    assert found["threads"] == 1 and found["timings"][0]["native"] is None
    assert found["timings"][0]["rows_per_second"] > 0 and found["timings"][0]["times_native"] is None


@pytest.mark.parametrize("arguments", [("--report", "times.pdf"), ("--batch", 0), ("--data", "absent.csv")])
def test_what_cannot_be_done_exits_with_2(folder: Path, arguments: tuple[object, ...]) -> None:
    done = here("bench", "model.onnx", *arguments, cwd=folder)
    assert done.returncode == 2 and b"Traceback" not in done.stderr
    assert not (folder / "times.pdf").exists()


def test_figures_are_told_with_units() -> None:
    assert [told(s) for s in (2.5, 0.0123, 45.6e-6)] == ["2.5 s", "12.3 ms", "45.6 µs"]
    found = timings()
    assert found.cells() == [
        ("1", "4 µs", "5 µs", "250,000", "2 ms", "3 ms", "500.0"),
        ("1,000", "2 ms", "3 ms", "500,000", "-", "-", "-"),
    ]
    assert found.summary().startswith("3.00 MB, loaded in 250 ms; one thread; rows: golden")


def test_the_plot_holds_every_figure_within_its_square() -> None:
    drawn = plot(timings())
    assert [(curve.name, len(curve.points)) for curve in drawn.curves] == [("graph", 2), ("original", 1)]
    points = [point for curve in drawn.curves for point in curve.points]
    assert all(0 <= p.x <= 100 and 0 <= p.y <= 100 for p in points)
    assert points[0].y == 100 and points[1].y == 0 and points[1].x == 100
    assert drawn.rows == ("1", "1,000")


def test_the_page_is_well_formed_and_escapes(tmp_path: Path) -> None:
    odd = Timings("<b>.onnx", "", "golden", 0.1, 1, 0, timings().timings, {})
    html = odd.to_html()
    assert "<b>.onnx" not in html and "&lt;b&gt;.onnx" in html
    svg = html[html.index("<svg") : html.index("</svg>") + 6]
    assert ElementTree.fromstring(svg).tag == "svg"
    assert "http" not in html and "<script" not in html


def test_a_model_in_memory_and_one_in_a_file_are_the_same(tmp_path: Path) -> None:
    pipeline, rows = fitted()
    model = api.convert(pipeline)
    onnx.save(model, tmp_path / "m.onnx")
    assert api.bench(model, data=rows, pace=QUICK).size == (tmp_path / "m.onnx").stat().st_size
