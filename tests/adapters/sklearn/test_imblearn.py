"""imbalanced-learn: its pipelines and ensembles against the library itself."""

from __future__ import annotations

import pytest

pytest.importorskip("imblearn")

from tests.harness import DTYPES, Case, cases, conform


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", cases("imblearn"), ids=str)
def test_estimator(case: Case, dtype: str) -> None:
    conform(case, dtype)
