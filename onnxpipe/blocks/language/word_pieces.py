"""WordPiece: the words of texts in the longest pieces that a vocabulary has, from left to right."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from onnxpipe.blocks import extensions
from onnxpipe.blocks.contrib import matches
from onnxpipe.blocks.extensions import Pieces
from onnxpipe.blocks.language.lettering import Lettering, lettered
from onnxpipe.core.ops import Var, cast, concat, const, ml, op


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The number of each piece; those that begin no word stand there with ``prefix``.

    Words of no such pieces, or of more than ``longest`` characters, are ``unknown``.
    """

    numbers: Mapping[str, int]
    prefix: str
    unknown: str
    longest: int


def pieces(texts: Var, letters: Lettering, known: Vocabulary) -> Pieces:
    """The numbers of the pieces of ``texts`` ``[N]``, row by row, int64."""
    # onnxruntime's Tokenizer answers another rank to no rows and empty texts alone: one more goes along.
    spelled = lettered(concat([texts, const(["a"])], 0), letters)
    words = matches(spelled, "[^ ]+")
    found = extensions.word_pieces(
        op.reshape(words, const([-1])),
        json.dumps(dict(known.numbers)),
        prefix=known.prefix,
        unknown=known.unknown,
        longest=known.longest,
    )
    kept = _kept(found, known.unknown)
    counted = concat([const([0]), op.cumsum(cast(kept, np.int64), const(0))], 0)
    firsts = op.slice(found.splits, const([0]), const([-1]), const([0]), op.shape(words, start=1))
    numbers = ml.label_encoder(
        op.compress(found.tokens, kept),
        keys_strings=list(known.numbers),
        values_int64s=list(known.numbers.values()),
        default_int64=known.numbers[known.unknown],
    )
    return Pieces(numbers, op.gather(counted, firsts))


def _kept(found: Pieces, unknown: str) -> Var:
    """bool ``[T]``: which tokens count, of each word's.

    The extension puts the unknown one behind the pieces that it found before it was stuck.
    """
    starts = op.slice(found.splits, const([0]), const([-1]), const([0]))
    lasts = op.slice(found.splits, const([1]), const([np.iinfo(np.int64).max]), const([0])) - const(1)
    is_unknown = cast(op.equal(concat([found.tokens, const([""])], 0), const(unknown)), np.int64)
    # A word without tokens begins behind its last one; what it adds and takes away there is nothing.
    lost = op.mul(op.gather(is_unknown, lasts), cast(op.less(starts, lasts), np.int64))
    none = op.mul(is_unknown, const(0))
    begun = op.scatter_elements(none, starts, lost, axis=0, reduction="add")
    steps = op.scatter_elements(begun, op.max([lasts, const(0)]), op.neg(lost), axis=0, reduction="add")
    inside = op.cumsum(steps, const(0))
    return op.equal(op.slice(inside, const([0]), const([-1]), const([0])), const(0))
