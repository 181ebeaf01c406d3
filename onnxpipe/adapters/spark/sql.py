"""SQLTransformer: columns computed by a statement of SQL."""

from __future__ import annotations

from collections.abc import Sequence

from onnxpipe.adapters.spark import kinds
from onnxpipe.core.frame import Frame
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts
from onnxpipe.sql.selecting import selected
from onnxpipe.sql.statement import adds, reads, wants


def _wanted(stage: Stage) -> Sequence[str]:
    """What columns hold: numbers where neither the statement nor the sample says that they are texts."""
    return [kinds.TEXT if each == kinds.TEXT else kinds.ANYTHING for each in wants(stage)]


@converts("pyspark.ml.feature.SQLTransformer", reads=reads, columns=_wanted, adds=adds)
def sql_transformer(stage: Stage, frame: Frame) -> Frame:
    """The selected columns; rows that ``WHERE`` leaves out are refused, as a graph can't leave out any."""
    return selected(stage, frame)
