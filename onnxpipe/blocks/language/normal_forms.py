"""Unicode's normal forms (NFC, NFD, NFKC, NFKD) of texts, by tables of what is done to characters.

The algorithm is that of the standard (chapter 3.11, and annex 15): characters are taken apart, marks
brought into the order of their classes, and, for the composed forms, put together from left to right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from onnxpipe.blocks.contrib import code_points
from onnxpipe.blocks.language import text as blocks
from onnxpipe.blocks.language.characters import joined, mask_of, replaced
from onnxpipe.blocks.regex.masks import ranges
from onnxpipe.core.loops import followed
from onnxpipe.core.ops import Var, cast, const, ml, op, ranked


@dataclass(frozen=True, slots=True)
class NormalForm:
    """A form: what characters come apart into (``images``), the classes of marks, and what ``pairs`` become.

    Decomposed forms have no pairs. Syllables of Hangul needn't come apart where there are pairs.
    """

    images: Mapping[str, str]
    classes: Mapping[str, int]
    pairs: Mapping[tuple[str, str], str]


class _Composing(NamedTuple):
    """By row: the starter's code and place, the class of the last mark that stayed (-1: none), and the codes
    of what was put together, ``[N, L]``.
    """

    starter: Var
    place: Var
    last: Var
    made: Var


def normalised(texts: Var, form: NormalForm) -> Var:
    """``texts`` ``[N]`` in a normal form; where nothing in any of them can change they pass as they are."""
    marks = ranges(mask_of(form.classes))
    second = {last for _, last in form.pairs}
    moved = f"(?s).*(?:[{ranges(mask_of({*form.images, *second}))}]|[{marks}][{marks}]).*"

    def changed(given: Var) -> Var:
        found = op.reduce_max(cast(op.regex_full_match(given, pattern=moved), np.int64), keepdims=0)
        (made,) = op.if_(
            cast(found, np.bool_),
            then_branch=lambda: [_rewritten(given, form)],
            else_branch=lambda: [op.identity(given)],
        )
        return made

    return blocks.padded(texts, changed)


def _rewritten(texts: Var, form: NormalForm) -> Var:
    """All three steps, character by character; one of the texts isn't empty."""
    characters = code_points(joined(replaced(code_points(texts), form.images)))
    names = sorted({*form.classes, *form.pairs.values(), *(c for pair in form.pairs for c in pair)})
    codes = ml.label_encoder(
        characters, keys_strings=names, values_int64s=range(len(names)), default_int64=len(names)
    )
    order = _ordered(_classes(codes, names, form))
    characters, codes = (op.gather_elements(each, order, axis=1) for each in (characters, codes))
    if not form.pairs:
        return joined(characters)
    made, dropped = _composed(codes, names, form)
    spelled = op.gather(const(np.array([*names, ""], object)), op.max([made, const(0)]), axis=0)
    kept = op.where(op.greater_or_equal(made, const(0)), spelled, characters)
    return joined(op.where(dropped, const(""), kept))


def _classes(codes: Var, names: list[str], form: NormalForm) -> Var:
    return op.gather(const([*(form.classes.get(name, 0) for name in names), 0]), codes, axis=0)


def _ordered(classes: Var) -> Var:
    """Places ``[N, L]`` of characters in their order: marks after a starter by class, else as they stand."""
    starters = cast(op.equal(classes, const(0)), np.int64)
    key = op.add(op.mul(op.cumsum(starters, const(1)), const(256)), classes)
    length = op.shape(classes, start=1)
    place = op.range(const(0), op.squeeze(length), const(1))
    return ranked(op.add(op.mul(key, length), place), length, largest=False)[1]


def _composed(codes: Var, names: list[str], form: NormalForm) -> tuple[Var, Var]:
    """Codes ``[N, L]`` of what starters became, -1 where they stay, and bool which characters are gone.

    A mark is blocked from its starter by a mark of its class or a higher one that stands between.
    """
    number, other = {name: i for i, name in enumerate(names)}, len(names)
    wide = other + 1
    pairs = {number[a] * wide + number[b]: number[c] for (a, b), c in sorted(form.pairs.items())}
    across = op.transpose(codes, perm=[1, 0])
    length = op.squeeze(op.shape(across, end=1))
    none = op.expand(const(-1), op.shape(codes, end=1))
    start = _Composing(
        op.add(none, const(wide)), op.mul(none, const(0)), none, op.expand(const(-1), op.shape(codes))
    )

    def step(starter: Var, place: Var, last: Var, made: Var, code: Var, at: Var) -> tuple[Var, ...]:
        kind = _classes(code, names, form)
        found = ml.label_encoder(
            op.add(op.mul(starter, const(wide)), code),
            keys_int64s=list(pairs), values_int64s=list(pairs.values()), default_int64=-1,
        )  # fmt: skip
        joins = op.and_(op.greater_or_equal(found, const(0)), op.less(last, kind))
        begins = op.and_(op.equal(kind, const(0)), op.not_(joins))
        starter = op.where(joins, found, op.where(begins, code, starter))
        place = op.where(begins, at, place)
        last = op.where(joins, last, op.where(begins, const(-1), kind))
        where = op.unsqueeze(op.where(joins, place, at), const([1]))
        put = op.unsqueeze(op.where(joins, found, const(-1)), const([1]))
        return starter, place, last, op.scatter_elements(made, where, put, axis=1), joins

    places = op.range(const(0), length, const(1))
    *state, joins = followed(start, [across, places], step)
    return state[3], op.transpose(joins, perm=[1, 0])
