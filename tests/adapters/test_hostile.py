"""Nothing a file holds is run, believed or waited for: hostile pickles end quickly, in one way."""

from __future__ import annotations

import builtins
import bz2
import contextlib
import gc
import gzip
import lzma
import os
import pickle
import resource
import subprocess
import sys
import time
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

import onnxpipe
from onnxpipe.adapters import compressed, pickles, skops
from onnxpipe.cli import main
from onnxpipe.core.record import walk
from onnxpipe.errors import Refusal, Unreadable
from tests.hostile import HARMLESS, REFUSED

SECONDS, MEGABYTES = 2, 500
FIXTURES = Path(__file__).parents[2] / "fixtures"


@pytest.fixture
def canary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that must not appear; what a payload would call to make it fails loudly besides."""

    def alarm(*args: Any, **kwargs: Any) -> Any:
        raise AssertionError(f"the file ran something: {args}")

    for module, name in ((os, "system"), (subprocess, "Popen"), (builtins, "eval"), (np, "load")):
        monkeypatch.setattr(module, name, alarm)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "_canary_"


def stream(data: bytes) -> bytes:
    """The whole pickle; the canary's name is as long as its placeholder, so that lengths hold."""
    return data.replace(b"{canary}", b"_canary_") + b"."


def within_limits(data: bytes) -> Any:
    """What reading answers or raises, within the limits of time and memory.

    The collector is kept off what earlier tests hold: one pass over that counted against the limit.
    """
    gc.freeze()
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    try:
        return pickles.read(data)
    finally:
        seconds = time.process_time() - start
        gc.unfreeze()
        assert seconds < SECONDS
        assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10 < MEGABYTES


def test_the_alarm_works(canary: Path) -> None:
    with pytest.raises(AssertionError, match="_canary_"):
        pickle.loads(stream(HARMLESS["subprocess"]))


@pytest.mark.parametrize("name", HARMLESS)
def test_calls_are_recorded_and_not_made(name: str, canary: Path) -> None:
    modules = set(sys.modules)
    content = within_limits(stream(HARMLESS[name]))
    assert sum(1 for _ in walk(content.value)) < 50_000
    assert set(sys.modules) == modules and not canary.exists()


@pytest.mark.parametrize("name", REFUSED)
def test_what_makes_no_sense_is_refused(name: str, canary: Path) -> None:
    with pytest.raises(Unreadable):
        within_limits(stream(REFUSED[name]))
    assert not canary.exists()


@pytest.mark.parametrize("name", HARMLESS)
def test_converting_them_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / "hostile.pkl"
    path.write_bytes(b"\x80\x04" + stream(HARMLESS[name]))
    with pytest.raises(Refusal):
        onnxpipe.convert(path)


BOMBS = {
    "zlib": lambda raw: zlib.compress(raw, 9),
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "xz": lambda raw: lzma.compress(raw, preset=0),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_file_that_unpacks_beyond_measure_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compressed, "FLOOR", 2**23)
    with pytest.raises(Unreadable, match="as only bombs do"):
        within_limits(BOMBS[name](bytes(2**25)))


def test_the_measure_itself_is_within_the_limits() -> None:
    with pytest.raises(Unreadable, match="256 MiB"):
        within_limits(zlib.compress(bytes(2**28 + 2**24), 9))


def endless() -> dict[str, Any]:
    """Pipelines that hold themselves, or that unfold to millions of stages."""
    scaler = StandardScaler().fit(np.eye(3))
    itself, lists, doubled = Pipeline([("a", scaler)]), Pipeline([("a", scaler)]), Pipeline([("a", scaler)])
    itself.steps.append(("b", itself))
    lists.memory = [scaler]
    for _ in range(30):
        doubled, lists.memory = Pipeline([("a", doubled), ("b", doubled)]), [lists.memory, lists.memory]
    return {"itself": itself, "lists": lists, "doubled": doubled}


@pytest.mark.parametrize("name", ["itself", "lists", "doubled"])
def test_pipelines_without_end_are_refused(name: str) -> None:
    start = time.process_time()
    with pytest.raises(Unreadable, match=r"itself|over and over"):
        onnxpipe.convert(endless()[name])
    assert time.process_time() - start < SECONDS


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_DATA, (1 << 30, 1 << 30))
resource.setrlimit(resource.RLIMIT_CPU, (10, 10))
from onnxpipe.adapters import pickles
from onnxpipe.errors import Unreadable
from tests.hostile import HARMLESS, REFUSED
for name, data in (HARMLESS | REFUSED).items():
    try:
        pickles.read(data + b".")
    except Unreadable:
        pass
print("done")
"""


def test_all_of_them_together_in_one_small_process() -> None:
    home = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", LIMITED], cwd=home, capture_output=True, text=True, check=False
    )
    assert done.stdout == "done\n", done.stderr[-500:]


FILES = sorted(p for p in FIXTURES.glob("*/*") if p.suffix in (".joblib", ".pkl", ".skops"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.parent.name)
def test_damaged_files_are_refused_or_read(path: Path) -> None:
    """About 500 flipped bytes and cuts over all files."""
    data, rng = path.read_bytes(), np.random.default_rng(len(path.name))
    read = skops.read if path.suffix == ".skops" else pickles.read
    for trial in range(90):
        damaged = bytearray(data)
        for place in rng.integers(0, len(data), rng.integers(1, 4)):
            damaged[place] ^= 1 << int(rng.integers(8))
        cut = int(rng.integers(len(data))) if trial % 3 == 0 else len(data)
        start = time.process_time()
        with contextlib.suppress(Unreadable):
            read(bytes(damaged[:cut]))
        assert time.process_time() - start < SECONDS


@pytest.mark.parametrize("name", [*HARMLESS, *REFUSED])
def test_commands_refuse_them_in_time(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a payload would run makes a file here, so none may appear."""
    monkeypatch.chdir(tmp_path)
    Path("hostile.pkl").write_bytes(stream((HARMLESS | REFUSED)[name]))
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    codes = [main(["convert", "hostile.pkl", "-o", "out.onnx"]), main(["inspect", "hostile.pkl"])]
    assert codes[0] == 2 and codes[1] in (0, 2)
    assert "Traceback" not in capsys.readouterr().err
    assert time.process_time() - start < 2 * SECONDS
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10 < MEGABYTES
    assert [path.name for path in Path().iterdir()] == ["hostile.pkl"]
