"""Writing results: all of them or none, and nobody ever sees half of one.

Everything is written beside its place under a temporary name, then put in place together. What a
process that was killed left behind is cleared away by the next one that writes there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType

from onnxpipe.errors import Refusal
from onnxpipe.services.keeping import holding, journal
from onnxpipe.services.keeping.journal import Move, remove


def refuse_unwritable(output: Path, *inputs: Path | None) -> None:
    """Raise Refusal where a file of this name couldn't be written, before any work is done.

    ``inputs`` are files that must not be overwritten.
    """
    folder = output.parent
    if any(path is not None and path.resolve() == output.resolve() for path in inputs):
        raise Refusal("it would overwrite what is read", where=str(output), remedy="Name another output.")
    if output.is_dir():
        raise Refusal("it is a folder", where=str(output), remedy="Name a file, like model.onnx.")
    if not folder.is_dir():
        raise Refusal("no such folder", where=str(folder), remedy=f"mkdir -p {folder}")
    if not os.access(folder, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        raise Refusal("the folder isn't writable", where=str(folder))


def write_atomically(path: Path, data: bytes) -> None:
    """Write one file under a temporary name beside its place, then rename it.

    A symbolic link stays one. Raises OSError where the folder can't be written to; nothing is left
    behind then.
    """
    with Staging() as staging:
        staging.file(path, data)
        staging.commit()


class Staging:
    """Results under temporary names, put in place together by ``commit``.

    As a context manager it removes what was not committed.
    """

    def __init__(self) -> None:
        self._staged: list[Move] = []
        self._held: list[int] = []

    def __enter__(self) -> Staging:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._held:
            os.close(self._held.pop())
        for temporary, _ in self._staged:
            if temporary is not None:
                remove(temporary)

    def file(self, path: Path, data: bytes | Iterable[bytes]) -> Path:
        """Write a file that will be ``path``, of bytes or of parts; answers where it is for now."""
        target = path.resolve()  # so that a symbolic link stays one
        temporary = self._begun(path, target.parent, lambda place: place.touch(0o600, exist_ok=False))
        _write(temporary, data)
        temporary.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask())
        return temporary

    def folder(self, path: Path, files: Mapping[str, bytes]) -> Path:
        """Write a folder that will be ``path``, replacing one that is there; answers as ``file``."""
        temporary = self._begun(path, _existing(path.parent), lambda place: place.mkdir(0o700))
        for name, data in files.items():
            _write(temporary / name, data)
        temporary.chmod(0o777 & ~_umask())
        return temporary

    def gone(self, path: Path) -> None:
        """Take away what is at ``path`` when the rest is put in place."""
        self._staged.append(Move(None, path))

    def commit(self) -> None:
        """Put all in place, or raise OSError and leave all as it was."""
        moves, (first, target) = self._staged, self._staged[0]
        if len(moves) == 1 and first is not None and first.is_file():
            first.replace(target.resolve())
        else:
            journal.commit(moves)
        self._staged = []

    def _begun(self, path: Path, folder: Path, make: Callable[[Path], None]) -> Path:
        """A temporary name, made and held so that nobody takes it for a left one."""
        home = (self._staged[0].target if self._staged else path).parent
        if not self._staged:
            journal.settle(path)
        with holding.exclusive(home):
            journal.swept({folder, home}, path.resolve())
            temporary = folder / journal.temporary_name(path.resolve())
            self._staged.append(Move(temporary, path))
            make(temporary)
            held = holding.held(temporary)
            self._held += [] if held is None else [held]
        return temporary


def _write(path: Path, data: bytes | Iterable[bytes]) -> None:
    """Write a file through to the disk, so that a full one is found out before anything is replaced."""
    with path.open("wb") as stream:
        stream.writelines([data] if isinstance(data, bytes) else data)
        stream.flush()
        os.fsync(stream.fileno())


def _existing(folder: Path) -> Path:
    """The folder, or the nearest above it that is there: on the same disk, so that a rename will do."""
    while not folder.is_dir():
        folder = folder.parent
    return folder


def _umask() -> int:
    """The process's umask, which can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
