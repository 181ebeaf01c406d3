"""Steps of JAX that answer number by number, or add numbers up, as operators of ONNX."""

from __future__ import annotations

import sys
from typing import Any, Callable, Dict, Sequence

import numpy as np

graphs = sys.modules["_onnxpipe_main"].sibling("jaxpr_graph")

Step = Callable[..., Any]

ERFC_NEAR = (2.326819970068386e-2, -1.387039388740657e-1, 3.687424674597105e-1, -5.824733027278666e-1,
             6.210004621745983e-1, -4.944515323274145e-1, 3.404879937665872e-1, -2.741127028184656e-1,
             5.638259427386472e-1)  # fmt: skip
ERFC_FAR = (-1.047766399936249e1, 1.297719955372516e1, -7.495518717768503, 2.921019019210786,
            -1.015265279202700, 4.218463358204948e-1, -2.820767439740514e-1,
            5.641895067754075e-1)  # fmt: skip
"""Of ``erfc(x) = exp(-x^2) / x * p(1 / x^2)`` below and from 2. Source: erfcf of Cephes, as in XLA."""


def plainly(kind: str, **attributes: Any) -> Step:
    """The translation of a step that is one operator."""
    return lambda g, e, *given: g.op(kind, *given, **attributes)


def dtype_of(equation: Any, place: int = 0) -> Any:
    return np.dtype(equation.invars[place].aval.dtype)


def number(equation: Any, value: float) -> Any:
    """A number in the dtype of what an equation is given."""
    return np.array(value, dtype_of(equation))


def same(g: Any, e: Any, x: Any) -> Any:
    return x


def not_equal(g: Any, e: Any, x: Any, y: Any) -> Any:
    return g.op("Not", g.op("Equal", x, y))


def negated(g: Any, e: Any, x: Any) -> Any:
    return g.op("Not" if dtype_of(e).kind == "b" else "BitwiseNot", x)


def logical(kind: str) -> Step:
    """A translation by truth values, or bit by bit of whole numbers."""
    return lambda g, e, x, y: g.op(kind if dtype_of(e).kind == "b" else "Bitwise" + kind, x, y)


def sign(g: Any, e: Any, x: Any) -> Any:
    """The sign; NaN stays."""
    return g.op("Where", g.op("IsNaN", x), x, g.op("Sign", x)) if dtype_of(e).kind == "f" else g.op("Sign", x)


def is_finite(g: Any, e: Any, x: Any) -> Any:
    return g.op("Not", g.op("Or", g.op("IsNaN", x), g.op("IsInf", x)))


def converted(g: Any, e: Any, x: Any) -> Any:
    """Another dtype; a whole number can be no more or less than its kind holds, and of NaN is 0."""
    new = np.dtype(e.params["new_dtype"])
    if dtype_of(e).kind != "f" or new.kind != "i":
        return g.cast(x, new)
    ends, end = np.iinfo(new), number(e, 2.0 ** (8 * new.itemsize - 1))
    inner = g.op("Max", g.op("Min", x, np.nextafter(end, number(e, 0))), -end)
    whole = g.cast(g.op("Where", g.op("IsNaN", x), number(e, 0), inner), new)
    return g.op("Where", g.op("GreaterOrEqual", x, end), np.array(ends.max, new), whole)


def select(g: Any, e: Any, which: Any, *cases: Any) -> Any:
    """The case whose number ``which`` is, element by element."""
    if dtype_of(e, 1).kind == "b" and dtype_of(e).kind == "b":  # onnxruntime's Where takes no truth values
        yes, no = g.op("And", which, cases[1]), g.op("And", g.op("Not", which), cases[0])
        return g.op("Or", yes, no)
    if dtype_of(e).kind == "b":
        return g.op("Where", which, cases[1], cases[0])
    found = cases[-1]
    for i in range(len(cases) - 2, -1, -1):
        at = g.op("LessOrEqual", which, np.array(i, dtype_of(e)))
        found = g.op("Where", at, cases[i], found)
    return found


def clamp(g: Any, e: Any, least: Any, x: Any, most: Any) -> Any:
    return g.op("Min", g.op("Max", x, least), most)


def power(g: Any, e: Any, x: Any) -> Any:
    return g.op("Pow", x, number(e, e.params["y"]))


def rsqrt(g: Any, e: Any, x: Any) -> Any:
    return g.op("Reciprocal", g.op("Sqrt", x))


def exp2(g: Any, e: Any, x: Any) -> Any:
    return g.op("Pow", number(e, 2), x)


def cbrt(g: Any, e: Any, x: Any) -> Any:
    return g.op("Mul", g.op("Sign", x), g.op("Pow", g.op("Abs", x), number(e, 1 / 3)))


def logistic(g: Any, e: Any, x: Any) -> Any:
    """``1 / (1 + exp(-x))``, with the digits of what is small, which onnxruntime's own loses."""
    grown = g.op("Exp", g.op("Min", x, number(e, 40)))  # from where the quotient is 1
    return g.op("Div", grown, g.op("Add", grown, number(e, 1)))


def rounded(g: Any, e: Any, x: Any) -> Any:
    """Halves to the even number, or away from zero as ``rounding_method`` says."""
    if int(e.params["rounding_method"]):
        return g.op("Round", x)
    away = g.op("Floor", g.op("Add", g.op("Abs", x), number(e, 0.5)))
    return g.op("Mul", g.op("Sign", x), away)


