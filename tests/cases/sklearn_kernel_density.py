"""Rows for kernel density estimates."""

from sklearn.neighbors import KernelDensity

from tests.harness import Case

KERNELS = ("gaussian", "tophat", "epanechnikov", "exponential", "linear", "cosine")

CASES = [
    *[Case(KernelDensity(kernel=kernel, bandwidth=4.0)) for kernel in KERNELS],
    *[Case(KernelDensity(kernel=kernel, bandwidth=2.0), data="exact_codes") for kernel in KERNELS],
    Case(KernelDensity(bandwidth="scott", algorithm="ball_tree")),
    Case(KernelDensity(bandwidth="silverman"), data="single"),
    Case(KernelDensity(rtol=1e-3), refused="only to within", reason="native stops when it is near enough"),
]
