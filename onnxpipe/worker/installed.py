"""What the interpreter has beside the original's framework: packages, and converters a user registers."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from typing import Any, List

main = sys.modules["_onnxpipe_main"]


def version(distribution: str) -> str:
    """The version of an installed package. Raises ModuleNotFoundError where there is none."""
    from importlib import metadata

    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        raise ModuleNotFoundError("No module named %r" % distribution, name=distribution) from None


def register(exporter: str, modules: List[str]) -> None:
    """Import what registers a user's converters: entry points ``onnxpipe.<exporter>``, and these modules.

    Names that are no modules are passed over: they were allowed for the sake of pickles.
    """
    from importlib import metadata

    found: Any = metadata.entry_points()
    group = "onnxpipe." + exporter
    for entry in found.select(group=group) if hasattr(found, "select") else found.get(group, ()):
        try:
            entry.load()
        except Exception as error:
            told = (entry.name, entry.value, group, type(error).__name__, main.first_line(error))
            raise RuntimeError("the entry point %s = %s in %s can't be loaded: %s: %s" % told) from None
    for name in modules:
        if is_module(name):
            importlib.import_module(name)


def is_module(name: str) -> bool:
    """Whether a dotted name is that of a module that can be imported."""
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError, AttributeError):
        return False
