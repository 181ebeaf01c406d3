"""A refusal moved to where its stage drops an axis: two operators become one.

``core.apply`` refuses rows by a Reshape of what comes in, to a shape that is there to be had only if
nothing is refused. Where the stage then drops an axis, that can be what refuses instead: a session fails
whichever of its nodes does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from spox._internal_op import _Initializer
from spox._node import Node
from spox._var import _VarInfo

from onnxpipe.core.broadcasting import nodes_of
from onnxpipe.core.ops import Var, alike, const, op, shape_of

_BY_VALUE = {"ConstantOfShape", "Expand", "OneHot", "Pad", "Range", "Resize", "Tile"}
"""What may take any space on values that were to be refused."""
_Readers = Mapping[_VarInfo, list[Node]]


class _Refusal(NamedTuple):
    """A Reshape of ``data`` to ``out`` that fails where the index ``bad`` isn't 0."""

    data: _VarInfo
    bad: _VarInfo
    out: _VarInfo


def sunk(outputs: Mapping[str, Var]) -> dict[str, Var]:
    """The outputs, what they are computed from changed in place: refusals at the end of their stages."""
    made, nodes = dict(outputs), list(nodes_of(outputs.values()))
    if any(True for node in nodes for _ in node.subgraphs):
        return made  # which may read any value
    readers = _readers(nodes)
    for refusal in filter(None, map(_refusal, nodes)):
        kept = any(var._var_info is refusal.out for var in made.values())
        site = None if kept else _site(refusal, readers)
        if site is not None:
            old, new = _answer(site), _dropped(site, refusal.bad)
            _replace(readers[refusal.out], refusal.out, refusal.data)
            _replace(readers[old], old, new._var_info)
            made = {name: new if var._var_info is old else var for name, var in made.items()}
            readers = _readers(nodes_of(made.values()))
    return made


def _refusal(node: Node) -> _Refusal | None:
    """What ``core.apply`` refuses with, told by the one row of zeros that a shape is gathered from."""
    if node.op_type.identifier != "Reshape":
        return None
    data, shape = node.dependencies
    if shape._op.op_type.identifier != "Gather":
        return None
    table, bad = shape._op.dependencies
    zeros = _constant(table)
    own = zeros is not None and zeros.ndim == 2 and len(zeros) == 1 and not zeros.any()
    return _Refusal(data, bad, _answer(node)) if own else None


def _site(refusal: _Refusal, readers: _Readers) -> Node | None:
    """The first Squeeze behind a refusal in its stage, None where what is between can't do without it."""
    found, seen, todo = None, set[Node](), [refusal.out]
    while todo:
        for node in (node for node in readers[todo.pop(0)] if node not in seen):
            seen.add(node)
            if node.op_type.identifier in _BY_VALUE:
                return None
            if found is None and _drops_axis(node) and _stage(_answer(node)) == _stage(refusal.out):
                found = node
            todo.extend(node.dependents)
    return found


def _drops_axis(node: Node) -> bool:
    """Whether a node drops one of two axes."""
    data, *axes = node.dependencies
    if node.op_type.identifier != "Squeeze" or not axes or len(shape_of(Var(data))) != 2:
        return False
    value = _constant(axes[0])
    return value is not None and value.size == 1


def _dropped(site: Node, bad: _VarInfo) -> Var:
    """What a Squeeze answers, under its name, if ``bad`` is 0; else the session fails.

    A lone row is gathered, which copies it at once; a lone column would be copied number by number.
    """
    data, axes = (Var(info) for info in site.dependencies)
    old, index = _answer(site), Var(bad)
    if int(_constant(axes._var_info)[0]) == 0:
        return _named(alike(op.gather(data, index, axis=0), Var(old)), old, "")
    table = _named(const([[-1]]), old, "_shapes")
    shape = _named(op.gather(table, index, axis=0), old, "_shape")
    return _named(alike(op.reshape(data, shape), Var(old)), old, "")


def _named(made: Var, old: _VarInfo, suffix: str) -> Var:
    made._var_info._rename(f"{old._name}{suffix}" if old._name else None)
    return made


def _constant(info: _VarInfo) -> Any:
    """The value of a constant, None for what is computed."""
    return np.asarray(info._op.attrs.value.value) if isinstance(info._op, _Initializer) else None


def _stage(info: _VarInfo) -> str:
    return (info._name or "").rpartition(":")[0]


def _answer(node: Node) -> _VarInfo:
    (answer,) = node.dependents
    return answer


def _readers(nodes: Any) -> _Readers:
    found: dict[_VarInfo, list[Node]] = defaultdict(list)
    for node in nodes:
        for info in node.dependencies:
            found[info].append(node)
    return found


def _replace(readers: list[Node], old: _VarInfo, new: _VarInfo) -> None:
    """Let nodes read another value."""
    for node in readers:
        for field, value in node.inputs.get_fields().items():
            if value is old:
                setattr(node.inputs, field, new)
            elif isinstance(value, (list, tuple)):
                setattr(node.inputs, field, [new if each is old else each for each in value])
