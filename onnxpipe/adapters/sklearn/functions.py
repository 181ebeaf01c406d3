"""Functions that pipelines call, translated by name; none is ever run.

Formulas: sklearn/preprocessing/_function_transformer.py, and numpy's own documentation.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from onnxpipe.adapters.pickles import Global, described
from onnxpipe.blocks import elementwise
from onnxpipe.core.apply import paid, unfloated
from onnxpipe.core.ops import Var, cast, dtype_of, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.record import Record
from onnxpipe.core.registry import Translation, converts, translates, translation
from onnxpipe.core.table import NONE, Table


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
    if known is None:
        remedy = f"; @onnxpipe.translates({name!r}) can say what that is" if name else ""
        raise stage.unsupported(f"calls {described(function)}{remedy}")
    try:
        inspect.signature(known.translate).bind(stage, None, **given)
    except TypeError:
        words = ", ".join(f"{key}={value!r:.40}" for key, value in given.items())
        raise stage.unsupported(f"calls {name} with {words}") from None
    _refuse_odd(stage, x, name, known)
    x = paid(stage.context, x)
    parts = _apart(x) if known.by_column else [x.matrix()]
    return Table.join(Table.of(known.translate(stage, part, **given)) for part in parts).promoted()


def _refuse_odd(stage: Stage, x: Table, name: str, known: Translation) -> None:
    """Raise Unsupported for columns that the function computes on in a type that no graph has."""
    if known.by_column and x.has_strings:
        raise stage.unsupported(f"calls {name} on text")
    if narrow := sorted({block.note for block in x.blocks} - {"", NONE}):
        raise stage.unsupported(
            f"calls {name} on {', '.join(narrow)}, which is done in less than double precision"
        )


def _named(function: Any, arguments: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """The dotted name and the keywords of a function or a ``functools.partial``; no name for code."""
    if isinstance(function, Global):
        return function.kind, arguments
    if isinstance(function, Record) and function.kind == "functools.partial":
        inner, positional, bound, *_ = function.state
        if not positional:
            return _named(inner, {**bound, **arguments})
    return "", arguments


def _apart(x: Table) -> list[Var]:
    """The columns as one matrix, or as one per dtype where a data frame has several."""
    kinds = [dtype_of(block.read()) for block in x.blocks]
    return [x.matrix()] if len(set(kinds)) < 2 else [block.read() for block in x.blocks]


def _floats(stage: Stage, x: Var) -> Var:
    """``x`` as the floats that numpy's functions make of it."""
    if dtype_of(x).kind == "f":
        return x
    if dtype_of(x).kind not in "iu" or dtype_of(x).itemsize < 4:
        raise stage.unsupported(f"computes on {dtype_of(x)}, which numpy does in half precision")
    return cast(x, np.float64)


_ALIASES = {"absolute": "abs", "deg2rad": "radians", "rad2deg": "degrees"}
_SPECIAL = ("cbrt", "exp10", "exp2", "expit", "expm1", "log1p", "logit")
"""Functions that scipy.special has, some of them beside numpy."""


def _register(name: str, function: Callable[[Var], Var], *, floating: bool) -> None:
    def translate(stage: Stage, x: Var) -> Var:
        return function(_floats(stage, x) if floating or dtype_of(x).kind == "b" else x)

    special = (f"scipy.special.{name}",) if name in _SPECIAL else ()
    names = (f"numpy.{name}", f"numpy.{_ALIASES.get(name, name)}", *special)
    translates(*names, by_column=True)(translate)


for _name, _function in elementwise.FLOATING.items():
    _register(_name, _function, floating=True)
for _name, _function in elementwise.KEEPING.items():
    _register(_name, _function, floating=False)


@translates("numpy.clip", by_column=True)
def clip(
    stage: Stage, x: Var, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None
) -> Var:
    """``x`` between limits."""
    return elementwise.limited(x, a_min if min is None else min, a_max if max is None else max)


@translates("numpy.nan_to_num", by_column=True)
def nan_to_num(
    stage: Stage, x: Var, *, copy: bool = True, nan: float = 0.0, posinf: Any = None, neginf: Any = None
) -> Var:
    """``x`` with numbers in the place of NaN and infinities."""
    return elementwise.replaced(x, nan, posinf, neginf) if dtype_of(x).kind == "f" else x


@translates("numpy.round", "numpy.around", by_column=True)
def around(stage: Stage, x: Var, decimals: int = 0) -> Var:
    """``x`` rounded half to even at a decimal place."""
    if dtype_of(x).kind == "f":
        return elementwise.rounded(x, decimals)
    if decimals < 0:
        raise stage.unsupported("rounds integers to tens")
    return x


@translates("numpy.reciprocal", by_column=True)
def reciprocal(stage: Stage, x: Var) -> Var:
    """``1 / x``."""
    if dtype_of(x).kind != "f":
        raise stage.unsupported("takes the reciprocal of integers, which numpy cuts to integers")
    return op.reciprocal(x)
