"""Where a saved folder's bytes come from: the only module here that opens files.

Reading another file system (``hdfs://``, ``s3://``) takes another class with these methods.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from onnxpipe.errors import Unreadable

_PART = re.compile(r"part-(\d+)(?=[-.]|$)")
_LARGEST_TEXT = 64 * 2**20
"""Bytes of metadata from which on it is no metadata: a pipeline of 10,000 stages has 20 MiB."""
_AGAIN = "Save it again with model.write().overwrite().save(path), then convert."


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder inside a saved model, which can't be left: ``root`` is the whole model's, resolved."""

    path: Path
    root: Path

    @classmethod
    def of(cls, path: Path) -> Folder:
        """The folder of a whole saved model."""
        return cls(path, path.resolve())

    def __str__(self) -> str:
        return str(self.path)

    @property
    def name(self) -> str:
        return self.path.name

    def child(self, name: str) -> Folder:
        """The folder of this name inside. Raises Unreadable for one that isn't there or leads outside."""
        found = Folder(self.path / name, self.root)
        if not found._inside().is_dir():
            raise found._half("it has no such folder")
        return found

    def folders(self) -> tuple[str, ...]:
        """Names of the folders in it, sorted; hidden ones and Spark's own temporary ones left out."""
        return tuple(sorted(p.name for p in self._entries() if p.is_dir()))

    def holds(self, name: str) -> bool:
        """Whether there is a file or folder of this name."""
        return (self.path / name).exists()

    def is_file(self, name: str) -> bool:
        return (self.path / name).is_file()

    def parts(self) -> tuple[Path, ...]:
        """The part files in order. Raises Unreadable where one is missing or writing was never finished."""
        entries = [p for p in self._entries() if p.is_file() and _PART.match(p.name)]
        hidden = (p.name for p in self.path.iterdir() if p.suffix == ".crc")
        told = {name[1:-4] for name in hidden if name.startswith(".part-")}
        if missing := sorted(told - {p.name for p in entries}):
            raise self._half(f"{missing[0]} is missing")
        if not self.holds("_SUCCESS"):
            raise self._half("there is no _SUCCESS in it")
        if not entries:
            raise self._half("there is no part file in it")
        for entry in entries:
            Folder(entry, self.root)._inside()
        return tuple(sorted(entries, key=lambda p: (int(p.name.split("-")[1].split(".")[0]), p.name)))

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Names and bytes of the files in it. Raises Unreadable where one leads outside."""
        for path in sorted(p for p in self._entries() if p.is_file()):
            yield path.name, Folder(path, self.root)._inside().read_bytes()

    def text(self) -> str:
        """All part files as text. Raises Unreadable where they are too large or not UTF-8."""
        parts = self.parts()
        if sum(part.stat().st_size for part in parts) > _LARGEST_TEXT:
            raise Unreadable("its metadata is larger than any pipeline's", where=str(self))
        try:
            return "".join(part.read_text(encoding="utf-8") for part in parts)
        except UnicodeDecodeError:
            raise Unreadable("its metadata isn't text", where=str(self), remedy=_AGAIN) from None

    def _half(self, what: str) -> Unreadable:
        """The error that tells of a folder which isn't whole."""
        return Unreadable(f"{what}: it was written half or copied half", where=str(self), remedy=_AGAIN)

    def _entries(self) -> Iterator[Path]:
        return (p for p in self.path.iterdir() if not p.name.startswith((".", "_")))

    def _inside(self) -> Path:
        """Where it really is. Raises Unreadable where a link or a name leads out of the model."""
        real = self.path.resolve()
        if not real.is_relative_to(self.root):
            raise Unreadable("it leads out of the saved model's own folder", where=str(self.path))
        return real
