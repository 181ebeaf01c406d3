"""Estimators of other libraries in a scikit-learn pipeline, whose converters are in packages of their own.

Only the packages that a file needs are imported, told by the names it refers to.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from functools import cache

from onnxpipe import adapters
from onnxpipe.core.record import Record
from onnxpipe.core.registry import discover


def meet(names: Iterable[str]) -> tuple[str, ...]:
    """Import the converters of every library that dotted names belong to; answers their packages, sorted."""
    libraries = sorted({name.partition(".")[0] for name in names} & _packages())
    packages = tuple(f"{adapters.__name__}.{library}" for library in libraries)
    for package in packages:
        discover(package)
    return packages


def complete(root: Record, names: Iterable[str]) -> None:
    """Let every such library add what its classes work out on demand (a package's ``complete``)."""
    for package in meet(names):
        added = getattr(importlib.import_module(package), "complete", None)
        if added is not None:
            added(root)


@cache
def _packages() -> frozenset[str]:
    """The adapter packages beside this one."""
    found = (module.name for module in pkgutil.iter_modules(adapters.__path__) if module.ispkg)
    return frozenset(found) - {"sklearn"}
