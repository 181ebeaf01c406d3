"""A refusal in a constant that the stage computes with: an out-of-range Gather answers no constant.

A stage that adds a row of offsets, say, then gets it gathered from a table of one row, by an index that is
there only if nothing is refused. That is what a refusal needs least for: no shape, and no Reshape.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from spox._internal_op import _Initializer
from spox._node import Node
from spox._var import _VarInfo

from onnxpipe.core.ops import Var, const, dtype_of, op, shape_of
from onnxpipe.core.table import Check

_ELEMENTWISE = {"Add", "Div", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Mul", "Sub"}
_PLACES = {
    "ArrayFeatureExtractor": ("Y",),
    "Gemm": ("C", "B"),
    "Where": ("X", "Y"),
    **dict.fromkeys(_ELEMENTWISE, ("A", "B")),
}
"""Operators, and the inputs among which a constant may as well be computed."""
_CARRYING = {"Add", "Div", "Gemm", "Mul", "Sub"}
_NARROW = 8
_LONGEST = 4096
"""Numbers that are copied sooner than an operator is called."""


class Site(NamedTuple):
    """A constant that a node reads, ``beside`` what it computes it with."""

    node: Node
    field: str
    beside: _VarInfo


def constant(info: _VarInfo) -> Any:
    """The value of a constant, None for what is computed."""
    return np.asarray(info._op.attrs.value.value) if isinstance(info._op, _Initializer) else None


def site_at(node: Node) -> Site | None:
    """Where a node reads a constant that can refuse: its own, or one that is repeated for it."""
    fields = node.inputs.get_fields()
    inputs = {name: info for name, info in fields.items() if isinstance(info, _VarInfo)}
    for field in _PLACES.get(node.op_type.identifier, ()):
        info = inputs.get(field)
        others = [inputs[name] for name in sorted(inputs, key="condition".__eq__) if name != field]
        beside = next((each for each in others if constant(each) is None), None)
        if info is None or beside is None:
            continue
        if info._op.op_type.identifier == "Expand" and _fits(next(iter(info._op.dependencies))):
            return Site(info._op, "input", beside)
        if _fits(info) and (node.op_type.identifier, field) != ("Gemm", "B"):
            return Site(node, field, beside)
        # Weights of float64 aren't packed when a session starts, as onnxruntime does with float32's.
        if field == "B" and _fits(info) and dtype_of(Var(info)) == np.float64:
            return Site(node, field, beside)
    return None


def _fits(info: _VarInfo) -> bool:
    value = constant(info)
    return value is not None and value.dtype.kind in "fi" and 0 < value.size <= _LONGEST


def refuse(site: Site, bad: Var, named: Callable[[Var, str], Var]) -> None:
    """Let the session fail where the constant is read if ``bad`` isn't 0; the node is changed in place."""
    old = site.node.inputs.get_fields()[site.field]
    assert isinstance(old, _VarInfo)
    table = named(const(constant(old)[None]), "_table")
    setattr(site.node.inputs, site.field, named(op.gather(table, bad, axis=0), "_row")._var_info)


def above(answer: _VarInfo, stage: Callable[[_VarInfo], str], check: Check) -> Site | None:
    """The first site in a stage that only computes, ``beside`` what came in.

    What is refused there is refused in the answer: the check can be made of either.
    """
    info, own, found = answer, stage(answer), None
    while own and stage(info) == own:
        node = info._op
        site = site_at(node) if node.op_type.identifier in _CARRYING or _fills(node, check) else None
        if site is None and node.op_type.identifier != "Cast":
            return None
        found = site or found
        info = site.beside if site else next(iter(node.dependencies))
    apart = found is not None and _as_wide(info, answer) and dtype_of(Var(info)).kind == "f"
    return found._replace(beside=info) if found and apart else None


def _fills(node: Node, check: Check) -> bool:
    """Whether a node puts something else in the place of NaN alone, where NaN isn't refused."""
    if node.op_type.identifier != "Where" or check is not Check.INFINITE:
        return False
    condition, _, kept = node.dependencies
    return condition._op.op_type.identifier == "IsNaN" and next(iter(condition._op.dependencies)) is kept


def _as_wide(source: _VarInfo, answer: _VarInfo) -> bool:
    """Whether ``[N, d]`` is as soon checked as the answer."""
    wide, answered = (shape_of(Var(info))[1:] for info in (source, answer))
    if len(wide) != 1 or len(answered) != 1 or not all(isinstance(d, int) for d in (*wide, *answered)):
        return False
    return bool(wide[0] <= max(_NARROW, 2 * answered[0]))
