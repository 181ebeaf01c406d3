"""Pickled models, live ones too: Keras keeps an archive of its own in the pickle, and that alone is read."""

from __future__ import annotations

from onnxpipe.adapters import pickles
from onnxpipe.core.record import Record

_CALL = b"_unpickle_model"
"""What makes a model of the archive. Source: keras.src.saving.keras_saveable, ``__reduce__``."""
_FILE = "_io.BytesIO"


def within(data: bytes) -> bytes | None:
    """The ``.keras`` archive that a pickle is made around; None where it holds something else."""
    if not pickles.looks_like(data[:16]) or _CALL not in data:
        return None
    try:
        root = pickles.read(data).value
    except Exception:  # what can't be read is no model; others may tell why
        return None
    held = root.args[0] if isinstance(root, Record) and len(root.args) == 1 else None
    if not isinstance(held, Record) or held.kind != _FILE or not isinstance(held.state, tuple):
        return None
    return held.state[0] if isinstance(held.state[0], bytes) else None
