"""Refusals in columns that no later stage reads: the original made them before the columns were dropped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from spox._var import _VarInfo

from onnxpipe.core.guards import refusing
from onnxpipe.core.ops import Var, const, op
from onnxpipe.core.passes.broadcasting import nodes_of
from onnxpipe.core.plan import Context


def enforced(context: Context, outputs: Mapping[str, Var]) -> dict[str, Var]:
    """The outputs, which also fail where a refusal fails that only dropped columns depend on."""
    made = dict(outputs)
    dropped = _depended_on(context.passed_over) - _depended_on(outputs.values())
    for value in context.refusing if dropped else ():
        if value._var_info in dropped and made:
            name = next(iter(made))
            made[name] = _after(made[name], value)
    return made


def _depended_on(values: Iterable[Var]) -> set[_VarInfo]:
    return {info for node in nodes_of(values) for info in node.dependents}


def _after(output: Var, value: Var) -> Var:
    """An output that is there only once a value is: nothing times its number of rows is where to look."""
    index = op.squeeze(op.mul(op.shape(value, start=0, end=1), const([0])), const([0]))
    kept = refusing(output, index)
    for count, info in enumerate((index._var_info, *index._op.dependencies)):
        if info is not None and info._name is None and value._var_info._name:
            info._rename(f"{value._var_info._name}_kept{count}")
    return kept
