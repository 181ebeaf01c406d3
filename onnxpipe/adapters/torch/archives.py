"""What kind of file torch wrote, told from the names in its zip archive; nothing is unpacked."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from onnxpipe.adapters.base import Artefact

EXPORTED, SCRIPT, PICKLE = "exported program", "TorchScript", "pickle"


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
    if members & {"models/model.json", "serialized_exported_program.json"}:
        return EXPORTED  # the second: before torch 2.8
    if "constants.pkl" in members:
        return SCRIPT
    return PICKLE if "data.pkl" in members else ""


def member(artefact: Artefact, name: str) -> bytes:
    """The bytes of a member below the archive's one folder. Raises KeyError where it isn't there."""
    with zipfile.ZipFile(_opened(artefact)) as archive:
        for full in archive.namelist():
            if full.partition("/")[2] == name:
                return archive.read(full)
    raise KeyError(name)


def _opened(artefact: Artefact) -> Any:
    return io.BytesIO(artefact.data) if artefact.data is not None else artefact.path
