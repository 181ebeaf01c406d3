"""Functions inside an estimator whose rounding shows when they are called on what they are usually called on.

Each is made to answer as far off, at random, as its algorithm rounds.
"""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

_OTHERS = 16
"""Points beyond those taken that may be as near."""


def distances(measure: Callable[..., Any], random: Any) -> Callable[..., Any]:
    """Distances that kernels are made of, moved: they are differences of squares, and off as these round."""

    def call(x: Any, y: Any = None, **kwargs: Any) -> Any:
        if kwargs.pop("squared", False) is False or y is None:
            return measure(x, y, **kwargs)
        found = measure(x, y, squared=True, **kwargs)
        sizes = [np.square(np.asarray(each, np.float64)).sum(axis=1) for each in (x, y)]
        noise = np.finfo(np.float64).eps * (sizes[0][:, None] + sizes[1])
        return np.maximum(found + (noise * random.randint(-2, 3, found.shape)).astype(found.dtype), 0)

    return call


def waves(transform: Callable[..., Any], random: Any) -> Callable[..., Any]:
    """A Fourier transform, moved: of each level of it every number is off by as much as the usual one rounds.

    Higham, Accuracy and Stability of Numerical Algorithms, theorem 24.2.
    """

    def call(x: Any, *args: Any, **kwargs: Any) -> Any:
        found = transform(x, *args, **kwargs)
        size = np.sqrt(np.mean(np.abs(found) ** 2, axis=-1, keepdims=True))
        levels = np.finfo(np.float64).eps * np.log2(max(2, found.shape[-1]))
        real, imaginary = random.uniform(-1, 1, (2, *found.shape))
        return found + size * levels * (real + 1j * imaginary)

    return call


def neighbours(search: Any, random: Any) -> Callable[..., Any]:
    """A search for neighbours of which those that are equally far, but for rounding, come in any order."""
    bound = search.kneighbors

    def call(x: Any = None, n_neighbors: Any = None, return_distance: bool = True) -> Any:
        if x is None:
            return bound(x, n_neighbors, return_distance)
        count = n_neighbors or search.n_neighbors
        far, place = bound(x, min(count + _OTHERS, search.n_samples_fit_))
        off = far * (1 + 4 * np.finfo(far.dtype).eps * random.uniform(-1, 1, far.shape))
        order = np.argsort(off, axis=1, kind="stable")[:, :count]
        far, place = (np.take_along_axis(each, order, axis=1) for each in (far, place))
        return (far, place) if return_distance else place

    return call
