"""Rows for the quantile transformer."""

from sklearn.preprocessing import QuantileTransformer

from tests.harness import Case

NORMAL = {"output_distribution": "normal"}

CASES = [
    Case(QuantileTransformer(n_quantiles=50)),
    Case(QuantileTransformer(n_quantiles=16), data="missing"),
    Case(QuantileTransformer(n_quantiles=10), data="counts"),
    Case(QuantileTransformer(n_quantiles=40, **NORMAL)),
    Case(QuantileTransformer(n_quantiles=40, **NORMAL), data="missing"),
    Case(QuantileTransformer(n_quantiles=12, **NORMAL), data="counts"),
    Case(QuantileTransformer(n_quantiles=150), data="zeros"),
    Case(QuantileTransformer(n_quantiles=1)),
    Case(QuantileTransformer(n_quantiles=7), data="constant"),
    Case(QuantileTransformer(n_quantiles=30), data="single"),
    *[
        Case(QuantileTransformer(n_quantiles=20, **output), data=data)
        for output in ({}, NORMAL)
        for data in ("tiny", "tiny_single")
    ],
]
