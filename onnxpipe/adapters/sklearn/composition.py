"""Estimators that hold others: pipelines, unions and column-wise transformers.

Formulas: sklearn/pipeline.py and sklearn/compose/_column_transformer.py, 1.0 to 1.9.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from onnxpipe.adapters.sklearn.functions import keeps_columns
from onnxpipe.core.apply import apply, parts, transformed
from onnxpipe.core.guards import paid
from onnxpipe.core.ops import cast, dtype_of
from onnxpipe.core.plan import Stage
from onnxpipe.core.record import Record
from onnxpipe.core.registry import ANY, UNREAD, Answers, columns, converts
from onnxpipe.core.table import Block, Table


def _is_identity(step: Any) -> bool:
    return step is None or (isinstance(step, str) and step == "passthrough")


def _steps(stage: Stage) -> list[Stage]:
    return [stage.child(name, step) for name, step in stage.steps if not _is_identity(step)]


def _first_columns(stage: Stage) -> Sequence[str]:
    """What the first step says; before 1.2 functions said nothing, and the next step does where they may."""
    for step in _steps(stage):
        known = columns(step)
        if known or not keeps_columns(step):
            return known or ()
    return ()


@converts("sklearn.pipeline.Pipeline", columns=_first_columns)
def pipeline(stage: Stage, x: Table) -> Answers:
    """Each step on the answer of the one before; the last one's answers."""
    steps = _steps(stage)
    for step in steps[:-1]:
        x = _widened(transformed(step, x)) if _in_polars(step) else transformed(step, x)
    return apply(steps[-1], x) if steps else {"transform": x}


def _in_polars(stage: Stage) -> bool:
    """Whether a step answers polars frames, as ``set_output`` has it."""
    return bool((stage.get("_sklearn_output_config") or {}).get("transform") == "polars")


def _widened(x: Table) -> Table:
    """Floats in float64: ``check_array`` keeps float32 of arrays and of pandas frames, not of polars ones."""
    return Table(tuple(_block_widened(block) for block in x.blocks))


def _block_widened(block: Block) -> Block:
    if block.var is None or dtype_of(block.var) != np.float32:
        return block
    return replace(block, var=cast(block.var, np.float64))


def members(stage: Stage) -> Iterator[tuple[str, Any, list[int]]]:
    """(name, transformer, column positions) of a fitted ColumnTransformer, without the dropped ones."""
    places = stage.get("_transformer_to_input_indices", {})
    names = [str(name) for name in stage.get("feature_names_in_", ())]
    for name, step, selected in stage.transformers_:
        where = places[name] if name in places else positions(selected, names, int(stage.n_features_in_))
        if len(where) and not (isinstance(step, str) and step == "drop"):
            yield name, step, [int(i) for i in where]


def positions(selected: Any, names: Sequence[str], width: int) -> list[int]:
    """Column positions of a selector: name(s), position(s), slice of either, or boolean mask."""
    if isinstance(selected, slice):
        if isinstance(selected.start, str) or isinstance(selected.stop, str):
            first = names.index(selected.start) if selected.start is not None else 0
            last = names.index(selected.stop) + 1 if selected.stop is not None else width
            return list(range(width))[first : last : selected.step]
        return list(range(width))[selected]
    chosen = np.atleast_1d(np.asarray(selected))
    if chosen.dtype.kind == "b":
        return [int(i) for i in np.flatnonzero(chosen)]
    if chosen.dtype.kind in "OU":
        places = {name: i for i, name in enumerate(names)}
        return [places[str(name)] for name in chosen]
    return [int(i) % width for i in chosen]


def _scattered_columns(stage: Stage) -> list[str]:
    """What each column is to the members that read it; text wins over numbers it was mixed with."""
    found = [UNREAD] * int(stage.n_features_in_)
    rank = {UNREAD: 0, ANY: 1, "float64": 2, "bool": 3, "int64": 4, "string": 5}
    for name, step, where in members(stage):
        known = None if _is_identity(step) else columns(stage.child(name, step))
        for i, hint in zip(where, known or (ANY,) * len(where), strict=True):
            found[i] = max(found[i], hint, key=lambda h: rank.get(h, 2))
    return found


@converts("sklearn.compose.ColumnTransformer", columns=_scattered_columns)
def column_transformer(stage: Stage, x: Table) -> Table:
    """The members' answers side by side, each member on its own columns times its weight, in fitted order."""
    held = list(members(stage))
    made = [_answer(stage, name, step, x.take(where)) for name, step, where in held]
    read = {i for *_, where in held for i in where}
    dropped = x.take([i for i in range(x.width) if i not in read])
    stage.context.passed_over.extend(parts(dropped))
    return Table.join(made).promoted() if made else Table(())


def _answer(stage: Stage, name: str, step: Any, x: Table) -> Table:
    """One member's answer times its weight."""
    made = x if _is_identity(step) else transformed(stage.child(name, step), x)
    weight = (stage.get("transformer_weights") or {}).get(name)
    return made if weight is None else _weighted(stage, made, weight)


def _union_members(stage: Stage) -> list[tuple[str, Any]]:
    return [(name, step) for name, step in stage.transformer_list if step != "drop"]


def _union_columns(stage: Stage) -> Sequence[str]:
    known = [columns(stage.child(n, s)) for n, s in _union_members(stage) if isinstance(s, Record)]
    return next((found for found in known if found is not None), ())


@converts("sklearn.pipeline.FeatureUnion", columns=_union_columns)
def feature_union(stage: Stage, x: Table) -> Table:
    """Every member's answer on the same columns, side by side, times its weight."""
    return Table.join([_answer(stage, name, step, x) for name, step in _union_members(stage)]).promoted()


def _weighted(stage: Stage, x: Table, weight: Any) -> Table:
    """A member's answer times its weight, which hides nothing that is still to be checked."""
    return Table.of(paid(stage.context, x).matrix() * weight)
