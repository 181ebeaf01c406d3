"""Texts made into the numbers of a tokenizer, with their attention mask."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from onnxpipe.blocks import extensions
from onnxpipe.blocks.language import lettering, word_pieces
from onnxpipe.blocks.language.normal_forms import normalised
from onnxpipe.blocks.language.word_pieces import Vocabulary
from onnxpipe.blocks.networks import sequences
from onnxpipe.blocks.networks.sequences import Framing
from onnxpipe.components import bert_letters, tokenizer_json, unicode_forms
from onnxpipe.components.parameters import File
from onnxpipe.components.registry import Noted, Outputs, component
from onnxpipe.components.resizers import one_of
from onnxpipe.components.sentencepiece_model import pieces_of
from onnxpipe.core.guards import unless
from onnxpipe.core.ops import Var, batch_size, cast, const, is_string, op, shape_of, shaped
from onnxpipe.core.signature import Port
from onnxpipe.errors import BadManifest

_NUL = "\0"


@dataclass(frozen=True, slots=True)
class Tokenising:
    """How texts are tokenised; what isn't given is as the file says.

    ``length``: tokens that stay of each text; ``padding``: up to the ``longest`` text or to
    ``length``; ``side`` of the padding, ``keep`` of what is cut: ``start`` or ``end``; ``special``:
    whether the tokens stand around that a ``tokenizer.json`` names; ``bos`` and ``eos``: those of a
    ``.model``; ``lower``: whether a ``vocab.txt`` is of small letters without accents.
    """

    file: File = None
    length: int = 0
    padding: str = ""
    side: str = ""
    keep: str = ""
    pad: int = -1
    special: bool = True
    bos: bool = False
    eos: bool = False
    ties: bool = False
    lower: bool = True

    def framing(self, stored: Framing) -> Framing:
        """What is given over what the file says. Raises BadManifest for words that aren't choices."""
        length = self.length or stored.length
        full, left, tail = stored.full, stored.left, stored.tail
        if self.padding:
            full = one_of("padding", self.padding, ("longest", "length")) == "length"
        if self.side:
            left = one_of("side", self.side, ("left", "right")) == "left"
        if self.keep:
            tail = one_of("keep", self.keep, ("start", "end")) == "end"
        if length < 0 or (full and not length):
            raise BadManifest("padding=length needs length, a number above 0")
        pad = stored.pad if self.pad < 0 else self.pad
        around = (stored.before, stored.after) if self.special else ((), ())
        return Framing(length, full, pad, *around, left, tail)


def _raw(given: Mapping[str, Any]) -> Mapping[str, Port]:
    """The texts that a graph starts with."""
    return {"text": Port("text", "string", ("N",))}


@component("text", "tokens", "value", opens=_raw)
def tokenize(text: Var, *, how: Tokenising) -> Outputs:
    """``input_ids``, ``attention_mask`` int64 ``[N, L]`` of ``text`` by a tokenizer's file.

    ``tokenizer.json``, BERT's ``vocab.txt``, or SentencePiece's ``.model``.

    As ``tokenizers`` (WordPiece, with ``token_type_ids``, and byte-level BPE) and ``sentencepiece``
    answer. A text with a character NUL is refused, or, by BPE and behind a normal form of Unicode, with
    the name of a special token in it.
    """
    if how.file is None:
        raise BadManifest("it needs file=tokenizer.json")
    if not is_string(text):
        raise BadManifest(f"it takes text, not {text.type}")
    flat = op.reshape(text, const([-1]))
    made = _tokenised(flat, how, how.file)
    rows, length = shape_of(text)[0], how.length if how.padding == "length" else None
    for each in made.values():
        shaped(each, rows, length)
    return made


def _tokenised(texts: Var, how: Tokenising, file: Path) -> Outputs:
    if file.suffix == ".model":
        return _by_sentence_pieces(texts, how, file)
    model = tokenizer_json.read(file, lower=how.lower)
    made = _by_words if model.kind == "WordPiece" else _by_bytes
    return made(texts, model, how.framing(model.framing))


