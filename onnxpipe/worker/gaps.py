"""Rows whose gaps KNNImputer fills by chance: rounding decides whose values count, or how much."""

from __future__ import annotations

from typing import Any, Iterator, Tuple

import numpy as np


def doubtful(imputer: Any, x: Any, compared: float) -> Any:
    """The rows bool ``[N]`` of float64 ``x`` whose answer hangs on rounding by more than ``compared``.

    The squared distance is a difference of the squares of all that both rows hold, also where the other
    has a gap (``nan_euclidean_distances``): off by their rounding, and so is 1 over the distance.
    """
    found, by_distance = np.zeros(len(x), bool), imputer.weights == "distance"
    for i, gone, far, noise in _measured(imputer, x):
        if by_distance and (far * compared < noise).any():
            found[i] = True
        else:
            found[i] = any(_tied(imputer, column, far, noise) for column in np.flatnonzero(gone))
    return found


def _measured(imputer: Any, x: Any) -> Iterator[Tuple[Any, Any, Any, Any]]:
    """Each row with gaps: its place, its gaps, its squared distances to the fitted rows, their rounding.

    A fitted row that has nothing in common with it is infinitely far.
    """
    known, gap = ~imputer._mask_fit_X, imputer.missing_values
    gone = np.isnan(x) if gap != gap else x == gap
    fitted = np.where(known, imputer._fit_X, 0.0)
    sizes = (fitted**2).sum(axis=1)
    for i in np.flatnonzero(gone.any(axis=1) & ~np.isinf(x).any(axis=1)):
        both, point = known & ~gone[i], np.where(gone[i], 0.0, x[i])
        share = x.shape[1] / np.maximum(both.sum(axis=1), 1)
        far = share * (np.where(both, fitted - point, 0.0) ** 2).sum(axis=1)
        noise = share * (x.shape[1] + 2) * np.finfo(np.float64).eps * (sizes + (point**2).sum())
        yield i, gone[i], np.where(both.any(axis=1), far, np.inf), noise


def _tied(imputer: Any, column: Any, far: Any, noise: Any) -> bool:
    """Whether of the rows that have a column's value the last to count is as far as the first not to."""
    donors = np.flatnonzero(~imputer._mask_fit_X[:, column] & np.isfinite(far))
    if len(donors) <= imputer.n_neighbors:
        return False
    last, first = donors[np.argsort(far[donors])[imputer.n_neighbors - 1 : imputer.n_neighbors + 1]]
    return bool(far[first] - far[last] <= noise[first] + noise[last])
