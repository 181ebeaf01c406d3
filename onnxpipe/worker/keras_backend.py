"""Keras's backend: TensorFlow, torch or JAX, as Keras itself is told, else as the code in a model tells.

A file doesn't say which backend it was saved on, and a process has one backend.
"""

from __future__ import annotations

import ast
import base64
import importlib
import json
import os
import re
import sys
from importlib.machinery import PathFinder
from typing import Any, Dict, Iterator, List

import numpy as np

main = sys.modules["_onnxpipe_main"]
tensors = main.sibling("tensors")

TENSORFLOW, TORCH, JAX = KNOWN = ("tensorflow", "torch", "jax")
CODE = ("__lambda__", "keras.layers.Lambda", "keras.layers.TorchModuleWrapper")
"""What in a file is code, or runs some."""


def name() -> str:
    """The backend of this process: the one it was told, where nothing else was chosen TensorFlow."""
    told = os.environ.get("KERAS_BACKEND")
    return told if told in KNOWN else TENSORFLOW


def choose(config: str, version: str, names: List[str]) -> None:
    """Set the backend for a model by its configuration, the version of Keras that saved it, and the names
    of the code in it that the user allowed.

    Text and Keras 2 are TensorFlow's alone, and it is asked where Keras's own layers would answer alike
    anywhere, if it is installed. Keras that is there already keeps its own.
    """
    if "keras" in sys.modules:
        os.environ["KERAS_BACKEND"] = str(sys.modules["keras"].config.backend())
        return
    found = told() or by_code(config, names)
    plain = not any(map(is_code, names)) and main.sibling("installed").is_module(TENSORFLOW)
    if plain or version[:1] in ("1", "2") or '"string"' in config or found not in KNOWN:
        found = TENSORFLOW
    os.environ["KERAS_BACKEND"] = found


def is_code(dotted: str) -> bool:
    """Whether a name in a configuration is of code that isn't Keras's, or of a layer that runs some."""
    if dotted in CODE:
        return True
    return ">" in dotted or ("." in dotted and dotted.partition(".")[0] not in ("keras", "builtins"))


def told() -> str:
    """The backend that KERAS_BACKEND names, else ``keras.json``.

    TensorFlow in that tells nothing: Keras writes it by itself.
    """
    if os.environ.get("KERAS_BACKEND"):
        return os.environ["KERAS_BACKEND"]
    home = os.environ.get("KERAS_HOME") or os.path.join(os.path.expanduser("~"), ".keras")
    try:
        with open(os.path.join(home, "keras.json"), encoding="utf-8") as file:
            found = str(json.load(file).get("backend", ""))
    except (OSError, ValueError, AttributeError):
        return ""
    return "" if found == TENSORFLOW else found


def by_code(config: str, names: List[str]) -> str:
    """The one library of the three that a model's own code imports; empty where that doesn't tell."""
    found = {top for each in names for top in imported(each)}
    if "keras.layers.TorchModuleWrapper" in names:
        found.add(TORCH)
    if "__lambda__" in names:
        found |= {top for code in lambdas(config) for top in called(code)}
    return found.pop() if len(found) == 1 else ""


def lambdas(config: str) -> Iterator[bytes]:
    """The bytecode of every lambda in a configuration."""
    for text in re.findall(r'"code": *"([A-Za-z0-9+/=\\n]+)"', config):
        yield base64.b64decode(text.replace("\\n", ""))


def called(code: bytes) -> Iterator[str]:
    """Which of the three libraries bytecode names: in it a name comes after its length."""
    for match in re.finditer(rb"(.)((tensorflow|torch|jax)(\.\w+)*)", code, re.DOTALL):
        if match[1][0] == len(match[2]):
            yield match[3].decode()


def imported(dotted: str) -> Iterator[str]:
    """Which of the three libraries the module of a name imports; nothing is run to find out."""
    path = source(dotted)
    try:
        with open(path, "rb") as file:
            tree = ast.parse(file.read())
    except (OSError, SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        listed = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level:
            listed = [node.module or ""]
        yield from {each.partition(".")[0] for each in listed} & set(KNOWN)


def source(dotted: str) -> str:
    """The file of the module that a name is, or is in; empty for Keras's own and where there is none."""
    place, found = None, ""  # type: Any, str
    for i, part in enumerate(dotted.split(".")):
        full = ".".join(dotted.split(".")[: i + 1])
        spec = PathFinder.find_spec(full, place) if part != "keras" else None
        if spec is None or not (spec.origin or spec.submodule_search_locations):
            break
        found, place = spec.origin or "", spec.submodule_search_locations
        if place is None:
            break
    return found


def keras() -> Any:
    """The module on the chosen backend, on the CPU. Raises ModuleNotFoundError where either is missing."""
    os.environ["KERAS_BACKEND"] = name()
    if name() == TENSORFLOW:
        tensors.tensorflow()  # a missing one is told apart from everything else
    else:
        tensors.quiet()
        library = importlib.import_module(name())
        if name() == TORCH:
            main.sibling("torch_native").settled(library)
    return importlib.import_module("keras")


def versions() -> Dict[str, str]:
    """The versions that answer."""
    return {"keras": str(keras().__version__), name(): str(importlib.import_module(name()).__version__)}


def tensor(column: Any) -> Any:
    """A column of rows as the backend has it."""
    if name() == TENSORFLOW:
        return tensors.tensor(column)
    return keras().ops.convert_to_tensor(np.array(column))  # a copy: what came over the wire is read-only


def array(found: Any) -> Any:
    """A tensor's values."""
    if name() == TORCH and hasattr(found, "detach"):
        return main.sibling("torch_native").array(found)
    return tensors.array(found)