def _by_words(texts: Var, model: tokenizer_json.Model, framing: Framing) -> Outputs:
    settings = model.file["model"]
    # What is special is looked for before a form is taken, which could make it of something else.
    special = () if model.form else model.special
    letters = bert_letters.lettering(model.normalizer, special)
    known = Vocabulary(
        {**model.vocabulary, **_numbered(model)},
        settings["continuing_subword_prefix"],
        settings["unk_token"],
        settings["max_input_chars_per_word"],
    )
    texts = _formed(texts, model, model.special) if model.form else texts
    found = word_pieces.pieces(_ordered(texts), letters, known)
    made = _laid_out(found.tokens, found.splits, framing)
    types = op.mul(made["attention_mask"], const(0))
    version = f"tokenizers {bert_letters.library().__version__}"
    return Noted({**made, "token_type_ids": types}, mirrors=version)


def _numbered(model: tokenizer_json.Model) -> dict[str, int]:
    added = model.file.get("added_tokens") or []
    return {each["content"]: each["id"] for each in added}


def _ordered(texts: Var) -> Var:
    """The texts, but for those whose accents might change places; see ``reordered``."""
    return unless(texts, lettering.with_two_of(texts, bert_letters.reordered()))


def _formed(texts: Var, model: tokenizer_json.Model, words: Sequence[str]) -> Var:
    """The texts in the model's normal form; those that hold one of these words are refused."""
    plain = unless(texts, lettering.hold(texts, words)) if words else texts
    return normalised(plain, unicode_forms.tokenizers_form(model.form)) if model.form else plain


def _by_bytes(texts: Var, model: tokenizer_json.Model, framing: Framing) -> Outputs:
    # With the special tokens left in, the extension loses what follows the beginning of one.
    without = dict.fromkeys(("normalizer", "post_processor", "padding", "truncation"))
    own = json.dumps({**model.file, **without, "added_tokens": []})
    known = _formed(texts, model, [_NUL, *model.special])
    if model.blank_first:
        bare = op.regex_full_match(known, pattern="(?s)[^ ].*")
        known = op.string_concat(op.where(bare, const(" "), const("")), known)
    ids, mask = extensions.byte_pairs(known, own)
    sizes = op.reduce_sum(mask, const([1]), keepdims=0)
    width = op.reshape(op.shape(ids, start=1), const([1]))
    starts = op.mul(op.range(const(0), op.squeeze(batch_size(ids)), const(1)), width)
    return sequences_of(op.reshape(ids, const([-1])), starts, starts + sizes, framing)


def _by_sentence_pieces(texts: Var, how: Tokenising, path: Path) -> Outputs:
    model = pieces_of(path)
    if model.unigram and not how.ties:
        raise BadManifest(
            f"{path} is a unigram model, and of equally likely splits the extension may take another",
            remedy="Where that doesn't matter, say so: ties=yes.",
        )
    before = (_control(model.bos, "bos"),) if how.bos else ()
    after = (_control(model.eos, "eos"),) if how.eos else ()
    framing = how.framing(Framing(pad=max(model.pad, 0), before=before, after=after))
    plain = unless(texts, lettering.hold(texts, [_NUL]))
    data = base64.b64encode(model.data).decode()
    found = extensions.sentence_pieces(plain, data)
    return _laid_out(cast(found.tokens, np.int64), found.splits, framing)


def _control(number: int, name: str) -> int:
    if number < 0:
        raise BadManifest(f"the model has no piece for {name}")
    return number


def _laid_out(ids: Var, splits: Var, framing: Framing) -> dict[str, Var]:
    starts = op.slice(splits, const([0]), const([-1]), const([0]))
    ends = op.slice(splits, const([1]), const([np.iinfo(np.int64).max]), const([0]))
    return sequences_of(ids, starts, ends, framing)


def sequences_of(ids: Var, starts: Var, ends: Var, framing: Framing) -> dict[str, Var]:
    """``input_ids`` and ``attention_mask`` of numbers one after another. Raises BadManifest for no room."""
    try:
        made, mask = sequences.framed(ids, starts, ends, framing)
    except ValueError as error:
        raise BadManifest(f"length={framing.length} is too short: {error}") from None
    return {"input_ids": made, "attention_mask": mask}
