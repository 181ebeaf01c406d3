"""Every row of every table, in every precision."""

from __future__ import annotations

import pytest

from onnxpipe.core.registry import discover, kinds
from onnxpipe.errors import Refusal
from tests.harness import DTYPES, Case, cases, conform

SKLEARN = cases("sklearn")
SPARK = cases("spark")
KERAS = cases("keras")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", SKLEARN, ids=str)
def test_sklearn(case: Case, dtype: str) -> None:
    conforms(case, dtype)


@pytest.mark.slow
@pytest.mark.xdist_group("spark")  # one session serves them all
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", SPARK, ids=str)
def test_spark(case: Case, dtype: str) -> None:
    conforms(case, dtype)


@pytest.mark.slow
@pytest.mark.xdist_group("keras")  # TensorFlow is imported once for them all
@pytest.mark.parametrize("case", KERAS, ids=str)
def test_keras(case: Case) -> None:
    conforms(case, "native")


def conforms(case: Case, dtype: str) -> None:
    """Assert that a row holds, or that it is refused as it says."""
    if dtype in case.skip:
        pytest.skip(case.reason)
    if case.refused:
        with pytest.raises(Refusal, match=case.refused):
            conform(case, dtype)
    else:
        conform(case, dtype)


HOMES = [("sklearn", "sklearn."), ("spark", ("pyspark.", "xgboost.spark.")), ("keras", "keras.")]


@pytest.mark.parametrize(("framework", "home"), HOMES)
def test_every_converter_has_a_row(framework: str, home: str) -> None:
    discover(f"onnxpipe.adapters.{framework}")
    rows = {kind for case in cases(framework) if not case.refused for kind in case.rig.kinds(case)}
    assert {k for k in kinds() if k.startswith(home)} - rows == set()
