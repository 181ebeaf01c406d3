"""What torch wrote as a zip archive: its kind told from the members' names, and members by name.

Nothing is unpacked to disk. An archive that two readers could read differently is refused: torch's own
(miniz) ignores case and takes the first of two members of one name, zipfile takes the last.
"""

from __future__ import annotations

import io
import zipfile
from typing import Any

from onnxpipe.adapters.base import Artefact
from onnxpipe.adapters.compressed import FLOOR, RATIO
from onnxpipe.errors import Unreadable

EXPORTED, SCRIPT, PICKLE = "exported program", "TorchScript", "pickle"
_OLD = "serialized_exported_program.json"
"""Where torch before 2.8 kept a program, with no folder around it."""


def kind_of(artefact: Artefact) -> str:
    """``EXPORTED``, ``SCRIPT`` or ``PICKLE``; empty for what torch didn't write."""
    if artefact.head(2) != b"PK":
        return ""
    try:
        with zipfile.ZipFile(_opened(artefact)) as archive:
            return _kind({name.partition("/")[2] or name for name in archive.namelist()})
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return ""


def _kind(members: set[str]) -> str:
    if members & {"models/model.json", _OLD}:
        return EXPORTED
    if "constants.pkl" in members:
        return SCRIPT
    return PICKLE if "data.pkl" in members else ""


class Members:
    """The members of an archive by their names below its one folder, read within a budget of bytes."""

    def __init__(self, data: Any, size: int) -> None:
        self._zip = zipfile.ZipFile(data)
        self._budget = max(FLOOR, RATIO * size)
        self._infos: dict[str, zipfile.ZipInfo] = {}
        infos = self._zip.infolist()
        flat = any(info.filename == _OLD for info in infos)
        for info in infos:
            root, slash, name = ("", "/", info.filename) if flat else info.filename.partition("/")
            self._infos[name if slash else root] = info
        folders = {info.filename.rpartition("/")[0].partition("/")[0] for info in infos}
        if len(folders - {"extra_files"}) > 1 or self._zip.comment:
            raise Unreadable("its members aren't in one folder, as torch writes them")
        names = [info.filename.lower() for info in infos]
        if len(set(names)) < len(names) or any(".." in n.split("/") or "\\" in n for n in names):
            raise Unreadable("two of its members have one name, or one leads elsewhere")

    def __iter__(self) -> Any:
        return iter(self._infos)

    def __contains__(self, name: object) -> bool:
        return name in self._infos

    def __getitem__(self, name: str) -> bytes:
        """The bytes of a member. Raises KeyError where it isn't there, Unreadable for a bomb."""
        info = self._infos[name]
        self._budget -= info.file_size
        if self._budget < 0:
            raise Unreadable("it unpacks to more than any model would")
        return self._zip.read(info)


def members(artefact: Artefact) -> Members:
    """The members of a file. Raises Unreadable, or what zipfile does."""
    size = len(artefact.data) if artefact.data is not None else artefact.path.stat().st_size  # type: ignore[union-attr]
    return Members(_opened(artefact), size)


def within(data: bytes) -> Members:
    """The members of an archive inside another."""
    return Members(io.BytesIO(data), len(data))


def _opened(artefact: Artefact) -> Any:
    return io.BytesIO(artefact.data) if artefact.data is not None else artefact.path
