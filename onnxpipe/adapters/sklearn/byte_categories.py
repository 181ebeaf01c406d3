"""Categories of histogram gradient boosting as bytes, which is how they were read before scikit-learn 1.4.

Formulas: sklearn/ensemble/_hist_gradient_boosting/_predictor.pyx and binning.py, 1.0 to 1.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.sklearn.versions import saved_since
from onnxpipe.core.ops import Var, cast, concat, const, op, take_columns
from onnxpipe.core.plan import Stage

Array = NDArray[Any]

_BYTES = 256
_REACH = 2.0**31
"""From here on (and for infinities) a processor of the x86 family makes 0 of a number cast to a byte."""


def known(stage: Stage) -> Mapping[int, Array]:
    """The categories of each categorical column, as fitted."""
    chosen = stage.get("is_categorical_")
    places = np.flatnonzero(chosen) if chosen is not None else ()
    return {int(i): np.asarray(stage._bin_mapper.get("bin_thresholds_")[i]) for i in places}


def read(stage: Stage, x: Var) -> Var:
    """``x`` ``[N, d]`` with the categorical columns as the byte each number is cut to, else NaN.

    NaN stands for what no fitted category is and, since 1.2, for what is below 0.
    """
    places = list(known(stage))
    rest = [i for i in range(int(stage.n_features_in_)) if i not in places]
    given = take_columns(x, places)
    coded = op.gather(const(_table(stage)), _bytes(given) + const(_BYTES * np.arange(len(places))))
    lost = op.isnan(given)
    if saved_since(stage, 1, 2):
        lost = op.or_(lost, op.less(given, const(0.0)))
    found = op.where(lost, const(np.nan), coded)
    return take_columns(concat([found, take_columns(x, rest)], 1), np.argsort([*places, *rest]))


def _bytes(x: Var) -> Var:
    """The lowest byte of each number's whole part, int64."""
    near = op.less(op.abs(x), const(_REACH))
    return op.mod(cast(op.where(near, x, const(0.0)), np.int64), const(_BYTES))


def _table(stage: Stage) -> Array:
    """``[columns * 256]``: each byte itself where it is a category of the column, else NaN."""
    table = np.full((len(known(stage)), _BYTES), np.nan)
    for row, values in zip(table, known(stage).values(), strict=True):
        row[values.astype(np.int64)] = values
    return table.ravel()
