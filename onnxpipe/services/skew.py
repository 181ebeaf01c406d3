"""The skew service: is everything still as it was when it was converted? Digests only.

Standard library only, and no framework, numpy or onnx: this is the commit hook.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from onnxpipe import lock as locks
from onnxpipe.services.keeping.comparing import (
    ABSENT,
    WRITTEN,
    Change,
    Held,
    changes,
    contents,
    moves,
    placed,
)
from onnxpipe.services.keeping.drift import Pins
from onnxpipe.services.keeping.mending import again, in_order, of_conflicting
from onnxpipe.services.keeping.repository import PATTERN, Repository, top_of, tracked_locks

_CONFLICT = "holds unresolved merge conflicts"
_FOLLOWS = "will be another once it is made again"
_DRIFT = "version of"


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

    @property
    def steps(self) -> tuple[str, ...]:
        """What mends all findings, each command once and in the order to be run in."""
        return in_order(change.remedy for change in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Plain data: ``equal``, ``locks``, ``findings``, ``steps``, ``unchecked``, ``drifts``, ``note``."""
        return {"equal": bool(self), **asdict(self), "steps": list(self.steps)}


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
    differing = tuple(change for change in told if change.role != _DRIFT)
    absent = tuple(change for change in differing if change.what == ABSENT)
    if strict:
        return Skew(tuple(found), differing, (), drifts)
    return Skew(tuple(found), tuple(c for c in differing if c.what != ABSENT), absent, drifts)


def _told(paths: Iterable[str]) -> list[Change]:
    """All there is to say of these locks, those first whose models went into others'."""
    told: list[Change] = []
    held: list[Held] = []
    for path in paths:
        _settle(path.removesuffix(locks.SUFFIX))
        data = contents(path)
        if line := locks.conflict(data):
            remedy = again(path, of_conflicting(data), {}) or "Convert the merged pipeline again."
            told.append(Change(path, line, "lock", os.path.basename(path), _CONFLICT, remedy))
        else:
            held.append(Held.read(path, data))
    written = (each.place(f) for each in held for f in each.lock.files() if f.role in WRITTEN)
    repository, pins = Repository(tuple(written)), Pins()
    renewed = {_model_of(change.lock): "" for change in told}
    for each in _made_first(held):
        found = [*changes(each, repository)]
        found += _following(each, found, renewed, repository)
        renewed |= _renewed(each, found)
        told += [*found, *_drifted(each, pins)]
    return told


def _model_of(lock: str) -> str:
    """Where the model of a lock is, absolutely."""
    return os.path.abspath(lock.removesuffix(locks.SUFFIX))


def _renewed(held: Held, found: Sequence[Change]) -> dict[str, str]:
    """The model of a lock by its place, if it is made again: with its digest then, "" for one unknown."""
    if not any(change.what != ABSENT for change in found):
        return {}
    if any(change.goes_in for change in found):
        return {held.place(held.lock.model): ""}
    return {held.place(held.lock.model): held.lock.model.sha256}


def _following(
    held: Held, found: Sequence[Change], renewed: Mapping[str, str], repository: Repository
) -> Iterator[Change]:
    """The models that went in and are made again, so that what they went into has to be, too."""
    known = {change.path for change in found}
    for file in held.lock.inputs:
        place = held.place(file)
        shown = os.path.relpath(place)
        if renewed.get(place, file.sha256) != file.sha256 and shown not in known:
            moved = moves(held, held.lock.files(), repository)
            yield Change(held.path, held.line(file), file.role, shown, _FOLLOWS, held.again(moved))


def _drifted(held: Held, pins: Pins) -> Iterator[Change]:
    """A library that isn't as it was."""
    if what := pins.drifted(held.path, held.lock):
        source = held.lock.source or held.lock.model
        shown = os.path.relpath(held.place(source))
        remedy = "Train again, or use what it was saved under."
        yield Change(held.path, held.line(source), _DRIFT, shown, what, remedy)


def _made_first(held: Sequence[Held]) -> Iterable[Held]:
    """The locks, each behind those that make what it reads: mended in this order, all are."""
    maker = {each.place(each.lock.model): i for i, each in enumerate(held)}
    reads = (map(maker.get, map(each.place, each.lock.inputs)) for each in held)
    needs = {i: {j for j in makers if j is not None} for i, makers in enumerate(reads)}
    try:
        return [held[i] for i in TopologicalSorter(needs).static_order()]
    except CycleError:
        return held


def _concerned(given: list[str]) -> set[str]:
    """The locks that speak of the files given, and of models that are made of them."""
    found = {path for path in given if path.endswith(PATTERN)}
    others = [path for path in given if not path.endswith(PATTERN)]
    found |= {locks.path_of(path) for path in others if os.path.isfile(locks.path_of(path))}
    if not others:
        return found
    reads = {path: _places(path) for path in _candidates(others) - found}
    wanted = {os.path.abspath(path) for path in others} | set(map(_model_of, found))
    while more := {path for path in reads.keys() - found if _meets(reads[path], wanted)}:
        found |= more
        wanted |= set(map(_model_of, more))
    return found


def _places(path: str) -> list[str]:
    """Where the files of a lock are, none where it is gone."""
    return [placed(path, file) for file in locks.read(path).files()] if os.path.isfile(path) else []


def _meets(places: Iterable[str], wanted: set[str]) -> bool:
    return any(place in wanted or _holds(place, wanted) for place in places)


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


def _settle(model: str) -> None:
    """Put the old files back where a conversion was killed while it replaced them."""
    if os.path.exists(locks.journal_of(model)):
        from onnxpipe.services.keeping.journal import settle

        settle(model)
