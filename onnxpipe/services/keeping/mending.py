"""Which command mends a lock: its own, with the names that files have now, and nothing but ours.

Standard library only, as the hook that asks is.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Iterable, Mapping

_COMMANDS = ("git checkout ", "onnxpipe ", "(cd ", "Name ", "git add ")
"""How what is to be run begins: what brings files back first, what git is to be told last."""
_COMMAND = re.compile(rb'^  "command": (".*"),?\r?$', re.MULTILINE)


def again(path: str, command: str, moved: Mapping[str, str]) -> str:
    """What converts again, as typed from where the user stands; empty where the lock's command isn't ours.

    ``path`` is the lock; ``moved`` are new names of files by their old ones, both from its folder.
    """
    if not is_plain(command):
        return ""
    words = shlex.split(command)
    for old, new in moved.items():
        renamed = [_renamed(word, old, new) for word in words]
        if renamed == words:
            return f"Name {new} where {old} is named; then: {_from(path, command)}"
        words = renamed
    return _from(path, shlex.join(words))


def _renamed(word: str, old: str, new: str) -> str:
    """A word of a command line, or the last part of one like ``post:labels=FILE``, by a new name."""
    head, separator, tail = word.rpartition("=")
    return head + separator + new if tail == old else word


def _from(path: str, command: str) -> str:
    folder = os.path.dirname(path)
    return f"(cd {shlex.quote(folder)} && {command})" if folder else command


def is_plain(command: str) -> bool:
    """Whether it is a command line of ours and nothing besides: what is shown is copied into shells."""
    if not command.startswith("onnxpipe ") or not command.isprintable():
        return False
    try:
        return shlex.join(shlex.split(command)) == command
    except ValueError:
        return False


def in_order(remedies: Iterable[str]) -> tuple[str, ...]:
    """The commands among remedies, each once: files brought back first, then what is made of them."""
    once = [remedy for remedy in dict.fromkeys(remedies) if remedy.startswith(_COMMANDS)]
    return tuple(sorted(once, key=_rank))


def _rank(command: str) -> int:
    return 2 * command.startswith(_COMMANDS[-1]) + (not command.startswith(_COMMANDS[0]))


def of_conflicting(data: bytes) -> str:
    """The command that both sides of a badly merged lock agree on, empty where they don't."""
    told = set(_COMMAND.findall(data))
    try:
        return str(json.loads(told.pop())) if len(told) == 1 else ""
    except ValueError:
        return ""
