"""Vocabularies: words and whole numbers to their places, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from onnxpipe.adapters.keras.preprocessing import encoded
from onnxpipe.core.ops import Var, cast, const, dtype_of, ml, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts
from onnxpipe.errors import Unreadable

_FILE = "vocabulary.txt"


def _vocabulary(stage: Stage) -> list[Any]:
    """The words without the special ones. Source: IndexLookup.load_assets, set_vocabulary."""
    words = stage.get("vocabulary")
    if words is None:
        if _FILE not in stage.files:
            raise Unreadable(f"its {_FILE} is missing", where=stage.path)
        words = stage.files[_FILE].decode().splitlines()
        words = words if stage.kind.endswith("StringLookup") else [int(word) for word in words]
    special = [*([] if stage.mask_token is None else [stage.mask_token]), *_unknown(stage)]
    return list(words[len(special) :] if list(words[: len(special)]) == special else words)


def _unknown(stage: Stage) -> list[Any]:
    return [stage.oov_token] * int(stage.num_oov_indices)


@converts("keras.layers.StringLookup", "keras.layers.IntegerLookup")
def lookup(stage: Stage, x: Var) -> Var:
    """The place of each word, behind those of the mask and of unknown words."""
    words, masked = _vocabulary(stage), stage.mask_token is not None
    if int(stage.num_oov_indices) != 1:
        raise stage.unsupported(f"has {stage.num_oov_indices} places for unknown words, not 1")
    known = [*([stage.mask_token] if masked else []), stage.oov_token, *words]
    if stage.get("invert"):
        return _words(stage, x, known)
    places = [0, *range(2, len(known))] if masked else list(range(1, len(known)))
    keys = [known[place] for place in places]
    x = x if dtype_of(x).kind == "U" else cast(x, np.int64)
    index = _looked_up(x, keys, places, int(masked))
    depth = stage.max_tokens if stage.get("pad_to_max_tokens") and stage.get("max_tokens") else len(known)
    return encoded(stage, index, int(depth), np.int64)


def _looked_up(x: Var, keys: Sequence[Any], places: Sequence[int], unknown: int) -> Var:
    if dtype_of(x).kind == "U":
        return ml.label_encoder(x, keys_strings=keys, values_int64s=places, default_int64=unknown)
    return ml.label_encoder(x, keys_int64s=keys, values_int64s=places, default_int64=unknown)


def _words(stage: Stage, x: Var, known: Sequence[Any]) -> Var:
    """Back from places to words; those past the end are unknown."""
    index = cast(x, np.int64)
    outside = op.or_(op.less(index, const(0)), op.greater_or_equal(index, const(len(known))))
    place = op.where(outside, const(int(stage.mask_token is not None)), index)
    text = stage.kind.endswith("StringLookup")
    return op.gather(const(known, None if text else np.int64), place)
