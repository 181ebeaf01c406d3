"""Encoders of categories. Formulas: sklearn/preprocessing/_encoders.py and _label.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.sklearn import categories
from onnxpipe.adapters.sklearn.slots import Slots, slots
from onnxpipe.blocks import categorical
from onnxpipe.blocks.categorical import Coding
from onnxpipe.core.guards import looked_up
from onnxpipe.core.ops import Var, cast, concat, const, op, shape_of, take_columns
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import Answers, converts
from onnxpipe.core.table import Table
from onnxpipe.core.tallies import is_long, marked

Array = NDArray[Any]


def _columns(stage: Stage) -> Sequence[str]:
    return [categories.kind(values) for values in stage.categories_]


def _edges(stage: Stage) -> Mapping[int, Any]:
    """The categories; numbers next to one only where unknown ones are let through."""
    strict = stage.handle_unknown == "error"
    kinds = enumerate(_columns(stage))
    known = {i: stage.categories_[i] for i, kind in kinds if not (strict and kind == "float64")}
    return {i: categories.present(values) for i, values in known.items()}


def _groups(stage: Stage, x: Table) -> list[tuple[list[int], Var]]:
    """Column positions and matrix of the text columns, of dates, and of the number columns."""
    categories.refuse_other_dates(stage, x, _columns(stage))
    return [(w, _matrix(stage, x.take(w), w, text)) for text, w in categories.apart(_columns(stage))]


def _matrix(stage: Stage, x: Table, where: Sequence[int], text: bool) -> Var:
    """The columns as one matrix, without infinities (unknown, or refused but in object columns)."""
    if stage.handle_unknown == "error":
        return categories.matrix(stage, x, text)
    return categories.finite(stage, x, where, text)


@converts("sklearn.preprocessing.OneHotEncoder", columns=_columns, edges=_edges)
def one_hot_encoder(stage: Stage, x: Table) -> Table:
    """1 in the column of each feature's category, 0 elsewhere."""
    fitted, groups = slots(stage), _groups(stage, x)
    widths = [column.width for column in fitted]
    if all(widths) and is_long(sum(widths)):
        return Table.of(cast(_marked(stage, groups, fitted), categories.numpy_type(stage.dtype)), finite=True)
    hot = concat([_one_hot(stage, values, [fitted[i] for i in where]) for where, values in groups], 1)
    order = [i for where, _ in groups for i in where for _ in range(fitted[i].width)]
    return Table.of(take_columns(hot, np.argsort(order, kind="stable")), finite=True)


_SMALL = 1024
"""Numbers in a table of rows of indicators up to which they are gathered, not compared."""


def _one_hot(stage: Stage, x: Var, fitted: Sequence[Slots]) -> Var:
    """``[N, W]``: the indicators of the columns of ``x``, one slot per category or group of them."""
    parts, dtype = categorical.few(x), categories.numpy_type(stage.dtype)
    if parts and all(0 < len(column.known) * column.width <= _SMALL for column in fitted):
        pairs = zip(parts, fitted, strict=True)
        rows = concat([_rows(stage, part, column, dtype) for part, column in pairs], 2)
        return op.reshape(rows, const([0, shape_of(rows)[2]]))
    return cast(_compared(stage, x, fitted), dtype)


def _rows(stage: Stage, x: Var, column: Slots, dtype: Any) -> Var:
    """``[N, 1, width]``: the row of indicators that the category of each value of ``x`` ``[N, 1]`` has."""
    count, places = len(column.known), np.arange(column.width)
    codes = categorical.coded(x, [Coding(column.known, np.arange(count))], count)
    table = column.slot[:, None] == places
    if stage.handle_unknown != "error":
        table = np.vstack([table, column.unknown == places])
    return looked_up(stage.context, table.astype(dtype), codes)


def _compared(stage: Stage, x: Var, fitted: Sequence[Slots]) -> Var:
    """The same as bool, for columns or categories that are many."""
    owner = np.repeat(np.arange(len(fitted)), [column.width for column in fitted]).tolist()
    strict = stage.handle_unknown == "error"
    if not strict and all(column.is_plain for column in fitted):
        return categorical.indicators(x, owner, np.concatenate([column.categories for column in fitted]))
    wanted = np.concatenate([column.wanted for column in fitted])
    return categorical.code_indicators(_codes(stage, x, fitted, _dropped(fitted)), owner, wanted)


def _dropped(fitted: Sequence[Slots]) -> int:
    """The code of categories without a column."""
    return max(column.width for column in fitted) + 1


def _codes(stage: Stage, x: Var, fitted: Sequence[Slots], dropped: int) -> Var:
    """int64 ``[N, k]``: 0 for the unknown, 1 and its slot for a category, ``dropped`` without one."""
    strict = stage.handle_unknown == "error"
    unknown = dropped + 1 if strict else 0
    codes = categorical.coded(x, [column.coding(dropped) for column in fitted], unknown)
    return looked_up(stage.context, np.arange(dropped + 1), codes) if strict else codes


