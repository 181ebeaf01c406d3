"""Rows in which an edge decides: a threshold deep in a tree is only met by rows that get there.

And rows between two classes, found along the line from a row of the one to a row of the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.check.edges.boundary import Found
from onnxpipe.check.rows import Rows, copied, joined, length, take, with_values

Array = NDArray[Any]
Answer = Callable[[Rows], Mapping[str, Array]]
"""Rows to all that the original answers, NaN (None among text) in rows that it refuses."""

_ROUNDS = (8, 24, 96)
_CELLS, _ANSWERED = 2_000_000, 2**24
"""Cells that are asked at once, and that may be answered."""
_MOST = 2**25
"""Cells that may be answered altogether: what answers thousands of numbers per row is asked about fewer."""
_WAYS = 16
_FINE, _COARSE = 6, 2
"""Rounds of search between two classes, each ``_WAYS`` times finer: as close as doubles and as float32
can tell apart whatever order they are added in.
"""


def deciding(found: Found, base: Rows, answer: Answer) -> Found:
    """The same values, each in a base row in which the original's answer changes at its edge.

    Edges at which it changes in none of the rows tried stay in the row they were found from.
    """
    groups: dict[Any, list[int]] = {}
    for i, key in enumerate(zip(found.bases, found.slots, found.edges, strict=True)):
        groups.setdefault(key, []).append(i)
    pending, bases = list(groups.values()), list(found.bases)
    wide = max(1, sum(value[:1].size for value in answer(take(base, [0])).values()))
    tried = 0
    for count in _ROUNDS:
        most = _MOST // (wide * max(1, sum(map(len, pending))))
        count = min(count, length(base) - tried, max(_ROUNDS[0], most))
        if count <= 0 or not pending or (tried and not most):
            break
        shifts = range(tried, tried + count)
        pending = _placed(found, base, answer, pending, bases, shifts, wide)
        tried += count
    return replace(found, bases=tuple(bases))


def _placed(
    found: Found, base: Rows, answer: Answer, groups: Sequence[list[int]], bases: list[int], shifts: range,
    wide: int,
) -> list[list[int]]:  # fmt: skip
    """The groups of entries that decide in none of the base rows tried; ``bases`` of the others are set.

    ``wide`` is how many numbers answer a row.
    """
    total = length(base)
    width = sum(value[:1].size for value in base.values())
    left: list[list[int]] = []
    some = max(1, min(_CELLS // width, _ANSWERED // wide) // (len(shifts) * max(map(len, groups))))
    for start in range(0, len(groups), some):
        part = groups[start : start + some]
        asked = [(i, (found.bases[i] + k) % total) for group in part for k in shifts for i in group]
        rows = with_values(
            base,
            [b for _, b in asked],
            [found.slots[i] for i, _ in asked],
            [found.values[i] for i, _ in asked],
        )
        told, place = answer(rows), 0
        if not told:  # where all is refused, nothing decides
            left += part
            continue
        for group in part:
            count = len(group) * len(shifts)
            seen = [v[place : place + count].reshape(len(shifts), len(group), -1) for v in told.values()]
            place += count
            changes = np.any([_varies(each) for each in seen], axis=0)
            if changes.any():
                base_of = (found.bases[group[0]] + shifts[int(changes.argmax())]) % total
                for i in group:
                    bases[i] = base_of
            else:
                left.append(group)
    return left


def _varies(seen: Array) -> Array:
    """Of answers ``[n, m, k]`` which hold another number or text than their first ``[n]``; NaN is NaN."""
    other = seen != seen[:, :1]
    if seen.dtype.kind == "f":
        other &= ~(np.isnan(seen) & np.isnan(seen[:, :1]))
    return np.asarray(other.any(axis=(1, 2)))


def classes(answers: Mapping[str, Array]) -> Array | None:
    """The class of each row as a code ``[N]``, -1 where it was refused; None where there are no classes."""
    for value in answers.values():
        flat = value.reshape(len(value), -1)
        if flat.shape[1] == 1 and value.dtype.kind in "OUiub":
            refused = np.array([v is None for v in flat[:, 0]])
            return np.where(refused, -1, np.unique(flat[:, 0].astype(str), return_inverse=True)[1])
    for value in answers.values():
        if value.ndim == 2 and value.shape[1] > 1 and value.dtype.kind == "f":
            return np.where(
                np.isnan(value).any(axis=1), -1, np.where(np.isnan(value), 0, value).argmax(axis=1)
            )
    return None


def between(
    base: Rows, answer: Answer, pairs: int, rng: np.random.Generator, *, coarse: bool = False
) -> Rows | None:
    """Up to ``2 * pairs`` rows close to where the original's class changes, one of each side.

    As close as float32 can tell apart if ``coarse`` or where any number is one.
    Found on lines between two base rows of different classes, over the cells that are floats; None
    where there are no classes.
    """
    answers = answer(base)
    found = classes(answers)
    floats = [name for name, value in base.items() if value.dtype.kind == "f"]
    if found is None or not floats or len(np.unique(found[found >= 0])) < 2:
        return None
    order = rng.permutation(np.flatnonzero(found >= 0))
    mates = [(a, b) for a, b in zip(order, np.roll(order, 1), strict=True) if found[a] != found[b]][:pairs]
    if not mates:
        return None
    coarse = coarse or any(v.dtype == np.float32 for v in (*answers.values(), *base.values()))
    return _near(base, answer, np.array(mates), floats, _COARSE if coarse else _FINE)


def _near(base: Rows, answer: Answer, mates: Array, floats: Sequence[str], rounds: int) -> Rows | None:
    start, end = take(base, mates[:, 0]), take(base, mates[:, 1])

    def rows(shares: Array) -> Rows:
        """Rows at shares ``[n, m]`` of the way from each start to its end, start by start."""
        made = copied(take(start, np.repeat(np.arange(len(mates)), shares.shape[1])))
        for name in floats:
            a, b = (np.repeat(side[name], shares.shape[1], axis=0) for side in (start, end))
            share = shares.reshape(-1, *(1,) * (a.ndim - 1)).astype(a.dtype)
            with np.errstate(all="ignore"):
                made[name] = np.where(share == 0, a, np.where(share == 1, b, a + share * (b - a)))
        return made

    low, high = np.zeros(len(mates)), np.ones(len(mates))
    crossing = np.ones(len(mates), bool)
    for _ in range(rounds):
        cuts = low[:, None] + (high - low)[:, None] * np.linspace(0, 1, _WAYS + 1)
        told = classes(answer(rows(cuts)))
        if told is None:
            return None
        told = told.reshape(cuts.shape)
        other = (told != told[:, :1]) & (told >= 0) & (told[:, :1] >= 0)
        crossing &= other.any(axis=1)
        place = np.arange(len(mates)), np.maximum(other.argmax(axis=1), 1)
        # Behind rows that are refused is no border between classes, and each costs a question of its own.
        crossing &= told[place[0], place[1] - 1] >= 0
        low, high = cuts[place[0], place[1] - 1], cuts[place]
        if not crossing.any():
            return None
    both = take(rows(np.stack([low, high], axis=1)), np.repeat(crossing, 2))
    return joined([both])
