"""Dictionaries to columns, one graph input per key. Formulas: sklearn/feature_extraction.

A key that a row lacks travels as NaN or the missing text, and is 0 in every column it could be in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from onnxpipe.adapters.sklearn import categories
from onnxpipe.blocks.categorical import indicators
from onnxpipe.blocks.hashing import collisions, hashes
from onnxpipe.blocks.language.text import BLANK
from onnxpipe.blocks.missing import filled, is_missing
from onnxpipe.core.guards import require
from onnxpipe.core.ops import Var, cast, concat, const, dtype_of, op, take_columns
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import ANY, OPEN, RAGGED, converts
from onnxpipe.core.table import Table

KEYED = ("sklearn.feature_extraction.DictVectorizer",)
"""Kinds that know the keys of their dictionaries."""


def keys(state: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The keys of a fitted DictVectorizer's dictionaries, in the order of its columns."""
    found = (key for key, _ in _features(state))
    return tuple(dict.fromkeys(found)) if state.get("feature_names_") is not None else None


def _features(state: Mapping[str, Any]) -> list[tuple[str, str | None]]:
    """Per column its key, and the text it stands for (None: the key's number).

    ``key=text`` is how a column was named; the key is what comes before the first separator.
    """
    separator, names = state.get("separator", "="), map(str, state.get("feature_names_") or ())
    parts = (name.partition(separator) for name in names)
    return [(key, value if between else None) for key, between, value in parts]


def has_numbers(stage: Stage) -> bool:
    """Whether a key of a fitted DictVectorizer holds a number."""
    return any(value is None for _, value in _features(stage.state))


def _columns(stage: Stage) -> Sequence[str]:
    texts = {key for key, value in _features(stage.state) if value is not None}
    return ["string" if key in texts else "float64" for key in keys(stage.state) or ()]


def _edges(stage: Stage) -> Mapping[int, Any]:
    """The texts of each key."""
    places = _places(stage)
    found: dict[int, list[str]] = {}
    for key, value in _features(stage.state):
        if value is not None:
            found.setdefault(places[key], []).append(value)
    return found


@converts("sklearn.feature_extraction.DictVectorizer", columns=_columns, edges=_edges)
def dict_vectorizer(stage: Stage, x: Table) -> Table:
    """The number of each key, and 1 in the column of a key's text."""
    features, places = _features(stage.state), _places(stage)
    texts = [i for i, (_, value) in enumerate(features) if value is not None]
    numbers = [i for i, (_, value) in enumerate(features) if value is None]
    if both := {features[i][0] for i in texts} & {features[i][0] for i in numbers}:
        raise stage.unsupported(f"has both text and numbers under {', '.join(sorted(both))}")
    dtype, made = categories.numpy_type(stage.dtype), []
    if numbers:
        made.append(cast(_numbers(x.take([places[features[i][0]] for i in numbers]).matrix()), dtype))
    if texts:
        made.append(cast(_indicators(stage, x, [features[i] for i in texts]), dtype))
    return Table.of(take_columns(concat(made, 1), np.argsort([*numbers, *texts])))


def _numbers(x: Var) -> Var:
    """The numbers ``[N, d]``, 0 where there is none."""
    return filled(x, is_missing(x, np.nan), np.zeros(1), np.nan) if dtype_of(x).kind == "f" else x


def _indicators(stage: Stage, x: Table, features: Sequence[tuple[str, str | None]]) -> Var:
    """bool ``[N, len(features)]``: whether a key holds a text."""
    held = {key: i for i, key in enumerate(dict.fromkeys(key for key, _ in features))}
    values = categories.keys(stage, np.array([value for _, value in features], object))
    places = _places(stage)
    owner = [held[key] for key, _ in features]
    return indicators(x.take([places[key] for key in held]).matrix(), owner, values)


def _places(stage: Stage) -> dict[str, int]:
    """The column of each key."""
    return {key: i for i, key in enumerate(keys(stage.state) or ())}


def _hashed_columns(stage: Stage) -> Sequence[str]:
    return {"dict": (OPEN,), "string": ("string", RAGGED)}.get(stage.input_type, (ANY,))


def _met(stage: Stage) -> Mapping[int, Any]:
    """Words side by side, or texts of neighbouring keys, that share a column."""
    width = int(stage.n_features)
    if stage.input_type == "string":
        pairs = (pair.split() for pair in hashes.colliding(width))
        return dict(enumerate(collisions.Met.of((first, second) for first, second in pairs)))
    inputs = enumerate(stage.options.inputs.items())
    texts = [(i, key) for i, (key, (kind, _)) in inputs if kind == "string"]
    found: dict[int, list[str]] = {}
    for (i, first), (j, second) in zip(texts[::2], texts[1::2], strict=False):
        found[i], found[j] = collisions.meeting(first, second, width)
    return found


@converts("sklearn.feature_extraction.FeatureHasher", columns=_hashed_columns, edges=_met)
def feature_hasher(stage: Stage, x: Table) -> Table:
    """Texts and numbers added up in the columns of their (or their keys') hashes."""
    if stage.input_type == "pair":
        raise stage.unsupported("takes pairs, which no graph input can hold")
    dtype, width, signed = (
        categories.numpy_type(stage.dtype),
        int(stage.n_features),
        bool(stage.alternate_sign),
    )
    exact = dtype if dtype.kind == "f" else np.dtype(np.int64)
    parts = [hashes.hashed(x.matrix(), signed, exact)] if stage.input_type == "string" else []
    if stage.input_type == "dict":
        text = categories.text_columns(x)
        for is_text, where in categories.split(text):
            parts.append((_pairs if is_text else _values)(stage, x.take(where), exact))
    return Table.of(cast(hashes.added(parts, width), dtype))


def _pairs(stage: Stage, x: Table, dtype: Any) -> hashes.Hashed:
    """``key=text`` of every text that is there."""
    texts = x.matrix()
    tokens = op.string_concat(const([f"{name}=" for name in x.names or ()]), texts)
    absent = op.equal(texts, const(stage.options.missing_string))
    return hashes.hashed(op.where(absent, const(BLANK), tokens), bool(stage.alternate_sign), dtype)


def _values(stage: Stage, x: Table, dtype: Any) -> hashes.Hashed:
    """The number of every key, in the key's column."""
    codes = [hashes.signed_hash(name) for name in x.names or ()]
    values = _numbers(x.matrix())
    if stage.alternate_sign:
        values = values * np.where(np.array(codes) < 0, -1.0, 1.0)
    if dtype.kind != "f" and dtype_of(values).kind == "f":
        values = require(stage.context, values, _held(values, categories.numpy_type(stage.dtype)))
    places = op.expand(const([codes], np.int64), op.shape(values))
    return hashes.Hashed(places, cast(values, dtype))


def _held(values: Var, dtype: Any) -> Var:
    """bool ``[N, d]``: where the whole part of ``values`` is an integer of ``dtype``."""
    values = cast(values, np.float64)
    lowest, highest = (float(end) for end in (np.iinfo(dtype).min, np.iinfo(dtype).max))
    whole = op.where(op.less(values, const(0.0)), op.ceil(values), op.floor(values))
    below = op.less(whole, const(highest)) if highest >= 2**53 else op.less_or_equal(whole, const(highest))
    return op.and_(op.greater_or_equal(whole, const(lowest)), below)
