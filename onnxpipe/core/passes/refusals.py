"""A refusal moved to where it costs its stage least.

``core.guards`` refuses rows by a Reshape of what comes in, to a shape that is there to be had only if
nothing is refused. Where the stage then drops an axis, that can be what refuses instead, and else a constant
that it reads (``core.refusing_constants``): a session fails whichever of its nodes does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

from spox._node import Node
from spox._var import _VarInfo

from onnxpipe.core.guards import index_of_refused
from onnxpipe.core.ops import Var, alike, const, op, shape_of
from onnxpipe.core.passes import refusing_constants
from onnxpipe.core.passes.branching import inside
from onnxpipe.core.passes.broadcasting import nodes_of
from onnxpipe.core.passes.carried import index_by_sum
from onnxpipe.core.passes.refusing_constants import Site, constant
from onnxpipe.core.table import Check

_BY_VALUE = {"ConstantOfShape", "Expand", "OneHot", "Pad", "Range", "Resize", "Tile"}
"""What may take any space on values that were to be refused."""
_LOOPS = {"Loop", "Scan", "SequenceMap"}
_Readers = Mapping[_VarInfo, list[Node]]


class _Refusal(NamedTuple):
    """A Reshape of ``data`` to ``out`` that fails where the index ``bad`` isn't 0."""

    data: _VarInfo
    bad: _VarInfo
    out: _VarInfo


def sunk(outputs: Mapping[str, Var]) -> dict[str, Var]:
    """The outputs, what they are computed from changed in place: refusals at the end of their stages."""
    made, nodes = dict(outputs), list(nodes_of(outputs.values()))
    within = inside(nodes)
    if within.operators & (_BY_VALUE | _LOOPS):
        return made
    readers = _readers(nodes)
    for refusal in filter(None, map(_refusal, nodes)):
        kept = refusal.out in within.read or any(var._var_info is refusal.out for var in made.values())
        site = None if kept else _site(refusal, readers)
        if isinstance(site, Node) and _answer(site) in within.read:
            continue
        if isinstance(site, Node):
            old, new = _answer(site), _dropped(site, _soonest(refusal, site))
            _replace(readers[old], old, new._var_info)
            made = {name: new if var._var_info is old else var for name, var in made.items()}
        elif not _in_a_constant(refusal, site):
            continue
        _replace(readers[refusal.out], refusal.out, refusal.data)
        made = {name: _instead(var, refusal) for name, var in made.items()}
        readers = _readers(nodes_of(made.values()))
    return made


def _soonest(refusal: _Refusal, site: Node) -> _VarInfo:
    """What refuses, told by what the stage drops an axis of where that is told sooner."""
    bad = None
    if _check(refusal) is Check.NONFINITE:
        bad = index_by_sum(Var(next(iter(site.dependencies))), refusal.out)
    if bad is None:
        return refusal.bad
    _name_new(bad, _answer(site))
    return bad._var_info


def _instead(var: Var, refusal: _Refusal) -> Var:
    return Var(refusal.data) if var._var_info is refusal.out else var


def _in_a_constant(refusal: _Refusal, site: Site | None) -> bool:
    """Let a constant refuse, the one found below a refusal or else one above it; whether there is one."""
    bad = Var(refusal.bad)
    if site is None:
        check = _check(refusal)
        site = None if check is None else refusing_constants.above(refusal.data, _stage, check)
        if check is None or site is None:
            return False
        bad = index_of_refused(Var(site.beside), check)
    answer = _answer(site.node)
    _name_new(bad, answer)
    refusing_constants.refuse(site, bad, lambda new, suffix: _named(new, answer, suffix))
    return True


def _check(refusal: _Refusal) -> Check | None:
    """What a refusal refuses in its own ``data``; None where it is about something else."""
    info, passed = refusal.bad, []
    while info is not refusal.data:
        passed.append(info._op.op_type.identifier)
        variable = [each for each in info._op.dependencies if constant(each) is None]
        if len(variable) != 1:
            return None
        info = variable[0]
    if passed == ["Cast", "IsNaN", "Mul", "ReduceSum"]:
        return Check.NONFINITE
    if passed[3:] not in (["Mul"], ["Gemm"], ["IsInf"]):
        return None
    if passed[:3] == ["Cast", "IsNaN", "ReduceSum"]:
        return Check.NONFINITE
    return Check.INFINITE if passed[:3] == ["Cast", "ReduceMax", "Cast"] else None


def _name_new(bad: Var, answer: _VarInfo) -> None:
    """Name what an index is computed from, as far as it has no names, after a value of its stage."""
    todo, count = [bad._var_info], 0
    while todo:
        info = todo.pop()
        if info._name is None:
            count += 1
            _named(Var(info), answer, f"_refused{count}")
            todo.extend(each for each in info._op.dependencies if each is not None)


def _refusal(node: Node) -> _Refusal | None:
    """What ``core.guards`` refuses with, told by the one row of zeros that a shape is gathered from."""
    if node.op_type.identifier != "Reshape":
        return None
    data, shape = node.dependencies
    if shape._op.op_type.identifier != "Gather":
        return None
    table, bad = shape._op.dependencies
    zeros = constant(table)
    own = zeros is not None and zeros.ndim == 2 and len(zeros) == 1 and not zeros.any()
    return _Refusal(data, bad, _answer(node)) if own else None


def _site(refusal: _Refusal, readers: _Readers) -> Node | Site | None:
    """Where a refusal goes that is behind it in its stage: a Squeeze, else a constant.

    None where what is between can't do without it.
    """
    found: Node | None = None
    other: Site | None = None
    seen, todo = set[Node](), [refusal.out]
    while todo:
        for node in (node for node in readers[todo.pop(0)] if node not in seen):
            seen.add(node)
            if node.op_type.identifier in _BY_VALUE and not _sized(node):
                return None
            if all(_stage(info) == _stage(refusal.out) for info in node.dependents):
                found = node if found is None and _drops_axis(node) else found
                other = other or refusing_constants.site_at(node)
            todo.extend(node.dependents)
    return found or other


def _sized(node: Node) -> bool:
    """Whether how much a node answers was known before its values: by constants or by another's shape."""
    sizes = list(node.dependencies)[1:]
    return all(constant(size) is not None or size._op.op_type.identifier == "Shape" for size in sizes)


def _drops_axis(node: Node) -> bool:
    """Whether a node drops one of two axes."""
    data, *axes = node.dependencies
    if node.op_type.identifier != "Squeeze" or not axes or len(shape_of(Var(data))) != 2:
        return False
    value = constant(axes[0])
    return value is not None and value.size == 1


def _dropped(site: Node, bad: _VarInfo) -> Var:
    """What a Squeeze answers, under its name, if ``bad`` is 0; else the session fails.

    A lone row is gathered, which copies it at once; a lone column would be copied number by number.
    """
    data, axes = (Var(info) for info in site.dependencies)
    old, index = _answer(site), Var(bad)
    if int(constant(axes._var_info)[0]) == 0:
        return _named(alike(op.gather(data, index, axis=0), Var(old)), old, "")
    table = _named(const([[-1]]), old, "_shapes")
    shape = _named(op.gather(table, index, axis=0), old, "_shape")
    return _named(alike(op.reshape(data, shape), Var(old)), old, "")


def _named(made: Var, old: _VarInfo, suffix: str) -> Var:
    made._var_info._rename(f"{old._name}{suffix}" if old._name else None)
    return made


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
