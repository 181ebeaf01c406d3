"""Sequences of each row's own length laid out as a rectangle: cut, framed and padded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from onnxpipe.core.ops import Var, cast, concat, const, op


@dataclass(frozen=True, slots=True)
class Framing:
    """How rows of tokens are brought to one length.

    At most ``length`` of them stay (0: all), ``before`` and ``after`` included, which every row gets;
    shorter rows get ``pad``, up to the longest of them or, with ``full``, to ``length``. ``left``:
    padding stands before; ``tail``: what is cut off is the beginning.
    """

    length: int = 0
    full: bool = False
    pad: int = 0
    before: tuple[int, ...] = ()
    after: tuple[int, ...] = ()
    left: bool = False
    tail: bool = False


def framed(ids: Var, starts: Var, ends: Var, how: Framing) -> tuple[Var, Var]:
    """int64 ``[N, L]`` and the mask of what isn't padding, of ``ids`` ``[T]`` from ``starts`` to ``ends``.

    Raises ValueError where ``length`` leaves no room for what every row gets.
    """
    extra = len(how.before) + len(how.after)
    if how.length:
        if how.length < extra:
            raise ValueError(f"{extra} tokens stand around every row")
        room = const(how.length - extra)
        low, high = op.max([starts, ends - room]), op.min([ends, starts + room])
        starts, ends = (low, ends) if how.tail else (starts, high)
    starts, sizes = (op.unsqueeze(each, const([1])) for each in (starts, op.sub(ends, starts)))
    totals = sizes + const(extra)
    longest = op.reduce_max(concat([op.reshape(totals, const([-1])), const([0])], 0), keepdims=0)
    place = op.range(const(0), const(how.length) if how.full else longest, const(1))
    width = op.shape(place)
    place = op.sub(place, op.sub(width, totals)) if how.left else op.add(place, op.mul(totals, const(0)))
    inside = op.and_(op.greater_or_equal(place, const(0)), op.less(place, totals))
    source = concat([const([how.pad, *how.before, *how.after], np.int64), ids], 0)
    return op.gather(source, _places(place, starts, sizes, inside, how), axis=0), cast(inside, np.int64)


def _places(place: Var, starts: Var, sizes: Var, inside: Var, how: Framing) -> Var:
    """Where each cell's number stands among padding, what comes before and after, and the tokens."""
    begun = op.sub(place, const(len(how.before)))
    own = op.add(op.add(starts, begun), const(1 + len(how.before) + len(how.after)))
    fixed = op.where(op.less(begun, const(0)), place, op.sub(place, sizes)) + const(1)
    within = op.and_(op.greater_or_equal(begun, const(0)), op.less(begun, sizes))
    return op.where(inside, op.where(within, own, fixed), const(0))
