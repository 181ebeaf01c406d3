"""Values that may be missing, and SQL's logic of three truths on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from onnxpipe.core.ops import Var, cast, const, dtype_of, op


@dataclass(frozen=True, slots=True)
class Value:
    """A column ``[N, 1]``, or a constant ``[1, 1]``; ``null`` (bool) marks what is missing, None: nothing.

    Missing truths are false. ``decimal``: a number that is written as decimal digits, not as a double.
    """

    var: Var
    null: Var | None = None
    decimal: bool = False

    @property
    def kind(self) -> str:
        """numpy's letter for its dtype: ``b``, ``i``, ``f`` or ``U``."""
        return dtype_of(self.var).kind


def missing(values: Sequence[Value]) -> Var | None:
    """bool: where any value is missing."""
    return any_of([value.null for value in values])


def any_of(conditions: Sequence[Var | None]) -> Var | None:
    """Where any of the conditions holds that there are."""
    known = [each for each in conditions if each is not None]
    return reduce(op.or_, known) if known else None


def true(var: Var, null: Var | None) -> Value:
    """A truth that is missing where ``null`` says so."""
    return Value(var if null is None else op.and_(var, op.not_(null)), null)


def equal(a: Value, b: Value) -> Value:
    """Whether two values of one dtype are equal; NaN is NaN's equal."""
    same = op.equal(a.var, b.var)
    if a.kind == "f":
        same = op.or_(same, op.and_(op.isnan(a.var), op.isnan(b.var)))
    return true(same, missing([a, b]))


def less(a: Value, b: Value) -> Value:
    """Whether ``a`` is below ``b``, numbers of one dtype; NaN is above all others."""
    below = op.less(a.var, b.var)
    if a.kind == "f":
        below = op.or_(below, op.and_(op.not_(op.isnan(a.var)), op.isnan(b.var)))
    return true(below, missing([a, b]))


def negated(a: Value) -> Value:
    """Not; what is missing stays so."""
    return true(op.not_(a.var), a.null)


def both(a: Value, b: Value) -> Value:
    """And: missing where one is, unless the other is false."""
    if a.null is None and b.null is None:
        return Value(op.and_(a.var, b.var))
    surely_false = op.or_(is_false(a), is_false(b))
    unknown = missing([a, b])
    assert unknown is not None
    return true(op.and_(a.var, b.var), op.and_(unknown, op.not_(surely_false)))


def either(a: Value, b: Value) -> Value:
    """Or."""
    return negated(both(negated(a), negated(b)))


def is_false(a: Value) -> Var:
    """bool: where a truth is false, not missing."""
    return negated(a).var


def chosen(condition: Var, a: Value, b: Value) -> Value:
    """``a`` where a condition holds, else ``b``, both of one dtype."""
    var = _where(condition, a.var, b.var)
    if a.null is None and b.null is None:
        return Value(var, None, a.decimal and b.decimal)
    nulls = [const([[False]]) if each.null is None else each.null for each in (a, b)]
    return Value(var, _where(condition, *nulls), a.decimal and b.decimal)


def _where(condition: Var, a: Var, b: Var) -> Var:
    """``where``, which onnxruntime hasn't for truths."""
    if dtype_of(a).kind != "b":
        return op.where(condition, a, b)
    return op.or_(op.and_(condition, a), op.and_(op.not_(condition), b))


def nothing(dtype: Any) -> Value:
    """A missing value of a dtype."""
    return Value(const(np.zeros((1, 1), dtype) if np.dtype(dtype).kind != "U" else [[""]]), const([[True]]))


def written_out(a: Value, gap: str) -> Var:
    """The column itself: what is missing is NaN, or ``gap`` among texts."""
    if a.null is None:
        return a.var
    return op.where(a.null, const(gap) if a.kind == "U" else const(np.nan, dtype_of(a.var)), a.var)


def as_long(x: Var) -> Var:
    """Floats as int64 the way Java makes them: towards 0, at most the ends of the range, NaN as 0."""
    x = cast(x, np.float64)
    info, end = np.iinfo(np.int64), float(2**63)
    inside = op.and_(op.less(x, const(end)), op.greater_or_equal(x, const(-end)))
    whole = cast(op.where(inside, x, const(0.0)), np.int64)
    whole = op.where(op.greater_or_equal(x, const(end)), const(info.max), whole)
    return op.where(op.less(x, const(-end)), const(info.min), whole)
