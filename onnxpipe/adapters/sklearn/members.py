"""The members of an ensemble: what each answers on the same rows, which are checked once for all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from onnxpipe.adapters.sklearn.delegation import members
from onnxpipe.core.apply import apply, floating
from onnxpipe.core.guards import guarded, settled
from onnxpipe.core.ops import dtype_of
from onnxpipe.core.plan import Stage
from onnxpipe.core.record import Record
from onnxpipe.core.registry import ANY, UNREAD, Answers, columns, find
from onnxpipe.core.table import Check, Table
from onnxpipe.errors import Unfitted

_WEAKEST = (UNREAD, ANY, "float64", "bool", "int64", "string")
"""What a column is to several members that read it: the last of what any of them says."""

_HELD = ("label_binarizer_", "best_estimator_", "estimator_", "estimator")
"""Where a classifier that keeps no classes itself has them from."""


def asked(stages: Sequence[Stage], x: Table) -> list[Answers]:
    """What every member answers on the same table; one that stands there twice is asked once."""
    x = checked_once(stages, x)
    known: dict[int, Answers] = {}
    for member in stages:
        if id(member.state) not in known:
            known[id(member.state)] = apply(member, x)
    return [known[id(member.state)] for member in stages]


def checked_once(stages: Sequence[Stage], x: Table) -> Table:
    """``x`` as one matrix where no member minds; a finite one if any refuses what isn't finite.

    All members see all rows, so what one refuses the whole ensemble refuses.
    """
    converters = [(find(each.kind), each) for each in stages]
    plain = not any(made is None or made.takes_table for made, _ in converters)
    # What a member that takes a table refuses is known to the stages inside it alone.
    checks = (made.check(each) for made, each in converters if made and not made.takes_table)
    due = max(checks, default=Check.NOTHING)
    if len(stages) < 2 or x.has_strings or not (plain or _is_matrix(x)):
        return x
    x, due = settled(stages[0].context, x, due)
    var, finite = floating(x), not x.risky
    if due is Check.NONFINITE and not finite:
        var, finite = guarded(stages[0].context, var, due), True
    joined = Table.of(var, finite=finite, owes=Check.NOTHING if finite else x.owes).kept(x.stored)
    return joined.named(x.names) if x.names else joined


def _is_matrix(x: Table) -> bool:
    """Whether all columns are floats of one dtype."""
    kinds = {dtype_of(block.var) if block.var is not None else None for block in x.blocks}
    return len(kinds) == 1 and all(kind is not None and kind.kind == "f" for kind in kinds)


def strongest(hints: Iterable[str]) -> str:
    """What a column is, of all that members say of it."""
    return max(hints, key=lambda hint: _WEAKEST.index(hint) if hint in _WEAKEST else 2)


def shared_columns(stages: Sequence[Stage]) -> list[str]:
    """The dtypes of the columns that all members get."""
    known = [found for found in map(columns, stages) if found is not None]
    return [strongest(hints) for hints in zip(*known, strict=True)]


def inner_columns(stage: Stage) -> list[str]:
    """The dtypes of the columns of an ensemble's members."""
    return shared_columns(members(stage))


def classes_of(record: Record) -> Any:
    """The classes a fitted classifier answers, wherever it keeps them. Raises Unfitted where it has none."""
    while record.get("classes_") is None:
        steps = record.get("steps")
        inner = steps[-1][1] if steps else next((record.get(n) for n in _HELD if _holds(record, n)), None)
        if inner is None:
            raise Unfitted(f"{record.kind} has no classes_", remedy="Fit the pipeline, save it again.")
        record = inner
    return np.asarray(record.get("classes_"))


def _holds(record: Record, name: str) -> bool:
    return isinstance(record.get(name), Record)
