"""What reading an artefact as data gives, and how anything that goes wrong there is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from onnxpipe.errors import Unreadable


class Content(NamedTuple):
    """What a file holds: its object as data, and every dotted name it refers to."""

    value: Any
    globals: frozenset[str]


@contextmanager
def reading(kind: str, where: str, remedy: str) -> Iterator[None]:
    """Tell every failure inside as Unreadable at ``where``: a damaged file can fail in any way."""
    try:
        yield
    except Unreadable as error:
        raise Unreadable(error.what, where=where, remedy=error.remedy or remedy) from None
    except RecursionError:
        raise Unreadable("its objects are nested too deeply", where=where) from None
    except (MemoryError, OverflowError):
        raise Unreadable("it declares more data than it can hold", where=where) from None
    except Exception as error:
        what = f"not a complete {kind} ({type(error).__name__}: {error})"
        raise Unreadable(what[:300], where=where, remedy=remedy) from None
