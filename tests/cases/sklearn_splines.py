"""Rows for B-splines."""

import numpy as np
from sklearn.preprocessing import SplineTransformer

from tests.harness import Case, newest

WAYS = ("constant", "linear", "continue", "periodic")
ROUNDED = "rounded to float32, the outermost rows are beyond the knots, where native fails"

FILLED = WAYS if hasattr(SplineTransformer(), "handle_missing") else ()
"""Since 1.8 there is a way to treat missing values."""

CASES = [
    *[Case(SplineTransformer(extrapolation=way)) for way in WAYS],
    *[Case(SplineTransformer(extrapolation=way, degree=1, include_bias=False)) for way in WAYS],
    *[Case(SplineTransformer(extrapolation=way, degree=0)) for way in ("linear", "continue", "periodic")],
    *[Case(SplineTransformer(extrapolation=way, sparse_output=True)) for way in ("continue", "periodic")],
    *[
        Case(
            SplineTransformer(extrapolation=way, sparse_output=True, degree=2),
            skip=("float32",),
            reason=ROUNDED,
        )
        for way in ("constant", "linear", "error")
    ],
    Case(SplineTransformer(extrapolation="error"), skip=("float32",), reason=ROUNDED),
    Case(newest(SplineTransformer, extrapolation="error", handle_missing="zeros"), data="single"),
    *[
        Case(newest(SplineTransformer, extrapolation=way, handle_missing="zeros"), data="missing")
        for way in FILLED
    ],
    Case(
        SplineTransformer(degree=0),
        refused="which native fails on",
        reason="native writes all splines where it made room for none",
    ),
    Case(SplineTransformer(8, knots="quantile", include_bias=False)),
    Case(SplineTransformer(4, knots="quantile"), data="counts"),
    Case(SplineTransformer(knots=np.linspace([-1, 0, -1, -3], [1, 9, 1, 3], 4), degree=4)),
    Case(SplineTransformer(order="F", degree=2), data="whole"),
    Case(SplineTransformer(3, degree=3, extrapolation="linear"), data="single"),
    Case(SplineTransformer(extrapolation="periodic"), data="counts"),
    *[
        Case(SplineTransformer(extrapolation=way, degree=degree), data=data)
        for way in WAYS
        for degree, data in ((1, "tiny"), (3, "tiny"), (2, "tiny_single"))
    ],
    *[
        Case(
            SplineTransformer(extrapolation=way, degree=2, sparse_output=True),
            data="tiny",
            skip=("float32",),
            reason=ROUNDED,
        )
        for way in WAYS
    ],
]
