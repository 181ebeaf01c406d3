"""A Python function that says what a whole pipeline answers: imported from beside its manifest, and asked."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any, Dict, List, Mapping, Tuple

import numpy as np

main = sys.modules["_onnxpipe_main"]
single = main.sibling("single")


def load(path: str, format: str, names: List[str]) -> Any:
    """The function ``module:function`` that a manifest names; its folder is where modules and files are."""
    folder = os.path.dirname(os.path.abspath(path))
    sys.path.insert(0, folder)
    os.chdir(folder)
    module, _, name = format.partition(" ")[2].partition(":")
    return getattr(importlib.import_module(module), name)


def versions() -> Dict[str, str]:
    """The versions of the frameworks that the function's module imported."""
    known = ("sklearn", "pyspark", "keras", "tensorflow", "torch", "xgboost", "lightgbm", "PIL", "cv2")
    found = {name: getattr(sys.modules.get(name), "__version__", None) for name in known}
    return {name: str(version) for name, version in found.items() if version}


def answers(model: Any, rows: Mapping[str, Any], methods: List[str], optional: List[str]) -> Dict[str, Any]:
    """What the function answers, by output name; a lone array is the only output's."""
    return single.chosen(told(model, rows, methods), methods, optional)  # type: ignore[no-any-return]


def told(model: Any, rows: Mapping[str, Any], methods: List[str]) -> Dict[str, Any]:
    """All that the function answers to rows; columns ``[N, 1]`` are given to it as ``[N]``."""
    found = model({name: column(value) for name, value in rows.items()})
    named = found if isinstance(found, Mapping) else dict(zip(methods[:1], [found]))
    return {str(name): np.asarray(value) for name, value in named.items()}


def column(values: Any) -> Any:
    """Rows as a function gets them, which may change them."""
    made = np.array(values)
    return made[:, 0] if made.ndim == 2 and made.shape[1] == 1 else made


def stages(
    model: Any, rows: Mapping[str, Any], wanted: Mapping[str, List[str]]
) -> Tuple[List[Dict[str, Any]], str]:
    """What the function answers as ``part.output``, as records of the parts' outermost stages."""
    found = model({name: column(value) for name, value in rows.items()})
    records = []
    for path, methods in wanted.items():
        part = path.partition("/")[0]
        told = {m: part + "." + m for m in methods if isinstance(found, Mapping) and path.count("/") <= 1}
        answers = {m: np.asarray(found[key]) for m, key in told.items() if key in found}
        if answers:
            records.append({"path": path, "inputs": {}, "answers": answers})
    return records, ""


arrive = single.arrive
