"""One segment of a JPEG after the other, or one table in it, checked as libjpeg checks them.

Source: ITU-T T.81, annex B; what of it libjpeg refuses: jdmarker.c, jdhuff.c, jdphuff.c, jdinput.c.
"""

from __future__ import annotations

from functools import reduce
from typing import NamedTuple

import numpy as np

from onnxpipe.core.ops import Var, cast, const, op

MARGIN = 700
"""Zeros behind the bytes, so that what is read past the end of a table is there."""
_EOI, _SOS, _DQT, _DHT, _DRI, _COM = 0xD9, 0xDA, 0xDB, 0xC4, 0xDD, 0xFE
_BASELINE, _PROGRESSIVE = (0xC0, 0xC1), 0xC2
_BITS = (1, 2, 4, 8)
_CODES = np.tril(2.0 ** np.subtract.outer(np.arange(16), np.arange(16))).astype(np.int64)
"""What codes of each length take away of those of each length that is as long or longer."""


class File(NamedTuple):
    """A file's bytes as int64 with ``MARGIN`` zeros behind, how many it has, and where markers may begin."""

    numbers: Var
    size: Var
    marks: Var


class Walk(NamedTuple):
    """How far a file was read: ``fine`` (bool) so far, ``at`` the next byte, the size of the file at its end.

    ``end``: where the tables end that are being read; ``kind``: the last marker of tables or a scan;
    ``frame``: where the frame's header stands, 0 before there is one; ``coding``: its marker.
    ``huffman`` and ``scales``: which tables there are, as bits.
    """

    fine: Var
    at: Var
    end: Var
    kind: Var
    frame: Var
    coding: Var
    huffman: Var
    scales: Var


def step(file: File, walk: Walk) -> tuple[Walk, Var]:
    """The walk after the next segment or table, and whether to go on."""
    after = Walk(
        *op.if_(
            op.greater(walk.end, walk.at),
            then_branch=lambda: list(_table(file, walk)),
            else_branch=lambda: list(_segment(file, walk)),
        )
    )
    within = op.and_(after.fine, op.less_or_equal(after.at, file.size))
    return after._replace(fine=within), op.and_(within, op.less(after.at, file.size))


def pair(numbers: Var, at: Var) -> Var:
    """Two bytes as a number, the higher first."""
    return op.add(op.mul(_byte(numbers, at), const(256)), _byte(numbers, op.add(at, const(1))))


def _byte(numbers: Var, at: Var) -> Var:
    return op.gather(numbers, at)


def _some(numbers: Var, at: Var, places: range) -> Var:
    return op.gather(numbers, op.add(at, const(list(places))))


def _segment(file: File, walk: Walk) -> Walk:
    """A marker and, but for tables, its segment."""
    numbers, at = file.numbers, walk.at
    marker, behind = _byte(numbers, op.add(at, const(1))), op.add(at, const(2))
    size = pair(numbers, behind)
    following = op.add(behind, size)
    tables, ends, scans = _is(marker, _DQT, _DHT), _is(marker, _EOI), _is(marker, _SOS)
    frames = _is(marker, *_BASELINE, _PROGRESSIVE)
    passed = _any(op.greater_or_equal(marker, const(0xE0)) & op.less(marker, const(0xF0)), _is(marker, _COM))
    restarts = _is(marker, _DRI) & op.equal(size, const(4))
    header = op.add(behind, const(2))
    known = _any(
        tables,
        passed,
        restarts,
        ends & op.equal(walk.kind, const(_SOS)),
        frames & op.equal(walk.frame, const(0)) & _good_frame(numbers, header, size),
        scans & op.greater(walk.frame, const(0)) & _good_scan(numbers, header, size, walk),
    )
    long = ends | op.greater(size, op.where(tables, const(2), const(1)))
    here = op.equal(_byte(numbers, at), const(0xFF))
    there = op.where(scans, _next_mark(file, following), following)
    return Walk(
        fine=known & long & here & op.less_or_equal(op.where(ends, behind, following), file.size),
        at=op.where(ends, file.size, op.where(tables, header, there)),
        end=op.where(tables, following, const(0)),
        kind=op.where(tables, marker, op.where(scans, const(_SOS), walk.kind)),
        frame=op.where(frames, header, walk.frame),
        coding=op.where(frames, marker, walk.coding),
        huffman=op.identity(walk.huffman),
        scales=op.identity(walk.scales),
    )


