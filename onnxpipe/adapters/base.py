"""What an adapter is, and the artefact it reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from onnxpipe.core.options import Options
from onnxpipe.core.plan import Plan, Stage

Rows = Mapping[str, np.ndarray[Any, Any]]
"""Input rows by column name: each ``[N]`` or ``[N, d]``; text as objects."""


class Sample(dict[str, "np.ndarray[Any, Any]"]):
    """Sample rows, with what their arrays can't tell: by column, the data frame's own type of it where
    that is narrower than its array, and ``None`` where a missing value is None instead of NaN.
    """

    def __init__(self, rows: Rows, notes: Mapping[str, str] | None = None) -> None:
        super().__init__(rows)
        self.notes = dict(notes or {})


@dataclass(frozen=True, slots=True)
class Artefact:
    """Something saved: a path, or bytes (``path`` None).

    ``live`` says that the bytes are an object of this process, pickled in memory: it is trusted
    and sound, which no file is. ``origin`` is the URL that ``path`` is a copy of. ``factory`` is the
    ``module:function`` that makes the network whose weights the path holds, if it has any.
    """

    path: Path | None
    data: bytes | None = None
    live: bool = False
    origin: str = ""
    factory: str = ""

    def __str__(self) -> str:
        if self.path is not None:
            place = self.origin or str(self.path)
            return f"{self.factory}@{place}" if self.factory else place
        if self.factory:
            return self.factory
        return "the object" if self.live else "standard input"

    def read(self) -> bytes:
        """All bytes of a single-file artefact. Raises OSError where it can't be read."""
        return self.data if self.data is not None else self.path.read_bytes()  # type: ignore[union-attr]

    def head(self, size: int = 16) -> bytes:
        """The first bytes, empty for a folder. Raises OSError where they can't be read."""
        if self.path is None or self.data is not None:
            return (self.data or b"")[:size]
        if self.path.is_dir():
            return b""
        with self.path.open("rb") as file:
            return file.read(size)


class Adapter(Protocol):
    """One framework. A module of this shape in ``adapters/`` is all the registration there is."""

    framework: str
    """An optional ``dates`` beside it says that an input may hold dates (``--input NAME=datetime64[us]``)."""

    def recognises(self, artefact: Artefact) -> bool:
        """Whether the bytes (not the suffix) are of a kind this adapter reads."""
        ...

    def read(self, artefact: Artefact, options: Options, sample: Rows | None) -> Plan:
        """The plan of a saved pipeline. Raises Unreadable, Unsupported, Unfitted or BadInput.

        Not asked where ``program_exporter`` names an exporter for the artefact.
        """
        ...

    def outline(self, artefact: Artefact) -> tuple[Stage, ...]:
        """Every stage in the artefact, convertible or not, outer before inner. Raises Unreadable."""
        ...

    def names(self, artefact: Artefact) -> frozenset[str]:
        """Every dotted name that a native load would import, for the trust check."""
        ...


def exporter_of(adapter: Adapter, stage: Stage | None = None) -> str:
    """The peer that stages, or one of them, without a converter of ours fall back to, empty for none.

    An adapter names it in an optional ``exporter``: the distribution to be installed beside the
    framework, whose module in ``worker/`` is ``<exporter>_export.py`` (in messages it goes by the
    adapter's optional ``called``); another one for a stage in an
    optional function ``peer(stage)``.
    """
    told = getattr(adapter, "peer", None) if stage is not None else None
    return str((told(stage) if told else "") or getattr(adapter, "exporter", ""))


def whole_of(adapter: Adapter, artefact: Artefact) -> str:
    """The peer that takes an artefact as a whole where stages of it have no converter, empty for none.

    It is the adapter's ``exporter`` where it has ``whole = True`` beside it, or what its function
    ``whole(artefact)`` says.
    """
    told = getattr(adapter, "whole", False)
    return str(told(artefact)) if callable(told) else exporter_of(adapter) if told else ""


def loadable(adapter: Adapter, artefact: Artefact) -> bytes | None:
    """What is loaded natively in place of an artefact's own bytes, None for those.

    An adapter tells it by an optional function of that name.
    """
    told = getattr(adapter, "loadable", None)
    return told(artefact) if told else None


def program_exporter(adapter: Adapter, artefact: Artefact) -> str:
    """Who turns an artefact that is a program into a graph, empty for one that is read as data.

    An adapter tells it by an optional function ``program(artefact)``: the name of the module in
    ``worker/``, ``<name>_export.py``, whose ``program`` is asked.
    """
    told = getattr(adapter, "program", None)
    return str(told(artefact)) if told else ""
