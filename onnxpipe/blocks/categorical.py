"""Categories: from values to codes, and from codes to indicator columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks.spreading import spread
from onnxpipe.core.ops import (
    Var,
    alike,
    batch_size,
    cast,
    concat,
    const,
    dtype_of,
    is_string,
    ml,
    op,
    promote,
    shape_of,
    shaped,
)

Array = NDArray[Any]
Codes = NDArray[np.int64]


_WIDE, _LONG = 512, 64
"""Indicator columns, in all and to each column, from which it pays to write the few that are true
instead of comparing all."""

_PAYING = 6
"""The same where texts are looked up one by one, which tells the places of the true ones at no cost."""

_SHORT = 64
"""Indicator columns up to which codes are compared as they are: narrowing them would cost more."""

_MANY, _BATCH = 8, 32
"""Columns of text, and rows of them, above which they are looked up one by one."""

_FEW = 3
"""Columns of text up to which each is looked up by itself, whatever the batch: none has to be copied."""

_TABLE = 2**15
"""Entries of a table of codes up to which text is looked up in one vocabulary for all columns."""


class Coding(NamedTuple):
    """The codes of one column's categories: ``keys[i]`` has ``codes[i]``; all text or all numbers."""

    keys: Array
    codes: Codes


def indicators(x: Var, owner: Sequence[int], values: Array) -> Var:
    """bool ``[N, W]``: whether column ``owner[w]`` of ``x`` ``[N, k]`` is ``values[w]``; NaN is NaN's equal.

    Text is looked up once, as numbers in the union of all columns' categories, and compared as such.
    """
    if _is_ragged(owner):
        places = [np.flatnonzero(np.asarray(owner) == j) for j in range(shape_of(x)[1])]
        return _scattered(coded(x, [Coding(values[p], p) for p in places], len(owner)), len(owner))
    if is_string(x):
        union, ids = np.unique(values, return_inverse=True)
        together = Coding(union, np.arange(len(union)))
        places = [np.flatnonzero(np.asarray(owner) == j) for j in range(shape_of(x)[1])]
        columns = [Coding(values[p], ids[p]) for p in places]
        if len(parts := _parts(x)) >= _MANY and min(map(len, places)) and len(owner) > _PAYING * len(places):
            return _by_batch(
                parts,
                lambda: _written(parts, [Coding(values[p], p) for p in places], len(owner)),
                lambda: code_indicators(_lookup(concat(parts, 1), together, -1), owner, ids),
            )
        number = _by_size(x, columns, -1, lambda whole: _lookup(whole, together, -1))
        return code_indicators(number, owner, ids)
    wide = spread(promote(x, values)[0], owner)
    same = op.equal(*promote(wide.var, wide.beside(values)))
    if values.dtype.kind == "f" and np.isnan(values).any():
        absent = op.and_(op.isnan(wide.var), const(wide.beside(np.isnan(values))))
        same = op.or_(same, absent)
    return wide.flat(same)


def _is_ragged(owner: Sequence[int]) -> bool:
    """Whether columns have so many and so unequally many values that writing the true ones pays."""
    counts = np.bincount(owner)
    return len(owner) > max(_WIDE, _LONG * len(counts)) and len(set(counts.tolist())) > 1


def _scattered(codes: Var, width: int) -> Var:
    """bool ``[N, width]``: the columns that the codes ``[N, k]`` of a row name; code ``width`` names none."""
    sizes = op.concat([batch_size(codes), const([width + 1])], axis=0)
    none = op.constant_of_shape(sizes, value=np.array([False]))
    hit = op.scatter_elements(none, codes, op.equal(codes, codes), axis=1)
    # Reshape only to tell the width, which inference can't see.
    return op.reshape(op.slice(hit, const([0]), const([width]), const([1])), const([0, width]))


def _written(parts: Sequence[Var], columns: Sequence[Coding], width: int) -> Var:
    """bool ``[N, width]``: the columns that are the codes of each row's texts ``[N, 1]``.

    A text without one has a place of its column's own, counted from behind, and makes nothing true there.
    """
    pairs = zip(parts, columns, strict=True)
    place = concat([_lookup(part, each, int(each.codes[0]) - width) for part, each in pairs], 1)
    sizes = op.concat([batch_size(place), const([width])], axis=0)
    none = op.constant_of_shape(sizes, value=np.array([False]))
    known = op.greater_or_equal(place, const(0))
    return shaped(op.scatter_elements(none, place, known, axis=1), shape_of(place)[0], width)


def code_indicators(codes: Var, owner: Sequence[int], wanted: Codes) -> Var:
    """bool ``[N, W]``: whether column ``owner[w]`` of int64 ``codes`` ``[N, k]`` is ``wanted[w]``.

    Codes that no column wants are at most 2 above those that some do.
    """
    if _is_ragged(owner):
        table = np.full((shape_of(codes)[1], max(wanted) + 3), len(owner), np.int64)
        table[owner, wanted] = np.arange(len(owner))
        place = op.add(codes, const(np.arange(len(table)) * table.shape[1], np.int64))
        return _scattered(op.gather(const(table.ravel()), place, axis=0), len(owner))
    wide = spread(codes if len(owner) <= _SHORT else cast(codes, np.int32), owner)
    return wide.flat(op.equal(wide.var, const(wide.beside(wanted), dtype_of(wide.var))))


