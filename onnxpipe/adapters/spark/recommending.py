"""What users would give items. Formula: ALSModel in org/apache/spark/ml/recommendation/ALS.scala."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from onnxpipe.adapters.spark import kinds
from onnxpipe.adapters.spark.predicting import Predictions
from onnxpipe.blocks import categorical
from onnxpipe.blocks.categorical import Coding
from onnxpipe.core.frame import Columns
from onnxpipe.core.guards import refuse, require
from onnxpipe.core.loops import fold
from onnxpipe.core.ops import Var, as_many, const, dtype_of, filled, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts
from onnxpipe.errors import BadInput


def _ids(stage: Stage) -> Sequence[str]:
    return (stage.userCol, stage.itemCol)


def _edges(stage: Stage) -> Mapping[int, Any]:
    """The lowest and highest ids of users and items, and the next to each, which may be nobody's."""
    ids = (np.asarray(held["id"], np.int64) for held in (stage.userFactors, stage.itemFactors))
    return {
        place: np.unique([known.min(), known.max(), known.min() + 1, known.max() + 1])
        for place, known in enumerate(ids)
    }


@converts(
    "pyspark.ml.recommendation.ALSModel",
    reads=_ids,
    columns=lambda stage: (kinds.NUMBER, kinds.NUMBER),
    adds=lambda stage: (stage.predictionCol,),
    edges=_edges,
)
def als(stage: Stage, xs: Columns) -> Predictions:
    """The product of a user's and an item's factors in float32, added up in order; NaN for unknown ones."""
    user, item = (
        _factors(stage, held, column.var)
        for held, column in zip((stage.userFactors, stage.itemFactors), xs, strict=True)
    )
    total = fold(filled(user, np.float32(0), 1), [_by_factor(user), _by_factor(item)], _plus_product)
    rating = as_many(total, user)
    if stage.coldStartStrategy.lower() == "drop":
        rating = refuse(stage.context, rating, op.isnan(rating))
    return {"predictionCol": rating}


def _factors(stage: Stage, held: dict[str, Any], ids: Var) -> Var:
    """The factors ``[N, rank]`` of whole numbers that fit 32 bits; other numbers are refused.

    Raises BadInput for ids that are no numbers.
    """
    if dtype_of(ids).kind not in "iuf":
        raise BadInput("ALS looks numbers up, no text or truths", remedy="Put StringIndexer before it.")
    limit = np.iinfo(np.int32)
    fits = op.and_(
        op.greater_or_equal(ids, const(limit.min, dtype_of(ids))),
        op.less_or_equal(ids, const(limit.max, dtype_of(ids))),
    )
    if dtype_of(ids).kind == "f":
        fits = op.and_(fits, op.equal(ids, op.floor(ids)))
    ids = require(stage.context, ids, fits)
    table = np.stack([np.asarray(row, np.float32) for row in held["features"]])
    table = np.concatenate([table, np.full((1, table.shape[1]), np.nan, np.float32)])
    count = len(table) - 1
    place = categorical.coded(ids, [Coding(np.asarray(held["id"]), np.arange(count))], count)
    return op.gather(const(table), op.squeeze(place, const([1])), axis=0)


def _by_factor(x: Var) -> Var:
    """``[rank, N, 1]`` from ``[N, rank]``."""
    return op.unsqueeze(op.transpose(x, perm=[1, 0]), const([2]))


def _plus_product(total: Var, user: Var, item: Var) -> Var:
    return op.add(total, op.mul(user, item))
