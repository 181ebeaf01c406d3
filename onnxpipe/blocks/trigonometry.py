"""Circular and hyperbolic functions and their inverses, of float32 and float64 alike.

onnxruntime has few of them for float64, and is wrong next to the zeros of some.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from onnxpipe.blocks import numeric
from onnxpipe.core.ops import Var, cast, const, dtype_of, op


def _like(x: Var, value: float) -> Var:
    return const(value, dtype_of(x))


def _doubled_half(x: Var) -> Var:
    """``exp(|x|) / 2``, which overflows only where hyperbolic functions do."""
    root = op.exp(op.mul(op.abs(x), _like(x, 0.5)))
    return op.mul(op.mul(root, _like(x, 0.5)), root)


def cosh(x: Var) -> Var:
    """The hyperbolic cosine, ``h + 1 / (4 h)`` with ``h = exp(|x|) / 2``."""
    half = _doubled_half(x)
    return op.add(half, op.div(_like(x, 0.25), half))


def sinh(x: Var) -> Var:
    """The hyperbolic sine, ``(u + u / (u + 1)) / 2`` with ``u = expm1(|x|)``, which is exact next to 0."""
    u = numeric.expm1(op.abs(x))
    small = op.mul(op.add(u, op.div(u, op.add(u, _like(x, 1)))), _like(x, 0.5))
    large = op.greater(op.abs(x), _like(x, 40))
    return op.mul(op.sign(x), op.where(large, _doubled_half(x), small))


def arcsinh(x: Var) -> Var:
    """``log(|x| + sqrt(x**2 + 1))`` with the sign of ``x``, by log1p; ``log(2 |x|)`` far out."""
    size, one = op.abs(x), _like(x, 1)
    square = op.mul(x, x)
    near = numeric.log1p(op.add(size, op.div(square, op.add(one, op.sqrt(op.add(square, one))))))
    return op.mul(op.sign(x), _or_far(size, near))


def arccosh(x: Var) -> Var:
    """``log(x + sqrt(x**2 - 1))``, by log1p of what ``x`` exceeds 1 by; ``log(2 x)`` far out."""
    over = op.sub(x, _like(x, 1))
    # Two roots: under a single one the product of two negative factors would be no NaN.
    root = op.mul(op.sqrt(over), op.sqrt(op.add(over, _like(x, 2))))
    return _or_far(x, numeric.log1p(op.add(over, root)))


def _or_far(size: Var, near: Var) -> Var:
    far = op.add(op.log(size), _like(size, np.log(2)))
    return op.where(op.greater(size, _like(size, 1e8)), far, near)


def arctanh(x: Var) -> Var:
    """``log((1 + x) / (1 - x)) / 2``, by log1p."""
    ratio = op.div(op.add(x, x), op.sub(_like(x, 1), x))
    return op.mul(numeric.log1p(ratio), _like(x, 0.5))


_ARCTAN = np.array(
    [
        [-6.485021904942025371773e1, 1.945506571482613964425e2],
        [-1.228866684490136173410e2, 4.853903996359136964868e2],
        [-7.500855792314704667340e1, 4.328810604912902668951e2],
        [-1.615753718733365076637e1, 1.650270098316988542046e2],
        [-8.750608600031904122785e-1, 2.485846490142306297962e1],
        [0, 1],
    ]
)
"""Coefficients of numerator and denominator, from the constant up."""


def arctan(x: Var) -> Var:
    """The arc tangent: a quotient of polynomials up to 0.66 and two reductions to it: Cephes' atan.c."""
    if dtype_of(x) == np.float32:
        return op.atan(x)
    size, one = op.abs(x), _like(x, 1)
    far, middle = op.greater(size, _like(x, 1 + np.sqrt(2))), op.greater(size, _like(x, 0.66))
    turned = op.where(middle, op.div(op.sub(size, one), op.add(size, one)), size)
    t = op.where(far, op.div(_like(x, -1), size), turned)
    start = op.where(far, _like(x, np.pi / 2), op.where(middle, _like(x, np.pi / 4), _like(x, 0)))
    z = op.mul(t, t)
    ratio = op.div(*(_polynomial(z, column) for column in _ARCTAN.T))
    return op.mul(op.sign(x), op.add(start, op.add(t, op.mul(t, op.mul(z, ratio)))))


def _polynomial(x: Var, coefficients: Any) -> Var:
    """Horner's scheme, for coefficients from the constant up."""
    total = _like(x, coefficients[-1])
    for value in coefficients[-2::-1]:
        total = op.add(op.mul(total, x), _like(x, value))
    return total


def arcsin(x: Var) -> Var:
    """``arctan(x / sqrt((1 - x) (1 + x)))``."""
    one = _like(x, 1)
    return arctan(op.div(x, op.sqrt(op.mul(op.sub(one, x), op.add(one, x)))))


def arccos(x: Var) -> Var:
    """``2 arctan(sqrt((1 - x) / (1 + x)))``."""
    one = _like(x, 1)
    return op.mul(arctan(op.sqrt(op.div(op.sub(one, x), op.add(one, x)))), _like(x, 2))


_HALF_PI, _HALF_PI_REST = 1.5707963267948966, 6.123233995736766e-17
"""Half of pi in two parts: the nearest float64, and what it lacks."""


def cos(x: Var) -> Var:
    """The cosine, right to a few ulps also next to its zeros; far out (2**26) to an ulp of 1.

    ``sin(pi / 2 - |x|)`` with what the subtraction loses put back: Knuth, TAOCP 2, 4.2.2.
    """
    if dtype_of(x) != np.float64:
        return op.cos(x)
    size, right = op.abs(x), const(_HALF_PI)
    rest = op.sub(right, size)
    taken = op.sub(right, rest)
    lost = op.add(op.sub(right, op.add(rest, taken)), op.sub(taken, size))
    near = op.add(op.sin(rest), op.mul(op.sin(size), op.add(lost, const(_HALF_PI_REST))))
    return op.where(op.less(size, const(2.0**26)), near, numeric.cos(x))


_PARTS = (1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21)
"""Half of pi in three parts: two of 33 bits, whose products with whole numbers below 2**20 are exact."""


def tan(x: Var) -> Var:
    """The tangent, right to a few ulps also next to its poles; far out (1.6e6) ``sin(x) / cos(x)``.

    Of what is left of ``x`` after ``k`` halves of pi, or minus one over it where ``k`` is odd: fdlibm's
    e_rem_pio2.c and k_tan.c. onnxruntime has no tangent of float64.
    """
    wide = cast(x, np.float64)
    k = op.round(op.div(wide, const(_HALF_PI)))
    first, second, third = (op.mul(k, const(part)) for part in _PARTS)
    before = op.sub(wide, first)
    after = op.sub(before, second)
    left = op.sub(after, op.sub(third, op.sub(op.sub(before, after), second)))
    near = op.div(op.sin(left), op.cos(left))
    odd = op.not_(op.equal(op.mod(k, const(2.0), fmod=1), const(0.0)))
    reduced = op.where(odd, op.div(const(-1.0), near), near)
    far = op.div(op.sin(wide), cos(wide))
    return cast(op.where(op.less(op.abs(k), const(2.0**20)), reduced, far), dtype_of(x))


def sinc(x: Var) -> Var:
    """``sin(pi x) / (pi x)``, 1 at 0."""
    turned = op.mul(x, _like(x, np.pi))
    none = op.equal(turned, _like(x, 0))
    return op.where(none, _like(x, 1), op.div(op.sin(turned), op.where(none, _like(x, 1), turned)))
