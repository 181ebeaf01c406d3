"""Categories as the mean of a target. Formulas: sklearn/preprocessing/_target_encoder.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.sklearn import categories
from onnxpipe.blocks import categorical
from onnxpipe.blocks.categorical import Coding
from onnxpipe.core.ops import Var, cast, const, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts
from onnxpipe.core.table import Table

Array = NDArray[Any]


def _columns(stage: Stage) -> Sequence[str]:
    return [categories.kind(values) for values in stage.categories_]


def _edges(stage: Stage) -> Mapping[int, Any]:
    return {i: categories.present(values) for i, values in enumerate(stage.categories_)}


@converts("sklearn.preprocessing.TargetEncoder", columns=_columns, edges=_edges)
def target_encoder(stage: Stage, x: Table) -> Table:
    """The encoding of each feature's category, float64; that of the whole target for unknown ones.

    ``[N, d]``, for more than two classes ``[N, d * classes]``.
    """
    means = np.atleast_1d(stage.target_mean_).astype(np.float64)
    categories.refuse_other_dates(stage, x, _columns(stage))
    groups = categories.apart(_columns(stage))
    made = [_encoded(stage, x.take(where), where, text, means) for text, where in groups]
    order = [i * len(means) + j for _, where in groups for i in where for j in range(len(means))]
    return Table.join(Table.of(var, finite=True) for var in made).take(np.argsort(order).tolist())


def _encoded(stage: Stage, x: Table, where: Sequence[int], text: bool, means: Array) -> Var:
    """The encodings of the columns ``where``, all text or all numbers, side by side."""
    values = categories.finite(stage, x, where, text)
    known = [categories.keys(stage, stage.categories_[i]) for i in where]
    width = max(len(keys) for keys in known)
    met = [np.flatnonzero(categories.met(stage, stage.categories_[i])) for i in where]
    codings = [Coding(keys[kept], kept) for keys, kept in zip(known, met, strict=True)]
    codes = categorical.coded(values, codings, width)
    tables = np.tile(means, (len(where), width + 1, 1))
    for row, (i, keys) in enumerate(zip(where, known, strict=True)):
        encodings = stage.encodings_[i * len(means) : (i + 1) * len(means)]
        tables[row, : len(keys)] = np.stack(encodings, axis=1)
    place = op.add(codes, const(np.arange(len(where)) * (width + 1), np.int64))
    found = op.gather(const(tables.reshape(-1, len(means))), place, axis=0)
    return cast(op.reshape(found, const([0, len(where) * len(means)])), np.float64)
