"""What R's formulas become: a pipeline, and two stages that only it has."""

from __future__ import annotations

from onnxpipe.adapters.spark.columns import apply
from onnxpipe.core.frame import Frame
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts


@converts("pyspark.ml.feature.RFormulaModel")
def r_formula(stage: Stage, frame: Frame) -> Frame:
    """The columns of the fitted pipeline, without a label that is a number: predictions need none."""
    return apply(stage.child("pipelineModel", stage.pipelineModel), frame)


@converts("org.apache.spark.ml.feature.ColumnPruner", reads=lambda stage: (), adds=lambda stage: ())
def column_pruner(stage: Stage, frame: Frame) -> Frame:
    """The columns but those that the formula needed on the way."""
    return {name: column for name, column in frame.items() if name not in stage.columnsToPrune}


@converts(
    "org.apache.spark.ml.feature.VectorAttributeRewriter", reads=lambda stage: (), adds=lambda stage: ()
)
def vector_attribute_rewriter(stage: Stage, frame: Frame) -> Frame:
    """The columns as they are: only names change, and no graph holds them."""
    return frame
