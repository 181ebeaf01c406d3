"""HDF5 files in a process of their own: a damaged one may end the library that reads it.

A request is a line of JSON on standard input: ``{"open": size}`` with as many bytes behind it, or
``{"array": number}``. A reply is a line of JSON, behind it the bytes of an array.
"""

from __future__ import annotations

import io
import json
import signal
import sys
from typing import Any, BinaryIO, Dict, List, Tuple

SECONDS = 120
"""After which a request that nobody waits for any more ends the process."""
LARGEST = 2**28
"""Bytes that the texts of one attribute may take."""
KINDS = "fiub"


class Tree:
    """One file: its groups by their address, with members and texts, and its arrays by number."""

    def __init__(self, data: bytes) -> None:
        import h5py

        self._h5py = h5py
        self.damaged = False
        self.arrays: List[Any] = []
        self._file = h5py.File(io.BytesIO(data), "r")
        self.groups: Dict[int, Dict[str, Any]] = {}
        self.root = self._address(self._file)
        self._waiting: List[Tuple[int, Any]] = [(self.root, self._file)]
        while self._waiting:
            address, group = self._waiting.pop()
            if address not in self.groups:
                self.groups[address] = self._group(group)

    def _address(self, held: Any) -> int:
        return int(self._h5py.h5o.get_info(held.id).addr)

    def _group(self, group: Any) -> Dict[str, Any]:
        made: Dict[str, Any] = {"members": {}, "texts": {}}
        try:
            names, attributes = list(group), list(group.attrs)
        except Exception as error:  # whatever the library says of damage
            self.damaged = True
            return {**made, "refused": str(error)}
        for name in names:
            made["members"][name] = self._tried(self._member, group, name)
        for name in attributes:
            made["texts"][name] = self._tried(self._text, group.attrs, name)
        return made

    def _tried(self, read: Any, *given: Any) -> Dict[str, Any]:
        try:
            told: Dict[str, Any] = read(*given)
            return told
        except Exception as error:  # whatever the library says of damage
            self.damaged = True
            return {"refused": str(error)}

    def _member(self, group: Any, name: str) -> Dict[str, Any]:
        """A group, an array, or nothing where it is a link to another place or another file."""
        if not isinstance(group.get(name, getlink=True), self._h5py.HardLink):
            return {}
        held = group[name]
        if isinstance(held, self._h5py.Group):
            address = self._address(held)
            self._waiting.append((address, held))
            return {"group": address}
        if not isinstance(held, self._h5py.Dataset):
            return {}
        if held.is_virtual or held.external or held.dtype.kind not in KINDS:
            return {"refused": "%s holds no plain numbers of this file's own" % held.name}
        self.arrays.append(held)
        return {"array": len(self.arrays) - 1, "dtype": held.dtype.str, "shape": held.shape}

    def _text(self, attributes: Any, name: str) -> Dict[str, Any]:
        """An attribute of text; reading odd types may end the process."""
        held = attributes.get_id(name)
        if 0 in held.shape:
            return {"text": []}
        size = held.dtype.itemsize
        for length in held.shape:
            size *= length
        if self._h5py.check_string_dtype(held.dtype) is None or size > LARGEST:
            return {"refused": "%s holds no text" % name}
        value = attributes[name]
        if getattr(value, "shape", ()):
            return {"text": [_decoded(each) for each in value.ravel().tolist()]}
        return {"text": _decoded(value)}


def _decoded(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _limit() -> None:
    """A process that is expected to be ended leaves no image of its memory."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, OSError, ValueError):  # Windows, or a limit that is fixed
        pass


def _alarm(seconds: int) -> None:
    if hasattr(signal, "alarm"):
        signal.alarm(seconds)


def answer(request: Dict[str, Any], source: BinaryIO, held: List[Tree]) -> Tuple[Dict[str, Any], bytes]:
    """The reply to one request and the bytes behind it."""
    if "array" in request:
        values = held[0].arrays[request["array"]][()]
        data = values.tobytes()
        return {"size": len(data)}, data
    data = source.read(request["open"])
    held[:] = []
    held.append(Tree(data))
    return {"root": held[0].root, "groups": held[0].groups, "damaged": held[0].damaged}, b""


def main() -> None:
    _limit()
    held: List[Tree] = []
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    for line in iter(source.readline, b""):
        _alarm(SECONDS)
        try:
            told, data = answer(json.loads(line), source, held)
        except Exception as error:  # whatever the library says of damage
            told, data = {"refused": "%s" % (str(error) or type(error).__name__)}, b""
        _alarm(0)
        sink.write(json.dumps(told).encode("ascii") + b"\n")
        sink.write(data)
        sink.flush()


if __name__ == "__main__":
    main()
