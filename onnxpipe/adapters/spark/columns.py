"""How a stage reads and adds columns: which ones, from its parameters; how its converter gets them.

A converter's second parameter says what it wants:

- ``x: Var``: the input column, numbers as float64 whatever they come as, text as text. Where a
  stage has ``inputCols`` and ``outputCols`` it is called once per pair, and a third parameter
  ``place: int`` gets the pair's position;
- ``x: Column``: the same, untouched, with the lengths of arrays;
- ``xs: Columns``: all input columns at once;
- ``frame: Frame``: every column there is; it answers the frame that comes after it.

It returns the output column, or several by the name of the parameter that names them
(``predictionCol``); of those, columns whose parameter is empty are left out. A key that is no
parameter is itself the column's name. A ``Var`` is a column of vectors if it is wider than 1, if the
only input was one, or if the parameter always names vectors; else say so with ``frame.vector``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from onnxpipe.adapters.spark import kinds
from onnxpipe.core.apply import at, recorded
from onnxpipe.core.frame import Column, Columns, Frame, held, table_of
from onnxpipe.core.ops import Var, cast, dtype_of
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import Converter, find, missing
from onnxpipe.errors import BadInput, Unsupported

_VECTORS = ("probabilityCol", "rawPredictionCol", "quantilesCol", "topicDistributionCol")
"""Parameters that always name columns of vectors."""


def apply(stage: Stage, frame: Frame) -> dict[str, Column]:
    """The columns after a stage: those before it and those it adds.

    Raises Unsupported for a kind without converter, BadInput for columns that don't fit.
    """
    converter = find(stage.kind)
    if converter is None:
        added = _borrowed(stage, frame)
        return {**_others(frame, added), **added}
    with at(stage):
        if converter.takes == Frame:
            after: dict[str, Column] = dict(converter.convert(stage, frame))
            return after
        read = [held(frame, name) for name in reads(stage)]
        _refuse_misfits(stage, read)
        added = dict(_added(stage, converter, read))
    recorded(stage, table_of(read), {name: column.var for name, column in added.items()})
    return {**_others(frame, added), **added}


def _others(frame: Frame, added: Iterable[str]) -> dict[str, Column]:
    """The columns that aren't added anew."""
    names = {name.casefold() for name in added}
    return {name: column for name, column in frame.items() if name.casefold() not in names}


def _borrowed(stage: Stage, frame: Frame) -> dict[str, Column]:
    """The columns that the fallback adds for a stage without a converter. Raises Unsupported."""
    if stage.context.fallback is None:
        raise Unsupported([missing(stage)])
    names = reads(stage)
    with at(stage):
        read = [held(frame, name) for name in names]
        if any(column.lengths is not None for column in read):
            raise stage.unsupported("has no converter of ours, and no peer's graph takes arrays of text")
        given = {name: column.var for name, column in zip(names, read, strict=True)}
        answers = stage.context.fallback(stage, given)
    recorded(stage, table_of(read), answers)
    return {name: _column(var, None) for name, var in answers.items()}


def reads(stage: Stage) -> tuple[str, ...]:
    """The names of the columns a stage reads."""
    converter = find(stage.kind)
    if converter is not None and converter.reads is not None:
        return tuple(converter.reads(stage))
    return _named(stage, "inputCols", "inputCol", "featuresCol")


def wants(stage: Stage) -> tuple[str, ...]:
    """What each column that a stage reads has to be, in the words of ``kinds``."""
    converter = find(stage.kind)
    if converter is not None and converter.columns is not None:
        return tuple(converter.columns(stage))
    if converter is None:
        return (kinds.ANYTHING,) * len(reads(stage))
    if stage.get("inputCols") is None and stage.get("inputCol") is None and stage.get("featuresCol"):
        known = stage.get("numFeatures")
        return (kinds.VECTOR if known is None else kinds.vector(int(known)),)
    return (kinds.NUMBER,) * len(reads(stage))


def adds(stage: Stage) -> tuple[str, ...]:
    """The names of the columns that a stage can add, as far as its parameters tell."""
    converter = find(stage.kind)
    if converter is not None and converter.adds is not None:
        return tuple(converter.adds(stage))
    ends = ("Col", "Cols")
    names = [v for k, v in stage.state.items() if k.endswith(ends) and k not in _READ]
    return tuple(n for value in names for n in (value if isinstance(value, list) else [value]) if n)


_READ = ("inputCol", "inputCols", "featuresCol", "labelCol", "weightCol", "censorCol", "offsetCol", "userCol",
         "itemCol", "ratingCol", "itemsCol")  # fmt: skip
"""Parameters that name columns which a stage reads or read while it was fitted."""


def _named(stage: Stage, *parameters: str) -> tuple[str, ...]:
    """The names that the first of these parameters has, which is set."""
    for parameter in parameters:
        value = stage.get(parameter)
        if value is not None:
            return tuple(value) if isinstance(value, list) else (str(value),)
    raise stage.unsupported("names no input column")


def _refuse_misfits(stage: Stage, read: Columns) -> None:
    """Raise BadInput for vectors of another length than the stage was fitted on."""
    for name, kind, column in zip(reads(stage), wants(stage), read, strict=True):
        fitted = kinds.length(kind)
        if fitted is not None and column.width not in (0, fitted):
            raise BadInput(
                f"{name} has {column.width} elements where {fitted} were fitted",
                remedy="If it is made of columns that hold vectors, say so: --input NAME=float64[N,WIDTH]",
            )


def _added(stage: Stage, converter: Converter, read: Columns) -> Iterator[tuple[str, Column]]:
    """The columns a stage adds, by name."""
    whole = converter.takes == Columns
    calls: Sequence[Any] = [read] if whole else read
    names = _outputs(stage)
    for place, given in enumerate(calls):
        x = numbers(given) if converter.takes is Var else given
        result = converter.convert(stage, x, place) if converter.third is int else converter.convert(stage, x)
        like = None if whole else given
        if isinstance(result, Mapping):
            yield from _by_parameter(stage, result)
        else:
            yield names[place], _column(result, like)


def _outputs(stage: Stage) -> tuple[str, ...]:
    several = stage.get("outputCols")
    return tuple(several) if several else (str(stage.get("outputCol", "")),)


def _by_parameter(stage: Stage, result: Mapping[str, Var | Column]) -> Iterator[tuple[str, Column]]:
    for key, value in result.items():
        name = stage.get(key, "") if key.endswith("Col") else key
        if name:
            yield str(name), _column(value, None, key in _VECTORS)


def _column(value: Var | Column, like: Column | None, vector: bool = False) -> Column:
    if isinstance(value, Column):
        return value
    column = Column(value, vector or (like is not None and like.vector))
    return Column(value, column.vector or column.width > 1)


def numbers(column: Column) -> Var:
    """The values of a column as Spark computes with them: numbers and booleans as float64, text as it is."""
    return column.var if dtype_of(column.var).kind == "U" else cast(column.var, np.float64)
