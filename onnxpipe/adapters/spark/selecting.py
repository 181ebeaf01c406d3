"""Elements of vectors picked out, and vectors of a known length."""

from __future__ import annotations

import numpy as np

from onnxpipe.adapters.spark import kinds
from onnxpipe.adapters.spark.columns import numbers
from onnxpipe.blocks import terms
from onnxpipe.core.frame import Column
from onnxpipe.core.ops import take_columns
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts
from onnxpipe.errors import BadInput


@converts("pyspark.ml.feature.VectorSlicer", columns=lambda stage: (kinds.VECTOR,))
def vector_slicer(stage: Stage, x: Column) -> Column:
    """The elements at ``indices``. Elements by ``names`` are refused: no saved folder holds names."""
    if stage.get("names"):
        raise stage.inexact(
            f"picks elements by name ({', '.join(stage.names)}), but saved models don't hold those names",
            "Set indices in their place: VectorSlicer(indices=[...])",
        )
    return _picked(x, [int(i) for i in stage.indices])


@converts(
    "pyspark.ml.feature.ChiSqSelectorModel",
    "pyspark.ml.feature.UnivariateFeatureSelectorModel",
    "pyspark.ml.feature.VarianceThresholdSelectorModel",
    columns=lambda stage: (kinds.VECTOR,),
)
def selector(stage: Stage, x: Column) -> Column:
    """Formula: SelectorModel.transform, which keeps the order of the elements."""
    return _picked(x, sorted(int(i) for i in stage.selectedFeatures))


def _picked(x: Column, indices: list[int]) -> Column:
    if indices and max(indices) >= x.width:
        raise BadInput(f"element {max(indices)} is wanted of vectors of {x.width}")
    labels = tuple(x.labels[i] for i in indices) if x.labels else ()
    short = None if x.terms is None else terms.picked(x.terms, np.array(indices), x.width)
    return Column(take_columns(numbers(x), indices), vector=True, labels=labels, terms=short)


@converts(
    "pyspark.ml.feature.VectorSizeHint",
    columns=lambda stage: (kinds.vector(int(stage.size)),),
    adds=lambda stage: (),
)
def vector_size_hint(stage: Stage, x: Column) -> dict[str, Column]:
    """Nothing: in a graph every vector has its length, which is checked when it is written."""
    return {}
