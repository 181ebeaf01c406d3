"""The skew service: is everything still as it was when it was converted? Digests only.

Standard library only, and no framework, numpy or onnx: this is the commit hook.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any, NamedTuple

from onnxpipe import lock as locks
from onnxpipe.errors import Unreadable
from onnxpipe.lock import File, Lock
from onnxpipe.services.keeping.drift import Pins
from onnxpipe.services.keeping.mending import again, of_conflicting
from onnxpipe.services.keeping.repository import PATTERN, Repository, top_of, tracked_locks


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
    told = _told(found)
    drifts = tuple(change for change in told if change.role == _DRIFT)
    changes = [change for change in told if change.role != _DRIFT]
    absent = tuple(c for c in changes if c.what == _ABSENT)
    if strict:
        return Skew(tuple(found), tuple(changes), (), drifts)
    return Skew(tuple(found), tuple(c for c in changes if c.what != _ABSENT), absent, drifts)


class _Held(NamedTuple):
    """A lock that was read: its path, its bytes and what they say."""

    path: str
    data: bytes
    lock: Lock

    def places(self) -> dict[File, str]:
        """Where its files are, absolutely."""
        return {file: _place(self.path, file) for file in self.lock.files()}


def _told(paths: Iterable[str]) -> list[Change]:
    """All there is to say of these locks, those first whose models went into others'."""
    changes: list[Change] = []
    held: list[_Held] = []
    for path in paths:
        _settle(path.removesuffix(locks.SUFFIX))
        data = _bytes(path)
        if line := locks.conflict(data):
            remedy = again(path, of_conflicting(data), {}) or "Convert the merged pipeline again."
            changes.append(Change(path, line, "lock", os.path.basename(path), _CONFLICT, remedy))
        else:
            held.append(_Held(path, data, locks.parse(data, where=path)))
    written = (_place(each.path, f) for each in held for f in each.lock.files() if f.role in _WRITTEN)
    repository, pins = Repository(tuple(written)), Pins()
    for each in _made_first(held):
        changes += _changes(each, repository, pins)
    return changes


def _made_first(held: Sequence[_Held]) -> Iterable[_Held]:
    """The locks, each behind those that make what it reads: mended in this order, all are."""
    maker = {_place(each.path, each.lock.model): i for i, each in enumerate(held)}
    reads = (map(maker.get, (_place(each.path, file) for file in each.lock.inputs)) for each in held)
    needs = {i: {j for j in makers if j is not None} for i, makers in enumerate(reads)}
    try:
        return [held[i] for i in TopologicalSorter(needs).static_order()]
    except CycleError:
        return held


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
_GONE = "isn't here, but git tracks its lock and doesn't ignore it"
_CONFLICT = "holds unresolved merge conflicts"
_RENAMED = "is renamed by this commit to"
_DRIFT = "version of"
_WRITTEN = ("model", "golden")
"""What a conversion writes beside its lock: forgotten or lost unless git is told to ignore it."""
_ABSENT = "isn't here and isn't tracked by git: not checked"


def _changes(held: _Held, repository: Repository, pins: Pins) -> Iterator[Change]:
    """Every file of one lock that isn't as the lock says, and a library that isn't as it was."""
    path, data, lock = held
    places = held.places()
    states = {file: _state(path, file, place, repository) for file, place in places.items()}
    changed = {file: what for file, what in states.items() if what}
    moved = {file.path: _moved(path, places[file], repository) for file in changed}
    for file, what in changed.items():
        shown = file.path if "://" in file.path else os.path.relpath(places[file])
        remedy = _remedy(held, shown, what, {old: new for old, new in moved.items() if new})
        yield Change(path, _line(data, file), file.role, shown, what, remedy)
    if what := pins.drifted(path, lock):
        source = lock.source or lock.model
        shown = os.path.relpath(places[source])
        yield Change(
            path, _line(data, source), _DRIFT, shown, what, "Train again, or use what it was saved under."
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


def _state(lock: str, file: File, place: str, repository: Repository) -> str:
    """How a file differs from its entry, empty where it doesn't."""
    if os.path.exists(place):
        if not locks.matches(place, file.sha256):
            return _CHANGED[file.role]
        return _FORGOTTEN if _left_out(lock, file, place, repository) else ""
    if repository.tracks(place):
        return _MISSING
    if target := repository.renamed(place):
        return f"{_RENAMED} {os.path.relpath(target)}"
    return _GONE if _left_out(lock, file, place, repository) else _ABSENT


def _left_out(lock: str, file: File, place: str, repository: Repository) -> bool:
    """Whether git has the lock of what was written, but not that; what git ignores is kept elsewhere."""
    if file.role not in _WRITTEN or repository.tracks(place) or not repository.tracks(os.path.abspath(lock)):
        return False
    return not repository.ignores(place)


def _moved(lock: str, place: str, repository: Repository) -> str:
    """The new name of a file that isn't there, from its lock's folder, "" where the commit moves none."""
    target = "" if os.path.exists(place) else repository.renamed(place)
    return locks.relative(target, os.path.dirname(os.path.abspath(lock))) if target else ""


def _place(lock: str, file: File) -> str:
    return os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(lock)), file.path))


def _line(data: bytes, file: File) -> int:
    """The line of the lock that holds a file's digest, from 1."""
    at = data.find(file.sha256.encode())
    return data.count(b"\n", 0, max(at, 0)) + 1


def _remedy(held: _Held, file: str, what: str, moved: Mapping[str, str]) -> str:
    """The command that mends it, as typed from where the user stands."""
    if what == _MISSING:
        return f"git checkout -- {shlex.quote(file)}"
    if what == _ABSENT:
        return "Fetch it, or leave out --strict."
    if what == _FORGOTTEN:
        return f"git add {shlex.quote(file)}"
    command = again(held.path, held.lock.command, moved) or "Convert it again."
    model = os.path.join(os.path.dirname(held.path), moved.get(held.lock.model.path, held.lock.model.path))
    if os.path.normpath(locks.path_of(model)) != held.path:
        return f"{command} && git rm -fq {shlex.quote(held.path)}"
    return command
