"""Layers that spread values over buckets by their hashes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from onnxpipe.adapters.keras.calls import Values
from onnxpipe.adapters.keras.preprocessing import encoded
from onnxpipe.blocks.hashing import collisions, hashes
from onnxpipe.core.ops import Var, cast, const, dtype_of, is_string, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts


def _met(stage: Stage) -> Mapping[int, Any]:
    """What is hidden, and words side by side that meet in a bucket or are in an outermost one."""
    mask, bins = stage.get("mask_value"), int(stage.num_bins)
    hidden = [] if mask is None else [mask]
    if stage.get("salt") is not None:
        return {0: hidden}
    met = collisions.bucketed(bins - 1 if hidden and bins > 1 else bins)
    return {0: [*met.first, *hidden], 1: [*met.second, *hidden]}


def _crossed(stage: Stage) -> Mapping[int, Any]:
    """Words that cross in an outermost bucket."""
    return dict(enumerate(collisions.crossing(int(stage.num_bins))))


@converts("keras.layers.Hashing", edges=_met)
def hashing(stage: Stage, x: Var) -> Var:
    """Numbers are hashed as they are written. Formula: keras.layers.Hashing._hash_values_to_bins."""
    bins, mask = int(stage.num_bins), stage.get("mask_value")
    masked = mask is not None and bins > 1
    index = buckets(x, bins - 1 if masked else bins, stage.get("salt"))
    if masked:
        hidden = op.equal(x, const(mask, dtype_of(x)))
        index = op.where(hidden, const(np.int64(0)), op.add(index, const(1)))
    return encoded(stage, index, bins, _dtype(stage))


def buckets(x: Var, count: int, salt: Any) -> Var:
    """int64, the shape of ``x``: buckets by FarmHash, or by SipHash where there is salt."""
    text = x if is_string(x) else op.cast(cast(x, np.int64), to=np.str_)
    key = [salt, salt] if isinstance(salt, int) else salt
    return hashes.bucketed(text, count, (int(key[0]), int(key[1])) if key else None)


@converts("keras.layers.HashedCrossing", edges=_crossed)
def hashed_crossing(stage: Stage, xs: Values) -> Var:
    """Formula: keras.layers.HashedCrossing.call."""
    columns = [x.var if is_string(x.var) else cast(x.var, np.int64) for x in xs]
    return encoded(stage, hashes.crossed(columns, int(stage.num_bins)), int(stage.num_bins), _dtype(stage))


def _dtype(stage: Stage) -> Any:
    told = stage.get("dtype")
    name = told.get("config", {}).get("name") if isinstance(told, dict) else told
    return np.dtype(str(name or ("int64" if stage.output_mode == "int" else "float32")))
