"""``onnxpipe inspect --html``: the graph by part and stage, with no script and no network."""

from __future__ import annotations

import html
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import onnx
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import onnxpipe
from onnxpipe.check.reports.anatomy import INPUTS, OUTPUTS, anatomy
from onnxpipe.cli import main
from onnxpipe.services.inspect import drawn
from tests import datasets
from tests.chromium import executable
from tests.graphs import graph
from tests.shell import saved


@pytest.fixture(scope="module")
def model() -> onnx.ModelProto:
    rows, target = datasets.load("labels")
    quick = make_pipeline(StandardScaler(), LogisticRegression()).fit(rows, target)
    slow = RandomForestClassifier(2, random_state=0).fit(rows, target)
    parts = {"scale": StandardScaler().fit(rows), "quick": quick, "slow": slow}
    return onnxpipe.stitch(
        {**parts, "answer": "cascade:of=quick|slow,at=0.9", "best": "sorted_probabilities"}
    )


def test_parts_stages_and_wires(model: onnx.ModelProto) -> None:
    boxes = {box.path: box for box in anatomy(model)}
    assert list(boxes) == ["scale", "answer", "best"]
    assert [(wire.value, wire.type, wire.ends) for wire in boxes["scale"].takes] == [
        ("X", "float64[N, 4]", (INPUTS,))
    ]
    assert [wire.ends for wire in boxes["scale"].gives] == [("answer",)]
    assert {end for wire in boxes["best"].gives for end in wire.ends} == {OUTPUTS}
    inner = {box.name: box for box in boxes["answer"].inner}
    assert {"quick", "slow"} <= set(inner), "what is in a branch is shown too"
    assert [box.path for box in inner["quick"].inner] == ["answer/quick/Pipeline"]
    assert inner["slow"].operators["ai.onnx.ml.TreeEnsemble"] == 1
    assert boxes["best"].facts["from"] == "component sorted_probabilities"


def test_a_model_without_stages_is_one_box() -> None:
    made = graph("g (float[N,2] x) => (float[N,2] y) { y = Relu(x) }")
    (box,) = anatomy(made)
    assert (box.path, box.count, box.takes[0].ends, box.gives[0].ends) == ("g", 1, (INPUTS,), (OUTPUTS,))
    assert "float32[N, 2]" in drawn(made)


class Outline(HTMLParser):
    """Tags, ids and the places links lead to."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.ids: set[str] = set()
        self.links: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.tags.add(tag)
        self.ids |= {told["id"] or ""} if "id" in told else set()
        self.links |= {told[key] or "" for key in ("href", "src") if key in told}


def test_the_page_stands_alone(model: onnx.ModelProto) -> None:
    named = onnx.ModelProto()
    named.CopyFrom(model)
    for node in named.graph.node:
        for prop in node.metadata_props:
            prop.value = prop.value.replace("Pipeline", "<script>alert(1)</script> & co")
    page = drawn(named)
    outline = Outline()
    outline.feed(page)
    assert outline.links and all(link.startswith("#") for link in outline.links)
    assert {link[1:] for link in outline.links} <= outline.ids
    assert "script" not in outline.tags and "@import" not in page and "http" not in page
    assert {"details", "summary"} <= outline.tags


def test_a_saved_pipeline_is_drawn_by_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = saved(tmp_path)
    assert main(["inspect", str(path), "--html", str(tmp_path / "page.html")]) == 0
    page = (tmp_path / "page.html").read_text("utf-8")
    assert "pipe.joblib" in page and "StandardScaler" in page
    path.write_bytes(b"nothing we know")
    assert main(["inspect", str(path), "--html", str(tmp_path / "other.html")]) == 2
    assert not (tmp_path / "other.html").exists()


@pytest.mark.parametrize("width", [1200, 500])
def test_a_real_browser_lays_the_page_out(model: onnx.ModelProto, tmp_path: Path, width: int) -> None:
    browser = executable()
    page = tmp_path / "page.html"
    probe = (
        "<script>const shut = document.querySelectorAll('details:not([open])').length;"
        " location.hash = document.querySelectorAll('details details')[0].id;"
        " const s = document.querySelector('summary'); s.focus();"
        " document.title = 'laid out ' + document.documentElement.scrollWidth + ' of ' + window.innerWidth"
        " + ', ' + document.querySelector('svg').getBoundingClientRect().height + ' high, ' + shut"
        " + ' shut, ' + (document.activeElement === s) + ' ' + getComputedStyle(s).fontSize</script>"
    )
    page.write_text(drawn(model).replace("</body>", probe + "</body>"), "utf-8")
    flags = "--headless --no-sandbox --disable-gpu --disable-background-networking"
    done = subprocess.run(
        [browser, *flags.split(), "--disable-component-update", "--disable-sync", "--no-first-run",
         f"--user-data-dir={tmp_path / 'profile'}",
         f"--window-size={width},900", "--dump-dom", page.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    dom = html.unescape(done.stdout)
    found = re.search(r"laid out (\d+) of (\d+), (\d+)\S* high, (\d+) shut, (\w+) (\d+)", dom)
    assert found, dom[:500]
    content, window, high, shut = map(int, found.groups()[:4])
    assert content <= window, "nothing but the picture scrolls sideways"
    assert high > 400 and shut > 3, "parts are open, stages shut"
    assert found.group(5) == "true" and int(found.group(6)) >= 16, (
        "keys reach summaries, and they can be read"
    )
