"""Dates of the Gregorian calendar, in whole numbers.

Formulas: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms"; years begin in March there, so
that the leap day comes last.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from onnxpipe.blocks.contrib import code_points
from onnxpipe.blocks.language.text import padded
from onnxpipe.core.ops import Var, cast, const, ml, op

_EPOCH = 719468
"""Days from 1 March of the year 0 to 1 January 1970."""
_ERA = 146097
"""Days of 400 years."""
_DAY = 86400
_BEFORE = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)
"""Days of a year that isn't a leap year before each month."""
_TEXT = (
    r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
    r"([ T]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?)?"
)
_PLACES = ((0, 1, 2, 3), (5, 6), (8, 9), (11, 12), (14, 15), (17, 18))
"""Where the digits of year, month, day, hour, minute and second stand in a text."""


class Date(NamedTuple):
    """Year, month and day from 1 on, and the second of the day: int64, all of one shape."""

    year: Var
    month: Var
    day: Var
    second: Var


def date(seconds: Var) -> Date:
    """The date of int64 seconds since the beginning of 1970, also negative ones."""
    days, second = _divided(seconds, _DAY)
    era, day_of_era = _divided(days + const(_EPOCH), _ERA)
    leaps = _over(day_of_era, 1460) - _over(day_of_era, 36524) + _over(day_of_era, _ERA - 1)
    year_of_era = _over(day_of_era - leaps, 365)
    day_of_year = day_of_era - _before_year(year_of_era)
    shifted = _over(_times(day_of_year, 5) + const(2), 153)
    day = day_of_year - _over(_times(shifted, 153) + const(2), 5) + const(1)
    month = op.where(op.less(shifted, const(10)), shifted + const(3), shifted - const(9))
    year = year_of_era + _times(era, 400) + cast(op.less(month, const(3)), np.int64)
    return Date(year, month, day, second)


def written(text: Var) -> tuple[Date, Var]:
    """The date that each ``text`` ``[N]`` is, as ISO 8601 writes it, and whether it is one.

    Its time stands after a blank or a T: ``2024-02-29T13:05:59.25``; parts of a second are dropped.
    """
    digits = padded(text, lambda rows: ml.label_encoder(
        code_points(rows), keys_strings=list("0123456789"), values_int64s=range(10), default_int64=0
    ))  # fmt: skip
    wide = op.pad(digits, const([0, 0, 0, 19]), const(0))
    weights = np.zeros((19, 6), np.int64)
    for i, places in enumerate(_PLACES):
        weights[list(places), i] = 10 ** np.arange(len(places))[::-1]
    fields = op.matmul(op.slice(wide, const([0]), const([19]), const([1])), const(weights))
    year, month, day, hour, minute, second = (op.gather(fields, const(i), axis=1) for i in range(6))
    found = Date(year, month, day, _times(_times(hour, 60) + minute, 60) + second)
    fine = op.regex_full_match(text, pattern=_TEXT)
    known = op.where(fine, month, const(1))
    long = op.gather(const([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]), known - const(1))
    last = long + cast(op.and_(leap(year), op.equal(month, const(2))), np.int64)
    return found, op.and_(fine, op.less_or_equal(day, last))


def leap(year: Var) -> Var:
    """bool: which years have a 29 February."""
    fourth, hundredth, fourth_of_those = (op.equal(op.mod(year, const(n)), const(0)) for n in (4, 100, 400))
    return op.and_(fourth, op.or_(op.not_(hundredth), fourth_of_those))


def day_of_year(at: Date) -> Var:
    """From 1 on."""
    late = op.and_(leap(at.year), op.greater(at.month, const(2)))
    return op.gather(const(_BEFORE), at.month - const(1)) + at.day + cast(late, np.int64)


def day_of_week(at: Date) -> Var:
    """0 is Monday."""
    year = at.year - cast(op.less(at.month, const(3)), np.int64)
    era, year_of_era = _divided(year, 400)
    shifted = op.mod(at.month + const(9), const(12))
    day = _over(_times(shifted, 153) + const(2), 5) + at.day - const(1)
    days = _times(era, _ERA) + _before_year(year_of_era) + day - const(_EPOCH)
    return op.mod(days + const(3), const(7))  # the first day of 1970 was a Thursday


def _before_year(year_of_era: Var) -> Var:
    return _times(year_of_era, 365) + _over(year_of_era, 4) - _over(year_of_era, 100)


def _divided(x: Var, by: int) -> tuple[Var, Var]:
    """The quotient, rounded down, and the rest from 0 on."""
    rest = op.mod(x, const(by))
    return _over(x - rest, by), rest


def _over(x: Var, by: int) -> Var:
    return op.div(x, const(by))


def _times(x: Var, by: int) -> Var:
    return op.mul(x, const(by))
