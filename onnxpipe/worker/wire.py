"""How arrays cross between two processes: numbers as .npz, text as JSON beside it.

No pickle on either side. numpy's fixed-width strings drop trailing NULs, so text goes as JSON,
with null where a value is missing. Python 3.8 and numpy 1.17 suffice.
"""

from __future__ import annotations

import json
import os
from typing import Any, Dict, List, Mapping

import numpy as np

_TEXT = "OUST"
_MISSING = ("NAType", "NaTType")


def save(folder: str, stem: str, arrays: Mapping[str, Any]) -> None:
    """Write named arrays as ``stem.npz`` and ``stem.json``. Raises TypeError for odd objects."""
    numbers: Dict[str, Any] = {}
    entries: List[Dict[str, Any]] = []
    for name, value in arrays.items():
        array = np.asarray(value)
        entry: Dict[str, Any] = {"name": name, "shape": list(array.shape)}
        if array.dtype.kind in _TEXT:
            entry["text"] = [plain(v) for v in array.ravel().tolist()]
        else:
            entry["key"] = "a%d" % len(numbers)
            numbers[entry["key"]] = array
        entries.append(entry)
    np.savez(os.path.join(folder, stem + ".npz"), **numbers)
    with open(os.path.join(folder, stem + ".json"), "w", encoding="ascii") as file:
        json.dump(entries, file)


def load(folder: str, stem: str) -> Dict[str, Any]:
    """The named arrays as they were saved; text as object arrays with None for missing."""
    with open(os.path.join(folder, stem + ".json"), encoding="ascii") as file:
        entries = json.load(file)
    with np.load(os.path.join(folder, stem + ".npz"), allow_pickle=False) as numbers:
        return {e["name"]: numbers[e["key"]] if "key" in e else _text(e) for e in entries}


def plain(value: Any) -> Any:
    """A text cell as JSON has it: str, number, bool, or None where it is missing."""
    if value is None or type(value).__name__ in _MISSING:
        return None
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and value != value:
        return None
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, str):
        return str(value)
    if isinstance(value, (bool, int, float)):
        return value
    raise TypeError("a %s is neither text nor number" % type(value).__name__)


def _text(entry: Mapping[str, Any]) -> Any:
    array = np.empty(len(entry["text"]), dtype=object)
    array[:] = entry["text"]
    return array.reshape(entry["shape"])
