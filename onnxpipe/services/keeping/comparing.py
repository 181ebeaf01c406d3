"""How the files that a lock speaks of differ from what it says, and what mends each.

Standard library only, as the hook that asks is.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from onnxpipe import lock as locks
from onnxpipe.errors import Unreadable
from onnxpipe.lock import File, Lock
from onnxpipe.services.keeping.mending import again
from onnxpipe.services.keeping.repository import Repository

WRITTEN = ("model", "data", "golden")
"""What a conversion writes beside its lock: forgotten or lost unless git is told to ignore it."""
ABSENT = "isn't here and isn't tracked by git: not checked"
_CHANGED = {
    "source": "changed after it was converted",
    "input": "changed after the conversion that read it",
    "model": "was edited after it was written",
    "data": "was edited after it was written",
    "golden": "was edited after it was written",
}
_MISSING = "is tracked by git but missing"
_FORGOTTEN = "isn't tracked by git, but its lock is"
_GONE = "isn't here, but git tracks its lock and doesn't ignore it"
_RENAMED = "is renamed by this commit to"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference from a lock: which lock and line, which file in which role, and what mends it."""

    lock: str
    line: int
    role: str
    path: str
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.lock}: {self.role} {self.path} {self.what}"

    @property
    def goes_in(self) -> bool:
        """Whether what the model is made of is another, so that the model will be."""
        return self.role in ("source", "input") and self.what not in (_MISSING, ABSENT)


class Held(NamedTuple):
    """A lock that was read: its path, its bytes and what they say."""

    path: str
    data: bytes
    lock: Lock

    @classmethod
    def read(cls, path: str, data: bytes) -> Held:
        """Raises Unreadable for bytes that are no lock."""
        return cls(path, data, locks.parse(data, where=path))

    def place(self, file: File) -> str:
        """Where one of its files is, absolutely."""
        return placed(self.path, file)

    def line(self, file: File) -> int:
        """The line of the lock that holds a file's digest, from 1."""
        at = self.data.find(file.sha256.encode())
        return self.data.count(b"\n", 0, max(at, 0)) + 1

    def again(self, moved: Mapping[str, str]) -> str:
        """What makes its model again, by the names that files have now."""
        return again(self.path, self.lock.command, moved) or "Convert it again."


def placed(lock: str, file: File) -> str:
    """Where a file of a lock is, absolutely."""
    return os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(lock)), file.path))


def contents(path: str) -> bytes:
    """The bytes of a lock. Raises Unreadable."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise Unreadable(error.strerror or str(error), where=path) from None


def changes(held: Held, repository: Repository) -> Iterator[Change]:
    """Every file of one lock that isn't as the lock says."""
    states = {file: _state(held, file, repository) for file in held.lock.files()}
    changed = {file: what for file, what in states.items() if what}
    moved = moves(held, changed, repository)
    for file, what in changed.items():
        shown = file.path if "://" in file.path else os.path.relpath(held.place(file))
        remedy = _remedy(held, shown, what, moved)
        yield Change(held.path, held.line(file), file.role, shown, what, remedy)


def moves(held: Held, files: Iterable[File], repository: Repository) -> dict[str, str]:
    """The new names, from the lock's folder, of those files that the commit at hand moves, by the old."""
    told = {file.path: _moved(held, file, repository) for file in files}
    return {old: new for old, new in told.items() if new}


def _moved(held: Held, file: File, repository: Repository) -> str:
    place = held.place(file)
    target = "" if os.path.exists(place) else repository.renamed(place)
    return locks.relative(target, os.path.dirname(os.path.abspath(held.path))) if target else ""


def _state(held: Held, file: File, repository: Repository) -> str:
    """How a file differs from its entry, empty where it doesn't."""
    place = held.place(file)
    if os.path.exists(place):
        if not locks.matches(place, file.sha256):
            return _CHANGED[file.role]
        return _FORGOTTEN if _left_out(held, file, repository) else ""
    if repository.tracks(place):
        return _MISSING
    if target := repository.renamed(place):
        return f"{_RENAMED} {os.path.relpath(target)}"
    return _GONE if _left_out(held, file, repository) else ABSENT


def _left_out(held: Held, file: File, repository: Repository) -> bool:
    """Whether git has the lock of what was written, but not that; what git ignores is kept elsewhere."""
    place = held.place(file)
    if file.role not in WRITTEN or repository.tracks(place):
        return False
    return repository.tracks(os.path.abspath(held.path)) and not repository.ignores(place)


def _remedy(held: Held, file: str, what: str, moved: Mapping[str, str]) -> str:
    """The command that mends it, as typed from where the user stands."""
    if what == _MISSING:
        return f"git checkout -- {shlex.quote(file)}"
    if what == ABSENT:
        return "Fetch it, or leave out --strict."
    if what == _FORGOTTEN:
        return f"git add {shlex.quote(file)}"
    command = held.again(moved)
    model = os.path.join(os.path.dirname(held.path), moved.get(held.lock.model.path, held.lock.model.path))
    if os.path.normpath(locks.path_of(model)) != held.path:
        return f"{command} && git rm -fq {shlex.quote(held.path)}"
    return command
