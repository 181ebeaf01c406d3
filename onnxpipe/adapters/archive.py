"""A zip archive of arrays, read in memory and by name; nothing is ever extracted."""

from __future__ import annotations

import io
from typing import Any
from zipfile import ZipFile, ZipInfo

import numpy as np

from onnxpipe.adapters import pickle_values as values
from onnxpipe.adapters.compressed import FLOOR, RATIO
from onnxpipe.errors import Unreadable

_HEADER = 4096
"""Bytes that the header of an array may have; that of a tree's nodes has about 300."""


class Archive:
    """The members of a flat zip: each is unpacked once, all together within a budget of bytes."""

    def __init__(self, data: bytes) -> None:
        self._zip = ZipFile(io.BytesIO(data))
        self.members: dict[str, ZipInfo] = {}
        for member in self._zip.infolist():
            if member.filename in self.members or not _is_flat(member.filename):
                raise Unreadable(f"it has a member {member.filename!r:.60}")
            self.members[member.filename] = member
        self._budget = max(FLOOR, RATIO * len(data))
        self._read: dict[str, bytes] = {}
        self._arrays: dict[str, np.ndarray[Any, Any]] = {}

    def member(self, name: Any) -> bytes:
        """The bytes of a member. Raises Unreadable where it is missing, damaged or a bomb."""
        if not isinstance(name, str) or name not in self.members:
            raise Unreadable(f"it has no member {name!r:.60}")
        if name not in self._read:
            member = self.members[name]
            self._budget -= member.file_size
            if self._budget < 0:
                raise Unreadable("it unpacks to more than any model would")
            self._read[name] = self._zip.read(member)
        return self._read[name]

    def array(self, name: Any) -> np.ndarray[Any, Any]:
        """The array of a member in numpy's format (NEP 1). Raises Unreadable for one of objects."""
        if name not in self._arrays:
            self._arrays[name] = _array(self.member(name))
        return self._arrays[name]


def _is_flat(name: str) -> bool:
    return name.isprintable() and not set(name) & set("/\\:") and name not in ("", ".", "..")


def _array(data: bytes) -> np.ndarray[Any, Any]:
    stream = io.BytesIO(data)
    headers: Any = np.lib.format  # untyped before numpy 2.3
    version = headers.read_magic(stream)
    read = {1: headers.read_array_header_1_0, 2: headers.read_array_header_2_0}.get(version[0])
    if read is None:
        raise Unreadable(f"an array in it is of format {version}")
    shape, fortran, dtype = read(stream, max_header_size=_HEADER)
    return values.array(data, dtype, shape, "F" if fortran else "C", stream.tell())
