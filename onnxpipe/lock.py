"""The lock beside a model: digests of all that went in and of what came out.

JSON with sorted keys, so that a diff reads well and merges; paths are relative to the lock's
folder, with ``/``; no clock. Standard library only: the commit hook reads locks in milliseconds.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from onnxpipe.errors import BadInput, Unreadable

SUFFIX = ".lock"
"""A lock is named after its model: ``model.onnx.lock``."""
FORMAT = 1
"""The layout written; a lock that says more comes from a newer version."""

_CHUNK = 2**20
_LFS = b"version https://git-lfs.github.com/spec/v1\n"
_LFS_LIMIT = 1024
_TEXT_LIMIT = 2**25


class File(NamedTuple):
    """A file or folder in a lock: its role, its path from the lock's folder and its digest."""

    role: str
    path: str
    sha256: str

    @classmethod
    def of(cls, role: str, path: str | os.PathLike[str], folder: str | os.PathLike[str]) -> File:
        """The entry of a file or folder as it is on disk now. Raises OSError where it can't be read."""
        return cls(role, relative(path, folder), digest(path))


@dataclass(frozen=True, slots=True)
class Lock:
    """What one lock holds; ``data`` is the file with the weights of a model of more than 2 GiB.

    ``command`` makes the model again, run from the lock's folder. ``facts`` are for people and
    other tools, and not checked: framework, versions, signature, opset, dtype, seed, tolerances
    and verdict.
    """

    model: File
    source: File | None = None
    inputs: tuple[File, ...] = ()
    golden: File | None = None
    command: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    data: File | None = None

    def files(self) -> Iterator[File]:
        """Every file the lock speaks of, what went in first."""
        if self.source is not None:
            yield self.source
        yield from self.inputs
        yield self.model
        if self.data is not None:
            yield self.data
        if self.golden is not None:
            yield self.golden

    def to_json(self) -> str:
        """The text of the lock file."""
        document = {
            **self.facts,
            "lock": FORMAT,
            "command": self.command,
            "model": _plain(self.model),
            "source": self.source and _plain(self.source),
            "inputs": [_plain(file) for file in self.inputs],
            "golden": self.golden and _plain(self.golden),
            **({"data": _plain(self.data)} if self.data else {}),
        }
        return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def path_of(model: str | os.PathLike[str]) -> str:
    """Where the lock of a model is."""
    return os.fspath(model) + SUFFIX


def journal_of(model: str | os.PathLike[str]) -> str:
    """Where it is written, while a model and what lies beside it are replaced, how to undo that."""
    folder, name = os.path.split(os.fspath(model))
    return os.path.join(folder, f".{name}.undo")


def read(path: str | os.PathLike[str]) -> Lock:
    """The lock in a file. Raises Unreadable for anything that isn't one."""
    with open(path, "rb") as file:
        return parse(file.read(), where=os.fspath(path))


def parse(data: bytes, *, where: str = "") -> Lock:
    """The lock in these bytes. Raises Unreadable for anything that isn't one."""
    if conflict(data):
        raise Unreadable(
            "the lock holds unresolved merge conflicts",
            where=where,
            remedy="Convert the merged pipeline again; that writes the model and its lock.",
        )
    try:
        return _lock(json.loads(data.decode("utf-8")))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise Unreadable(
            f"not a lock: {error}", where=where, remedy="Convert again, which writes a new one."
        ) from None


def conflict(data: bytes) -> int:
    """The line, from 1, at which a merge left a conflict; 0 where none did."""
    lines = enumerate(data.splitlines(), 1)
    return next((i for i, line in lines if line.startswith((b"<<<<<<< ", b">>>>>>> "))), 0)


