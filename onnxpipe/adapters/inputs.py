"""Which inputs a graph has: names and dtypes from the user, the artefact and the sample, in that order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from onnxpipe.adapters.base import Rows
from onnxpipe.core.options import Options
from onnxpipe.core.registry import ANY, IMAGES, RAGGED, UNREAD
from onnxpipe.core.signature import Dim, Port, dtype_name, renamed
from onnxpipe.core.units import is_unit
from onnxpipe.errors import BadInput


def input_ports(
    known: Sequence[str], names: Sequence[str] | None, options: Options, sample: Rows | None
) -> tuple[Port | None, ...]:
    """One port per fitted column (None where nothing reads it), or one ``X`` for a plain matrix.

    Raises BadInput where the sample contradicts the artefact or an input is named that isn't one.
    """
    if tuple(known) == (IMAGES,):
        return (_images(options, sample),)
    if names is None:
        ports = _plain(known, options, sample)
    else:
        sample = sample and renamed(sample, names)
        _refuse_unknown(options, names)
        ports = tuple(_column(n, hint, options, sample) for n, hint in zip(names, known, strict=True))
        _refuse_incomplete(ports, sample)
        _refuse_nameless(ports)
    _refuse_other_shapes(ports, options, sample)
    return ports


def open_names(options: Options, sample: Rows | None) -> tuple[str, ...]:
    """The columns that the user or the sample names. Raises BadInput where there are none."""
    names = tuple(dict.fromkeys([*(sample or ()), *options.inputs]))
    if not names:
        raise BadInput(
            "the pipeline takes dictionaries with any keys",
            remedy="Name those to expect: --input KEY=float64 or --input KEY=string, or give a --sample.",
        )
    return names


def said_columns(options: Options, sample: Rows | None) -> tuple[str, ...] | None:
    """As many columns of an open type as the user or the sample says that ``X`` has, or as a sample names."""
    if sample and "X" not in sample and "X" not in options.inputs:
        return (ANY,) * len(sample)
    shape = options.inputs.get("X", ("", None))[1] or (
        np.shape(sample["X"]) if sample and "X" in sample else ()
    )
    width = shape[-1] if len(shape) > 1 else None
    return (ANY,) * int(width) if width else None


def _images(options: Options, sample: Rows | None) -> Port:
    """``X`` in the sizes that the user or the sample says, else any."""
    _refuse_unknown(options, ["X"])
    dtype, said = options.inputs.get("X", ("", None))
    seen = np.shape(sample["X"])[1:] if sample and "X" in sample else (None, None)
    sizes: tuple[Dim, ...] = said[1:] if said else seen
    return Port("X", dtype or _agreed("X", ANY, sample), ("N", *sizes))


def _refuse_incomplete(ports: Sequence[Port | None], sample: Rows | None) -> None:
    """Raise BadInput where the sample lacks a column that is read."""
    lacking = [port.name for port in ports if port and sample is not None and port.name not in sample]
    if lacking:
        raise BadInput(
            f"the sample has no column {', '.join(lacking)}", remedy=f"It has: {', '.join(sample or ())}"
        )


def _refuse_nameless(ports: Sequence[Port | None]) -> None:
    """Raise BadInput where a column that is read has the empty name."""
    if any(port and not port.name for port in ports):
        raise BadInput(
            "a column's name is the empty text, which no graph's input can have",
            remedy="Rename it and fit again.",
        )


def _refuse_other_shapes(ports: Sequence[Port | None], options: Options, sample: Rows | None) -> None:
    """Raise BadInput where --input or the sample says another width than the pipeline was fitted on."""
    for port in ports:
        if port is None:
            continue
        said = options.inputs.get(port.name, ("", None))[1]
        fixed = isinstance(port.shape[-1], int)
        known = {None, port.shape[-1]} if fixed or not said else {said[-1]}
        if said is not None and (len(said) != len(port.shape) or said[-1] not in known):
            raise BadInput(f"--input says {port.name} has shape {list(said)}, the pipeline has {port}")
        seen = np.shape(sample[port.name]) if sample and port.name in sample else ()
        if len(seen) > 1 and fixed and seen[1:] != port.shape[1:]:
            raise BadInput(f"the sample has {port.name} of shape {seen}, the pipeline has {port}")


def _plain(known: Sequence[str], options: Options, sample: Rows | None) -> tuple[Port | None, ...]:
    """``X`` ``[N, d]``; columns of several dtypes get inputs of their own, named as scikit-learn does."""
    if RAGGED in known:
        _refuse_unknown(options, ["X"])
        port = _column("X", known[0], options, sample)
        return (Port("X", port.dtype if port else known[0], ("N", "L")),)
    kinds = {hint for hint in known if hint != UNREAD}
    if len(kinds) <= 1 or kinds <= {ANY, "float64"}:
        _refuse_unknown(options, ["X"])
        port = _column("X", (kinds - {ANY} or {ANY}).pop(), options, sample)
        port = port or Port("X", "float64", ("N", 1))
        return (replace(port, shape=("N", len(known))),)
    names = [f"x{i}" for i in range(len(known))]
    _refuse_unknown(options, names)
    sample = sample and renamed(sample, names)
    return tuple(_column(name, hint, options, sample) for name, hint in zip(names, known, strict=True))


def _refuse_unknown(options: Options, names: Sequence[str]) -> None:
    unknown = sorted(set(options.inputs) - set(names))
    if unknown:
        raise BadInput(f"no input {', '.join(unknown)}: the pipeline has {', '.join(names)}")


def _column(name: str, hint: str, options: Options, sample: Rows | None) -> Port | None:
    said = options.inputs[name][0] if name in options.inputs else ""
    if hint == UNREAD and not said:
        return None
    agreed = said or _agreed(name, hint, sample)
    return Port(name, "int64", ("N", 1), agreed) if is_unit(agreed) else Port(name, agreed, ("N", 1))


def _agreed(name: str, hint: str, sample: Rows | None) -> str:
    """The dtype the artefact says, else the sample's, else float64.

    Whole numbers that the sample has as floats are floats: there can be gaps among them.
    """
    if sample is None or name not in sample or _is_empty(sample[name]):
        return hint if hint != ANY else "float64" if sample is None else _seen(name, sample)
    if hint == "string" and sample[name].dtype.kind == "O":
        return hint
    seen = _seen(name, sample)
    if hint == ANY or (seen == "float64" and hint in ("int64", "bool")):
        return seen
    as_text = is_unit(hint) and seen == "string"  # CSV files have dates as text
    if not as_text and (_class(hint) != _class(seen)):
        usual = f"Correct the sample, or say which it is: --input {name}={hint}"
        raise BadInput(
            f"column {name} is {seen} in the sample, but the pipeline was fitted on {hint}",
            remedy=_OF_POLARS if is_unit(seen) and hint == "float64" else usual,
        )
    return hint


_OF_POLARS = (
    "polars makes numbers of dates that stand in one step with numbers: give dates a step of their own, or "
    "make numbers of them before, and fit again."
)


def _class(dtype: str) -> str:
    """Text, dates or numbers."""
    return "date" if is_unit(dtype) else "string" if dtype == "string" else "number"


def _is_empty(column: Any) -> bool:
    """Whether a sample column holds no value that could tell its type."""
    return all(value is None or _is_gap(value) for value in np.ravel(column).tolist())


def _seen(name: str, sample: Rows) -> str:
    """The dtype of a sample column. Raises BadInput for one that no graph computes in as natively."""
    if name not in sample:
        return "float64"
    dtype, cells = sample[name].dtype, sample[name].ravel()
    held = f"{dtype} numbers" if dtype.kind == "c" or dtype == np.float16 else ""
    if dtype.kind == "O":
        odd = (type(v).__name__ for v in cells if not (v is None or isinstance(v, str) or _is_gap(v)))
        held = next((f"{kind} objects" for kind in odd), "")
    if held:
        raise BadInput(
            f"column {name} holds {held} in the sample, with which no graph computes as scikit-learn does",
            remedy="Make numbers or text of them first, or dates without a time zone (datetime64)."
            if held.startswith(_OF_TIME)
            else f"Make numbers or texts of them first, or say what to take: --input {name}=float64",
        )
    return dtype_name(dtype)


_OF_TIME = ("Timestamp", "datetime", "date", "time", "Period", "Timedelta", "timedelta")
"""Types of cells, as far as they are of time."""


def _is_gap(value: Any) -> bool:
    if type(value).__name__ in ("NAType", "NaTType"):
        return True
    differs = value != value  # of lists in a cell no single truth
    return isinstance(differs, (bool, np.bool_)) and bool(differs)
