"""The skew service: is everything still as it was when it was converted? Digests only.

Standard library only, and no framework, numpy or onnx: this is the commit hook.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from onnxpipe import lock as locks
from onnxpipe.errors import Unreadable
from onnxpipe.lock import File, Lock
from onnxpipe.services.keeping.drift import Pins
from onnxpipe.services.keeping.repository import PATTERN, Repository, ignored, top_of, tracked_locks


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


@dataclass(frozen=True, slots=True)
class Skew:
    """What a check found; truthy when nothing differs.

    ``unchecked`` are files that aren't here and that git doesn't track; ``drifts`` tell of libraries
    that the project now pins in another version, and are warnings.
    """

    locks: tuple[str, ...] = ()
    findings: tuple[Change, ...] = ()
    unchecked: tuple[Change, ...] = ()
    drifts: tuple[Change, ...] = ()
    note: str = ""

    def __bool__(self) -> bool:
        return not self.findings

    def to_dict(self) -> dict[str, Any]:
        """Plain data: ``equal``, ``locks``, ``findings``, ``unchecked``, ``drifts`` and ``note``."""
        return {"equal": bool(self), **asdict(self)}


def skew(paths: Iterable[str | os.PathLike[str]] = (), *, strict: bool = False) -> Skew:
    """What changed since the conversions that these files concern (default: all git tracks).

    ``paths`` are locks, models, or files that went into one. ``strict`` makes a finding of every
    file that couldn't be checked. Raises Unreadable for a lock that isn't one.
    """
    given = [os.fspath(path) for path in paths]
    found = sorted(_concerned(given)) if given else tracked_locks()
    if found is None:
        return Skew(note="No git repository here: nothing to check.")
    if not found:
        return Skew(
            note="No locks concern these files." if given else "No locks are tracked: nothing to check."
        )
    repository, pins = Repository(), Pins()
    told = [change for path in found for change in _changes(path, repository, pins)]
    drifts = tuple(change for change in told if change.role == _DRIFT)
    changes = [change for change in told if change.role != _DRIFT]
    absent = tuple(c for c in changes if c.what == _ABSENT)
    if strict:
        return Skew(tuple(found), tuple(changes), (), drifts)
    return Skew(tuple(found), tuple(c for c in changes if c.what != _ABSENT), absent, drifts)


def _concerned(given: list[str]) -> set[str]:
    """The locks that speak of the files given."""
    found = {path for path in given if path.endswith(PATTERN)}
    others = [path for path in given if not path.endswith(PATTERN)]
    found |= {locks.path_of(path) for path in others if os.path.isfile(locks.path_of(path))}
    if not others:
        return found
    wanted = {os.path.abspath(path) for path in others}
    for path in _candidates(others) - found:
        entries = (_place(path, file) for file in locks.read(path).files() if os.path.isfile(path))
        if any(place in wanted or _holds(place, wanted) for place in entries):
            found.add(path)
    return found


def _candidates(paths: list[str]) -> set[str]:
    """Locks that may speak of these paths: all of their repositories, else those beside them."""
    folders = {os.path.dirname(path) or "." for path in paths}
    found: set[str] = set()
    for folder in folders:
        if os.path.isdir(folder):
            beside = (os.path.join(folder, n) for n in os.listdir(folder) if n.endswith(PATTERN))
            found |= {os.path.normpath(path) for path in beside}
    for top in {top_of(os.path.abspath(folder)) for folder in folders} - {None}:
        found |= {os.path.relpath(path) for path in tracked_locks(top or ".") or () if os.path.isfile(path)}
    return found


def _holds(folder: str, paths: set[str]) -> bool:
    return any(path.startswith(folder + os.sep) for path in paths)


_CHANGED = {
    "source": "changed after it was converted",
    "input": "changed after the conversion that read it",
    "model": "was edited after it was written",
    "golden": "was edited after it was written",
}
_MISSING = "is tracked by git but missing"
_FORGOTTEN = "isn't tracked by git, but its lock is"
_RENAMED = "is renamed by this commit to"
_DRIFT = "version of"
_ABSENT = "isn't here and isn't tracked by git: not checked"


def _changes(path: str, repository: Repository, pins: Pins) -> Iterator[Change]:
    """Every file of one lock that isn't as the lock says, and a library that isn't as it was."""
    _settle(path.removesuffix(locks.SUFFIX))
    data = _bytes(path)
    lock = locks.parse(data, where=path)
    for file in lock.files():
        place = _place(path, file)
        if what := _state(file, place, repository) or _untracked(path, file, place, repository):
            shown = file.path if "://" in file.path else os.path.relpath(place)
            yield Change(path, _line(data, file), file.role, shown, what, _remedy(path, lock, shown, what))
    if what := pins.drifted(path, lock):
        source = lock.source or lock.model
        shown = os.path.relpath(_place(path, source))
        yield Change(
            path, _line(data, source), _DRIFT, shown, what, "Train again, or pin what it was saved under."
        )


def _settle(model: str) -> None:
    """Put the old files back where a conversion was killed while it replaced them."""
    if os.path.exists(locks.journal_of(model)):
        from onnxpipe.services.keeping.journal import settle

        settle(model)


def _bytes(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise Unreadable(error.strerror or str(error), where=path) from None


def _state(file: File, place: str, repository: Repository) -> str:
    """How a file differs from its entry, empty where it doesn't."""
    if not os.path.exists(place):
        if repository.tracks(place):
            return _MISSING
        target = repository.renamed(place)
        return f"{_RENAMED} {os.path.relpath(target)}" if target else _ABSENT
    return "" if locks.matches(place, file.sha256) else _CHANGED[file.role]


def _untracked(lock: str, file: File, place: str, repository: Repository) -> str:
    """Whether a model was forgotten that git has the lock of; one that git ignores is kept elsewhere."""
    if file.role != "model" or repository.tracks(place) or not repository.tracks(os.path.abspath(lock)):
        return ""
    return "" if ignored(place) else _FORGOTTEN


def _place(lock: str, file: File) -> str:
    return os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(lock)), file.path))


def _line(data: bytes, file: File) -> int:
    """The line of the lock that holds a file's digest, from 1."""
    at = data.find(file.sha256.encode())
    return data.count(b"\n", 0, max(at, 0)) + 1


def _remedy(path: str, lock: Lock, file: str, what: str) -> str:
    """The command that mends it, as typed from where the user stands."""
    if what == _MISSING:
        return f"git checkout -- {shlex.quote(file)}"
    if what == _ABSENT:
        return "Fetch it, or leave out --strict."
    if what == _FORGOTTEN:
        return f"git add {shlex.quote(file)}"
    folder = os.path.dirname(path)
    if not _is_plain(lock.command):
        return "Convert it again."
    return f"(cd {shlex.quote(folder)} && {lock.command})" if folder else lock.command


def _is_plain(command: str) -> bool:
    """Whether it is a command line of ours and nothing besides: what is shown is copied into shells."""
    if not command.startswith("onnxpipe ") or not command.isprintable():
        return False
    try:
        return shlex.join(shlex.split(command)) == command
    except ValueError:
        return False