def _lock(document: Any) -> Lock:
    if not isinstance(document, dict):
        raise TypeError("it is no JSON object")
    if document.get("lock") != FORMAT:
        raise ValueError(f"its format is {document.get('lock')!r}, this version reads {FORMAT}")
    rest = dict(document)
    source, golden, inputs = rest.pop("source", None), rest.pop("golden", None), rest.pop("inputs", [])
    model, command, _ = rest.pop("model", None), rest.pop("command", ""), rest.pop("lock")
    data = rest.pop("data", None)
    if not isinstance(inputs, list) or not isinstance(command, str):
        raise TypeError("inputs must be a list and command a text")
    return Lock(
        _file("model", model),
        None if source is None else _file("source", source),
        tuple(_file("input", entry) for entry in inputs),
        None if golden is None else _file("golden", golden),
        command,
        rest,
        None if data is None else _file("data", data),
    )


def _file(role: str, entry: Any) -> File:
    if not isinstance(entry, dict):
        raise TypeError(f"{role} must be an object with path and sha256")
    path, sha256 = entry.get("path"), entry.get("sha256")
    if not isinstance(path, str) or not path or "\0" in path or os.path.isabs(path):
        raise ValueError(f"the path of {role} must be relative, not {path!r}")
    if not isinstance(sha256, str) or len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        raise ValueError(f"the sha256 of {role} must be 64 hexadecimal digits")
    return File(role, path, sha256)


def _plain(file: File) -> dict[str, str]:
    return {"path": file.path, "sha256": file.sha256}


def relative(path: str | os.PathLike[str], folder: str | os.PathLike[str]) -> str:
    """``path`` from ``folder``, with ``/``. Raises BadInput where none leads there (another drive)."""
    try:
        return os.path.relpath(path, folder).replace(os.sep, "/")
    except ValueError:
        raise BadInput(
            f"no relative path leads there from {os.fspath(folder)}", where=os.fspath(path)
        ) from None


def digest(path: str | os.PathLike[str]) -> str:
    """The sha256 of a file, or of a folder's names and files; 64 hexadecimal digits.

    A Git LFS pointer counts as the file it stands for. A folder's digest covers the sorted
    relative names and the bytes of its files, without the ``.crc`` and ``_SUCCESS`` files that
    Hadoop writes beside them.
    """
    path = os.fspath(path)
    if not os.path.isdir(path):
        return _file_digest(path)
    total = hashlib.sha256()
    for name in sorted(_names(path)):
        total.update(f"{name}\0{_file_digest(os.path.join(path, name))}\n".encode("utf-8", "surrogateescape"))
    return total.hexdigest()


def matches(path: str, sha256: str) -> bool:
    """Whether a file or folder has this digest, as it is or, for a small text, with other line ends.

    git may check texts (manifests, label lists, models saved as JSON) out with the line ends of
    the platform.
    """
    if digest(path) == sha256:
        return True
    if os.path.isdir(path) or os.path.getsize(path) > _TEXT_LIMIT:
        return False
    with open(path, "rb") as file:
        data = file.read()
    unix = data.replace(b"\r\n", b"\n")
    ends = () if b"\0" in data else (unix, unix.replace(b"\n", b"\r\n"))
    return any(hashlib.sha256(text).hexdigest() == sha256 for text in ends)


def _names(folder: str) -> Iterator[str]:
    """The files below a folder that its digest covers, as relative names with ``/``."""
    for place, _, names in os.walk(folder):
        for name in names:
            if not name.endswith(".crc") and name != "_SUCCESS":
                yield os.path.relpath(os.path.join(place, name), folder).replace(os.sep, "/")


def _file_digest(path: str) -> str:
    if not stat.S_ISREG(os.stat(path).st_mode):  # a device or a pipe has no end
        raise Unreadable("it is no regular file", where=path)
    total = hashlib.sha256()
    with open(path, "rb", buffering=0) as file:
        chunk = file.read(_CHUNK)
        if len(chunk) < _LFS_LIMIT and (pointed := lfs_digest(chunk)):
            return pointed
        while chunk:
            total.update(chunk)
            chunk = file.read(_CHUNK)
    return total.hexdigest()


def lfs_digest(data: bytes) -> str:
    """The sha256 a Git LFS pointer stands for, empty where the bytes are none."""
    if not data.startswith(_LFS):
        return ""
    found = (line[len(b"oid sha256:") :] for line in data.splitlines() if line.startswith(b"oid sha256:"))
    return next(found, b"").decode("ascii", "replace")
