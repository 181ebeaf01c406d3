"""Keras's files loaded, by the version of Keras that knows them."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import sys
import tempfile
import zipfile
from typing import Any, Dict, List, Mapping, Tuple

main = sys.modules["_onnxpipe_main"]
installed, backend = main.sibling("installed"), main.sibling("keras_backend")
_EMBEDDING = '"Embedding"'
_SUFFIXES = {b"PK\x03\x04": ".keras", b"\x89HDF": ".h5"}


def model(path: str, names: List[str], module: Any) -> Any:
    """The model in a file, without how it was compiled.

    Nothing that it brings along is run, but what the user allowed by name. What Keras 3 doesn't know any
    more, or reads otherwise than Keras 2, is left to the library tf_keras. Raises ModuleNotFoundError
    where that is missing and Keras 3 can't stand in for it.
    """
    has_older, saved = installed.is_module("tf_keras"), by_keras_2(path)
    more = {"compile": False, "safe_mode": not set(backend.CODE) & set(names), "custom_objects": own(names)}
    if "hard_sigmoid" in saved or (has_older and _EMBEDDING in saved):
        return opened(importlib.import_module("tf_keras"), path, more)
    try:
        made = opened(module, path, more)
    except Exception:
        if not saved:
            raise
        return opened(importlib.import_module("tf_keras"), path, more)
    if _EMBEDDING in saved:
        count_from_start(module.layers.Embedding)
    return made


def by_keras_2(path: str) -> str:
    """The configuration of a file that Keras 2 saved, as text; else the empty text."""
    version, config = told(path)
    return config if version[:1] in ("1", "2") else ""


def told(path: str) -> Tuple[str, str]:
    """The version of Keras that saved a file, and the model's configuration, as the file has them."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            version = json.loads(archive.read("metadata.json")).get("keras_version", "")
            config = archive.read("config.json")
    else:
        import h5py

        with h5py.File(path, "r") as file:
            version, config = (file.attrs.get(name, "") for name in ("keras_version", "model_config"))
    found, held = (each.decode() if isinstance(each, bytes) else str(each) for each in (version, config))
    return found, held


def count_from_start(kind: Any) -> None:
    """Have Keras 3's Embedding refuse what Keras 2's does: it'd count numbers below 0 from the end."""
    import tensorflow as tf

    plain = kind.call

    def call(layer: Any, inputs: Any) -> Any:
        tf.debugging.assert_non_negative(tf.cast(inputs, "int64"), "Keras 2 has no row of weights below 0")
        return plain(layer, inputs)

    kind.call = call


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
        if name.startswith("keras.") or name in backend.CODE:
            continue
        if installed.is_module(name):
            importlib.import_module(name)
        elif home and installed.is_module(home):
            found[last] = getattr(importlib.import_module(home), last)
    return found
