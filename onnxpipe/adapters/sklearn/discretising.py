"""Discretisers. Formulas: sklearn/preprocessing/_discretization.py, 1.0 to 1.9."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.sklearn.categories import numpy_type
from onnxpipe.adapters.sklearn.versions import saved_since
from onnxpipe.blocks import binning
from onnxpipe.core.ops import Var, cast, const, dtype_of, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts
from onnxpipe.core.table import Table

Array = NDArray[Any]


def _inner_edges(stage: Stage) -> list[Array]:
    """Per feature, the edges between bins: the outermost ones don't bound anything."""
    return [np.asarray(edges, np.float64)[1:-1] for edges in stage.bin_edges_]


def _edges(stage: Stage) -> Mapping[int, Any]:
    edges = _inner_edges(stage)
    if saved_since(stage, 1, 1):
        return dict(enumerate(edges))
    return {i: (at - _NEAR) / (1 + np.copysign(_CLOSE, at - _NEAR)) for i, at in enumerate(edges)}


_CLOSE, _NEAR = 1e-5, 1e-8
"""What 1.0 added to a value before it sought its bin: a share of its size, and so much more."""


def _nudged(stage: Stage, x: Var) -> Var:
    if saved_since(stage, 1, 1):
        return x
    close, near = const(_CLOSE, dtype_of(x)), const(_NEAR, dtype_of(x))
    return x + (op.abs(x) * close + near)


@converts("sklearn.preprocessing.KBinsDiscretizer", edges=_edges)
def k_bins_discretizer(stage: Stage, x: Var) -> Table:
    """The bin of each value, as a number or as indicator columns, in the dtype of ``x`` (or ``dtype=``)."""
    wanted = stage.get("dtype")
    values = _nudged(stage, x if wanted is None else cast(x, numpy_type(wanted)))
    if stage.encode == "ordinal":
        return Table.of(binning.bins(values, _inner_edges(stage)), finite=True)
    hot = binning.bin_indicators(values, _inner_edges(stage))
    return Table.of(cast(hot, dtype_of(values)), finite=True)
