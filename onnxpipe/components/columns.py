"""Single columns prepared by hand: gaps filled, values limited, binned and looked up."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from onnxpipe.blocks import numeric
from onnxpipe.components.parameters import Classes, File, Floats
from onnxpipe.components.post import lines
from onnxpipe.components.registry import component
from onnxpipe.core.ops import Var, cast, const, dtype_of, is_string, ml, op, shape_of
from onnxpipe.errors import BadManifest


@component()
def fill(value: Var, *, by: str) -> Mapping[str, Var]:
    """``value``, ``by`` where it is missing: ``np.where(np.isnan(x), by, x)``; of text, where it is empty."""
    if is_string(value):
        return {"value": op.where(op.equal(value, const("")), const(by), value)}
    x = _floating(value)
    try:
        return {"value": op.where(op.isnan(x), const(float(by), dtype_of(x)), x)}
    except ValueError:
        raise BadManifest(f"by can't be {by!r}", remedy="Write a number.") from None


@component()
def clip(value: Var, *, low: float = -np.inf, high: float = np.inf) -> Mapping[str, Var]:
    """``np.clip(value, low, high)`` in its own type; NaN stays NaN."""
    x = _floating(value)
    if not low <= high:
        raise BadManifest(f"low {low} is above high {high}")
    return {"value": numeric.clipped(x, low, high)}


@component(name="bin")
def binned(value: Var, *, edges: Floats, right: bool = False) -> Mapping[str, Var]:
    """``bin`` int64, in the shape of ``value``: ``np.digitize(value, edges, right)``; NaN is past all."""
    if list(edges) != sorted(edges) or not edges:
        raise BadManifest("edges are numbers in ascending order")
    last = const([len(shape_of(value))])  # onnxruntime reduces no rows wrongly along axes from behind
    x = op.unsqueeze(cast(_floating(value), np.float64), last)
    compare = op.less_or_equal if right else op.less
    passed = op.not_(compare(x, const(np.asarray(edges))))
    return {"bin": op.reduce_sum(cast(passed, np.int64), last, keepdims=0)}


@component("tokens")
def lookup(value: Var, *, classes: Classes = None, file: File = None, unknown: int = -1) -> Mapping[str, Var]:
    """``index`` int64, in the shape of text ``value``: its place among ``classes`` or the lines of ``file``.

    ``unknown`` is the index of what isn't there.
    """
    if not is_string(value):
        raise BadManifest(f"it takes text, not {value.type}")
    words = known_words(classes, file)
    found = ml.label_encoder(
        value, keys_strings=words, values_int64s=range(len(words)), default_int64=unknown
    )
    return {"index": found}


def known_words(classes: Classes, file: Path | None) -> list[str]:
    """The words that are looked up, in order. Raises BadManifest for none, and for one twice."""
    known = lines(file) if file is not None else classes
    if known is None:
        raise BadManifest("it needs classes=a|b|c, or file=vocabulary.txt with one a line")
    words = [str(word) for word in known]
    if len(set(words)) < len(words):
        raise BadManifest("a word stands there twice")
    return words


def _floating(value: Var) -> Var:
    """Numbers as floating point ones: whole numbers and truths as float64."""
    if is_string(value):
        raise BadManifest("it takes numbers, not text")
    return value if dtype_of(value).kind == "f" else cast(value, np.float64)
