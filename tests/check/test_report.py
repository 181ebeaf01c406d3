"""What a comparison found is told as text, as JSON by its schema, and as one page that any browser shows."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from onnxpipe.check.compare import Tolerance, compare
from onnxpipe.check.localise import StageFinding
from onnxpipe.check.reports.report import Counterexample, Refusals, Report, Setting, schema
from onnxpipe.check.ulps import steps
from tests.chromium import Chromium

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


WIDE = {f"measurement_{i}": RNG.normal(size=(40, 1)) for i in range(9)}
LAID_OUT = """(() => { const doc = document.documentElement;
  const wide = [...document.querySelectorAll('body *')].filter(e => !e.closest('svg')
    && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX !== 'visible');
  return { page: doc.scrollWidth, screen: window.innerWidth,
    charts: [...document.querySelectorAll('svg')].filter(s => s.getBoundingClientRect().height > 50).length,
    scrolls: wide.length, unreachable: wide.filter(e => e.tabIndex < 0 && !e.matches('.meter')).length,
    small: [...document.querySelectorAll('td, p, dd')].filter(
      e => parseFloat(getComputedStyle(e).fontSize) < 12).length,
    red: getComputedStyle(document.querySelector('h1')).color } })()"""
SCROLLED = """new Promise(done => { const table = document.querySelector('[aria-labelledby=worst].scroll');
  const look = left => table.scrollLeft || !left ? done(table.scrollLeft) : setTimeout(look, 50, left - 1);
  look(200) })"""
FOCUSED = """(() => { const e = document.activeElement, style = getComputedStyle(e);
  const outline = parseFloat(style.outlineWidth) > 0 && style.outlineStyle;
  return [e.getAttribute('aria-labelledby') || e.tagName, outline] })()"""


def test_a_real_browser_lays_the_page_out_on_desks_and_phones(tmp_path: Path) -> None:
    bad = replace(report(True), rows={**ROWS, **WIDE})
    with Chromium(tmp_path / "profile") as browser:
        for made, width, dark in (
            (bad, 1200, False),
            (bad, 360, False),
            (bad, 360, True),
            (report(False), 360, False),
        ):
            browser.show(made.to_html(), width, dark=dark)
            found = browser.evaluate(LAID_OUT)
            assert found["page"] <= found["screen"] == width, "nothing but tables scrolls sideways"
            assert found["charts"] == 3
            assert found["unreachable"] == found["small"] == 0
            red, green, _ = map(int, re.findall(r"\d+", found["red"]))
            assert (red > green) is not bool(made), "bad news is red"
        assert browser.evaluate("document.querySelector('h1').textContent").startswith("EQUAL")


def test_a_keyboard_reaches_all_that_scrolls(tmp_path: Path) -> None:
    bad = replace(report(True), rows={**ROWS, **WIDE})
    with Chromium(tmp_path / "profile") as browser:
        browser.show(bad.to_html(), 360)
        reached = {}
        for _ in range(6):
            browser.press("Tab", 9)
            name, outline = browser.evaluate(FOCUSED)
            reached[name] = outline
        assert {"outputs", "test", "stages", "worst"} <= reached.keys()
        assert all(reached[name] == "solid" for name in ("outputs", "test", "stages", "worst"))
        before = browser.evaluate("document.querySelector('[aria-labelledby=worst].scroll').scrollLeft")
        browser.evaluate("document.querySelector('[aria-labelledby=worst].scroll').focus()")
        for _ in range(3):
            browser.press("ArrowRight", 39)
        after = browser.evaluate(SCROLLED)
        assert before == 0
        assert after > 0, "arrow keys scroll a wide table"


def test_errors_are_counted_in_steps_of_precision() -> None:
    native = np.array([1.0, 1.0, 1.0, 0.0, np.nan, np.inf, 5.0])
    graph = np.array([1.0, np.nextafter(1, 2), 1 + 1e-12, -0.0, np.nan, 1.0, np.nan])
    made = replace(report(False), verdicts=compare({"y": native}, {"y": graph}))
    told = json.loads(made.to_json())["outputs"][0]["ulps"]
    assert told == {"0": 3, "1": 1, "2": 0, "4": 0, "16": 0, "256": 0, "65536": 1, "more": 2}
    assert "off by: 0 ulp 42.9 %, 1 ulp 14.3 %, 257 to 65536 ulp 14.3 %, over 65536 ulp 28.6 %" in str(made)
    assert steps(native, graph.astype("f4"))[0] == 5, "a float32 graph is held to float32's steps"
