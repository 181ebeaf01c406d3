"""onnxruntime-web as the runtime, in node and in a real headless browser (skipped without npm's package)."""

from __future__ import annotations

import os
import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from onnxpipe.check.runtimes import web
from onnxpipe.check.runtimes.graph import Graph
from onnxpipe.check.runtimes.visitor import Visitor
from onnxpipe.check.runtimes.web import Web
from onnxpipe.cli import main
from onnxpipe.errors import BadInput, Refusal, ServerFailed, Unreadable
from onnxpipe.services.judging.runtimes import runtime_of
from tests.fuzz_kinds import HOME, model
from tests.graphs import graph

PACKAGE = Path(os.environ.get("ONNXPIPE_WEB") or HOME / "build/web/node_modules")
MIXED = """
g (double[N,2] x, string[N,1] s, int64[N,1] i, bool[N,1] b)
=> (double[N,2] y, string[N,1] t, int64[N,1] p, bool[N,1] n)
<double[3,2] table = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6}, int64[1] one = {1}>
{
    flat = Squeeze(i, one)
    row = Gather(table, flat)
    y = Add(x, row)
    t = Identity(s)
    p = Mul(i, i)
    n = Not(b)
}
"""
ROWS = {
    "x": np.array([[1.5, np.nan], [np.inf, -0.0], [1e-310, 1.0], [2.0, 3.0], [0.1, 0.2]]),
    "s": np.array([["a"], ["\N{GREEK SMALL LETTER ALPHA} \U0001f642"], [""], ["x"], ["y"]], object),
    "i": np.array([[0], [2], [-3], [7], [1]]),
    "b": np.array([[True], [False], [True], [True], [False]]),
}


@pytest.fixture(scope="module", params=web.NAMES)
def runtime(request: pytest.FixtureRequest) -> Iterator[Web]:
    if not (PACKAGE / "onnxruntime-web").is_dir():
        pytest.skip(f"no npm package onnxruntime-web in {PACKAGE} ('make web', or set ONNXPIPE_WEB)")
    if not shutil.which("node") and request.param == "onnxruntime-web":
        pytest.skip("node isn't installed")
    try:
        made = Web(f"{request.param}:{PACKAGE}", 60)
    except Refusal as refusal:
        pytest.skip(str(refusal))
    yield made
    made.visitor.close()


def test_answers_types_and_refusals_are_those_of_onnxruntime(runtime: Web) -> None:
    here, there = Graph(graph(MIXED)).each(ROWS), Graph(graph(MIXED), runtime=runtime).each(ROWS)
    assert list(here.refused) == list(there.refused) == [3]
    for name, expected in here.answers.items():
        assert there.answers[name].dtype == expected.dtype
        np.testing.assert_array_equal(there.answers[name], expected)


def test_texts_end_at_a_nul_there(runtime: Web) -> None:
    """Which onnxruntime-web 1.30 does: the judge compares what it answers, and says that it differs."""
    rows = {**ROWS, "s": np.array([["a\0b"]] * 5, object), "i": ROWS["i"] * 0}
    there = Graph(graph(MIXED), runtime=runtime).run(rows)
    assert set(there["t"].ravel()) == {"a"}


def test_what_it_cannot_open_is_refused(runtime: Web) -> None:
    with pytest.raises(Unreadable, match="onnxruntime-web can't open it"):
        model = graph("g (float[N] x) => (float[N] y) { y = Neg(x) }")
        model.graph.node[0].op_type = "Nothing"
        Graph(model, runtime=runtime)


def test_golden_rows_are_replayed_in_it(
    runtime: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("onnxpipe.services.verify.runtime_of", lambda *_: runtime)
    model(tmp_path)
    assert main(["verify", str(tmp_path / "model.onnx")]) == 0
    told = capsys.readouterr().out
    assert "EQUAL on 200 rows" in told and "onnxruntime-web (" in told


def test_without_the_package_it_is_told_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for said in ("onnxruntime-web", "browser", "browser:nowhere"):
        with pytest.raises(BadInput, match="npm package onnxruntime-web isn't there") as refused:
            runtime_of(said, None, 1)
        assert "npm install onnxruntime-web" in refused.value.remedy
    with pytest.raises(BadInput, match="no such runtime"):
        runtime_of("onnxruntime-wep", None, 1)


@pytest.mark.parametrize("inside", ["", "node_modules", "node_modules/onnxruntime-web"])
def test_the_package_is_found_where_node_finds_it(
    inside: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "node_modules" / "onnxruntime-web"
    (home / "dist").mkdir(parents=True)
    (home / "package.json").write_text("{}")
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert web.found(f"../{inside}") == home == web.found("")


def visiting(*script: str, timeout: float = 0.5) -> Visitor:
    return Visitor(HOME, lambda url, folder: [sys.executable, "-c", ";".join(script)], timeout)


def test_who_never_answers_is_not_waited_for() -> None:
    with pytest.raises(ServerFailed, match="no answer within"):
        visiting("import time", "time.sleep(60)").ask({})
    with pytest.raises(ServerFailed, match=r"exit code 7"):
        visiting("import sys", "sys.exit(7)", timeout=30).ask({})
    with pytest.raises(ServerFailed, match="can't start"):
        Visitor(HOME, lambda *_: ["/nowhere/chromium"], 1)


def test_nothing_else_is_served() -> None:
    seen: list[str] = []

    def command(url: str, _: str) -> list[str]:
        seen.append(url)
        return [sys.executable, "-c", "import time; time.sleep(60)"]

    made = Visitor(HOME, command, 1)
    (url,) = seen
    with urllib.request.urlopen(f"{url}web.mjs") as answer:
        assert b"export async function serve" in answer.read()
    for path in (f"{url}ort/README.md", f"{url}../x", url[:-2], f"{url}ort/../../pyproject.toml"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(path)
    made.close()
