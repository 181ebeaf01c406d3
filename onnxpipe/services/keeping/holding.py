"""Places held against other processes: by flock where the platform has it, else by a file that is there.

flock ends with its process. Without it (Windows, and network file systems that lock no folders) a folder is
held by a file in it that nobody else can make; one that a process left when it was killed counts for as
long as nobody could need it. Standard library only.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from onnxpipe.errors import Refusal

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]

BUSY = ".onnxpipe.busy"
"""The file by which a folder is held where flock can't."""
_PATIENCE, _STALE, _PAUSE = 30.0, 10.0, 0.01
"""Seconds to wait for another process to put its files in place, which takes milliseconds; after which one
that still holds a folder is gone; and between two looks."""
_LEFT = 24 * 3600.0
"""Seconds after which a temporary file is a left one, where it can't be held while it is written."""


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Keep other processes from putting files into a folder.

    Raises Refusal where another one doesn't come to an end, OSError where the folder can't be written to.
    """
    until = time.monotonic() + _PATIENCE
    descriptor = _flocked(folder, until)
    if descriptor is None:
        _made(folder / BUSY, until)
    try:
        yield
    finally:
        if descriptor is None:
            _unmade(folder / BUSY)
        else:
            os.close(descriptor)


def held(path: Path) -> int | None:
    """A descriptor that holds a file or folder of ours until it is closed, None where none can.

    Raises Refusal where another process holds it.
    """
    return _flocked(path, time.monotonic())


def is_left(path: Path) -> bool:
    """Whether nobody writes a temporary file or folder any more."""
    try:
        descriptor = held(path)
    except (OSError, Refusal):
        return False
    if descriptor is None:
        return _age(path) > _LEFT
    os.close(descriptor)
    return True


def _flocked(path: Path, until: float) -> int | None:
    if fcntl is None:
        return None
    descriptor = os.open(path, os.O_RDONLY)
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        except BlockingIOError:
            if time.monotonic() > until:
                os.close(descriptor)
                raise Refusal("another process is writing there", where=str(path)) from None
            time.sleep(_PAUSE)
        except OSError:  # a network file system without locks on folders
            os.close(descriptor)
            return None


def _made(busy: Path, until: float) -> None:
    """Make the file that holds a folder, as soon as nobody else's is there."""
    while True:
        try:
            os.close(os.open(busy, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            return
        except (FileExistsError, PermissionError):  # Windows denies what is being deleted
            if not busy.exists() and not os.access(busy.parent, os.W_OK):
                raise
        if _age(busy) > _STALE:
            _unmade(busy)
        elif time.monotonic() > until:
            raise Refusal("another process is writing there", where=str(busy.parent)) from None
        time.sleep(_PAUSE)


def _unmade(busy: Path) -> None:
    with suppress(OSError):
        busy.unlink()


def _age(path: Path) -> float:
    """Seconds since a file was written, 0 where it is gone."""
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0
