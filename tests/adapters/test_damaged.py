"""Damaged files are refused in words, whatever the damage; a healthy one shows our own bugs."""

from __future__ import annotations

import io
import pickle
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier

import onnxpipe as api
from onnxpipe.adapters.base import Artefact
from onnxpipe.cli import main
from onnxpipe.core import registry
from onnxpipe.core.ops import Var
from onnxpipe.core.options import Options
from onnxpipe.core.plan import Stage
from onnxpipe.errors import Contradictory, Refusal
from onnxpipe.services.convert import conversion
from onnxpipe.services.selftest import selftest
from tests import test_fixtures as fixtures
from tests.adapters.test_trust import Bomb
from tests.shell import fitted, here, saved, told

pytestmark = pytest.mark.usefixtures("inhouse")

COPIES = 40
"""Damaged copies of each fixture."""
NAMES = [name for name in fixtures.NAMES if "/" not in name and fixtures.artefact(name).is_file()]
"""Those of one file that converts in a moment."""


def unpacked(data: bytes) -> bytes:
    """The pickle in a file: compression notices all damage, so it is done inside."""
    return zlib.decompress(data, wbits=47) if data[:1] in (b"\x78", b"\x1f") else data


def damaged(data: bytes, rng: np.random.Generator) -> bytes:
    """A copy of the data with one to three bits flipped."""
    copy = bytearray(data)
    for place in rng.integers(0, len(data), rng.integers(1, 4)):
        copy[place] ^= 1 << int(rng.integers(8))
    return bytes(copy)


def damaged_archive(data: bytes, rng: np.random.Generator) -> bytes:
    """A copy of an archive, its checksums right, with one member damaged."""
    out = io.BytesIO()
    with ZipFile(io.BytesIO(data)) as old, ZipFile(out, "w") as new:
        chosen = rng.choice(old.namelist())
        for name in old.namelist():
            held = old.read(name)
            new.writestr(name, damaged(held, rng) if name == chosen else held)
    return out.getvalue()


def copies(path: Path) -> Iterator[bytes]:
    rng = np.random.default_rng(len(path.parent.name))
    data = path.read_bytes()
    for _ in range(COPIES):
        yield damaged_archive(data, rng) if path.suffix == ".skops" else damaged(unpacked(data), rng)


@cache
def outcomes(name: str) -> Counter[str]:
    """How converting the damaged copies of a fixture ended. Raises what is no refusal."""
    path = fixtures.artefact(name)
    found: Counter[str] = Counter()
    for copy in copies(path):
        try:
            selftest(conversion(Artefact(None, copy), Options()).model)
            found["converted"] += 1
        except Refusal as refusal:
            assert refusal.where
            found[type(refusal).__name__] += 1
    return found


@pytest.mark.parametrize("name", NAMES)
def test_damaged_copies_are_converted_or_refused(name: str) -> None:
    assert outcomes(name).total() == COPIES


def test_the_damage_is_of_every_kind() -> None:
    """Else the copies prove nothing: some must open, and of those some must contradict themselves."""
    total = sum((outcomes(name) for name in NAMES), Counter())
    assert min(total[kind] for kind in ("converted", "Unreadable", "Contradictory")) > 10


def with_wrong_mean(folder: Path) -> Path:
    """A saved pipeline whose scaler has four means for three columns."""
    pipeline, _ = fitted()
    pipeline[0].mean_ = np.zeros(4)
    path = folder / "pipe.pkl"
    path.write_bytes(pickle.dumps(pipeline))
    return path


@pytest.fixture
def bug(monkeypatch: pytest.MonkeyPatch) -> None:
    """A converter that is wrong about healthy state."""

    def scaler(_stage: Stage, *_given: object) -> Var:
        raise ValueError("planted")

    kind = "sklearn.preprocessing.StandardScaler"
    registry.discover("onnxpipe.adapters.sklearn")
    found = registry.find(kind)
    assert found is not None
    monkeypatch.setitem(registry._converters, kind, replace(found, convert=scaler))


def test_the_stage_is_named_and_the_cause_kept(tmp_path: Path) -> None:
    with pytest.raises(Contradictory, match="doesn't fit together") as caught:
        api.convert(with_wrong_mean(tmp_path))
    assert caught.value.stage == "Pipeline/standardscaler" and caught.value.__cause__ is not None


def test_a_live_object_shows_our_bug(bug: None) -> None:
    with pytest.raises(ValueError, match="planted"):
        api.convert(fitted()[0])


def test_a_file_that_the_original_works_with_shows_our_bug(
    bug: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = saved(tmp_path)
    assert main(["convert", str(path), "-o", str(tmp_path / "m.onnx")]) == 3
    assert "ValueError: planted" in capsys.readouterr().err
    assert main(["convert", str(path), "-o", str(tmp_path / "m.onnx"), "--no-verify"]) == 2
    assert not (tmp_path / "m.onnx").exists()


def test_a_file_that_the_original_fails_on_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = with_wrong_mean(tmp_path)
    assert main(["convert", str(path), "-o", str(tmp_path / "m.onnx")]) == 2
    said = capsys.readouterr().err
    assert "pipe.pkl: Pipeline/standardscaler: the saved state" in said and "Traceback" not in said


@pytest.mark.parametrize(("node", "child"), [(2, 0), (2, 2), (0, 2)])
def test_trees_whose_nodes_go_in_circles_are_refused(node: int, child: int, tmp_path: Path) -> None:
    tree = DecisionTreeClassifier(random_state=0).fit(np.arange(32.0).reshape(16, 2), np.arange(16) % 3)
    state = tree.tree_.__getstate__()
    assert state["nodes"]["left_child"][node] >= 0
    state["nodes"]["left_child"][node] = child
    tree.tree_.__setstate__(state)
    (tmp_path / "tree.pkl").write_bytes(pickle.dumps(tree))
    with pytest.raises(Contradictory, match="don't form a tree"):
        api.convert(tmp_path / "tree.pkl")


def test_standard_input_is_no_more_trusted_than_a_file(tmp_path: Path) -> None:
    pipeline, _ = fitted()
    pipeline.memory = Bomb(tmp_path / "mark")
    done = here("convert", "-", "-o", "m.onnx", cwd=tmp_path, stdin=pickle.dumps(pipeline))
    assert done.returncode == 2 and "--trust" in told(done)
    assert not (tmp_path / "mark").exists()
