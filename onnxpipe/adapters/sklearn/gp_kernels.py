"""The kernels of Gaussian processes, alone and combined. Formulas: sklearn/gaussian_process/kernels.py."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.sklearn.metrics import for_kernel
from onnxpipe.blocks import linear
from onnxpipe.blocks.points import covariances, kernels
from onnxpipe.core.ops import Var, cast, const, dtype_of, op, promote
from onnxpipe.core.plan import Stage

Array = NDArray[Any]


def between(kernel: Stage, x: Var, points: Array) -> Var:
    """The kernel of rows with points, float64 ``[N, m]``, or ``[1, 1]`` where it is one number.

    Raises Unsupported for kernels of the user's own and those that need more than elementary functions.
    """
    name = _name(kernel)
    if name in _PAIRS:
        return _PAIRS[name](*(between(part, x, points) for part in _parts(kernel)))
    if name == "Exponentiation":
        return op.pow(
            between(kernel.child("kernel", kernel.kernel), x, points), const(float(kernel.exponent))
        )
    if name in ("ConstantKernel", "WhiteKernel"):
        return const([[float(kernel.constant_value if name == "ConstantKernel" else 0)]])
    if name == "DotProduct":
        return op.add(cast(linear.affine(x, points), np.float64), const(float(kernel.sigma_0) ** 2))
    if name == "PairwiseKernel":
        return _pairwise(kernel, x, points)
    return _stationary(kernel, cast(x, np.float64), points.astype(np.float64))


def diagonal(kernel: Stage, x: Var) -> Var:
    """The kernel of every row with itself ``[N, 1]``, or ``[1, 1]`` where it is one number.

    Powers of the rows stay in their precision, as native's do.
    """
    name = _name(kernel)
    if name in _PAIRS:
        return _PAIRS[name](*promote(*(diagonal(part, x) for part in _parts(kernel))))
    if name == "Exponentiation":
        base = diagonal(kernel.child("kernel", kernel.kernel), x)
        return op.pow(base, const(float(kernel.exponent), dtype_of(base)))
    if name in ("ConstantKernel", "WhiteKernel"):
        return const([[float(kernel.constant_value if name == "ConstantKernel" else kernel.noise_level)]])
    if name == "DotProduct":
        square = op.reduce_sum_square(x, const([1]))
        return op.add(square, const(float(kernel.sigma_0) ** 2, dtype_of(x)))
    if name == "PairwiseKernel":
        raise kernel.unsupported("is no kernel that has a variance here")
    return const([[1.0]])


_PAIRS = {"Sum": op.add, "Product": op.mul}


def _name(kernel: Stage) -> str:
    """The class of a kernel of scikit-learn's."""
    home, _, name = kernel.kind.rpartition(".")
    if home != "sklearn.gaussian_process.kernels":
        raise kernel.unsupported("is a kernel of the user's own, whose formula isn't data")
    return name


def _parts(kernel: Stage) -> tuple[Stage, Stage]:
    return kernel.child("k1", kernel.k1), kernel.child("k2", kernel.k2)


def _stationary(kernel: Stage, x: Var, points: Array) -> Var:
    """A kernel of the distance alone."""
    length, name = np.squeeze(np.asarray(kernel.get("length_scale"), np.float64)), _name(kernel)
    if name == "RBF":
        return covariances.rbf(x, points, length)
    if name == "Matern" and kernel.nu in covariances.SMOOTHNESS:
        return covariances.matern(x, points, length, float(kernel.nu))
    if name == "RationalQuadratic":
        return covariances.rational_quadratic(x, points, float(length), float(kernel.alpha))
    if name == "ExpSineSquared":
        return covariances.sine_squared(x, points, float(length), float(kernel.periodicity))
    nu = f" with nu={kernel.nu}, which needs Bessel functions" if name == "Matern" else ""
    raise kernel.unsupported(f"has no formula here{nu}")


def _pairwise(kernel: Stage, x: Var, points: Array) -> Var:
    """One of ``sklearn.metrics.pairwise``'s kernels; those without a gamma ignore it."""
    if kernel.metric not in kernels.known() or kernel.pairwise_kernels_kwargs:
        raise kernel.unsupported(f"measures by {kernel.metric!r}; known are {', '.join(kernels.known())}")
    gamma = None if kernel.gamma is None else float(kernel.gamma)
    chosen = kernels.Kernel(kernel.metric, 1 / points.shape[1] if gamma is None else gamma)
    return cast(kernels.between(for_kernel(kernel, x, kernel.metric), points, chosen), np.float64)
