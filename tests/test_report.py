"""What a comparison found is told as text, as JSON by its schema, and as one page that any browser shows."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from onnxpipe.check.compare import Tolerance, compare
from onnxpipe.check.localise import StageFinding
from onnxpipe.check.report import Counterexample, Refusals, Report, Setting, schema

RNG = np.random.default_rng(0)
ROWS = {"x": RNG.normal(size=(40, 1)), "city": np.array([["<b>Zürich</b> & co"]] * 40, object)}
NATIVE = {"predict": np.array(["low", "high"] * 20, object), "predict_proba": RNG.random((40, 2))}
SETTING = Setting("model.onnx", "pipe.joblib", 7, 0.0, {"": Tolerance(1e-6)}, {"sklearn": "1.9"}, ("a note",))


def report(broken: bool) -> Report:
    graph = {name: value.copy() for name, value in NATIVE.items()}
    stages: tuple[StageFinding, ...] = ()
    found = None
    if broken:
        graph["predict"][3] = "low"
        graph["predict_proba"][[3, 5], 0] = np.nan, 0.5
        stages = (
            StageFinding("Pipeline/a", "k.A"),
            StageFinding("Pipeline/b", "k.B", True, True, np.inf, "why"),
            StageFinding("Pipeline/c", "k.C", True, False, 3e4),
        )
        row = {k: v[3:4] for k, v in ROWS.items()}
        found = Counterexample(
            row, None, {"predict": graph["predict"][3:4]}, "def test(): ...", "data", ("x",)
        )
    verdicts = compare(NATIVE, graph, SETTING.tolerances)
    refusals = Refusals(2, 1, 0, ((8, "native", "ValueError: <odd>"),)) if broken else Refusals()
    return Report(
        verdicts, refusals, {"data": 30, "edge": 20}, (), stages, found, SETTING, 1.5,
        ROWS, ("data",) * 40, NATIVE, graph, np.arange(40) + 1,
    )  # fmt: skip


@pytest.mark.parametrize("broken", [False, True], ids=["equal", "different"])
def test_json_follows_its_schema(broken: bool) -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    made = report(broken)
    told = json.loads(made.to_json())
    jsonschema.validate(told, schema())
    assert told["status"] == ("differs" if broken else "equal")
    if broken:
        assert told["culprit"] == "Pipeline/b"
        assert told["stages"][1]["worst"] == "Infinity"
        assert told["outputs"][1]["worst_row"] == 4, "rows are counted among those tried"
        assert told["outputs"][1]["worst_pair"][1] == "NaN"


def test_truth_is_equality_within_the_rate_accepted() -> None:
    good, bad = report(False), report(True)
    assert good
    assert not bad
    assert bad.differing == 3
    lenient = replace(bad, setting=replace(SETTING, max_ppm=bad.ppm))
    assert lenient
    assert not replace(lenient, batches=("0 rows: the graph fails",))


def test_the_verdict_for_the_lock_holds_nothing_that_varies() -> None:
    made = report(False)
    assert made.verdict() == replace(made, duration=9.0, setting=replace(SETTING, versions={})).verdict()
    assert json.dumps(made.verdict(), sort_keys=True)


def test_text_says_what_matters_first() -> None:
    lines = str(report(True)).splitlines()
    assert lines[0].startswith("DIFFERENT on 3 of 50 rows")
    assert any("introduced by Pipeline/b (k.B): why" in line for line in lines)
    assert "    def test(): ..." in lines
    assert str(report(False)).startswith("EQUAL on 50 rows")


class Outline(HTMLParser):
    """Collects what a page refers to and which regions a keyboard reaches."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: list[str] = []
        self.unlabelled: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        self.links += [v or "" for k, v in attrs if k in ("src", "href")]
        if given.get("role") in ("region", "img") and not (
            "aria-label" in given or "aria-labelledby" in given
        ):
            self.unlabelled.append(tag)
        if "scroll" in (given.get("class") or "") and given.get("tabindex") != "0":
            self.unlabelled.append(tag)


@pytest.mark.parametrize("broken", [False, True], ids=["equal", "different"])
def test_the_page_needs_nothing_from_outside(broken: bool) -> None:
    page = report(broken).to_html()
    outline = Outline()
    outline.feed(page)
    assert outline.links == []
    assert "script" not in outline.tags
    assert outline.unlabelled == []
    assert "url(" not in page
    assert "@import" not in page
    assert "<b>Zürich" not in page, "values of rows are escaped"
    assert "prefers-color-scheme: dark" in page


def test_a_notebook_shows_a_summary() -> None:
    shown = report(True)._repr_html_()
    assert "DIFFERENT" in shown
    assert "<html" not in shown
    assert "Pipeline/b" in shown


@pytest.mark.parametrize("width", [1200, 500])
def test_a_real_browser_lays_the_page_out(tmp_path: Path, width: int) -> None:
    browser = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not browser:
        pytest.skip("no chromium here (set CHROMIUM to its path)")
    page = tmp_path / "report.html"
    probe = (
        "<script>document.title = 'laid out ' + document.documentElement.scrollWidth + ' of '"
        " + window.innerWidth + ', ' + [...document.querySelectorAll('svg')].filter(s =>"
        " s.getBoundingClientRect().height > 50).length + ' charts, ' +"
        " getComputedStyle(document.querySelector('h1')).color</script>"
    )
    page.write_text(report(True).to_html().replace("</body>", probe + "</body>"), "utf-8")
    flags = "--headless --no-sandbox --disable-gpu --disable-background-networking"
    done = subprocess.run(
        [browser, *flags.split(), "--disable-component-update", "--disable-sync", "--no-first-run",
         f"--user-data-dir={tmp_path / 'profile'}",
         f"--window-size={width},900", "--dump-dom", page.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    dom = html.unescape(done.stdout)
    laid_out = re.search(r"laid out (\d+) of (\d+), (\d) charts, rgb\((\d+),", dom)
    assert laid_out, dom[:500]
    content, window, charts, red = map(int, laid_out.groups())
    assert content <= window, "nothing but tables scrolls sideways"
    assert charts == 2
    assert red > 150, "bad news is red"
    assert "DIFFERENT on 3 of 50 rows" in dom
