"""What rows of the case tables can't say: refused and marked rows, other missing strings, accuracy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import spox
from numpy.typing import NDArray
from scipy import special, stats
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    LabelEncoder,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    QuantileTransformer,
)

import onnxpipe
from onnxpipe.blocks import numeric, quantiles
from onnxpipe.core.ops import Tensor, argument
from onnxpipe.errors import BadInput, Inexact
from tests.harness import open_session

TEXT = np.array([["a", "x"], ["b", "y"], ["c", "x"]], object)


def answers(estimator: Any, rows: Any, **options: Any) -> list[Any]:
    session = open_session(onnxpipe.convert(estimator, **options))
    return list(session.run(None, {"X": rows}))


def computed(block: Any, values: NDArray[Any]) -> NDArray[Any]:
    x = argument(Tensor(values.dtype, ("N", values.shape[1])))
    session = open_session(spox.build({"X": x}, {"Y": block(x)}))
    return np.asarray(session.run(None, {"X": values})[0])


@pytest.mark.parametrize("encoder", [OneHotEncoder(sparse_output=False), OrdinalEncoder()], ids=str)
def test_a_category_of_another_column_is_unknown(encoder: Any) -> None:
    crossed = np.array([["a", "x"], ["x", "y"]], object)
    with pytest.raises(Exception, match=r"out of|indices"):
        answers(encoder.fit(TEXT), crossed)
    result, invalid = answers(encoder, crossed, on_invalid="flag")
    assert invalid.tolist() == [False, True]
    assert np.array_equal(result[0], encoder.transform(TEXT[:1])[0])
    (result,) = answers(encoder, crossed, on_invalid="nan")
    assert np.isnan(result[1]).all() and not np.isnan(result[0]).any()


def test_an_unknown_label_is_refused() -> None:
    encoder = LabelEncoder().fit(["b", "a"])
    assert answers(encoder, np.array([["b"], ["a"]], object))[0].tolist() == [1, 0]
    with pytest.raises(Exception, match=r"out of|indices"):
        answers(encoder, np.array([["c"]], object))


def test_the_empty_text_may_be_a_category_under_another_missing_string() -> None:
    rows = np.array([["", "x"], ["b", np.nan], ["c", "x"]], object)
    encoder = OneHotEncoder(sparse_output=False).fit(rows)
    with pytest.raises(BadInput, match="--missing-string"):
        onnxpipe.convert(encoder)
    fed = np.where(rows != rows, "<gone>", rows)
    assert np.array_equal(answers(encoder, fed, missing_string="<gone>")[0], encoder.transform(rows))
    imputer = SimpleImputer(strategy="most_frequent").fit(rows)
    assert np.array_equal(answers(imputer, fed, missing_string="<gone>")[0], imputer.transform(rows))


def test_none_and_nan_as_two_categories_are_refused() -> None:
    with pytest.raises(Inexact, match="None"):
        onnxpipe.convert(OrdinalEncoder().fit(np.array([["a"], [None], [np.nan]], object)))


def test_wide_text_needs_no_node_per_column() -> None:
    rng = np.random.default_rng(0)
    widths = rng.integers(2, 9, 50)
    rows = np.array([[f"w{rng.integers(0, w)}" for w in widths] for _ in range(200)], object)
    for unknown, most in (("ignore", 6), ("error", 8)):
        encoder = make_pipeline(OneHotEncoder(handle_unknown=unknown, sparse_output=False)).fit(rows)
        model = onnxpipe.convert(encoder)
        assert len(model.graph.node) <= most
        assert np.array_equal(answers(encoder, rows)[0], encoder.transform(rows))


@pytest.mark.parametrize("kind", [str, float, int])
@pytest.mark.parametrize(
    "options", [{}, {"handle_unknown": "ignore"}, {"min_frequency": 3}, {"drop": "first"}]
)
def test_many_categories_are_written_not_compared(kind: Any, options: Any) -> None:
    rng = np.random.default_rng(3)
    rows = np.stack([rng.integers(0, n, 4000) for n in (700, 5, 90)], axis=1)
    rows = rows.astype(str).astype(object) if kind is str else rows.astype(kind)
    unseen = 100 if "handle_unknown" in options else 0
    encoder = OneHotEncoder(sparse_output=False, **options).fit(rows[unseen:])
    dtype = {str: "string", float: "float64", int: "int64"}[kind]
    got = answers(encoder, rows, inputs={"X": (dtype, None)})
    assert np.array_equal(got[0], encoder.transform(rows))
    assert answers(encoder, rows[:0], inputs={"X": (dtype, None)})[0].shape == (0, got[0].shape[1])


def test_polynomials_are_equal_to_the_last_bit() -> None:
    rows = np.random.default_rng(1).normal(size=(50, 5))
    expansion = PolynomialFeatures((2, 4)).fit(rows)
    assert np.array_equal(answers(expansion, rows)[0], expansion.transform(rows))


def test_uniform_quantiles_are_equal_to_the_last_bit() -> None:
    rows = np.round(np.random.default_rng(2).normal(size=(500, 3)), 2)
    transformer = QuantileTransformer(n_quantiles=200).fit(rows)
    assert np.array_equal(answers(transformer, rows)[0], transformer.transform(rows))


@pytest.mark.parametrize(
    ("block", "native"), [(numeric.log1p, np.log1p), (numeric.expm1, np.expm1)], ids=["log1p", "expm1"]
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_logarithms_are_accurate_near_zero(block: Any, native: Any, dtype: Any) -> None:
    small = np.logspace(-30 if dtype is np.float32 else -300, 1, 2000)
    values = np.concatenate([small, -small[small < 1], [0.0, np.inf, np.nan, -1.0]]).astype(dtype)[:, None]
    with np.errstate(all="ignore"):
        expected = native(values)
    np.testing.assert_allclose(computed(block, values), expected, rtol=8 * np.finfo(dtype).eps)


def test_normal_quantiles_are_accurate() -> None:
    share = np.concatenate([np.logspace(-10, -0.3, 3000), [0.5], 1 - np.logspace(-10, -0.3, 3000)])[:, None]
    expected = stats.norm.ppf(share)
    np.testing.assert_allclose(computed(quantiles.normal_quantile, share), expected, rtol=4e-15, atol=1e-16)


def test_box_cox_at_the_zero_power() -> None:
    values = np.array([[0.5, 2.0], [3.0, 1e-9]])
    powers = np.array([0.0, -1.5])
    result = computed(lambda x: numeric.box_cox(x, powers), values)
    np.testing.assert_allclose(result, special.boxcox(values, powers), rtol=1e-14)


def test_yeo_johnson_at_its_special_powers() -> None:
    values = np.array([[-0.5, 2.0, -3.0, 1e-12], [3.0, -1e-9, 4.0, -7.0], [0.0, np.nan, -0.0, 5.0]])
    powers = np.array([0.0, 2.0, -1.5, 1.0])
    result = computed(lambda x: numeric.yeo_johnson(x, powers), values)
    expected = np.stack([stats.yeojohnson(values[:, i], p) for i, p in enumerate(powers)], axis=1)
    np.testing.assert_allclose(result, expected, rtol=1e-14)
