"""What earlier builds of an output made, kept beside it under digests of all that it depends on."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from importlib import metadata, util
from pathlib import Path
from typing import Any

import onnx

from onnxpipe.core import weights
from onnxpipe.services.keeping import files

FOLDER = ".onnxpipe"
"""Beside an output, with a folder for each; git passes it over."""
_GROUPS = ("onnxpipe.converters", "onnxpipe.skl2onnx")


def folder_of(output: Path) -> Path:
    """Where what builds of an output made is kept, unless the user says where."""
    return output.parent / FOLDER / output.name


class Builds:
    """A folder of models and verdicts by key; without a folder nothing is kept.

    A folder that can't be read or written costs time, and is no error.
    """

    def __init__(self, folder: Path | None = None, *, fresh: bool = False) -> None:
        self.folder, self.fresh = folder, fresh
        self.used: set[str] = set()

    def model(self, key: str, make: Callable[[], onnx.ModelProto]) -> tuple[onnx.ModelProto, bool]:
        """The model of a key and whether it was there; "" is the key of what mustn't be kept."""
        held = self._read(f"{key}.onnx") if key else b""
        with suppress(Exception):  # protobuf's DecodeError: a file cut short is made again
            if held:
                return onnx.load_model_from_string(held), True
        made = make()
        if key and weights.fits(made):
            self._write(f"{key}.onnx", made.SerializeToString(deterministic=True))
        return made, False

    def verdict(self, key: str) -> dict[str, Any] | None:
        """What was found under a key, None where nothing was."""
        try:
            found: dict[str, Any] = json.loads(self._read(f"{key}.json"))
            return found
        except ValueError:
            return None

    def keep(self, key: str, verdict: dict[str, Any]) -> None:
        """Remember what was found under a key."""
        self._write(f"{key}.json", json.dumps(verdict, sort_keys=True).encode())

    def tidy(self) -> None:
        """Remove what this build had no use for."""
        with suppress(OSError):
            for path in self.folder.iterdir() if self.folder else ():
                if path.name not in self.used and path.suffix in (".onnx", ".json"):
                    path.unlink()

    def _read(self, name: str) -> bytes:
        self.used.add(name)
        with suppress(OSError):
            if self.folder and not self.fresh:
                return (self.folder / name).read_bytes()
        return b""

    def _write(self, name: str, data: bytes) -> None:
        self.used.add(name)
        if self.folder is None:
            return
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            if self.folder.parent.name == FOLDER and not (self.folder.parent / ".gitignore").exists():
                (self.folder.parent / ".gitignore").write_text("*\n", "utf-8")
            files.write_atomically(self.folder / name, data)


def key(*facts: Any) -> str:
    """One name for plain facts, and for the code and the packages that work on them."""
    text = json.dumps([*facts, _code(), _packages()], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:40]


@cache
def _code() -> str:
    """A digest of this package's modules and of those that packages bring for it."""
    total = hashlib.sha256()
    for path in _modules():
        total.update(path.name.encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


def _modules() -> Iterator[Path]:
    yield from sorted(Path(__file__).parents[2].rglob("*.py"))
    for group in _GROUPS:
        for entry in sorted(metadata.entry_points(group=group), key=lambda entry: entry.value):
            found = util.find_spec(entry.module.partition(".")[0])
            place = Path(found.origin) if found and found.origin else None
            if place:
                yield from sorted(place.parent.rglob("*.py")) if place.stem == "__init__" else (place,)


@cache
def _packages() -> list[str]:
    """The installed distributions, as the names of their folders tell them with their versions."""
    found: set[str] = set()
    for place in sys.path:
        with suppress(OSError):
            found.update(path.name for path in Path(place or ".").iterdir() if path.suffix == ".dist-info")
    return sorted(found)
