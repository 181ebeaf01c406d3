"""LightGBM's models for Spark, as SynapseML saves them.

The folder holds the booster as an object of Java's, and that the library's own model text. Formulas:
LightGBMClassifier.scala, LightGBMRegressor.scala and booster/LightGBMBooster.scala in
com/microsoft/azure/synapse/ml/lightgbm, 0.9 to 1.1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from onnxpipe.adapters.lightgbm import columns, models, reader, text, trees
from onnxpipe.adapters.reading import reading
from onnxpipe.adapters.spark import kinds
from onnxpipe.adapters.spark.java_objects import JavaObject
from onnxpipe.adapters.spark.predicting import Predictions, classified, highest, two_sided
from onnxpipe.blocks import linear
from onnxpipe.core.ops import Var, const, op, shape_of
from onnxpipe.core.plan import Stage
from onnxpipe.core.record import Record
from onnxpipe.core.registry import converts
from onnxpipe.core.table import Table
from onnxpipe.errors import Unreadable

_HOME = "com.microsoft.azure.synapse.ml.lightgbm"


def _booster(stage: Stage) -> Stage:
    """The booster in the folder. Raises Unreadable where there is none."""
    held = (stage.get("complexParams") or {}).get("lightGBMBooster")
    some = held.fields.get("modelStr") if isinstance(held, JavaObject) else None
    texts = [v for v in some.fields.values() if isinstance(v, str)] if isinstance(some, JavaObject) else []
    if len(texts) != 1:
        raise Unreadable("its booster holds no model text", where=stage.path)
    with reading("LightGBM model", stage.path, ""):
        fields = _fields(texts[0])
    return stage.child("lightGBMBooster", Record(reader.KIND, reader.KIND, state=fields))


@lru_cache(maxsize=1)
def _fields(model: str) -> dict[str, Any]:
    """The fields of a model text, read once for all that one conversion asks of it."""
    return text.fields(model)


def _kinds(stage: Stage) -> Sequence[str]:
    return (kinds.vector(trees.width(_booster(stage))),)


def _rounds(stage: Stage) -> int | None:
    """The rounds that predictions add up, None for all. Raises Unsupported for what isn't computed."""
    if int(stage.get("startIteration") or 0) > 0:
        raise stage.unsupported("leaves out its first rounds (startIteration)")
    for name in ("leafPredictionCol", "featuresShapCol"):
        if stage.get(name):
            raise stage.unsupported(f"adds {name}, which isn't computed: set it to an empty text")
    rounds = int(stage.get("numIterations") or 0)
    return rounds if rounds > 0 else None


def _edges(stage: Stage) -> Mapping[int, Any]:
    return columns.edges(_booster(stage), _rounds(stage))


@converts(f"{_HOME}.LightGBMClassificationModel", columns=_kinds, edges=_edges)
def classifier(stage: Stage, x: Var) -> Predictions:
    """Raw scores, shares as LightGBM has them, and the class whose raw score is the highest.

    Without a column of raw scores, the class with the highest share.
    """
    found = models.answers(_booster(stage), Table.of(x), _rounds(stage))
    one = shape_of(found["raw"])[1] == 1
    raw = two_sided(found["raw"]) if one else found["raw"]
    shares = linear.two_columns(found["predict"]) if one else found["predict"]
    by_shares = stage.get("probabilityCol") and not stage.get("rawPredictionCol")
    return classified(stage, raw, lambda _: shares, lambda raw: highest(shares if by_shares else raw))


@converts(f"{_HOME}.LightGBMRegressionModel", f"{_HOME}.LightGBMRankerModel", columns=_kinds, edges=_edges)
def regressor(stage: Stage, x: Var) -> Predictions:
    """The booster's predictions, the first of several."""
    found = models.answers(_booster(stage), Table.of(x), _rounds(stage))["predict"]
    return {"predictionCol": op.gather(found, const([0]), axis=1)}
