"""SQLTransformer: columns computed by a statement of SQL."""

from __future__ import annotations

from onnxpipe.core.frame import Frame
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts
from onnxpipe.sql.selecting import selected
from onnxpipe.sql.statement import adds, reads, wants


@converts("pyspark.ml.feature.SQLTransformer", reads=reads, columns=wants, adds=adds)
def sql_transformer(stage: Stage, frame: Frame) -> Frame:
    """The selected columns; rows that ``WHERE`` leaves out are refused, as a graph can't leave out any."""
    return selected(stage, frame)
