"""What git tracks, asked through the git command. Standard library only."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from onnxpipe import lock as locks
from onnxpipe.errors import Unreadable

PATTERN = ".onnx" + locks.SUFFIX
"""How the names of locks end."""


def tracked_locks(folder: str = ".") -> list[str] | None:
    """Every lock that git tracks in the repository of a folder; None outside of any."""
    top = top_of(os.path.abspath(folder))
    if top is None:
        return None
    listed = git(folder, "ls-files", "-z", "--", f":/*{PATTERN}")
    return sorted(os.path.normpath(os.path.join(folder, name)) for name in listed)


@dataclass(slots=True)
class Repository:
    """What git tracks, asked once per repository and only when a file is missing.

    ``places`` are paths that may be asked about, so that git is asked about all of them at once.
    """

    places: tuple[str, ...] = ()
    listed: dict[str, frozenset[str]] = field(default_factory=dict)
    moved: dict[str, dict[str, str]] = field(default_factory=dict)
    left: dict[str, frozenset[str]] = field(default_factory=dict)

    def tracks(self, path: str) -> bool:
        """Whether git tracks a path, or anything below it."""
        top = top_of(os.path.dirname(path))
        if top is None:
            return False
        if top not in self.listed:
            names = git(top, "ls-files", "-z", "--", ":/")
            self.listed[top] = frozenset(_with_folders(names))
        return os.path.relpath(path, top).replace(os.sep, "/") in self.listed[top]

    def renamed(self, path: str) -> str:
        """Where the commit at hand moves a file to, "" where it doesn't."""
        top = top_of(os.path.dirname(path))
        if top is None:
            return ""
        if top not in self.moved:
            born = not git(top, "for-each-ref", "--count=1", "--format=%(refname)%00")
            told = [] if born else git(top, "diff", "--cached", "-M", "--name-status", "-z", "HEAD")
            self.moved[top] = dict(_moves(iter(told)))
        target = self.moved[top].get(os.path.relpath(path, top).replace(os.sep, "/"))
        return os.path.join(top, target) if target else ""

    def ignores(self, path: str) -> bool:
        """Whether git is told to leave a path alone."""
        top = top_of(os.path.dirname(path))
        if top is None:
            return False
        if top not in self.left:
            inside = [p for p in self.places if p.startswith(top + os.sep)]
            self.left[top] = frozenset(_ignored(top, inside))
        return path in self.left[top]


def _moves(told: Iterator[str]) -> Iterator[tuple[str, str]]:
    """(old, new) of the renames that ``git diff --name-status -z`` tells of."""
    for status in told:
        old = next(told, "")
        if status[:1] in "RC":
            new = next(told, "")
            yield from ([(old, new)] if status[0] == "R" else [])


def _ignored(top: str, paths: Sequence[str]) -> Iterator[str]:
    """Those of the paths in a repository that git ignores; one behind a symbolic link it can't judge."""
    names = "\0".join(os.path.relpath(path, top) for path in paths)
    told = subprocess.run(
        ["git", "check-ignore", "-z", "--stdin"],
        cwd=top, input=os.fsencode(names), capture_output=True, check=False,
    )  # fmt: skip
    if told.returncode > 1:
        return (found for path in paths if len(paths) > 1 for found in _ignored(top, [path]))
    return (os.path.join(top, os.fsdecode(name)) for name in told.stdout.split(b"\0") if name)


def _with_folders(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        while name:
            yield name
            name = name.rpartition("/")[0]


def top_of(folder: str) -> str | None:
    """The root of the repository a folder is in (which may be gone itself), None outside of any."""
    while not os.path.exists(os.path.join(folder, ".git")):
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent
    return folder


def git(folder: str, *arguments: str) -> list[str]:
    """The NUL-separated answer of a git command. Raises Unreadable where git fails."""
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, check=False)
    except FileNotFoundError:
        return []
    if done.returncode:
        raise Unreadable(
            os.fsdecode(done.stderr).strip(), where=folder, remedy="git could not list its files."
        )
    return [os.fsdecode(name) for name in done.stdout.split(b"\0") if name]
