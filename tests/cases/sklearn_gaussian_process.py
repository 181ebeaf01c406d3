"""Rows for Gaussian processes."""

import numpy as np
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process.kernels import (
    RBF,
    ConstantKernel,
    DotProduct,
    ExpSineSquared,
    Matern,
    PairwiseKernel,
    RationalQuadratic,
    WhiteKernel,
)

from tests.harness import Case

DOTS = (
    "native sums the squares of float32 rows in float32, and the variance is what is left beside them; "
    "beside a huge value, its integral of five terms leaves 2e-13 of rounding in a probability of 1e-8"
)
KERNELS = (
    RBF(2.0),
    RBF([1.0, 10.0, 0.1, 3.0]),
    ConstantKernel(2.0) * RBF(3.0) + WhiteKernel(0.1),
    *(Matern(2.0, nu=nu) for nu in (0.5, 1.5, 2.5, np.inf)),
    RationalQuadratic(2.0, 0.7),
    ExpSineSquared(1.5, 3.0) + WhiteKernel(20.0),
    DotProduct(0.5),
    DotProduct() ** 2 + RBF(),
    PairwiseKernel(metric="rbf", gamma=0.1),
    PairwiseKernel(metric="laplacian", gamma=0.1),
    ConstantKernel(3.0),
)


def regressor(kernel=None, **options):  # type: ignore[no-untyped-def]
    """One whose kernel stays as it is."""
    return GaussianProcessRegressor(kernel, alpha=0.1, optimizer=None, **options)


CASES = [
    *[Case(regressor(kernel)) for kernel in KERNELS],
    Case(regressor(Matern(nu=0.7)), refused="Bessel", reason="there is no such operator"),
    Case(regressor(normalize_y=True)),
    Case(regressor(normalize_y=True), data="targets"),
    Case(regressor(RBF(5.0)), data="targets"),
    Case(GaussianProcessRegressor(DotProduct() + WhiteKernel(), random_state=0)),
    Case(regressor(RBF(5.0)), data="single"),
    *[
        Case(GaussianProcessClassifier(kernel, optimizer=None), data="binary")
        for kernel in KERNELS[:11]
        if "Dot" not in repr(kernel)
    ],
    *[
        Case(
            GaussianProcessClassifier(kernel, optimizer=None),
            data="binary",
            skip=("float32",),
            huge=1e3,
            reason=DOTS,
        )
        for kernel in KERNELS[:11]
        if "Dot" in repr(kernel)
    ],
    Case(
        GaussianProcessClassifier(PairwiseKernel(metric="rbf", gamma=0.1), optimizer=None),
        data="binary",
        refused="has a variance here",
        reason="native computes it row by row, with the kernel of the row with itself",
    ),
    Case(GaussianProcessClassifier(RBF(3.0), optimizer=None), data="binary_labels"),
    Case(GaussianProcessClassifier(RBF(3.0), optimizer=None), data="labels"),
    Case(
        GaussianProcessClassifier(RBF(3.0), optimizer=None, multi_class="one_vs_one"),
        data="labels",
        methods=("predict",),
    ),
]
