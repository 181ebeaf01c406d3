"""Every row of every table, in every precision."""

from __future__ import annotations

import pytest

from onnxpipe.core.registry import discover, kinds
from onnxpipe.errors import Refusal
from tests.harness import DTYPES, Case, cases, conform

SKLEARN = cases("sklearn")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", SKLEARN, ids=str)
def test_sklearn(case: Case, dtype: str) -> None:
    if dtype in case.skip:
        pytest.skip(case.reason)
    if case.refused:
        with pytest.raises(Refusal, match=case.refused):
            conform(case, dtype)
    else:
        conform(case, dtype)


def test_every_sklearn_converter_has_a_row() -> None:
    discover("onnxpipe.adapters.sklearn")
    rows = {case.kind for case in SKLEARN if not case.refused}
    assert {k for k in kinds() if k.startswith("sklearn.")} - rows == set()
