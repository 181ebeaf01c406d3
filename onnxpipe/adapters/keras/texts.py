"""TextVectorization: texts standardised, split, joined to n-grams and looked up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from onnxpipe.adapters.keras.lookups import known, looked_up
from onnxpipe.blocks.contrib import code_points, matches
from onnxpipe.blocks.language import ragged
from onnxpipe.blocks.language.characters import joined, lower
from onnxpipe.blocks.language.ragged import Ragged
from onnxpipe.blocks.language.text import padded
from onnxpipe.core.ops import Var, concat, const, op, shape_of, shaped
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts

_PUNCTUATION = r"""!-/:-@\[-`{-~"""
"""ASCII's, and nothing else. Source: TextVectorization._preprocess."""
_SPACE = r"\t-\r "
"""What C calls white space: TensorFlow splits at no other."""


@converts("keras.layers.TextVectorization", edges=lambda stage: known(_vocabulary(stage)))
def text_vectorization(stage: Stage, x: Var) -> Var:
    """Formula: keras.layers.TextVectorization.call."""
    for field in ("standardize", "split"):
        if not isinstance(stage.get(field), str | None):
            raise stage.unsupported(f"has a function of its own to {field}")
    if stage.get("ragged"):
        raise stage.unsupported("answers a ragged tensor")
    if str(stage.get("encoding") or "utf-8").lower().replace("_", "-") not in ("utf-8", "utf8"):
        raise stage.unsupported(f"reads {stage.encoding!s:.20} text")
    words = _joined(stage, _split(stage, x))
    index = looked_up(_vocabulary(stage), words.values)
    length = stage.get("output_sequence_length")
    return index if stage.output_mode != "int" or length is None else _cut(index, int(length))


def _vocabulary(stage: Stage) -> Stage:
    """The StringLookup inside. Source: TextVectorization.__init__."""
    special = {"mask_token": "", "oov_token": "[UNK]", "num_oov_indices": 1}
    return replace(stage, kind="keras.layers.StringLookup", state={**stage.state, **special})


def _standard(stage: Stage, text: Var) -> Var:
    """Small letters, no punctuation, as far as asked for; of ASCII both. ``text`` is ``[N]``."""
    how = stage.get("standardize") or ""
    if "lower" in how:
        text = padded(text, lower)
    if "strip_punctuation" in how:
        text = padded(text, lambda text: joined(matches(text, f"[^{_PUNCTUATION}]+")))
    return text


def _split(stage: Stage, x: Var) -> Ragged:
    """The words or characters of texts ``[N]`` or ``[N, 1]``; texts ``[N, k]`` as they are."""
    sizes = shape_of(x)
    text = _standard(stage, op.reshape(x, const([-1])))
    if stage.get("split") is None:
        if len(sizes) != 2:
            raise stage.unsupported("takes texts of other than two axes without splitting them")
        rows = op.expand(const(1), op.concat([op.shape(x, start=0, end=1), const([1])], axis=0))
        whole = shaped(op.reshape(text, op.shape(x)), *sizes)
        return Ragged(whole, op.mul(rows, op.shape(x, start=1)))
    if len(sizes) > 2 or (len(sizes) == 2 and sizes[1] != 1):
        raise stage.unsupported("splits several texts per row")
    if stage.split == "character":
        found = padded(text, code_points)
    else:
        found = padded(text, lambda text: matches(text, f"[^{_SPACE}]+"))
    return ragged.trimmed(found, ragged.lengths(found))


def _joined(stage: Stage, words: Ragged) -> Ragged:
    """All n-grams of one length behind those of another. Formula: tf.strings.ngrams."""
    told = stage.get("ngrams")
    if told is None:
        return words
    sizes = range(1, told + 1) if isinstance(told, int) else told
    parts = [ragged.neighbours(words, int(n), " ") for n in sizes]
    values = concat([part.values for part in parts], 1)
    whole = op.add(op.mul(words.lengths, const(0)), op.shape(values, start=1))
    return ragged.kept(Ragged(values, whole), concat([ragged.real(part) for part in parts], 1))


def _cut(index: Var, length: int) -> Var:
    """The first ``length`` places of each row, filled up with 0."""
    full = op.pad(index, const([0, 0, 0, length]), const(np.int64(0)))
    return op.reshape(op.slice(full, const([0]), const([length]), const([1])), const([0, length]))
