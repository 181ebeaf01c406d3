"""How rows usually pass through a pipeline: columns side by side into its root, methods' answers out."""

from __future__ import annotations

from collections.abc import Mapping

from onnxpipe.core.apply import apply
from onnxpipe.core.ops import Var
from onnxpipe.core.plan import Answered, Plan
from onnxpipe.core.table import Block, Table

_PREFERENCE = (("predict", "predict_proba"), ("transform",), ("decision_function",), ("score_samples",))


def side_by_side(plan: Plan, arguments: Mapping[str, Var]) -> Answered:
    """What the root answers; by default its labels and probabilities, else what it has first."""
    answers = apply(plan.root, _table(plan, arguments))
    return Answered(answers, next((group for group in _PREFERENCE if group[0] in answers), tuple(answers)))


def _table(plan: Plan, arguments: Mapping[str, Var]) -> Table:
    names = iter(plan.names) if plan.names is not None else None
    blocks = []
    for port in plan.inputs:
        width = port.shape[1] if port is not None and isinstance(port.shape[1], int) else 1
        owned = tuple(next(names) for _ in range(width)) if names is not None else None
        note = (port.unit or plan.notes.get(port.name, "")) if port else ""
        blocks.append(Block(arguments[port.name] if port else None, width, owned, note=note))
    return Table(tuple(blocks))
