"""Keras's files loaded, by the version of Keras that knows them."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import sys
import tempfile
import zipfile
from typing import Any, Dict, List, Mapping

main = sys.modules["_onnxpipe_main"]
installed = main.sibling("installed")
_CODE = {"__lambda__", "keras.layers.Lambda"}
_SUFFIXES = {b"PK\x03\x04": ".keras", b"\x89HDF": ".h5"}


def model(path: str, names: List[str], module: Any) -> Any:
    """The model in a file, without how it was compiled.

    Nothing that it brings along is run, but what the user allowed by name. What Keras doesn't know any
    more, or reads wrongly, is left to its older version, the library tf_keras, where that is installed.
    """
    has_older = installed.is_module("tf_keras")
    more = {"compile": False, "safe_mode": not _CODE & set(names), "custom_objects": own(names)}
    if has_older and is_misread(path):
        return opened(importlib.import_module("tf_keras"), path, more)
    try:
        return opened(module, path, more)
    except Exception:
        if not has_older:
            raise
        try:
            return opened(importlib.import_module("tf_keras"), path, more)
        except Exception:
            pass
        raise


def is_misread(path: str) -> bool:
    """Whether Keras 2 saved a file with a formula that goes by the name of another one in Keras 3."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            version = json.loads(archive.read("metadata.json")).get("keras_version", "")
            config = archive.read("config.json")
    else:
        import h5py

        with h5py.File(path, "r") as file:
            version, config = (file.attrs.get(name, "") for name in ("keras_version", "model_config"))
    told, held = (each.decode() if isinstance(each, bytes) else str(each) for each in (version, config))
    return told[:1] in ("1", "2") and "hard_sigmoid" in held


def opened(module: Any, path: str, more: Mapping[str, Any]) -> Any:
    """What a version of Keras makes of a file, whose suffix has to be the one it expects."""
    with open(path, "rb") as file:
        suffix = _SUFFIXES[file.read(4)]
    if path.endswith(suffix):
        return module.models.load_model(path, **more)
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copyfile(path, os.path.join(folder, "model" + suffix))
        return module.models.load_model(copy, **more)


def own(names: List[str]) -> Dict[str, Any]:
    """The user's own classes and functions that were allowed, by name; allowed modules are imported."""
    found = {}
    for name in names:
        home, _, last = name.rpartition(".")
        if name.startswith("keras.") or name in _CODE:
            continue
        if installed.is_module(name):
            importlib.import_module(name)
        elif home and installed.is_module(home):
            found[last] = getattr(importlib.import_module(home), last)
    return found
