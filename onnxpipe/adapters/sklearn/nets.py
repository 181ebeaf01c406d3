"""skorch's nets among scikit-learn's estimators: what tells them, and the names in their inner pickles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from onnxpipe.adapters import pickles
from onnxpipe.core.plan import Stage
from onnxpipe.core.record import Record, walk
from onnxpipe.errors import Unreadable

PEER = "skorch"
_INNER = "__cuda_dependent_attributes__"
"""Where skorch (1.4, ``NeuralNet.__getstate__``) pickles module, criterion and optimizer as bytes."""
_TENSORS = "torch.storage._load_from_bytes"


def is_net(held: Stage | Record) -> bool:
    """Whether a stage or a record is a net of skorch's or of a class made from one."""
    return held.get(_INNER) is not None


def names_within(root: Any) -> Iterator[str]:
    """Every dotted name in the pickles that nets hold. Raises Unreadable for what is none.

    Tensors are left out where skorch reads them as weights alone, which is its default.
    """
    for record in walk(root):
        if not is_net(record):
            continue
        data = record.get(_INNER)
        if not isinstance(data, bytes):
            raise Unreadable("a net in it keeps its module in another way than skorch does")
        read = {_TENSORS} if not record.get("torch_load_kwargs") else set()
        yield from pickles.read(data, where=record.kind).globals - read


def peer(stage: Stage) -> str:
    """Who exports a stage without a converter: skorch's nets torch, anything else nobody in particular."""
    return PEER if is_net(stage) else ""


def stands_alone(root: Any) -> bool:
    """Whether a file holds a net and nothing around it."""
    return isinstance(root, Record) and is_net(root)
