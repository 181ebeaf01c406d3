"""Models that pass rows on to the models inside them."""

from __future__ import annotations

from onnxpipe.adapters.spark.columns import apply
from onnxpipe.adapters.spark.inputs import step_name
from onnxpipe.core.frame import Frame
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts


@converts("pyspark.ml.PipelineModel")
def pipeline_model(stage: Stage, frame: Frame) -> Frame:
    for i, record in enumerate(stage.stages):
        frame = apply(stage.child(step_name(i, record), record), frame)
    return frame


@converts("pyspark.ml.tuning.CrossValidatorModel", "pyspark.ml.tuning.TrainValidationSplitModel")
def tuned_model(stage: Stage, frame: Frame) -> Frame:
    return apply(stage.child("bestModel", stage.bestModel), frame)
