"""Categorical features in a graph: looked up among known categories, then as numbers that trees compare.

A model keeps hashes of its categories and not the categories. What stands in the rows that the user
gives is held against those hashes: only if every one is met, the graph knows all that the model does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.catboost import statistics
from onnxpipe.adapters.catboost.cityhash import category_hash
from onnxpipe.adapters.catboost.model import Ctr, Model, Projection
from onnxpipe.blocks.categorical import Coding, coded
from onnxpipe.core.ops import Var, cast, const, is_string, ml, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.table import Table
from onnxpipe.errors import BadInput

Array = NDArray[Any]

_REMEDY = "Give rows that hold every category it was trained on: --sample TRAINING_ROWS"
_ALONE = f"Save it by itself, model.save_model('model.cbm'), and convert that. {_REMEDY}"
_COMBINED = 2**23
"""Combinations of categories that are enumerated to see whether all are met."""


class Known(NamedTuple):
    """A feature's known categories, their hashes, and in a graph which a row has: int64 ``[N, 1]``."""

    values: Array
    hashes: Array
    code: Var


def columns(stage: Stage, model: Model, table: Table, numbers: Var | None) -> list[Var]:
    """float32 ``[N, m]`` each: indicators of the one-hot values, then the statistics, in the model's order.

    Raises BadInput where the model knows categories that nobody named.
    """
    known = {f.number: _known(stage, table, f.column) for f in model.categories}
    _refuse_unmet(stage, model, known)
    found = [_indicators(known[f.feature], f.hashes) for f in model.one_hot]
    for projection, ctrs in groupby(model.ctrs, key=lambda ctr: ctr.projection):
        found.append(_statistics(model, list(ctrs), *_place(model, projection, known, numbers)))
    return found


def hashes_of(values: Array) -> Array:
    """The hashes of categories; whole numbers are hashed as they are written."""
    return np.array([category_hash(str(value)) for value in values.tolist()], np.int64)


def _known(stage: Stage, table: Table, column: int) -> Known:
    x = table.take([column]).matrix()
    listed: Mapping[int, Array] = stage.get("categories") or {}
    values = listed.get(column, np.array([], object))
    if not is_string(x) and x.unwrap_tensor().dtype.kind not in "iu":
        raise BadInput("a categorical feature is text or whole numbers", where=stage.path)
    if not is_string(x):
        x, values = cast(x, np.int64), np.array([v for v in values if not isinstance(v, str)], np.int64)
    code = coded(x, [Coding(values, np.arange(len(values)))], len(values)) if len(values) else None
    return Known(values, hashes_of(values), code if code is not None else _nowhere(x))


def _nowhere(x: Var) -> Var:
    """int64 ``[N, 1]`` zeros."""
    return op.constant_of_shape(op.shape(x), value=np.array([0]))


def _indicators(known: Known, wanted: Array) -> Var:
    table = np.append(known.hashes, 2**40)[:, None] == wanted.astype(np.int64)
    return op.gather(const(table.astype(np.float32)), _flat(known.code), axis=0)


def _flat(code: Var) -> Var:
    return op.squeeze(code, const([1]))


def _statistics(model: Model, ctrs: Sequence[Ctr], keys: Array, place: Var) -> Var:
    """Statistics of one projection, float32 ``[N, m]``, for rows at a ``place`` ``[N, 1]`` among the keys."""
    table = np.stack([statistics.of_keys(ctr, model.tables[ctr.key], keys) for ctr in ctrs], axis=1)
    return op.gather(const(table), _flat(place), axis=0)


def _place(
    model: Model, projection: Projection, known: Mapping[int, Known], numbers: Var | None
) -> tuple[Array, Var]:
    """The keys of a projection, and where each row's is among them: int64 ``[N, 1]``, the end for none."""
    if len(projection.categories) == 1 and not projection.numeric and not projection.one_hot:
        only = known[projection.categories[0]]
        return statistics.all_keys([only.hashes]), only.code
    tables = [model.tables[ctr.key].hashes for ctr in model.ctrs if ctr.projection == projection]
    keys = np.unique(np.concatenate(tables))
    row = ml.label_encoder(
        _key(model, projection, known, numbers),
        keys_int64s=keys.view(np.int64).tolist(),
        values_int64s=range(len(keys)),
        default_int64=len(keys),
    )
    return keys, row


def _key(model: Model, projection: Projection, known: Mapping[int, Known], numbers: Var | None) -> Var:
    """The key uint64, as int64 ``[N, 1]``, of each row's projection; ``_ELSEWHERE`` where none has it."""
    key, met = const(np.zeros((1, 1), np.int64)), const(np.ones((1, 1), bool))
    factor = const(statistics.FACTOR.view(np.int64))
    for index in projection.categories:
        mine = known[index]
        part = statistics.FACTOR * mine.hashes.astype(np.uint64)
        terms = op.gather(const(np.append(part, np.uint64(0)).view(np.int64)), mine.code, axis=0)
        key = op.mul(factor, op.add(key, terms))
        met = op.and_(met, op.less(mine.code, const(len(mine.values))))
    for flag in _flags(model, projection, known, numbers):
        key = op.mul(factor, op.add(key, op.where(flag, factor, const(0))))
    return op.where(met, key, const(_ELSEWHERE))


_ELSEWHERE = -1
"""The key that CatBoost itself uses for none."""


def _flags(
    model: Model, projection: Projection, known: Mapping[int, Known], numbers: Var | None
) -> Sequence[Var]:
    """bool ``[N, 1]``: the splits that are part of a projection, in the order they are hashed."""
    places = {feature.number: i for i, feature in enumerate(model.used)}
    found = []
    for feature, border in projection.numeric:
        assert numbers is not None
        column = op.gather(numbers, const([places[feature]]), axis=1)
        found.append(op.greater(column, const(border, np.float32)))
    for feature, value in projection.one_hot:
        same = np.append(known[feature].hashes == value, False)
        found.append(op.gather(const(same), known[feature].code, axis=0))
    return found


def _refuse_unmet(stage: Stage, model: Model, known: Mapping[int, Known]) -> None:
    """Raise BadInput where a hash in the model is of no known category."""
    names = {f.number: f.name or f"x{f.column}" for f in model.categorical}
    unmet: dict[str, int] = {}
    for one in model.one_hot:
        unmet[names[one.feature]] = len(np.setdiff1d(one.hashes, known[one.feature].hashes))
    for projection, kind, classifier in dict.fromkeys(ctr.key for ctr in model.ctrs):
        choices = [known[i].hashes for i in projection.categories]
        choices += [np.array([0, 1])] * (len(projection.numeric) + len(projection.one_hot))
        name = " with ".join(names[i] for i in projection.categories)
        if np.prod([float(len(choice)) for choice in choices]) > _COMBINED:
            raise stage.unsupported(f"keeps statistics of more combinations of {name} than can be followed")
        left = np.setdiff1d(model.tables[projection, kind, classifier].hashes, statistics.all_keys(choices))
        unmet[name] = max(len(left), unmet.get(name, 0))
    if missing := {name: count for name, count in unmet.items() if count}:
        told = ", ".join(f"{count} of {name}" for name, count in missing.items())
        raise BadInput(
            f"the model keeps hashes of its categories, and some are of no category in the rows: {told}",
            where=stage.path,
            remedy=_REMEDY if stage.get("categories") is not None else _ALONE,
        )
