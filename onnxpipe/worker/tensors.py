"""TensorFlow, so set that answers don't depend on the machine, and rows to and from its tensors."""

from __future__ import annotations

import os
from typing import Any, Dict, List

import numpy as np


def tensorflow() -> Any:
    """The module, on the CPU. Raises ModuleNotFoundError where it is missing."""
    quiet()
    import tensorflow

    return tensorflow


def quiet() -> None:
    """Have TensorFlow, and Keras on any backend, should anybody import it, answer on the CPU, and print
    nothing.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    os.environ.setdefault("KERAS_TORCH_DEVICE", "cpu")
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    # TensorFlow's own kernels: oneDNN's answer otherwise from one processor to the next, and to NaN.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")


def tensor(column: Any, dtype: Any = None) -> Any:
    """A column of rows as TensorFlow has it; missing text is the empty one."""
    column = np.asarray(column)
    if column.dtype.kind in "OU":
        column = np.where(column == np.array(None), "", column).astype(str)
    return tensorflow().convert_to_tensor(column, dtype)


def array(tensor: Any) -> Any:
    """A tensor's values; text decoded."""
    found = np.asarray(tensor)
    if found.dtype.kind not in "OS":
        return found
    texts = [text.decode("utf-8", "replace") for text in found.ravel().tolist()]
    return np.array(texts, object).reshape(found.shape)


def flat(held: Any) -> List[Any]:
    """The tensors in nested lists and dictionaries, in Keras's order."""
    if isinstance(held, (list, tuple)):
        return [tensor for each in held for tensor in flat(each)]
    if isinstance(held, dict):
        return [tensor for key in sorted(held) for tensor in flat(held[key])]
    return [held]


def named(held: Any, prefix: str = "") -> Dict[str, Any]:
    """The tensors in nested answers by the keys and numbers that lead to them; a lone one is ``output``."""
    if isinstance(held, dict):
        pairs = [(str(key), held[key]) for key in sorted(held)]
    elif isinstance(held, (list, tuple)):
        names = getattr(held, "_fields", None) or map(str, range(len(held)))
        pairs = list(zip(names, held))
    else:
        return {prefix or "output": held}
    found = {}  # type: Dict[str, Any]
    for key, value in pairs:
        start = prefix or ("output" if key.isdigit() else "")
        found.update(named(value, "%s_%s" % (start, key) if start else key))
    return found
