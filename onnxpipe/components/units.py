"""Numbers in another unit of the same quantity."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from onnxpipe.components.registry import component
from onnxpipe.core.ops import Var, cast, const, dtype_of, is_string, op
from onnxpipe.errors import BadManifest


class Unit(NamedTuple):
    """A unit: ``x`` of it are ``x * factor + offset`` of the quantity's unit in SI."""

    quantity: str
    factor: Fraction
    offset: Fraction = Fraction(0)


_QUANTITIES: Mapping[str, Mapping[str, str]] = {
    "length": {
        "m": "1", "km": "1000", "dm": "0.1", "cm": "0.01", "mm": "0.001", "um": "1e-6", "nm": "1e-9",
        "inch": "0.0254", "foot": "0.3048", "yard": "0.9144", "mile": "1609.344", "nautical_mile": "1852",
    },
    "mass": {
        "kg": "1", "g": "0.001", "mg": "1e-6", "tonne": "1000", "pound": "0.45359237",
        "ounce": "0.028349523125",
    },
    "time": {
        "s": "1", "ms": "0.001", "us": "1e-6", "ns": "1e-9", "minute": "60", "hour": "3600", "day": "86400",
        "week": "604800",
    },
    "area": {
        "m2": "1", "km2": "1e6", "cm2": "0.0001", "mm2": "1e-6", "hectare": "10000", "acre": "4046.8564224",
    },
    "volume": {"m3": "1", "l": "0.001", "ml": "1e-6", "gallon": "0.003785411784"},
    "speed": {"m/s": "1", "km/h": "5/18", "mph": "0.44704", "knot": "463/900"},
    "pressure": {
        "Pa": "1", "hPa": "100", "kPa": "1000", "MPa": "1e6", "bar": "100000", "mbar": "100", "atm": "101325",
    },
    "energy": {"J": "1", "kJ": "1000", "MJ": "1e6", "Wh": "3600", "kWh": "3600000", "calorie": "4.184"},
    "power": {"W": "1", "kW": "1000", "MW": "1e6"},
    "share": {"1": "1", "percent": "0.01", "permille": "0.001", "ppm": "1e-6"},
}  # fmt: skip
_TEMPERATURES = {
    "K": (Fraction(1), Fraction(0)),
    "degC": (Fraction(1), Fraction("273.15")),
    "degF": (Fraction(5, 9), Fraction("459.67") * Fraction(5, 9)),
}
UNITS: Mapping[str, Unit] = {
    **{name: Unit(kind, Fraction(of)) for kind, known in _QUANTITIES.items() for name, of in known.items()},
    **{name: Unit("temperature", *of) for name, of in _TEMPERATURES.items()},
}


@component("predict", "variable", "value")
def units(value: Var, *, of: str, to: str) -> Mapping[str, Var]:
    """``value`` in another unit, floating point in its shape: ``of=degF,to=degC``.

    ``x * a + b`` with a and b as scipy.constants has them: factors are exact by definition, and each is
    rounded once.
    """
    if is_string(value):
        raise BadManifest("it takes numbers, not text")
    given, wanted = _unit("of", of), _unit("to", to)
    if given.quantity != wanted.quantity:
        raise BadManifest(f"{of} is a {given.quantity}, and {to} a {wanted.quantity}")
    x = value if dtype_of(value).kind == "f" else cast(value, np.float64)
    factor, offset = given.factor / wanted.factor, (given.offset - wanted.offset) / wanted.factor
    made = op.mul(x, const(float(factor), dtype_of(x)))
    return {"value": op.add(made, const(float(offset), dtype_of(x))) if offset else made}


def _unit(name: str, text: str) -> Unit:
    if text in UNITS:
        return UNITS[text]
    near = difflib.get_close_matches(text, UNITS, n=1)
    raise BadManifest(
        f"{name} can't be {text!r}",
        remedy=f"Is it {near[0]}?" if near else f"It is one of: {', '.join(UNITS)}",
    )
