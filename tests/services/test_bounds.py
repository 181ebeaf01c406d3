"""Which made rows are left out before a pair is judged."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from onnxpipe.check.edges.probes import Probes
from onnxpipe.services.judging.bounds import thinned

REFUSED = range(0, 1800, 2)


def rows(origin: str) -> Probes:
    count = 2000
    return Probes({"X": np.arange(count)[:, None]}, (origin,) * count, ("",) * count)


def graph() -> Any:
    return SimpleNamespace(each=lambda _: SimpleNamespace(refused=dict.fromkeys(REFUSED, "refused")))


@pytest.mark.parametrize(("cells", "left"), [(8, 900), (128, 256), (10_000, 32)])
def test_of_very_wide_rows_that_are_refused_some_are_asked(cells: int, left: int) -> None:
    made = thinned(graph(), rows("edge"), cells)
    kept = set(made.rows["X"][:, 0].tolist())
    assert len(kept & set(REFUSED)) == left
    assert len(kept) == 1100 + left, "what isn't refused stays"
    assert {0, 1798} <= kept, "from all over"


def test_the_users_own_rows_stay() -> None:
    assert len(thinned(graph(), rows("data"), 10_000)) == 2000
