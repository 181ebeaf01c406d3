"""A small, seeded share of what ``make fuzz`` tries."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tests import fuzz
from tests.fuzz_kinds import KINDS

COUNT = 6 * len(KINDS)


def test_damaged_files_of_every_kind_end_well() -> None:
    """Exit 0, 1 or 2 in time, no traceback, no partial file; and some of each, else it proves nothing."""
    codes: Counter[int] = Counter()
    for trial, code, problem in fuzz.outcomes(list(KINDS), COUNT, seed=8):
        assert not problem, f"{trial}: {problem} (kept under {fuzz.KEPT})"
        codes[code] += 1
    assert codes.total() == COUNT and min(codes[0], codes[2]) > COUNT // 10 and codes[1]


@pytest.mark.parametrize("name", KINDS)
def test_healthy_files_are_read(name: str, tmp_path: Path) -> None:
    KINDS[name].make(tmp_path)
    code, said = fuzz.run(KINDS[name].commands[0], tmp_path)
    assert code == 0, said


def test_the_same_seed_is_the_same_damage() -> None:
    data = bytes(range(256)) * 4
    first, again = (fuzz.damaged(data, np.random.default_rng([3, 5])) for _ in range(2))
    assert first == again != data


def test_what_ends_badly_is_noticed() -> None:
    assert fuzz._problem(3, "", set()) and fuzz._problem(2, "Traceback (most recent call last)", set())
    assert fuzz._problem(0, "", {".out.onnx.x.tmp"}) and fuzz._problem(2, "", {"out.onnx"})
    assert not fuzz._problem(0, "", {"out.onnx", "out.onnx.lock"})
