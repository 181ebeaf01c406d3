"""Vocabularies: words and whole numbers to their places, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from onnxpipe.adapters.keras.hashing import buckets
from onnxpipe.adapters.keras.layers import own
from onnxpipe.adapters.keras.preprocessing import encoded
from onnxpipe.core.guards import refuse
from onnxpipe.core.ops import Var, cast, const, is_string, ml, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts
from onnxpipe.errors import Unreadable

_FILE = "vocabulary.txt"
_NOWHERE = int(np.iinfo(np.int64).max)
"""The place of the mask where places are counted. Source: IndexLookup.__init__."""


def known(stage: Stage) -> Mapping[int, Sequence[Any]]:
    """The words, or of an inverted layer the places, at which the answer changes."""
    words = _vocabulary(stage)
    if stage.get("invert"):
        return {0: list(range(_specials(stage) + len(words) + 1))}
    return {0: words if stage.mask_token is None else [*words, stage.mask_token]}


@converts("keras.layers.StringLookup", "keras.layers.IntegerLookup", edges=known)
def lookup(stage: Stage, x: Var) -> Var:
    """The place of each word, behind those of the mask and of unknown words."""
    x = x if is_string(x) else cast(x, np.int64)
    return _words(stage, x) if stage.get("invert") else looked_up(stage, x)


def looked_up(stage: Stage, x: Var) -> Var:
    """The places of words, encoded as the layer has it. Formula: IndexLookup.call."""
    words, first = _vocabulary(stage), _specials(stage)
    mode = _MODES.get(str(stage.output_mode), str(stage.output_mode))
    index = _places(stage, x, words, mode)
    padded = stage.get("pad_to_max_tokens") and stage.get("max_tokens")
    depth = int(stage.max_tokens) if padded else first + len(words)
    if mode != "tf_idf":
        return encoded(stage, index, depth, np.int64, mode)
    counts = encoded(stage, index, depth, np.float32, "count")
    return op.mul(counts, const(_weights(stage, first, depth), np.float32))


_MODES = {"binary": "multi_hot", "tf-idf": "tf_idf"}
"""What modes were called before."""


def _is_masked(stage: Stage) -> bool:
    """Whether the mask has a place of its own: the first one."""
    return stage.mask_token is not None and stage.output_mode == "int"


def _specials(stage: Stage) -> int:
    """How many places are before those of the words."""
    return int(_is_masked(stage)) + int(stage.num_oov_indices)


def _vocabulary(stage: Stage) -> list[Any]:
    """The words without the special ones. Source: IndexLookup.load_assets, set_vocabulary."""
    words = stage.get("vocabulary")
    if words is None:
        if _FILE not in stage.files:
            raise Unreadable(f"its {_FILE} is missing", where=stage.path)
        words = stage.files[_FILE].decode().rstrip("\n").splitlines()
        words = [int(word) for word in words] if stage.kind.endswith("IntegerLookup") else words
    special = [stage.mask_token] * _is_masked(stage) + [stage.oov_token] * int(stage.num_oov_indices)
    return list(words[len(special) :] if list(words[: len(special)]) == special else words)


def _places(stage: Stage, x: Var, words: Sequence[Any], mode: str) -> Var:
    """int64, the shape of ``x``: the place of each word; unknown ones have the only one, or one by hash."""
    count, first = int(stage.num_oov_indices), int(_is_masked(stage))
    keys, places = list(words), list(range(_specials(stage), _specials(stage) + len(words)))
    if stage.mask_token is not None:
        keys, places = [*keys, stage.mask_token], [*places, 0 if mode == "int" else _NOWHERE]
    found = _looked_up(x, keys, places, first if count == 1 else -1)
    if count == 1:
        return found
    unknown = op.less(found, const(0))
    if count == 0:
        return refuse(stage.context, found, unknown)
    by_hash = is_string(x) or stage.get("oov_method") == "farmhash"
    spread = buckets(x, count, stage.get("salt")) if by_hash else op.mod(x, const(np.int64(count)))
    return op.where(unknown, op.add(spread, const(first)), found)


def _looked_up(x: Var, keys: Sequence[Any], places: Sequence[int], unknown: int) -> Var:
    if is_string(x):
        return ml.label_encoder(x, keys_strings=keys, values_int64s=places, default_int64=unknown)
    return ml.label_encoder(x, keys_int64s=keys, values_int64s=places, default_int64=unknown)


def _weights(stage: Stage, first: int, depth: int) -> Any:
    """The inverse document frequency of each place. Source: IndexLookup.set_vocabulary."""
    held = own(stage)
    if held:
        return held[0]
    given = np.asarray(stage.idf_weights, np.float32)
    front = 0 if len(given) + first > depth else first
    whole = np.pad(given, (front, 0), "constant", constant_values=given.mean())
    return np.pad(whole, (0, depth - len(whole)))


def _words(stage: Stage, x: Var) -> Var:
    """Back from places to words; those past the end are unknown."""
    special = [stage.mask_token] * _is_masked(stage) + [stage.oov_token] * int(stage.num_oov_indices)
    known = [*special, *_vocabulary(stage), stage.oov_token]
    index = cast(x, np.int64)
    outside = op.or_(op.less(index, const(0)), op.greater_or_equal(index, const(len(known))))
    place = op.where(outside, const(np.int64(len(known) - 1)), index)
    return op.gather(const(known, None if stage.kind.endswith("StringLookup") else np.int64), place)
