"""Weights of more than 2 GiB between their export and the place they are written to: kept in files."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

import onnx

from onnxpipe.core import models, weights


@cache
def _home() -> TemporaryDirectory[str]:
    """A folder that is there as long as this process."""
    return TemporaryDirectory(prefix="onnxpipe-")


def taken(path: Path) -> onnx.ModelProto:
    """The model at a path, whose weights' file, if it has one, is moved to where it stays."""
    model = onnx.load(path, load_external_data=False)
    held = list(models.external(model))
    if held:
        folder = Path(mkdtemp(dir=_home().name))
        for name in set(map(models.location, held)):
            shutil.move(path.parent / name, folder / name)
        weights.settled(model, held, folder)
    return model


def loaded(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with all its weights in memory, those taken above deleted from the disk."""
    whole = weights.whole(model)
    if whole is not model:
        for place in {Path(models.location(tensor)) for tensor in models.external(model)}:
            if place.is_relative_to(_home().name):
                place.unlink(missing_ok=True)
    return whole
