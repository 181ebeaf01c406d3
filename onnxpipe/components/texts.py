"""Texts respelled, taken apart and looked up, in operators that onnxruntime has."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from onnxpipe.blocks.contrib import murmur_hash
from onnxpipe.blocks.language import text as blocks
from onnxpipe.blocks.language.characters import Spelling, respelled
from onnxpipe.blocks.language.normal_forms import normalised
from onnxpipe.blocks.networks import sequences
from onnxpipe.blocks.networks.sequences import Framing
from onnxpipe.blocks.regex.masks import Untranslatable
from onnxpipe.blocks.regex.patterns import translated
from onnxpipe.components.columns import known_words
from onnxpipe.components.parameters import Classes, File
from onnxpipe.components.registry import Outputs, component
from onnxpipe.components.resizers import one_of
from onnxpipe.components.unicode_forms import FORMS, python_form
from onnxpipe.core.ops import Var, cast, concat, const, is_string, ml, op, shape_of, shaped
from onnxpipe.errors import BadManifest


@component("text")
def normalise(value: Var, *, form: str = "", lower: bool = True, accents: str = "") -> Mapping[str, Var]:
    """``value`` with ``str.lower`` and, with ``accents=unicode`` or ``ascii``, without accents.

    As scikit-learn's ``strip_accents``: decomposed (NFKD), then without combining characters, or
    without all that isn't ASCII. ``form`` comes before: ``unicodedata.normalize(form, text)``.
    """
    if form:
        form = one_of("form", form.upper(), FORMS)
    if accents:
        one_of("accents", accents, ("unicode", "ascii"))
    step = partial(respelled, spelling=Spelling(lower, accents))
    flat = normalised(_flat(value), python_form(form)) if form else _flat(value)
    return {"value": op.reshape(blocks.padded(flat, step), op.shape(value))}


@component("text", "value")
def words(text: Var, *, pattern: str = r"\b\w\w+\b") -> Mapping[str, Var]:
    """``tokens`` ``[N, T]``: ``re.findall(pattern, text)`` of each row, padded on the right with empty texts.

    Patterns that RE2 matches otherwise than Python are refused with what it is about them.
    """
    try:
        found = translated(pattern)
    except Untranslatable as reason:
        raise BadManifest(f"pattern {pattern!r} has {reason}, where RE2 may match otherwise") from None

    def taken(texts: Var) -> Var:
        return blocks.compacted(blocks.words(texts, found))

    tokens = blocks.padded(_flat(text), taken)
    longest = op.reduce_max(concat([_counts(tokens), const([0])], 0), keepdims=1)
    cut = op.slice(tokens, const([0]), longest, const([1]))
    return {"tokens": shaped(cut, shape_of(text)[0], None)}


@component("text", "value")
def split(text: Var, *, by: str, limit: int = 0) -> Mapping[str, Var]:
    """``tokens`` ``[N, T]`` and ``counts`` int64 ``[N]``: ``text.split(by)`` of each row, empty pieces too.

    Rows are padded on the right with empty texts. With ``limit`` at most so many cuts are made
    (``maxsplit``). White space is parted by ``words:pattern=\\S+``.
    """
    if not by or limit < 0:
        raise BadManifest("it needs by, a text, and a limit from 0 on", remedy="Write by=;")

    flat = _flat(text)
    # A row that has a piece goes along, so that an empty text has room for the one that Python gives it.
    found = op.string_split(op.concat([flat, const(["a"])], axis=0), delimiter=by, maxsplit=limit or None)
    pieces, counts = (op.slice(each, const([0]), op.shape(flat), const([0])) for each in found)
    rows = shape_of(text)[0]
    return {"tokens": shaped(pieces, rows, None), "counts": shaped(op.max([counts, const(1)]), rows)}


@component("tokens")
def sequence(
    tokens: Var,
    *,
    classes: Classes = None,
    file: File = None,
    unknown: int = 1,
    pad: int = 0,
    length: int = 0,
) -> Outputs:
    """``input_ids`` and ``attention_mask`` int64 ``[N, L]`` of ``tokens`` ``[N, T]``, empty ones aside.

    A token's number is its place among ``classes`` or the lines of ``file``, else ``unknown``. With
    ``length`` rows are cut and filled up to it, else filled up to the longest.
    """
    if len(shape_of(tokens)) != 2 or not is_string(tokens):
        raise BadManifest(f"it takes text [N, T], not {tokens.type}")
    vocabulary = known_words(classes, file)
    together = blocks.compacted(tokens)
    ids = ml.label_encoder(
        op.reshape(together, const([-1])),
        keys_strings=vocabulary,
        values_int64s=range(len(vocabulary)),
        default_int64=unknown,
    )
    rows, width = (op.squeeze(op.shape(together, start=i, end=i + 1)) for i in (0, 1))
    starts = op.mul(op.range(const(0), rows, const(1)), width)
    framing = Framing(length=length, full=length > 0, pad=pad)
    made, mask = sequences.framed(ids, starts, starts + _counts(together), framing)
    known = (shape_of(tokens)[0], length or None)
    return {"input_ids": shaped(made, *known), "attention_mask": shaped(mask, *known)}


@component("tokens", name="hash")
def hashed(value: Var, *, buckets: int, seed: int = 0) -> Mapping[str, Var]:
    """``index`` int64 in the shape of text ``value``: ``abs(murmurhash3_32(x, seed)) % buckets``.

    As scikit-learn's hashing vectorizers; a text is hashed as UTF-8.
    """
    if not is_string(value):
        raise BadManifest(f"it takes text, not {value.type}")
    if buckets < 1:
        raise BadManifest(f"buckets can't be {buckets}", remedy="Write a number above 0.")
    return {"index": op.mod(op.abs(cast(murmur_hash(value, seed), np.int64)), const(buckets))}


def _counts(tokens: Var) -> Var:
    """int64 ``[N]``: how many of the tokens ``[N, T]`` aren't empty."""
    held = cast(op.not_(op.equal(tokens, const(""))), np.int64)
    return op.reduce_sum(held, const([1]), keepdims=0)


def _flat(text: Var) -> Var:
    if not is_string(text):
        raise BadManifest(f"it takes text, not {text.type}")
    return op.reshape(text, const([-1]))
