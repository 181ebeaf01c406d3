"""Missing numbers filled in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from onnxpipe.adapters.spark.columns import reads
from onnxpipe.core.frame import Column
from onnxpipe.core.ops import Var, cast, const, dtype_of, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts


def _marked(stage: Stage) -> Mapping[int, Any]:
    return {i: [stage.missingValue] for i in range(len(reads(stage)))}


@converts("pyspark.ml.feature.ImputerModel", edges=_marked)
def imputer(stage: Stage, x: Column, place: int) -> Var:
    """Formula: ImputerModel.transform. A null travels as NaN, and is answered as Spark answers NaN.

    Columns keep their type: a mean put into whole numbers loses its fraction.
    """
    wide, marker = cast(x.var, np.float64), float(stage.missingValue)
    fill = const(float(stage.data[reads(stage)[place]][0]))
    missing = op.isnan(wide) if np.isnan(marker) else op.equal(wide, const(marker))
    return cast(op.where(missing, fill, wide), dtype_of(x.var))