def _next_mark(file: File, start: Var) -> Var:
    """Where the next marker stands behind a scan, past the end where there is none."""
    none = op.reshape(op.add(file.size, const(1)), const([1]))
    later = op.where(op.greater_or_equal(file.marks, start), file.marks, none)
    return op.reduce_min(op.concat([later, none], axis=0), keepdims=0)


def _table(file: File, walk: Walk) -> Walk:
    """A table of codes or of scales."""
    first = _byte(file.numbers, walk.at)
    high, low = op.div(first, const(16)), op.mod(first, const(16))
    counts = _some(file.numbers, walk.at, range(1, 17))
    codes = op.reduce_sum(counts, keepdims=0)
    huffman = op.equal(walk.kind, const(_DHT))
    size = op.where(
        huffman, op.add(codes, const(17)), op.add(op.mul(op.min([high, const(1)]), const(64)), const(65))
    )
    at = op.add(walk.at, size)
    numbered = op.less(high, const(2)) & op.less(low, const(4))
    sound = op.not_(huffman) | (op.less_or_equal(codes, const(256)) & _good_codes(counts))
    plain = op.not_(huffman) | op.equal(high, const(1)) | _small_symbols(file, walk.at, codes)
    bit = op.gather(const(_BITS), op.min([low, const(3)]))
    shifted = op.where(op.equal(high, const(1)), op.mul(bit, const(16)), bit)
    return walk._replace(
        fine=walk.fine & numbered & sound & plain & op.less_or_equal(at, walk.end),
        at=at,
        end=op.identity(walk.end),
        kind=op.identity(walk.kind),
        frame=op.identity(walk.frame),
        coding=op.identity(walk.coding),
        huffman=op.where(huffman, op.bitwise_or(walk.huffman, shifted), walk.huffman),
        scales=op.where(huffman, walk.scales, op.bitwise_or(walk.scales, bit)),
    )


def _good_codes(counts: Var) -> Var:
    """Whether codes of 1 to 16 bits, so many of each, can be told apart; none may be all ones."""
    taken = op.reduce_sum(op.mul(const(_CODES), counts), const([1]), keepdims=0)
    none = op.equal(counts, const(0))
    return _all(op.or_(none, op.less(taken, const(2 ** np.arange(1, 17)))))


def _small_symbols(file: File, at: Var, codes: Var) -> Var:
    """Whether the symbols of codes for the mean are numbers of bits that there are."""
    places = op.range(const(0), const(256), const(1))
    symbols = op.gather(
        file.numbers, op.min([op.add(at, op.add(places, const(17))), op.add(file.size, const(MARGIN - 1))])
    )
    return _all(op.or_(op.greater_or_equal(places, codes), op.less(symbols, const(16))))


def _good_frame(numbers: Var, at: Var, size: Var) -> Var:
    """Whether pixels have 8 bits and one or three channels, none finer than the finest in part."""
    count = _byte(numbers, op.add(at, const(5)))
    _, factors, tables, used = _channels(numbers, at)
    across, down = op.div(factors, const(16)), op.mod(factors, const(16))
    known = op.less(tables, const(4))
    for each in (across, down):
        most = op.reduce_max(op.where(used, each, const(0)), keepdims=0)
        known = known & op.greater(each, const(0)) & op.less(each, const(5))
        known = known & op.equal(op.mod(most, op.max([each, const(1)])), const(0))
    eight = op.equal(_byte(numbers, at), const(8))
    right = op.equal(size, op.add(op.mul(count, const(3)), const(8)))
    return eight & right & _is(count, 1, 3) & _all(op.not_(used) | known)


