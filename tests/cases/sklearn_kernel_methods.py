"""Rows for the models that see rows through a kernel."""

import numpy as np
from sklearn.decomposition import KernelPCA
from sklearn.kernel_approximation import Nystroem, RBFSampler
from sklearn.kernel_ridge import KernelRidge
from sklearn.preprocessing import KernelCenterer

from tests.harness import Case

SINGLE = "the rows are float32"
CUBES = "beside a huge value, the dual coefficients leave 2e-9 of its cubes, and processors round them apart"
KERNELS = ("linear", "poly", "rbf", "sigmoid", "cosine")

CASES = [
    *[Case(KernelPCA(3, kernel=kernel)) for kernel in KERNELS],
    Case(KernelPCA(3, kernel="rbf", gamma=0.01)),
    Case(KernelPCA(3, kernel="poly", degree=2, coef0=0.5, gamma=0.1)),
    Case(KernelPCA(kernel="rbf", remove_zero_eig=True, n_components=5)),
    Case(KernelPCA(3, kernel="rbf"), data="single", skip=("native",), rtol=1e-4, reason=SINGLE),
    Case(KernelPCA(2, kernel=np.dot), refused="has the kernel", reason="a Python function"),
    Case(KernelPCA(3, kernel="precomputed"), data="gram"),
    Case(KernelCenterer(), data="gram"),
    *[Case(KernelRidge(kernel=kernel)) for kernel in (*KERNELS, "laplacian") if kernel != "poly"],
    Case(KernelRidge(kernel="poly"), huge=1e3, reason=CUBES),
    Case(KernelRidge(kernel="polynomial", degree=2, gamma=0.1, coef0=2)),
    Case(KernelRidge(kernel="rbf"), data="targets"),
    Case(
        KernelRidge(kernel="rbf", gamma=0.1),
        data="single",
        skip=("native",),
        rtol=1e-5,
        reason="the rows are float32, and so is the kernel that float64 coefficients are applied to",
    ),
    Case(Nystroem(n_components=20, random_state=0)),
    *[Case(Nystroem(kernel, n_components=4, random_state=0)) for kernel in KERNELS],
    Case(Nystroem("poly", degree=2, coef0=0.5, gamma=0.1, n_components=10, random_state=0)),
    Case(RBFSampler(n_components=10, random_state=0)),
    Case(RBFSampler(gamma="scale", n_components=10, random_state=0)),
]
