"""Networks that end their process, hang, run out of memory, print or read: told, in one sentence each."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch isn't installed")

from onnxpipe.core.options import Options
from onnxpipe.errors import ExportFailed, NativeFailed, NativeRefused
from onnxpipe.services.convert import adapter_of, artefact_of
from onnxpipe.services.natives.native import Native, Where
from tests.packages import troubled

pytestmark = [
    pytest.mark.slow, pytest.mark.xdist_group("torch"),
    pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are Linux's"),
]  # fmt: skip


@pytest.fixture
def native() -> Iterator[Native]:
    artefact = artefact_of(troubled.Troubled())
    with Native(artefact, adapter_of(artefact), Where(timeout=120)) as worker:
        yield worker


def rows(trouble: int) -> dict[str, np.ndarray]:
    return {"x": np.full((2, 3), trouble, np.float32)}


def test_trouble_is_told_and_survived_where_it_can_be(native: Native) -> None:
    for trouble, said in (
        (troubled.FAILS, "object: KeyError: 'no such word'$"),
        (troubled.STARVES, "object: there isn't enough memory for it$"),
        (troubled.ASKS, "object: EOFError: EOF when reading a line$"),
    ):
        with pytest.raises(NativeRefused, match=said):
            native.answers(rows(trouble), ["output"])
    told = native.answers(rows(troubled.TALKS), ["output"])
    np.testing.assert_array_equal(told["output"], np.full((2, 3), 2 * troubled.TALKS))

    sample = rows(troubled.FAILS)
    with pytest.raises(
        ExportFailed, match=r"itself fails on x float32\[2, 3\]: KeyError: 'no such word'$"
    ) as caught:
        native.program("torch", Options(), sample)
    assert caught.value.exit_code == 2

    native._process.timeout = 1
    with pytest.raises(NativeFailed, match="no answer within 1 s") as late:
        native.answers(rows(troubled.HANGS), ["output"])
    assert "--timeout" in late.value.remedy and late.value.exit_code == 2


def test_a_crash_is_told_with_what_was_going_on(native: Native) -> None:
    with pytest.raises(NativeFailed, match=r"crashed \(SIGSEGV\) while it was exported") as caught:
        native.program("torch", Options(), rows(troubled.CRASHES))
    assert caught.value.exit_code == 2
    with pytest.raises(NativeFailed, match="has ended"):
        native.answers(rows(0), ["output"])
