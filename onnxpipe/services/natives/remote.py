"""Saved pipelines that lie elsewhere: ``s3://``, ``hdfs://``, ``gs://`` and whatever else fsspec opens.

They are copied to a folder of this process and read there like any other; the lock keeps the URL.
"""

from __future__ import annotations

import atexit
import re
import shutil
import tempfile
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from onnxpipe.adapters.base import Artefact
from onnxpipe.errors import MissingExtra, Unreadable

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


def is_url(source: object) -> bool:
    """Whether it names something on another file system. A path with a drive letter doesn't."""
    return isinstance(source, str) and _URL.match(source) is not None


@cache
def fetched(url: str) -> Artefact:
    """The artefact at a URL, copied here once; removed when the process ends.

    Raises MissingExtra without fsspec, Unreadable for what isn't there or can't be copied.
    """
    try:
        import fsspec
    except ImportError:
        raise MissingExtra("fsspec", "remote", where=url) from None
    home = Path(tempfile.mkdtemp(prefix="onnxpipe-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    try:
        system, path = fsspec.core.url_to_fs(url)
        return Artefact(_copied(system, path, home), origin=url)
    except ImportError as error:
        raise Unreadable("what opens such URLs isn't installed", where=url, remedy=str(error)) from None
    except FileNotFoundError:
        raise Unreadable("no such file or folder", where=url) from None
    except (OSError, ValueError) as error:
        raise Unreadable(f"it can't be copied from there: {error}", where=url) from None


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
