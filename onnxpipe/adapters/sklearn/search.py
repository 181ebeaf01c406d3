"""Searches over parameters: the best estimator answers. Formulas: sklearn/model_selection/_search.py."""

from __future__ import annotations

from collections.abc import Sequence

from onnxpipe.adapters.sklearn.delegation import answered, edges_of, inner
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import Answers, columns, converts
from onnxpipe.core.table import Table

BEST = "best_estimator_"


def _best(stage: Stage) -> Stage:
    if stage.get("refit") is False:
        raise stage.unsupported("was fitted with refit=False and so keeps no estimator that could answer")
    return inner(stage, BEST)


def _columns(stage: Stage) -> Sequence[str]:
    return columns(_best(stage)) or ()


@converts(
    "sklearn.model_selection.GridSearchCV",
    "sklearn.model_selection.RandomizedSearchCV",
    "sklearn.model_selection.HalvingGridSearchCV",
    "sklearn.model_selection.HalvingRandomSearchCV",
    columns=_columns,
    edges=edges_of(BEST),
)
def search(stage: Stage, x: Table) -> Answers:
    """What the best estimator answers, fitted on all rows."""
    return answered(_best(stage), x)
