"""Dates taken apart, as pandas' ``Series.dt`` does."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from onnxpipe.blocks import calendar
from onnxpipe.blocks.calendar import Date
from onnxpipe.components.parameters import Names
from onnxpipe.components.registry import Outputs, component
from onnxpipe.components.resizers import one_of
from onnxpipe.core.guards import unless
from onnxpipe.core.ops import Var, const, dtype_of, is_string, op
from onnxpipe.errors import BadManifest

_SECOND = {"s": 1, "ms": 1000, "us": 1000**2, "ns": 1000**3}
_MISSING = np.iinfo(np.int64).min
"""numpy's NaT."""

_PARTS: Mapping[str, Callable[[Date], Var]] = {
    "year": lambda at: at.year,
    "month": lambda at: at.month,
    "day": lambda at: at.day,
    "hour": lambda at: op.div(at.second, const(3600)),
    "minute": lambda at: op.mod(op.div(at.second, const(60)), const(60)),
    "second": lambda at: op.mod(at.second, const(60)),
    "dayofweek": calendar.day_of_week,
    "dayofyear": calendar.day_of_year,
    "quarter": lambda at: op.div(at.month + const(2), const(3)),
}


@component()
def date_parts(value: Var, *, parts: Names = (), unit: str = "") -> Outputs:
    """``parts`` of ``value``, int64 in its shape, each under its name, as ``Series.dt``: ``year|dayofweek``.

    ``value``: text as ISO 8601 writes dates and times, or int64 ``unit``s (D, s, ms, us, ns) since the
    beginning of 1970. What is no date is refused.
    """
    chosen = {one_of("parts", name, tuple(_PARTS)): _PARTS[name] for name in parts or tuple(_PARTS)}
    at = _of_text(value) if is_string(value) else _of_number(value, unit)
    return {name: op.reshape(part(at), op.shape(value)) for name, part in chosen.items()}


def _of_text(value: Var) -> Date:
    flat = op.reshape(value, const([-1]))
    found, fine = calendar.written(flat)
    return found._replace(year=unless(found.year, op.not_(fine)))


def _of_number(value: Var, unit: str) -> Date:
    if dtype_of(value) != np.int64:
        raise BadManifest(f"it takes text or int64, not {value.type}")
    if not unit:
        raise BadManifest("it needs unit: what the numbers count", remedy="It is one of: D, s, ms, us, ns")
    one_of("unit", unit, ("D", *_SECOND))
    flat = op.reshape(value, const([-1]))
    fine = unless(flat, op.equal(flat, const(_MISSING)))
    if unit == "D":
        return calendar.date(op.mul(fine, const(86400)))
    per = const(_SECOND[unit])
    return calendar.date(op.div(fine - op.mod(fine, per), per))
