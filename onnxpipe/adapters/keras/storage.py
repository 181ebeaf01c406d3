"""What a saved model consists of: configuration, weights, vocabularies. Only this module opens files."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zipfile import ZipFile

from onnxpipe.adapters import pickles
from onnxpipe.adapters.base import Artefact
from onnxpipe.adapters.compressed import FLOOR, RATIO
from onnxpipe.adapters.keras import pickled
from onnxpipe.adapters.keras.hdf5 import MAGIC, File
from onnxpipe.adapters.keras.weights import Top, Tree, Weights
from onnxpipe.errors import Unreadable

_ZIP = b"PK\x03\x04"
_CONFIG, _WEIGHTS, _METADATA = "config.json", "model.weights.h5", "metadata.json"
_LARGEST_CONFIG = 256 * 2**20


@dataclass(frozen=True, slots=True)
class Saved:
    """A model as it was saved: its configuration, the version of Keras, weights, assets by path."""

    config: Mapping[str, Any]
    version: str
    weights: Weights
    assets: Mapping[str, bytes]


def recognises(artefact: Artefact) -> bool:
    """Whether it is a zip with a Keras configuration in it, HDF5 or a pickled model: no factory's weights."""
    if artefact.factory:
        return False
    head = artefact.head()
    if not head.startswith(_ZIP):
        return head.startswith(MAGIC) or loadable(artefact) is not None
    try:
        with ZipFile(artefact.path or io.BytesIO(artefact.read())) as archive:
            return {_CONFIG, _METADATA} <= set(archive.namelist())
    except Exception:  # no whole zip, so not ours to judge
        return False


def loadable(artefact: Artefact) -> bytes | None:
    """The archive in a pickled model, which is what Keras itself loads."""
    return pickled.within(artefact.read()) if pickles.looks_like(artefact.head()) else None


def opened(artefact: Artefact) -> Saved:
    """What a file holds, all in memory. Raises Unreadable and MissingExtra."""
    data = loadable(artefact) or artefact.read()
    return _of_archive(data) if data.startswith(_ZIP) else _of_hdf5(data)


def config_of(artefact: Artefact) -> Mapping[str, Any]:
    """The configuration alone."""
    data = loadable(artefact) or artefact.read()
    if not data.startswith(_ZIP):
        return _of_hdf5(data).config
    return _json(_members(data, (_CONFIG,))[_CONFIG])


def _of_archive(data: bytes) -> Saved:
    held = _members(data, (_CONFIG, _METADATA, _WEIGHTS))
    metadata, weights = _json(held[_METADATA]), held.get(_WEIGHTS)
    if weights is None:
        raise Unreadable("it has no model.weights.h5")
    assets = {name: value for name, value in held.items() if name.startswith("assets/")}
    root = Tree(File(weights).root)
    return Saved(_json(held[_CONFIG]), str(metadata.get("keras_version", "")), root, assets)


def _members(data: bytes, wanted: tuple[str, ...]) -> dict[str, bytes]:
    """These members and the assets. Raises Unreadable for odd names and for more than a model would hold."""
    archive, found = ZipFile(io.BytesIO(data)), {}
    budget = max(FLOOR, RATIO * len(data))
    names = set()
    for member in archive.infolist():
        name = member.filename
        if name in names or name.startswith("/") or "\\" in name or ".." in name.split("/"):
            raise Unreadable(f"it has a member {name!r:.60}")
        names.add(name)
        if member.is_dir() or not (name in wanted or name.startswith("assets/")):
            continue
        budget -= member.file_size
        if budget < 0:
            raise Unreadable("it unpacks to more than any model would")
        found[name] = archive.read(member)
    if _CONFIG not in found:
        raise Unreadable("it has no config.json")
    return found


def _of_hdf5(data: bytes) -> Saved:
    root = File(data).root
    config, weights = root.text("model_config"), root.group("model_weights")
    if not config or weights is None:
        raise Unreadable(
            "it holds weights but no model",
            remedy="Save the whole model: model.save('model.keras'), not model.save_weights(...).",
        )
    return Saved(_json(config.encode()), root.text("keras_version"), Top(weights), {})


def _json(data: bytes) -> Mapping[str, Any]:
    if len(data) > _LARGEST_CONFIG:
        raise Unreadable("its configuration is larger than any model's")
    found = json.loads(data)
    if not isinstance(found, dict):
        raise Unreadable("its configuration is no JSON object")
    return found
