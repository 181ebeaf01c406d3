"""Functions that pipelines call, translated by name; none is ever run.

Formulas: sklearn/preprocessing/_function_transformer.py, and numpy's own documentation.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from onnxpipe.adapters.pickles import Global, described
from onnxpipe.core.apply import unfloated
from onnxpipe.core.ops import Var, dtype_of, shape_of
from onnxpipe.core.plan import Stage
from onnxpipe.core.record import Record
from onnxpipe.core.registry import converts
from onnxpipe.core.table import NONE, Table
from onnxpipe.core.translations import Translation, translation
from onnxpipe.core.units import is_unit

BEFORE = "before"
"""The keyword of translations for an argument that stands before the rows, as in ``partial(maximum, 0)``."""


@converts("sklearn.preprocessing.FunctionTransformer")
def function_transformer(stage: Stage, x: Table) -> Table:
    """What the function answers; the rows themselves where there is none."""
    if stage.get("validate", False):
        x = Table.of(unfloated(stage, x), finite=True)
    return x if stage.func is None else called(stage, x, stage.func, stage.get("kw_args"))


def called(stage: Stage, x: Table, function: Any, arguments: Mapping[str, Any] | None) -> Table:
    """What a function that a pipeline names answers on a table.

    Raises Unsupported, naming the function, where it or its arguments have no translation.
    """
    name, given = _named(function, dict(arguments or {}))
    known = translation(name) if name else None
    if known is None or (BEFORE in given and BEFORE not in inspect.signature(known.translate).parameters):
        remedy = f"; @onnxpipe.translates({name!r}) can say what that is" if name else ""
        raise stage.unsupported(f"calls {described(function)}{remedy}")
    try:
        inspect.signature(known.translate).bind(stage, None, **given)
    except TypeError:
        words = ", ".join(f"{key}={value!r:.40}" for key, value in given.items())
        raise stage.unsupported(f"calls {name} with {words}") from None
    _refuse_odd(stage, x, name, known)
    parts = _apart(x) if known.by_column else [x.matrix()]
    made = [known.translate(stage, part, **_share(given, parts, i)) for i, part in enumerate(parts)]
    return Table.join(Table.of(each) for each in made).promoted()


def keeps_columns(stage: Stage) -> bool:
    """Whether a stage calls a function that answers each number of its input with one."""
    if stage.kind != "sklearn.preprocessing.FunctionTransformer":
        return False
    name, _ = _named(stage.func, {})
    known = translation(name) if name else None
    return stage.func is None or (known is not None and known.by_column)


def _refuse_odd(stage: Stage, x: Table, name: str, known: Translation) -> None:
    """Raise Unsupported for columns that the function computes on in a type that no graph has."""
    if known.by_column and x.has_strings:
        raise stage.unsupported(f"calls {name} on text")
    if narrow := sorted({b.note for b in x.blocks if not is_unit(b.note)} - {"", NONE}):
        raise stage.unsupported(
            f"calls {name} on {', '.join(narrow)}, which is done in less than double precision"
        )


def _named(function: Any, arguments: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """The dotted name and the keywords of a function or a ``functools.partial``; no name for code.

    The one argument that a partial may put before the rows is called ``before``.
    """
    if isinstance(function, Global):
        return function.kind, arguments
    if isinstance(function, Record) and function.kind == "functools.partial":
        inner, positional, bound, *_ = function.state
        if len(positional) < 2 and BEFORE not in {**bound, **arguments}:
            return _named(inner, {**bound, **arguments, **({BEFORE: positional[0]} if positional else {})})
    return "", arguments


def _share(given: Mapping[str, Any], parts: Sequence[Var], place: int) -> Mapping[str, Any]:
    """The keywords for one of the matrices: of what holds a value per column, those of its columns."""
    edges = np.cumsum([0, *(shape_of(part)[1] for part in parts)])
    own = slice(edges[place], edges[place + 1])
    return {
        key: value[own] if np.ndim(value) == 1 and len(value) == edges[-1] else value
        for key, value in given.items()
    }


def _apart(x: Table) -> list[Var]:
    """The columns as one matrix, or as one per dtype where a data frame has several."""
    kinds = [dtype_of(block.read()) for block in x.blocks]
    return [x.matrix()] if len(set(kinds)) < 2 else [block.read() for block in x.blocks]
