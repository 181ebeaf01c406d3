"""Many columns of text, one-hot encoded: few rows and many are encoded in two ways, alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import OneHotEncoder

from onnxpipe import convert
from tests.graphs import run

COLUMNS = 9
RNG = np.random.default_rng(0)


def table(count: int) -> pd.DataFrame:
    """Columns of 7 to 15 words each, all of which the first rows hold."""
    words = {f"t{j}": [f"w{j}_{i}" for i in range(7 + j)] for j in range(COLUMNS)}
    return pd.DataFrame({name: RNG.permutation(np.resize(each, count)) for name, each in words.items()})


ROWS = table(60)


@pytest.mark.parametrize(
    "options", [{}, {"drop": "first"}, {"min_frequency": 5}, {"dtype": np.int32}], ids=str
)
def test_few_rows_and_many_are_encoded_alike(options: dict[str, Any]) -> None:
    encoder = OneHotEncoder(handle_unknown="infrequent_if_exist", sparse_output=False, **options).fit(ROWS)
    model = convert(encoder)
    asked = ROWS.copy()
    asked.iloc[::4, ::2] = "never seen"
    asked.iloc[1::4, 1::3] = ""
    for count in (0, 1, 32, 33, 60):
        part = asked[:count]
        feeds = {name: part[[name]].to_numpy(object) for name in part}
        found = run(model, feeds)["transform"]
        if count:
            np.testing.assert_array_equal(found, encoder.transform(part))
        assert found.shape == (count, len(encoder.get_feature_names_out()))
