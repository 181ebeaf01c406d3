"""Writing results: all of them or none, and nobody ever sees half of one.

Everything is written beside its place under a temporary name, then renamed in the order given.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from onnxpipe.errors import Refusal


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
    if not os.access(folder, os.W_OK):
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
        self._staged: list[tuple[Path, Path]] = []

    def __enter__(self) -> Staging:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for temporary, _ in self._staged:
            remove(temporary)

    def file(self, path: Path, data: bytes) -> Path:
        """Write a file that will be ``path``; answers where it is for now."""
        target = path.resolve()  # so that a symbolic link stays one
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
        self._staged.append((Path(name), target))
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
        Path(name).chmod(target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask())
        return Path(name)

    def folder(self, path: Path, files: Mapping[str, bytes]) -> Path:
        """Write a folder that will be ``path``, replacing one that is there; answers as ``file``."""
        temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".tmp", dir=_existing(path.parent)))
        self._staged.append((temporary, path))
        temporary.chmod(0o777 & ~_umask())
        for name, data in files.items():
            (temporary / name).write_bytes(data)
        return temporary

    def commit(self) -> None:
        """Rename all to their places, in the order they were staged."""
        while self._staged:
            temporary, path = self._staged[0]
            path.parent.mkdir(exist_ok=True)
            _replace(temporary, path)
            self._staged.pop(0)


def remove(path: Path) -> None:
    """Delete a file or a folder if that can be done."""
    with suppress(OSError):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _existing(folder: Path) -> Path:
    """The folder, or the nearest above it that is there: on the same disk, so that a rename will do."""
    while not folder.is_dir():
        folder = folder.parent
    return folder


def _replace(temporary: Path, path: Path) -> None:
    """Put a file or folder in place; a folder that was there steps aside first."""
    if not path.is_dir():
        temporary.replace(path)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent))
    path.replace(aside / "old")
    temporary.replace(path)
    remove(aside)


def _umask() -> int:
    """The process's umask, which can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
