"""The JSON that Spark writes beside every stage: its class, its parameters, what it says of the model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from onnxpipe.adapters.reading import reading
from onnxpipe.adapters.spark.storage import Folder
from onnxpipe.adapters.spark.values import matrix, vector
from onnxpipe.errors import Unreadable

_AGAIN = "Save it again with model.write().overwrite().save(path), then convert."
_SPECIAL = {"NaN": float("nan"), "Inf": float("inf"), "-Inf": float("-inf")}
_OWN = ("class", "timestamp", "sparkVersion", "uid", "paramMap", "defaultParamMap")


@dataclass(frozen=True, slots=True)
class Metadata:
    """One stage's metadata: the Java (or Python) class as saved, and its parameters, set ones over defaults.

    ``facts`` is what the class itself adds (``numFeatures``, ``numClasses``, ``numTrees``, ...).
    """

    origin: str
    version: str
    uid: str
    parameters: Mapping[str, Any]
    facts: Mapping[str, Any]


def metadata(folder: Folder) -> Metadata:
    """The metadata in ``folder/metadata``. Raises Unreadable where it isn't what Spark writes."""
    refuse_local(folder)
    home = folder.child("metadata")
    text = home.text()
    with reading("stage's metadata", str(home), _AGAIN):
        held = json.loads(text.strip().partition("\n")[0])
        if not isinstance(held, dict) or not isinstance(held.get("class"), str):
            raise Unreadable("it names no class", where=str(home), remedy=_AGAIN)
        given = {**(held.get("defaultParamMap") or {}), **(held.get("paramMap") or {})}
        return Metadata(
            held["class"],
            str(held.get("sparkVersion", "")),
            str(held.get("uid", "")),
            parameters={name: parameter(value) for name, value in given.items()},
            facts={name: parameter(value) for name, value in held.items() if name not in _OWN},
        )


def refuse_local(folder: Folder) -> None:
    """Raise Unreadable for what ``saveToLocal`` writes: binary files that only a JVM reads."""
    if folder.is_file("metadata"):
        raise Unreadable(
            "it was written by saveToLocal, whose binary form only Spark itself reads",
            where=str(folder),
            remedy=f"model.write().overwrite().save({folder.name!r} + '_saved'), and convert that folder.",
        )


def parameter(value: Any) -> Any:
    """A parameter as it was before Spark wrote it as JSON.

    Numbers that JSON has no word for are written as text (DoubleParam.jValueEncode in params.scala),
    vectors and matrices as objects.
    """
    if isinstance(value, str):
        return _SPECIAL.get(value, value)
    if isinstance(value, list):
        numbers = any(isinstance(v, (int, float)) and not isinstance(v, bool) for v in value)
        if numbers:
            return [_SPECIAL.get(v, v) if isinstance(v, str) else v for v in value]
        return [parameter(v) if isinstance(v, (list, dict)) else v for v in value]
    if isinstance(value, dict) and "values" in value and "type" in value:
        if value.get("class") == "matrix":
            return matrix({"isTransposed": False, **value})
        return vector(value)
    return value
