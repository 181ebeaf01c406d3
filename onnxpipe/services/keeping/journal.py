"""Several files put in place as one: what was there can be put back until all of them are.

Before the first rename a journal beside the files says what the old ones are kept as; while it lies
there the old files count, and whoever comes next puts them back. Deleting it is the one step that makes
the new ones count. So a process may be killed at any moment. Standard library only.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from onnxpipe import lock
from onnxpipe.errors import Unreadable
from onnxpipe.services.keeping.holding import exclusive, is_left

_LARGEST = 2**16


class Move(NamedTuple):
    """A file or folder that replaces what is at ``target``; None only takes away what is there."""

    temporary: Path | None
    target: Path


class Entry(NamedTuple):
    """What undoes a move: where the old one is kept ("" where none was), and how to know the new one."""

    target: str
    aside: str
    inode: int
    made: bool


def temporary_name(target: Path) -> str:
    """A name beside a file or folder that ``swept`` knows again."""
    return f".{target.name}.{os.urandom(4).hex()}.tmp"


def commit(moves: Sequence[Move]) -> None:
    """Make all moves or, whatever is raised meanwhile, none. They are within the first one's folder."""
    journal = _journal(moves[0].target)
    with exclusive(journal.parent):
        _undone(journal)
        entries = [_entry(move, journal.parent) for move in moves]
        try:
            _written(journal, entries)
            for move, entry in zip(moves, entries, strict=True):
                _made(move, entry)
            journal.unlink()
        except BaseException:
            _undone(journal)
            raise
        for entry in entries:
            if entry.aside:
                remove(_kept(journal.parent / entry.target, entry))


def settle(first: str | os.PathLike[str]) -> None:
    """Put back what a process that was killed left half replaced.

    ``first`` is the first target it had. Raises Unreadable, Refusal or OSError.
    """
    journal = _journal(Path(first))
    if journal.exists():
        with exclusive(journal.parent):
            _undone(journal)


def swept(folders: Iterable[Path], target: Path) -> None:
    """Delete what processes that are gone left of a target under temporary names.

    To be called under ``exclusive``: what is made and not locked yet isn't seen then.
    """
    own = "|".join(re.escape(name) for name in (target.name, _journal(target).name))
    name = re.compile(rf"\.({own})\.[0-9a-f]{{8}}\.tmp")
    for left in [path for folder in folders for path in folder.iterdir() if name.fullmatch(path.name)]:
        if is_left(left):
            remove(left)


def remove(path: Path) -> None:
    """Delete a file or a folder if that can be done."""
    with suppress(OSError):
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def _journal(first: Path) -> Path:
    return Path(lock.journal_of(first))


def _entry(move: Move, folder: Path) -> Entry:
    target = Path(os.path.realpath(move.target))  # so that a symbolic link stays one
    aside = temporary_name(target) if target.exists() else ""
    inode = move.temporary.stat().st_ino if move.temporary else 0
    return Entry(move.target.relative_to(folder).as_posix(), aside, inode, not target.parent.exists())


def _kept(target: Path, entry: Entry) -> Path:
    """Where the old file is kept: beside what a symbolic link leads to."""
    return Path(os.path.realpath(target)).parent / entry.aside


def _made(move: Move, entry: Entry) -> None:
    """Keep the old file, put the new one in its place."""
    target = Path(os.path.realpath(move.target))
    target.parent.mkdir(exist_ok=True)
    if entry.aside:
        stays = move.temporary is not None and move.temporary.is_file() and target.is_file()
        _set_aside(target, _kept(target, entry), stays=stays)
    if move.temporary is not None:
        move.temporary.replace(target)


def _set_aside(target: Path, aside: Path, *, stays: bool) -> None:
    """Keep the old one under another name; a file that a file replaces ``stays`` readable meanwhile."""
    if stays:
        with suppress(OSError):  # not every file system has a second name for a file
            aside.hardlink_to(target)
            return
    target.rename(aside)


def _written(journal: Path, entries: Sequence[Entry]) -> None:
    temporary = journal.parent / temporary_name(journal)
    try:
        with temporary.open("w", encoding="utf-8") as file:
            json.dump([entry._asdict() for entry in entries], file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(journal)
    finally:
        remove(temporary)


def _undone(journal: Path) -> None:
    """Undo the moves a journal tells of, the last first, and delete it; nothing where there is none."""
    try:
        if journal.stat().st_size > _LARGEST:
            raise ValueError("it is too long")
        entries = _parsed(json.loads(journal.read_text("utf-8")))
    except FileNotFoundError:
        return
    except (ValueError, TypeError, RecursionError) as error:
        raise Unreadable(f"no journal of ours: {error}", where=str(journal), remedy="Delete it.") from None
    for entry in reversed(entries):
        _put_back(journal.parent / entry.target, entry)
    journal.unlink()


def _put_back(target: Path, entry: Entry) -> None:
    """Undo one move, made or not, wholly or in part."""
    place, aside = Path(os.path.realpath(target)), _kept(target, entry)
    if entry.aside and aside.exists():
        if place.is_dir():
            shutil.rmtree(place)
        aside.replace(place)
        remove(aside)  # still there where both are names of the one file
    elif not entry.aside and place.exists() and place.stat().st_ino == entry.inode:
        shutil.rmtree(place) if place.is_dir() else place.unlink()
    if entry.made:
        with suppress(OSError):
            place.parent.rmdir()


def _parsed(document: Any) -> list[Entry]:
    """The entries; only names below the journal's folder, and for kept files only names of ours."""
    entries = [Entry(**entry) for entry in document]
    for entry in entries:
        target = Path(entry.target)
        if target.is_absolute() or ".." in target.parts or not target.name:
            raise ValueError(f"{entry.target!r} isn't below it")
        if not re.fullmatch(r"(\.[^/\\\0]+\.[0-9a-f]{8}\.tmp)?", entry.aside):
            raise ValueError(f"{entry.aside!r} is no kept file")
    return entries
