"""The text both LIBSVM and LIBLINEAR save: a header, one entry to a line, then rows of numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.base import Rows
from onnxpipe.core.options import Options
from onnxpipe.core.signature import Port
from onnxpipe.errors import BadInput, Unreadable

Array = NDArray[Any]
Types = Mapping[str, str]
"""What each header entry holds: ``str``, ``int``, ``float``, or a list of them, ``ints`` or ``floats``."""


def parts(data: bytes, types: Types, last: str) -> tuple[dict[str, Any], bytes]:
    """The header's entries by name, and all that comes below the line ``last``.

    Raises Unreadable for an entry that isn't among ``types``, or no line ``last``.
    """
    head, found, body = data.replace(b"\r\n", b"\n").partition(f"\n{last}\n".encode())
    if not found:
        raise Unreadable(f"its header has no end: no line {last}")
    entries: dict[str, Any] = {}
    for line in head.decode("ascii", "replace").splitlines():
        name, *words = line.split()
        if name not in types:
            raise Unreadable(f"unknown entry {name[:80]!r} in its header")
        entries[name] = _typed(name, words, types[name])
    return entries, body


_ONE: Mapping[str, Any] = {"str": str, "int": int, "float": float}
_MANY = {"ints": np.int64, "floats": np.float64}


def _typed(name: str, words: Sequence[str], kind: str) -> Any:
    if kind in _MANY:
        return np.array(words, dtype=str).astype(_MANY[kind])
    if len(words) != 1:
        raise Unreadable(f"{name} in its header has {len(words)} values, not one")
    return _ONE[kind](words[0])


def require(entries: Mapping[str, Any], sizes: Mapping[str, int | None]) -> None:
    """Raise Unreadable where the header lacks one of these entries, or a list has another length."""
    for name, size in sizes.items():
        if name not in entries:
            raise Unreadable(f"no {name} in its header")
        if size is not None and len(entries[name]) != size:
            raise Unreadable(f"{name} in its header has {len(entries[name])} values, not {size}")


def numbers(words: Sequence[bytes]) -> Array:
    """The words as float64, each the nearest double to what is written. Raises ValueError."""
    return np.array(words, dtype="S").astype(np.float64) if words else np.zeros(0)


def matrix_port(known: int, fixed: bool, options: Options, sample: Rows | None) -> Port:
    """``X`` ``[N, d]``: ``known`` columns, or as many more as the user or the sample says unless ``fixed``.

    Raises BadInput for fewer, and for an input by another name.
    """
    if unknown := sorted(set(options.inputs) - {"X"}):
        raise BadInput(f"no input {', '.join(unknown)}: the model has X")
    dtype, shape = options.inputs.get("X", ("float64", None))
    seen = {} if sample is None else dict(sample)
    width = seen["X"].shape[-1] if "X" in seen else len(seen) or known
    width = int(shape[-1]) if shape and shape[-1] is not None else width
    if width < known or (fixed and width > known):
        raise BadInput(
            f"{width} columns where the model has {known}{'' if fixed else ' or more'}",
            remedy=f"Rows are dense, with a column for each index: --input X=float64[N,{known}]",
        )
    return Port("X", dtype, ("N", width))