def near_zero(g: Any, e: Any, x: Any, kind: str) -> Any:
    """``log(1 + x)`` or ``exp(x) - 1`` in double precision; next to zero ``x`` itself."""
    wide, one = g.cast(x, np.float64), np.array(1.0)
    made = g.op("Log", g.op("Add", wide, one)) if kind == "Log" else g.op("Sub", g.op("Exp", wide), one)
    small = g.op("Less", g.op("Abs", x), number(e, 1e-8))
    return g.op("Where", small, x, g.cast(made, dtype_of(e)))


def log1p(g: Any, e: Any, x: Any) -> Any:
    return near_zero(g, e, x, "Log")


def expm1(g: Any, e: Any, x: Any) -> Any:
    return near_zero(g, e, x, "Exp")


def erfc(g: Any, e: Any, x: Any) -> Any:
    """``1 - erf(x)``, without losing what is left of 1 far out."""
    size, one, two = g.op("Abs", x), number(e, 1), number(e, 2)
    inner = g.op("Sub", one, g.op("Erf", x))
    safe = g.op("Max", size, one)
    square = g.op("Div", one, g.op("Mul", safe, safe))
    curve = g.op(
        "Where",
        g.op("Less", size, two),
        polynomial(g, e, square, ERFC_NEAR),
        polynomial(g, e, square, ERFC_FAR),
    )
    bell = g.op("Exp", g.op("Neg", g.op("Mul", safe, safe)))
    right = g.op("Mul", g.op("Div", bell, safe), curve)
    outer = g.op("Where", g.op("Less", x, number(e, 0)), g.op("Sub", two, right), right)
    return g.op("Where", g.op("Greater", size, one), outer, inner)


def polynomial(g: Any, e: Any, x: Any, factors: Sequence[float]) -> Any:
    """A polynomial, the factor of its highest power first."""
    found = number(e, factors[0])  # type: Any
    for factor in factors[1:]:
        found = g.op("Add", g.op("Mul", found, x), number(e, factor))
    return found


def reduced(kind: str) -> Step:
    """The translation of a reduction along ``axes``."""

    def step(g: Any, e: Any, x: Any) -> Any:
        axes = np.array(e.params["axes"], np.int64)
        return g.op(kind, x, axes, keepdims=0) if len(axes) else x

    return step


def extreme(kind: str) -> Step:
    """The greatest or least along ``axes``; a NaN among them is the answer."""

    def step(g: Any, e: Any, x: Any) -> Any:
        found = reduced(kind)(g, e, x)
        if dtype_of(e).kind != "f" or not len(e.params["axes"]):
            return found
        blank = reduced("ReduceMax")(g, e, g.cast(g.op("IsNaN", x), np.float32))
        return g.op("Where", g.cast(blank, bool), number(e, np.nan), found)

    return step


def whether(kind: str) -> Step:
    """The translation of a reduction of truth values."""
    return lambda g, e, x: g.cast(reduced(kind)(g, e, g.cast(x, np.int32)), bool)


def best(largest: bool) -> Step:
    """The first place of the greatest or least; a NaN counts as that. No rows answer none."""

    def step(g: Any, e: Any, x: Any) -> Any:
        (axis,) = e.params["axes"]
        numbers, one = g.cast(x, np.float32) if dtype_of(e).kind == "b" else x, np.array([1], np.int64)
        _, place = g.ops("TopK", 2, numbers, one, axis=axis, largest=int(largest))
        if dtype_of(e).kind == "f":
            blank = g.cast(g.op("IsNaN", x), np.float32)
            share, first = g.ops("TopK", 2, blank, one, axis=axis)
            place = g.op("Where", g.op("Greater", share, np.array(0, np.float32)), first, place)
        return g.cast(g.op("Squeeze", place, np.array([axis], np.int64)), e.params["index_dtype"])

    return step


def cumsum(g: Any, e: Any, x: Any) -> Any:
    return g.op("CumSum", x, np.array(e.params["axis"], np.int64), reverse=int(e.params["reverse"]))


_ALIKE = "Exp Log Tanh Sqrt Neg Abs Floor Ceil Sin Cos Tan Asin Acos Atan Sinh Cosh Asinh Acosh Atanh Erf"
TABLE: Dict[str, Step] = {
    **{kind.lower(): plainly(kind) for kind in _ALIKE.split()},
    **dict.fromkeys(("copy", "copy_p", "stop_gradient", "name"), same),
    **{name: plainly(kind) for name, kind in (
        ("add", "Add"), ("add_any", "Add"), ("sub", "Sub"), ("mul", "Mul"), ("div", "Div"), ("pow", "Pow"),
        ("max", "Max"), ("min", "Min"), ("eq", "Equal"), ("lt", "Less"), ("gt", "Greater"),
        ("le", "LessOrEqual"), ("ge", "GreaterOrEqual"))},
    "logistic": logistic, "rem": plainly("Mod", fmod=1), "ne": not_equal, "not": negated,
    "and": logical("And"),
    "or": logical("Or"), "xor": logical("Xor"), "sign": sign, "is_finite": is_finite,
    "convert_element_type": converted, "select_n": select, "clamp": clamp, "integer_pow": power,
    "square": lambda g, e, x: g.op("Mul", x, x), "rsqrt": rsqrt, "exp2": exp2, "cbrt": cbrt,
    "round": rounded, "log1p": log1p, "expm1": expm1, "erfc": erfc, "cumsum": cumsum,
    "reduce_sum": reduced("ReduceSum"), "reduce_prod": reduced("ReduceProd"),
    "reduce_max": extreme("ReduceMax"), "reduce_min": extreme("ReduceMin"),
    "reduce_and": whether("ReduceMin"), "reduce_or": whether("ReduceMax"),
    "argmax": best(True), "argmin": best(False),
}  # fmt: skip
