"""Estimators that answer the same to every row. Formulas: sklearn/dummy.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from onnxpipe.core.ops import Var, batch_size, concat, const, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import Answers, converts
from onnxpipe.core.table import Table


def repeated(x: Table, value: Any) -> Var:
    """``value`` once per row of the table: ``[N, *value.shape]``."""
    row = np.asarray(value)[None]
    rows = batch_size(next(block.var for block in x.blocks if block.var is not None))
    shape = [rows, const(row.shape[1:], np.int64)] if row.ndim > 1 else [rows]
    return op.expand(const(row), concat(shape, 0))


@converts("sklearn.dummy.DummyClassifier")
def dummy_classifier(stage: Stage, x: Table) -> Answers:
    """The most frequent or the constant class; its share, or 1 for it."""
    if stage.n_outputs_ != 1:
        raise stage.unsupported("answers for several targets")
    if stage.strategy in ("stratified", "uniform"):
        raise stage.unsupported(f"answers at random (strategy={stage.strategy!r})")
    chosen = stage.classes_[np.argmax(stage.class_prior_)]
    if stage.strategy == "constant":
        chosen = np.ravel(stage.constant)[0]
    certain = (stage.classes_ == chosen).astype(np.float64)
    proba = stage.class_prior_ if stage.strategy == "prior" else certain
    return {"predict": repeated(x, chosen), "predict_proba": repeated(x, np.asarray(proba, np.float64))}


@converts("sklearn.dummy.DummyRegressor")
def dummy_regressor(stage: Stage, x: Table) -> Answers:
    """``constant_``, ``[N]`` or ``[N, targets]``."""
    value = np.ravel(stage.constant_)
    return {"predict": repeated(x, value[0] if len(value) == 1 else value)}