def _channels(numbers: Var, frame: Var) -> tuple[Var, Var, Var, Var]:
    """Numbers, factors and tables of up to three channels of a frame, and which of them there are."""
    ids, factors, tables = (_some(numbers, frame, range(6 + i, 15, 3)) for i in range(3))
    return ids, factors, tables, op.less(const([0, 1, 2]), _byte(numbers, op.add(frame, const(5))))


def _good_scan(numbers: Var, at: Var, size: Var, walk: Walk) -> Var:
    """Whether a scan is of channels of the frame, has its tables, and goes over what scans go over."""
    count = _byte(numbers, at)
    named, chosen = (_some(numbers, at, range(1 + i, 7, 2)) for i in (0, 1))
    used = op.less(const([0, 1, 2]), count)
    ids, factors, tables, there = _channels(numbers, walk.frame)
    same = op.equal(op.unsqueeze(named, const([1])), ids) & op.unsqueeze(used, const([1])) & there
    hits = cast(same, np.int64)
    each_once = _all(op.equal(op.reduce_sum(hits, const([1]), keepdims=0), cast(used, np.int64)))
    once = _all(op.less(op.reduce_sum(hits, const([0]), keepdims=0), const(2)))
    blocks = op.mul(op.div(factors, const(16)), op.mod(factors, const(16)))
    few = op.less(op.reduce_sum(op.mul(hits, blocks), keepdims=0), const(11)) | op.equal(count, const(1))
    scaled = _all(op.not_(there) | _has(walk.scales, tables))
    right = op.equal(size, op.add(op.mul(count, const(2)), const(6)))
    end = op.add(at, op.add(op.mul(count, const(2)), const(1)))
    listed = _is(count, 1, 2, 3) & right & each_once & once & few & scaled
    return listed & _good_range(numbers, end, count, _coded(walk, chosen, used), walk)


def _coded(walk: Walk, chosen: Var, used: Var) -> tuple[Var, Var]:
    """Whether there are the tables of codes that a scan chooses, for the mean and for the rest."""
    mean, rest = op.div(chosen, const(16)), op.add(op.mod(chosen, const(16)), const(4))
    low = op.less(mean, const(4)) & op.less(rest, const(8))
    return (
        _all(op.not_(used) | (low & _has(walk.huffman, mean))),
        _all(op.not_(used) | (low & _has(walk.huffman, rest))),
    )


def _good_range(numbers: Var, at: Var, count: Var, coded: tuple[Var, Var], walk: Walk) -> Var:
    """Whether the coefficients and bits of a scan go together, and the tables for them are there."""
    first, last, bits = (_byte(numbers, op.add(at, const(i))) for i in range(3))
    high, low = op.div(bits, const(16)), op.mod(bits, const(16))
    mean, rest = coded
    whole = mean & rest
    begins = op.equal(first, const(0))
    ordered = op.less_or_equal(first, last) & op.less(last, const(64)) & op.equal(count, const(1))
    refined = op.equal(high, const(0)) | op.equal(low, high - const(1))
    part = (begins & op.equal(last, const(0)) & (mean | op.greater(high, const(0)))) | (
        op.not_(begins) & ordered & rest
    )
    progressive = part & refined & op.less(low, const(14))
    in_parts = op.equal(walk.coding, const(_PROGRESSIVE))
    return (in_parts & progressive) | (op.not_(in_parts) & whole)


def _has(tables: Var, numbers: Var) -> Var:
    """bool: which of the tables there are."""
    bits = op.gather(const(2 ** np.arange(16)), op.min([numbers, const(15)]))
    return op.greater(op.bitwise_and(tables, bits), const(0))


def _is(x: Var, *values: int) -> Var:
    return reduce(op.or_, [op.equal(x, const(value)) for value in values])


def _any(*conditions: Var) -> Var:
    return reduce(op.or_, conditions)


def _all(x: Var) -> Var:
    return cast(op.reduce_min(cast(x, np.int64), keepdims=0), np.bool_)
