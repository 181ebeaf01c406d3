"""A model's own files: one, or where it is larger than 2 GiB that and one with its weights."""

from __future__ import annotations

from pathlib import Path

import onnx

from onnxpipe import lock
from onnxpipe.core import weights
from onnxpipe.lock import File
from onnxpipe.services.keeping.files import Staging


def data_of(output: Path) -> Path:
    """Where the weights of a model lie that is larger than one file can be."""
    return output.with_name(output.name + weights.SUFFIX)


def staged(staging: Staging, output: Path, model: onnx.ModelProto) -> tuple[File, File | None]:
    """The lock's entries of a model and of its weights' file, if it has one, both written to be put in place.

    A file of weights that the model there had, and this one hasn't, goes.
    """
    found = []
    for (name, data), role in zip(weights.files(model, output.name).items(), ("model", "data"), strict=False):
        place = staging.file(output.with_name(name), data)
        found.append(File(role, name, lock.digest(place)))
    if len(found) == 1 and _is_ours(output):
        staging.gone(data_of(output))
    return found[0], found[1] if len(found) > 1 else None


def _is_ours(output: Path) -> bool:
    """Whether the lock that is about to be replaced speaks of a file of weights, which is there."""
    try:
        old = lock.read(lock.path_of(output))
    except Exception:  # no lock, or none that can be read: then the file isn't known to be ours
        return False
    return old.data is not None and old.data.path == data_of(output).name and data_of(output).is_file()
