"""Missing values filled from the nearest rows. Formulas: sklearn/impute/_knn.py."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.sklearn.imputing import refused_unless_missing, with_indicators
from onnxpipe.adapters.sklearn.versions import saved_since
from onnxpipe.blocks import missing, numeric
from onnxpipe.blocks.points import neighbour_means
from onnxpipe.core.ops import Var, cast, const, dtype_of, op, take_columns
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts
from onnxpipe.core.wild import beyond

Array = NDArray[Any]


@converts(
    "sklearn.impute.KNNImputer",
    refuses=refused_unless_missing,
    wild=beyond(1e3, lambda stage: stage._fit_X),  # native's squares leave nothing of the other columns
)
def knn_imputer(stage: Stage, x: Var) -> Var:
    """Missing values replaced by the (weighted) mean of the nearest fitted rows that have them.

    Indicators of what was missing behind. Of rows equally far, the first count. Only rows that lack
    something are compared with the fitted ones.
    """
    if stage.metric != "nan_euclidean" or stage.weights not in ("uniform", "distance"):
        raise stage.unsupported("measures or weighs by a Python function, which isn't data")
    if stage.get("indicator_") is not None and not saved_since(stage, 1, 3):
        raise stage.unsupported(
            "was saved before scikit-learn 1.3, which left the indicators out of batches without gaps: "
            "fit it again with a newer one"
        )
    known = neighbour_means.Known(np.asarray(stage._fit_X, np.float64), ~stage._mask_fit_X)
    gone = missing.is_missing(x, stage.missing_values)
    lacking = op.not_(numeric.none_of(gone))
    few, gaps = (op.compress(each, lacking, axis=0) for each in (x, gone))
    found = neighbour_means.means(few, gaps, known, int(stage.n_neighbors), stage.weights == "distance")
    filled = op.where(gaps, cast(found, dtype_of(x)), few)
    places = op.transpose(op.non_zero(lacking), perm=[1, 0])
    return with_indicators(stage, _known(stage, op.scatter_nd(x, places, filled)), gone)


def _known(stage: Stage, filled: Var) -> Var:
    """The columns that weren't empty when fitted (all, the empty ones as 0, if they are kept)."""
    valid = np.asarray(stage._valid_mask)
    if not stage.get("keep_empty_features", False):
        return take_columns(filled, np.flatnonzero(valid))
    return filled if valid.all() else op.where(const(valid), filled, const(0, dtype_of(filled)))
