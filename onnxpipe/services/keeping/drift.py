"""Version drift: a lock made under one version of a library, a project that pins or has another now.

Standard library only, as the hook that asks is.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from onnxpipe.lock import Lock
from onnxpipe.services.keeping.repository import git, top_of

_PACKAGES = {"sklearn": "scikit-learn", "spark": "pyspark", "tensorflow": "tensorflow"}
"""What a framework is installed as, where that isn't its own name."""
_PINS = ("uv.lock", "poetry.lock", "requirements.txt", "requirements.lock")
"""Where a project says which versions it wants; the first that names a package counts."""
_TABLE = re.compile(r'^name = "([^"\n]+)"\r?\nversion = "([^"\n]+)"', re.MULTILINE)
_LINE = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]\n]*\])?\s*===?\s*([^\s;#,]+)", re.MULTILINE)
_LARGEST = 2**25


@dataclass(slots=True)
class Pins:
    """The versions that repositories pin, each read once: (file, versions) by package.

    A file may pin one version for each Python or platform.
    """

    known: dict[str, Mapping[str, tuple[str, list[str]]]] = field(default_factory=dict)

    def drifted(self, path: str, lock: Lock) -> str:
        """How the pins of a lock's repository differ from what it was made under, "" where they don't.

        What no file pins is looked for among what is installed here. Releases that differ in the third
        number only are one.
        """
        facts = lock.facts.get("framework")
        facts = facts if isinstance(facts, dict) else {}
        name, made = str(facts.get("name", "")), str(facts.get("version", ""))
        top = top_of(os.path.dirname(os.path.abspath(path)))
        if top is None or not name or not made:
            return ""
        if top not in self.known:
            self.known[top] = _pinned(top)
        package = _PACKAGES.get(name, name)
        if package not in self.known[top]:
            self.known[top] = {**self.known[top], package: ("", _installed(package))}
        file, now = self.known[top][package]
        if not now or _release(made) in map(_release, now):
            return ""
        told = f"{file} now says" if file else "this environment has"
        return f"was saved under {package} {made}, and {told} {' or '.join(now)}"


def _release(version: str) -> tuple[str, ...]:
    return tuple(version.split(".")[:2])


def _installed(package: str) -> list[str]:
    """The version of a package that this Python has; told by names alone, in a tenth of importlib's time."""
    name = "[-_.]".join(map(re.escape, package.split("-")))
    named = re.compile(rf"{name}-([^-]+)\.dist-info", re.IGNORECASE)
    for folder in filter(os.path.isdir, sys.path):
        for name in os.listdir(folder):
            if found := named.fullmatch(name):
                return [found[1]]
    return []


def _pinned(top: str) -> dict[str, tuple[str, list[str]]]:
    """What the files that git tracks at the top of a repository pin."""
    found: dict[str, tuple[str, list[str]]] = {}
    for file in sorted(git(top, "ls-files", "-z", "--", *_PINS), key=_PINS.index):
        path = os.path.join(top, file)
        if not os.path.isfile(path) or os.path.getsize(path) > _LARGEST:
            continue
        with open(path, encoding="utf-8", errors="replace") as stream:
            pins = (_LINE if file.startswith("requirements") else _TABLE).findall(stream.read())
        for package, version in pins:
            held, versions = found.setdefault(re.sub(r"[-_.]+", "-", package).lower(), (file, []))
            if held == file and version not in versions:
                versions.append(version)
    return found
