"""Parameters of components: from the text of a command line or the values of a manifest."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxpipe.errors import BadManifest

_COMMA = re.compile(r",(?![^()]*\))")

Classes = NDArray[Any] | None
"""Class labels, given as ``no|yes`` or as a list; None for those of the model before."""
File = Path | None
"""A file beside the manifest, or below the current folder."""
Numbers = tuple[int, ...]
"""Whole numbers, given as ``0|3|1|2`` or as a list."""
Floats = tuple[float, ...]
"""Numbers, given as ``0.5|0.5|0.5`` or as a list."""


Names = tuple[str, ...]
"""Names, given as ``a|b|c`` or as a list."""


class Size(NamedTuple):
    """Height and width, given as ``480x640``; one number is the shorter side, or both of a square."""

    height: int
    width: int | None = None


def parse(text: str) -> dict[str, str]:
    """``{"top": "3", "at": "0.5"}`` of ``top=3,at=0.5``; a lone name says yes. Raises BadManifest.

    Commas between brackets part nothing: ``select=nanvl(a, 0) AS b,types=a:int64``.
    """
    pieces = [piece.strip() for piece in _COMMA.split(text) if piece.strip()]
    pieces = [f"{piece}=yes" if piece.isidentifier() else piece for piece in pieces]
    if bad := [piece for piece in pieces if "=" not in piece]:
        raise BadManifest(f"{bad[0]!r} isn't name=value", remedy="Write component:name=value,name=value")
    pairs = [piece.partition("=") for piece in pieces]
    return {name.strip(): value.strip() for name, _, value in pairs}


def parsed(
    where: str, known: Mapping[str, Any] | None, given: Mapping[str, Any], folder: Path
) -> dict[str, Any]:
    """Parameters in the types the component declares; all as text where ``known`` is None.

    Raises BadManifest for an unknown name and for a value that isn't of its type.
    """
    if known is None:
        return {name: str(value) for name, value in given.items()}
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"Is it {near[0]}?" if near else f"It has: {', '.join(known) or 'none'}"
            raise BadManifest(f"it has no parameter {name}", where=where, remedy=hint)
    return {name: _value(where, name, known[name], value, folder) for name, value in given.items()}


def _value(where: str, name: str, kind: Any, value: Any, folder: Path) -> Any:
    try:
        if kind is bool:
            return _truth(value)
        if kind in (int, float):
            return _number(kind, value)
        if kind == Numbers:
            return tuple(_number(int, item) for item in _list(value))
        if kind == Names:
            return tuple(str(item) for item in _list(value))
        if kind == Floats:
            return tuple(_number(float, item) for item in _list(value))
        if kind == Size | None:
            return Size(*(_size(item) for item in str(value).lower().split("x")))
        if kind == Classes:
            return _labels(_list(value))
        if kind == File:
            return _file(where, name, folder / str(value))
        return str(value)
    except (TypeError, ValueError):
        raise BadManifest(f"{name} can't be {value!r}", where=where, remedy=_EXPECTED[kind]) from None


_EXPECTED: Mapping[Any, str] = {
    bool: "Write true or false.",
    int: "Write a whole number.",
    float: "Write a number.",
    Floats: "Write numbers with | between them, or a list.",
    Size | None: "Write HEIGHTxWIDTH, or one number.",
    Numbers: "Write whole numbers with | between them, or a list.",
    Classes: "Write the labels with | between them, or a list of one type.",
}


def _file(where: str, name: str, path: Path) -> Path:
    """The path, unless it leads to a device or a pipe, which have no end. Raises BadManifest."""
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise BadManifest(f"{name} is neither a file nor a folder: {path}", where=where)
    return path


def _truth(value: Any) -> bool:
    words = {"true": True, "yes": True, "false": False, "no": False}
    if str(value).lower() not in words:
        raise ValueError(value)
    return words[str(value).lower()]


def _number(kind: type, value: Any) -> Any:
    if isinstance(value, bool) or (kind is int and isinstance(value, float)):
        raise TypeError(value)
    return kind(value)


def _size(text: str) -> int:
    if not 0 < int(text) <= _LONGEST:
        raise ValueError(text)
    return int(text)


_LONGEST = 1 << 16


def _list(value: Any) -> list[Any]:
    """The items of a list, or of text with ``|`` between them."""
    return list(value) if isinstance(value, (list, tuple)) else str(value).split("|")


def _labels(items: list[Any]) -> NDArray[Any]:
    """Labels of one type: text, numbers or booleans."""
    kinds = {type(item) for item in items}
    if not items or len(kinds) > 1 or not kinds <= {str, int, float, bool}:
        raise TypeError(items)
    return np.asarray(items)
