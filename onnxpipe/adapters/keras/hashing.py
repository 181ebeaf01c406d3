"""Layers that spread values over buckets by their hashes."""

from __future__ import annotations

from typing import Any

import numpy as np

from onnxpipe.adapters.keras.calls import Values
from onnxpipe.adapters.keras.preprocessing import encoded
from onnxpipe.blocks import hashes
from onnxpipe.core.ops import Var, cast, const, dtype_of, is_string, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts


@converts("keras.layers.Hashing")
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


@converts("keras.layers.HashedCrossing")
def hashed_crossing(stage: Stage, xs: Values) -> Var:
    """Formula: keras.layers.HashedCrossing.call."""
    columns = [x.var if is_string(x.var) else cast(x.var, np.int64) for x in xs]
    return encoded(stage, hashes.crossed(columns, int(stage.num_bins)), int(stage.num_bins), _dtype(stage))


def _dtype(stage: Stage) -> Any:
    told = stage.get("dtype")
    name = told.get("config", {}).get("name") if isinstance(told, dict) else told
    return np.dtype(str(name or ("int64" if stage.output_mode == "int" else "float32")))
