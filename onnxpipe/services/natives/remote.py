"""What lies elsewhere: ``s3://``, ``hdfs://``, ``gs://`` and whatever else fsspec opens.

Saved pipelines and rows are copied to a folder of this process and read there like any other; the
lock keeps the URL. Answers are written here and copied to where they belong when they are whole.
"""

from __future__ import annotations

import atexit
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any, TypeGuard, TypeVar

from onnxpipe.adapters.base import Artefact
from onnxpipe.errors import MissingExtra, Refusal, Unreadable

T = TypeVar("T")

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


def is_url(source: object) -> TypeGuard[str]:
    """Whether it names something on another file system. A path with a drive letter doesn't."""
    return isinstance(source, str) and _URL.match(source) is not None


@cache
def fetched(url: str) -> Artefact:
    """The artefact at a URL, copied here once; removed when the process ends.

    Raises MissingExtra without fsspec, Unreadable for what isn't there or can't be copied.
    """
    home = Path(tempfile.mkdtemp(prefix="onnxpipe-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    with _opened(url) as (system, path):
        return Artefact(_copied(system, path, home), origin=url)


def from_url(url: str, read: Callable[[Path], T]) -> T:
    """What ``read`` makes of the file or folder at a URL; what it refuses is said of the URL.

    Raises as ``fetched``.
    """
    path = fetched(url).path
    assert path is not None
    try:
        return read(path)
    except Refusal as error:
        error.where = url if error.where == str(path) else error.where
        raise


def put(path: Path, url: str) -> None:
    """Copy a file to a URL, replacing what is there. Raises as ``fetched``."""
    with _opened(url) as (system, there):
        system.put_file(str(path), there)


@contextmanager
def _opened(url: str) -> Iterator[tuple[Any, str]]:
    """The file system of a URL and the path in it; what goes wrong there is raised as a refusal."""
    try:
        import fsspec
    except ImportError:
        raise MissingExtra("fsspec", "remote", where=url) from None
    try:
        yield fsspec.core.url_to_fs(url)
    except ImportError as error:
        raise Unreadable("what opens such URLs isn't installed", where=url, remedy=str(error)) from None
    except FileNotFoundError:
        raise Unreadable("no such file or folder", where=url) from None
    except (OSError, ValueError) as error:
        raise Unreadable(f"it can't be copied from or to there: {error}", where=url) from None


def _copied(system: Any, path: str, home: Path) -> Path:
    """The file or folder at ``path`` of an fsspec file system, copied into ``home`` under its own name."""
    root = PurePosixPath(path)
    files = system.find(path)
    if not files:
        raise FileNotFoundError(path)
    for name in sorted(files):
        target = home / (root.name or "model") / PurePosixPath(name).relative_to(root)
        if ".." in target.parts:
            raise ValueError(f"{name} leads out of it")
        target.parent.mkdir(parents=True, exist_ok=True)
        system.get_file(name, str(target))
    return home / (root.name or "model")
