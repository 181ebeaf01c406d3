"""Rows whose answer is a matter of chance: scikit-learn searches for neighbours where rounding decides."""

from __future__ import annotations

from typing import Any, Dict, Iterator, Tuple

import numpy as np

NEIGHBOUR_TIES = "neighbour_ties"
"""What the judge calls the evidence that which neighbours are nearest is a matter of chance."""
COMPARED = 1e-9
"""Relative difference from which two answers differ."""


def neighbour_ties(model: Any, x: Any) -> Dict[str, Any]:
    """Per row, whether any search for neighbours in the estimator or its steps hangs on rounding.

    Nothing for an estimator that searches for none.
    """
    found = [mask for mask in (_ties(step, rows) for step, rows in _reached(model, x)) if mask is not None]
    return {NEIGHBOUR_TIES: np.logical_or.reduce(found)} if found else {}


def _reached(model: Any, x: Any) -> Iterator[Tuple[Any, Any]]:
    """The estimators that may search for neighbours, each with the rows that arrive at it."""
    model = getattr(model, "best_estimator_", model)
    steps = [step for _, step in getattr(model, "steps", [("", model)])]
    for place, step in enumerate(steps):
        if _searches(step, last=place == len(steps) - 1):
            yield step, model[:place].transform(x) if place else x


def _searches(step: Any, last: bool) -> bool:
    weighing = hasattr(step, "_mask_fit_X") and step.weights == "distance"
    taken = getattr(step, "n_neighbors", None)
    looking = last and hasattr(step, "kneighbors") and isinstance(taken, int) and taken < step.n_samples_fit_
    return bool(weighing or looking)


def _ties(step: Any, x: Any) -> Any:
    if hasattr(step, "_mask_fit_X"):
        return _nothing_left(step, np.asarray(x, np.float64))
    far = step.kneighbors(x, n_neighbors=step.n_neighbors + 1)[0]
    return np.isclose(far[:, -2], far[:, -1], rtol=1e-12, atol=0)


def _nothing_left(imputer: Any, x: Any) -> Any:
    """Rows with gaps so near to a fitted one that KNNImputer weighs it by rounding noise.

    Its squared distance is a difference of the squares of all that the rows hold, also where the other has
    a gap (``nan_euclidean_distances``): off by their rounding, and so is the weight, 1 over the distance.
    """
    known, gone = ~imputer._mask_fit_X, _missing(imputer, x)
    rows = np.flatnonzero(gone.any(axis=1) & ~np.isinf(x).any(axis=1))
    ties = np.zeros(len(x), bool)
    fitted = np.where(known, imputer._fit_X, 0.0)
    share = (x.shape[1] + 2) * np.finfo(np.float64).eps / COMPARED
    for i in rows:
        both = known & ~gone[i]
        point = np.where(gone[i], 0.0, x[i])
        apart = np.where(both, fitted - point, 0.0)
        sizes = (fitted**2).sum(axis=1) + (point**2).sum()
        ties[i] = bool((both.any(axis=1) & ((apart**2).sum(axis=1) < share * sizes)).any())
    return ties


def _missing(imputer: Any, x: Any) -> Any:
    gap = imputer.missing_values
    return np.isnan(x) if gap != gap else x == gap
