"""Running one converter: its input coerced and checked, its values named after its stage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from spox._var import _VarInfo

from onnxpipe.core.guards import guarded, paid, settled
from onnxpipe.core.ops import Var, dtype_of
from onnxpipe.core.plan import Stage
from onnxpipe.core.record import Record
from onnxpipe.core.registry import Answers, Converter, find, missing
from onnxpipe.core.soundness import sound
from onnxpipe.core.stored import Stored, stored
from onnxpipe.core.table import Check, Due, Table
from onnxpipe.errors import BadInput, Contradictory, Unsupported


def apply(stage: Stage, table: Table) -> Answers:
    """What a stage answers on a table.

    Raises Unsupported for a kind without converter that nobody stands in for, BadInput for columns
    that don't fit, and Contradictory for state that doesn't.
    """
    converter = find(stage.kind)
    names = stage.get("feature_names_in_")
    if names is not None and table.names is None:
        table = table.named([str(name) for name in names])
    if outer := stage.path.rpartition("/")[0]:  # what a stage computed before it asked an inner one
        _name_values(replace(stage, path=outer), {"": table})
    with at(stage):
        answers = _answers(converter, stage, table) if converter else _borrowed(stage, table)
    return recorded(stage, table, answers)


def converter_of(stage: Stage) -> Converter:
    """The converter of a stage. Raises Unsupported where there is none."""
    converter = find(stage.kind)
    if converter is None:
        raise Unsupported([missing(stage)])
    return converter


def recorded(stage: Stage, table: Table, answers: Answers) -> Answers:
    """The answers, their values named after the stage that made them of ``table``, and tapped."""
    _name_values(stage, answers)
    stage.context.taps.append((stage, table, answers))
    return answers


def _borrowed(stage: Stage, table: Table) -> Answers:
    """What the fallback answers for a stage without a converter."""
    if stage.context.fallback is None:
        raise Unsupported([missing(stage)])
    answers: Answers = stage.context.fallback(stage, table)
    return answers


@contextmanager
def at(stage: Stage) -> Iterator[None]:
    """Tell at which stage input doesn't fit, and refuse one whose state isn't data or doesn't fit."""
    try:
        with sound(stage.path):
            yield
    except BadInput as error:
        error.where = error.where or stage.path
        raise
    except Contradictory as error:
        # numpy and Python name the type they can't work with: an object where data should be.
        held = [f"{n} ({v.kind})" for n, v in stage.state.items() if isinstance(v, Record)]
        if held and Record.__name__ in str(error.__cause__):
            raise stage.unsupported(f"holds an object that isn't data: {', '.join(held)}") from error
        raise


def transformed(stage: Stage, table: Table) -> Table:
    """What a transformer makes of a table. Raises Unsupported where the stage is none."""
    answers = apply(stage, table)
    if "transform" not in answers:
        raise stage.unsupported("has no transform, so nothing can come after it")
    result = answers["transform"]
    made = result if isinstance(result, Table) else Table.of(result)
    return made.kept(stored(stage, table.stored))


def _answers(converter: Converter, stage: Stage, table: Table) -> Answers:
    check = converter.check(stage)
    owes = Check.NOTHING
    if converter.takes_table:
        result = converter.convert(stage, paid(stage.context, table))
    else:
        table, due = settled(stage.context, table, check)
        x = floating(table, converter.dtype)
        if not table.risky and (converter.dtype is None or not _narrowed(table, converter.dtype)):
            due = Check.NOTHING
        more = (table.stored,) if converter.third is Stored else ()
        if converter.takes_check:
            told = due if converter.third is Check else Due(due, table.stored)
            result = converter.convert(stage, x, told)
        elif converter.defers(stage):
            owes, result = due, converter.convert(stage, x, *more)
        else:
            result = converter.convert(stage, guarded(stage.context, x, due), *more)
    if isinstance(result, Var):
        result = Table.of(result, owes=owes)
    answers: Answers = {"transform": result} if isinstance(result, Table) else result
    return answers


def _narrowed(table: Table, dtype: Any) -> bool:
    """Whether a finite number may be infinite in ``dtype``."""
    return any(not np.can_cast(dtype_of(v), dtype) for v in parts(table) if dtype_of(v).kind == "f")


def floating(table: Table, dtype: Any = None) -> Var:
    """The columns as one matrix: of ``dtype``, else float32/64 as they are, the rest as float64."""
    if dtype is not None or table.has_strings:
        return table.matrix(dtype or np.float64)
    common = table.dtype()
    return table.matrix(common if common.kind == "f" else np.float64)


def unfloated(stage: Stage, table: Table, check: Check = Check.NONFINITE) -> Var:
    """The columns as one matrix in their own dtype, integers and booleans as they are, checked."""
    table, due = settled(stage.context, table, check)
    x = table.matrix()
    return guarded(stage.context, x, due) if table.risky else x


def parts(value: Var | Table) -> tuple[Var, ...]:
    """The tensors an answer consists of."""
    if isinstance(value, Var):
        return (value,)
    return tuple(block.var for block in value.blocks if block.var is not None)


def tensor(value: Var | Table) -> Var:
    """An answer as one tensor. Raises BadInput for columns of mixed types."""
    if isinstance(value, Var):
        return value
    if value.has_strings and not all(dtype_of(v).kind == "U" for v in parts(value)):
        raise BadInput(
            "its columns are text and numbers, which one tensor can't hold",
            remedy="End the pipeline with a stage that makes numbers of them.",
        )
    return value.matrix()


def _name_values(stage: Stage, answers: Answers) -> None:
    """Name every value this stage made ``path:Operator``, so that a graph tells where it is from.

    Values that have a name belong to an earlier or an inner stage; the walk stops there.
    """
    todo = [part._var_info for value in answers.values() for part in parts(value)]
    counts: Counter[str] = stage.context.names
    while todo:
        info = todo.pop()
        if info._name is not None:
            continue
        base = f"{stage.path}:{info._op.op_type.identifier or 'input'}".replace("Initializer", "const")
        counts[base] += 1
        info._rename(base if counts[base] == 1 else f"{base}_{counts[base]}")
        todo.extend(reversed(list(_inputs(info))))


def _inputs(info: _VarInfo) -> Iterable[_VarInfo]:
    return (dep for dep in info._op.dependencies if dep is not None)


__all__ = [
    "apply",
    "at",
    "converter_of",
    "floating",
    "parts",
    "recorded",
    "tensor",
    "transformed",
    "unfloated",
]
