"""Special functions: of fitted state in numpy, of rows in the graph."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.core.ops import Var, cast, const, dtype_of, op

_SERIES = (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12)
"""Coefficients of ``x**-2k`` in digamma's asymptotic series: Abramowitz and Stegun, 6.3.18."""


def digamma(x: Any) -> NDArray[np.float64]:
    """The logarithmic derivative of the gamma function at positive ``x``, to about 1e-15.

    ``digamma(x) = digamma(x + 1) - 1 / x`` moves ``x`` to 10 and above, where the series is exact.
    """
    x = np.array(x, np.float64)
    below = np.zeros_like(x)
    for _ in range(10):
        small = x < 10
        below += np.where(small, 1 / np.where(small, x, 1), 0)
        x = np.where(small, x + 1, x)
    tail = sum(c * x ** -(2.0 * k) for k, c in enumerate(_SERIES, start=1))
    return np.asarray(np.log(x) - 0.5 / x - tail - below)


_ERF = np.array(
    [
        [5.55923013010394962768e4, 4.92673942608635921086e4],
        [7.00332514112805075473e3, 2.26290000613890934246e4],
        [2.23200534594684319226e3, 4.59432382970980127987e3],
        [9.00260197203842689217e1, 5.21357949780152679795e2],
        [9.60497373987051638749e0, 3.35617141647503099647e1],
        [0, 1],
    ]
)
_ERFC = np.array(
    [
        [5.57535335369399327526e2, 5.57535340817727675546e2],
        [1.02755188689515710272e3, 1.65666309194161350182e3],
        [9.34528527171957607540e2, 2.24633760818710981792e3],
        [5.26445194995477358631e2, 1.82390916687909736289e3],
        [1.96520832956077098242e2, 9.75708501743205489753e2],
        [4.86371970985681366614e1, 3.54937778887819891062e2],
        [7.46321056442269912687e0, 8.67072140885989742329e1],
        [5.64189564831068821977e-1, 1.32281951154744992508e1],
        [2.46196981473530512524e-10, 1],
    ]
)
"""Coefficients of numerator and denominator, from the constant up: Moshier, Cephes 2.2, ndtr.c."""


def erf(x: Var) -> Var:
    """The error function of float64 ``x`` of any rank, to about 1e-16.

    onnxruntime 1.31 has a kernel for float32 only.
    """
    size, one = op.abs(x), const(1.0)
    near = op.mul(x, _ratio(op.min([op.mul(x, x), one]), _ERF))
    # From 6 up it is 1; the limit keeps powers finite.
    far = op.clip(size, one, const(8.0))
    tail = op.mul(op.exp(op.neg(op.mul(far, far))), _ratio(far, _ERFC))
    return op.where(op.less(size, one), near, op.mul(op.sign(x), op.sub(one, tail)))


def normal_cdf(x: Var) -> Var:
    """The standard normal's distribution function of float64 ``x``, to about 1e-16 absolute."""
    half = const(0.5)
    return op.add(half, op.mul(half, erf(op.mul(x, const(np.sqrt(0.5))))))


def _ratio(x: Var, coefficients: NDArray[np.float64]) -> Var:
    """The quotient of two polynomials in ``x``, of ``coefficients`` ``[m, 2]``."""
    powers = op.pow(op.unsqueeze(x, const([-1])), const(np.arange(len(coefficients)), np.float64))
    both = op.matmul(powers, const(coefficients))
    return op.div(*(op.gather(both, const(i, np.int64), axis=-1) for i in (0, 1)))


_EULER = 0.577215664901532860606512090082402431


def psi(x: Var) -> Var:
    """The digamma function of positive ``x`` as native approximates it, to about 1e-9.

    Native computes each line in float64 and keeps what it finds in the dtype of ``x``.
    Algorithm AS 103 (Bernardo, 1976): ``psi`` in sklearn/decomposition/_online_lda_fast.pyx.
    """
    like, one = dtype_of(x), const(1.0)

    def kept(value: Var) -> Var:
        return cast(cast(value, like), np.float64)

    start = moved = cast(x, np.float64)
    below = const(0.0)
    for _ in range(6):
        small = op.less(moved, const(6.0))
        below = op.where(small, kept(op.sub(below, op.div(one, moved))), below)
        moved = op.where(small, kept(op.add(moved, one)), moved)
    r = kept(op.div(one, moved))
    found = kept(op.add(below, op.sub(op.log(moved), op.mul(const(0.5), r))))
    square = kept(op.mul(r, r))
    tail = op.sub(const(1 / 120), op.mul(square, const(1 / 252)))
    series = op.sub(found, op.mul(square, op.sub(const(1 / 12), op.mul(square, tail))))
    least = op.sub(const(-_EULER), op.div(one, start))
    return cast(op.where(op.less_or_equal(start, const(1e-6)), least, series), like)


def climbed_digamma(x: Var) -> Var:
    """The digamma function of positive float64 ``x`` as found by climbing to 49, to about 3e-9.

    The exact one less what is wrong up there: the terms of ``x**-4`` and ``x**-6`` have the other sign.
    Formula: Gamma.digamma of Apache Commons Math 3.6.
    """
    top = op.where(op.less(x, const(49.0)), op.add(x, op.ceil(op.sub(const(49.0), x))), x)
    square = op.reciprocal(op.mul(top, top))
    wrong = op.mul(op.mul(square, square), op.sub(const(1 / 60), op.mul(square, const(1 / 126))))
    least = op.sub(const(-_EULER), op.reciprocal(x))
    return op.where(op.less_or_equal(x, const(1e-5)), least, op.sub(_digamma(x), wrong))


def _digamma(x: Var) -> Var:
    """``digamma`` in the graph."""
    below, moved, ten = const(0.0), x, const(10.0)
    for _ in range(10):
        small = op.less(moved, ten)
        below = op.where(small, op.sub(below, op.reciprocal(moved)), below)
        moved = op.where(small, op.add(moved, const(1.0)), moved)
    square = op.reciprocal(op.mul(moved, moved))
    tail = const(_SERIES[-1])
    for coefficient in _SERIES[-2::-1]:
        tail = op.add(const(coefficient), op.mul(square, tail))
    rest = op.add(op.div(const(0.5), moved), op.mul(square, tail))
    return op.add(op.sub(op.log(moved), rest), below)