def _marked(stage: Stage, groups: Sequence[tuple[list[int], Var]], fitted: Sequence[Slots]) -> Var:
    """bool ``[N, W]`` by the places of each row that are true: one to a feature, which is false for none."""
    starts = np.cumsum([0, *(column.width for column in fitted)])
    places, hot = [], []
    for where, values in groups:
        columns = [fitted[i] for i in where]
        codes, dropped = _codes(stage, values, columns, _dropped(columns)), _dropped(columns)
        unknown = [starts[i] + fitted[i].unknown if fitted[i].unknown >= 0 else -1 for i in where]
        known = op.add(codes, const(starts[where] - 1))
        place = op.where(op.equal(codes, const(0)), const([unknown]), known)
        there = op.greater_or_equal(place, const(0)) & op.less(codes, const(dropped))
        places.append(op.where(there, place, const(starts[where])))
        hot.append(there)
    return marked(concat(places, 1), concat(hot, 1), int(starts[-1]))


@converts("sklearn.preprocessing.OrdinalEncoder", columns=_columns, edges=_edges)
def ordinal_encoder(stage: Stage, x: Table) -> Table:
    """The position of each feature's category, in the encoder's dtype."""
    values = _ordinals(stage)
    made, order = [], []
    for where, part in _groups(stage, x):
        unknown = len(values) - (stage.handle_unknown != "error")
        codes = categorical.coded(part, [_ordinal_coding(stage, i) for i in where], unknown)
        made.append(Table.of(looked_up(stage.context, values, codes), finite=not np.isnan(values).any()))
        order += where
    return Table.join(made).take(np.argsort(order).tolist())


def _ordinals(stage: Stage) -> Array:
    """What the codes stand for: 0, 1, ... for categories, then missing, then unknown (if let through)."""
    dtype = categories.numpy_type(stage.dtype)
    tail = [stage.get("encoded_missing_value", np.nan)] if stage.get("_missing_indices") else [0]
    tail += [stage.unknown_value] if stage.handle_unknown != "error" else []
    count = max(len(values) for values in stage.categories_)
    return np.concatenate([np.arange(count).astype(dtype), np.array(tail).astype(dtype)])


def _ordinal_coding(stage: Stage, i: int) -> Coding:
    """The codes of feature ``i``, infrequent categories sharing one."""
    known = categories.keys(stage, stage.categories_[i])
    missing = dict(stage.get("_missing_indices") or {}).get(i)
    present = len(known) - (missing is not None)
    mapping = stage.get("_default_to_infrequent_mappings")[i] if stage.get("_infrequent_enabled") else None
    codes = np.full(len(known), max(len(values) for values in stage.categories_), np.int64)
    codes[:present] = np.arange(present) if mapping is None else mapping
    met = categories.met(stage, stage.categories_[i])
    return Coding(known[met], codes[met])


def _label_columns(stage: Stage) -> Sequence[str]:
    return [categories.kind(stage.classes_)]


def _classes(stage: Stage) -> Mapping[int, Any]:
    return {0: stage.classes_}


def _labels(stage: Stage, x: Table) -> tuple[Var, Array]:
    """The labels that arrive ``[N, 1]``, and the classes as they travel ``[k]``."""
    text = _label_columns(stage) == ["string"]
    return categories.matrix(stage, x, text), categories.keys(stage, stage.classes_)


@converts("sklearn.preprocessing.LabelEncoder", columns=_label_columns, edges=_classes)
def label_encoder(stage: Stage, x: Table) -> Answers:
    """The position of each label among the classes ``[N]``; refuses other labels."""
    labels, classes = _labels(stage, x)
    codes = categorical.coded(labels, [Coding(classes, np.arange(len(classes)))], len(classes))
    codes = looked_up(stage.context, np.arange(len(classes)), codes)
    return {"transform": op.squeeze(codes, const([1]))}


@converts("sklearn.preprocessing.LabelBinarizer", columns=_label_columns, edges=_classes)
def label_binarizer(stage: Stage, x: Table) -> Var:
    """``pos_label`` in the column of each label, ``neg_label`` elsewhere; one column for two classes."""
    if str(stage.y_type_).startswith("multilabel"):
        raise stage.unsupported("was fitted on an indicator matrix, which has no labels to look up")
    labels, classes = _labels(stage, x)
    wanted = classes[1:] if len(classes) == 2 else classes
    hot = categorical.indicators(labels, [0] * len(wanted), wanted)
    low, high = stage.neg_label, stage.pos_label if len(classes) > 1 else stage.neg_label
    if (low, high) == (0, 1):
        return cast(hot, np.int64)
    return op.where(hot, const(high, np.int64), const(low, np.int64))
