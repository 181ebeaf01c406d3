"""Functions that pipelines hold: translated by name, never run."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import cloudpickle
import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import FunctionTransformer

import onnxpipe
from onnxpipe.adapters.base import Artefact
from onnxpipe.adapters.sklearn.trust import untrusted
from onnxpipe.core import translations
from onnxpipe.core.ops import Var, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.translations import translated
from onnxpipe.errors import Refusal
from tests import functions
from tests.harness import open_session

ROWS = np.random.default_rng(0).normal(size=(40, 3))


def answer(transformer: Any, rows: Any = ROWS) -> Any:
    """What the graph of a transformer answers."""
    model = onnxpipe.convert(transformer.fit(rows), sample=rows)
    return onnxpipe.load(model)(rows)["transform"]


def refusal(transformer: Any) -> str:
    with pytest.raises(Refusal) as caught:
        onnxpipe.convert(transformer)
    return str(caught.value)


def test_a_lambda_is_named_and_never_run() -> None:
    held = FunctionTransformer(lambda x: 1 / len(x)).fit(ROWS)
    data = cloudpickle.dumps(held)
    assert "<lambda>, Python code in the file, which is never run" in refusal(Artefact(None, data))


def test_the_refusal_of_a_function_says_how_to_translate_it() -> None:
    held = FunctionTransformer(functions.untranslated).fit(ROWS)
    assert "@onnxpipe.translates('tests.functions.untranslated')" in refusal(held)


def test_positional_arguments_of_a_partial_are_refused() -> None:
    assert "partial(numpy.clip)" in refusal(FunctionTransformer(partial(np.clip, ROWS)).fit(ROWS))


def test_keywords_of_a_partial_give_way_to_those_of_the_transformer() -> None:
    held = FunctionTransformer(partial(np.clip, a_min=0, a_max=1), kw_args={"a_max": 0.5})
    assert np.array_equal(answer(held), np.clip(ROWS, 0, 0.5))


def test_a_later_translation_wins() -> None:
    try:

        @onnxpipe.translates("tests.functions.untranslated")
        def first(stage: Stage, x: Var) -> Var:
            return op.neg(x)

        @onnxpipe.translates("tests.functions.untranslated")
        def second(stage: Stage, x: Var) -> Var:
            return op.abs(x)

        assert np.array_equal(answer(FunctionTransformer(functions.untranslated)), np.abs(ROWS))
        assert "tests.functions.untranslated" in translated()
        assert untrusted(["tests.functions.untranslated"]) == ()
    finally:
        translations._translations.pop("tests.functions.untranslated")


def test_columns_of_a_data_frame_keep_their_dtypes() -> None:
    frame = pd.DataFrame({"a": np.float32([0.1, 0.2]), "n": [1, 2], "b": [0.1, 0.2]})
    expected = np.square(frame).to_numpy()
    assert np.array_equal(answer(FunctionTransformer(np.square), frame), expected)


@pytest.mark.parametrize(
    "name", ["arctan", "arcsin", "arccos", "arcsinh", "arccosh", "sinh", "cosh", "arctanh"]
)
def test_functions_that_onnxruntime_lacks_in_double_are_exact_to_a_few_ulps(name: str) -> None:
    sizes = np.concatenate([10.0 ** np.arange(-300, 301, 7), [1, 0.5, math.sqrt(2) + 1, 0.66, 700, 710]])
    rows = np.concatenate([sizes, -sizes, [0.0, np.inf, -np.inf, np.nan]])[:, None]
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(rows)
    model = onnxpipe.convert(FunctionTransformer(getattr(np, name)).fit(rows))
    (found,) = open_session(model).run(None, {"X": rows})
    np.testing.assert_allclose(found, expected, rtol=2e-15, atol=0)