def coded(x: Var, columns: Sequence[Coding], unknown: int) -> Var:
    """int64 ``[N, k]``: the code of each value in its column, ``unknown`` for values without one.

    One coding serves all columns. Several are told apart by a table of (column, number in the union),
    or where that would be too large, by the column's number behind each text.
    """
    if len(columns) == 1:
        return _lookup(x, columns[0], unknown)
    return _by_size(x, columns, unknown, lambda whole: _coded(whole, columns, unknown))


def _coded(x: Var, columns: Sequence[Coding], unknown: int) -> Var:
    union, ids = np.unique(np.concatenate([c.keys for c in columns]), return_inverse=True)
    if is_string(x) and len(columns) * len(union) > _TABLE:
        return _tagged(x, columns, unknown)
    table = np.full((len(columns), len(union) + 1), unknown, np.int64)
    owner = np.repeat(np.arange(len(columns)), [len(c.keys) for c in columns])
    table[owner, ids] = np.concatenate([c.codes for c in columns])
    place = _lookup(x, Coding(union, np.arange(len(union))), len(union))
    starts = const(np.arange(len(columns)) * table.shape[1], np.int64)
    return op.gather(const(table.ravel()), op.add(place, starts), axis=0)


def _by_size(x: Var, columns: Sequence[Coding], unknown: int, together: Callable[[Var], Var]) -> Var:
    """The codes ``[N, k]`` of text: ``together`` in small batches, column by column in large ones.

    Few nodes are quickest for few rows; for many it is not having to copy every text side by side.
    """
    parts = _parts(x)
    if len(parts) != len(columns) or _FEW < len(parts) < _MANY:
        return together(x)

    def apart() -> Var:
        return concat([_lookup(part, each, unknown) for part, each in zip(parts, columns, strict=True)], 1)

    return apart() if len(parts) <= _FEW else _by_batch(parts, apart, lambda: together(concat(parts, 1)))


def few(x: Var) -> list[Var]:
    """The columns ``[N, 1]`` of ``x``, where they are few and at hand; else none."""
    parts = [x] if shape_of(x)[1] == 1 else _parts(x)
    return parts if len(parts) <= _FEW else []


def _by_batch(parts: Sequence[Var], many: Callable[[], Var], few: Callable[[], Var]) -> Var:
    """What either answers, by how many rows the columns of text have; both tell its type."""
    made: list[Var] = []

    def noted(answer: Var) -> list[Var]:
        made.append(answer)
        return [answer]

    (found,) = op.if_(
        op.greater(batch_size(parts[0]), const([_BATCH])),
        then_branch=lambda: noted(many()),
        else_branch=lambda: noted(few()),
    )
    return alike(found, made[0])


def _parts(x: Var) -> list[Var]:
    """The columns ``[N, 1]`` that text was put together from, none where it wasn't."""
    if not is_string(x) or x._op.op_type.identifier != "Concat":
        return []
    parts = [Var(info) for info in x._op.dependencies if info is not None]
    return parts if all(shape_of(part)[1:] == (1,) for part in parts) else []


def _tagged(x: Var, columns: Sequence[Coding], unknown: int) -> Var:
    """The codes of text, with the number of its column behind each key and each value."""
    tails = [f"\x1f{j}" for j in range(len(columns))]
    keys = [f"{key}{tail}" for (keys, _), tail in zip(columns, tails, strict=True) for key in keys]
    together = Coding(np.array(keys, object), np.concatenate([c.codes for c in columns]))
    return _lookup(op.string_concat(x, const(tails)), together, unknown)


def is_utf8(text: str) -> bool:
    """Whether a text can be written at all: half a surrogate pair can't, so no input ever equals it."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def _lookup(x: Var, coding: Coding, unknown: int) -> Var:
    """int64, the shape of ``x``, through one hash table."""
    # A hash table can't be empty: without keys, one that is as unknown as the rest.
    lone = Coding(np.array([""], object) if is_string(x) else np.zeros(1), np.array([unknown]))
    keys, values = coding if len(coding.keys) else lone
    if is_string(x):
        held = [is_utf8(key) for key in keys]
        keys, values = (keys[held], values[held]) if any(held) else lone
        return ml.label_encoder(x, keys_strings=keys.tolist(), values_int64s=values, default_int64=unknown)
    dtype = np.result_type(dtype_of(x), keys.dtype)
    dtype = dtype if dtype.kind == "f" else np.dtype(np.int64)
    default = np.array([unknown], np.int64)
    return ml.label_encoder(
        cast(x, dtype),
        keys_tensor=keys.astype(dtype),
        values_tensor=values.astype(np.int64),
        default_tensor=default,
    )
