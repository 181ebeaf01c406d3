"""Every option that bears on an answer is set to something else in some row, or written down as harmless."""

from __future__ import annotations

import pytest
from sklearn.preprocessing import StandardScaler
from sklearn.utils import all_estimators

from tests.harness import METHODS, Case, cases
from tests.options import HARMLESS, read, unheeded, varied
from tests.rigs.sklearn import installed

newest = pytest.mark.skipif(not installed("1.9"), reason="older versions have options that are gone since")


def telling() -> list[Case]:
    """The first and the last row of every estimator that isn't refused."""
    rows = [case for case in cases("sklearn") if not case.refused]
    first = {case.kind: case for case in reversed(rows)}
    last = {case.kind: case for case in rows}
    return [*first.values(), *(case for kind, case in last.items() if case is not first[kind])]


@newest
@pytest.mark.parametrize("case", telling(), ids=str)
def test_options_that_are_read_are_varied(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    lacking = read(case, monkeypatch) - varied()[type(case.estimator)] - set(HARMLESS)
    assert not lacking, f"no row sets {sorted(lacking)} of {case.kind}"


def test_a_reading_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {"with_mean", "with_std"} <= read(Case(StandardScaler()), monkeypatch)


@newest
def test_no_option_is_forgotten() -> None:
    kinds = [kind for _, kind in all_estimators() if any(hasattr(kind, method) for method in METHODS)]
    forgotten = {kind.__name__: sorted(unheeded(kind)) for kind in kinds if unheeded(kind)}
    assert forgotten == {}, "set them in a row of tests/cases, or name them in tests/options.py"
