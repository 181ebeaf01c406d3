"""Functions sent to other machines with all they need, so that those need no onnxpipe."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

Work = Callable[[Iterator[Any]], Iterator[Any]]


def by_value(work: Work) -> Work:
    """The same work, carrying the code of ours that it uses; unpacked once per process.

    What is sent refers to numpy, pyarrow and onnxruntime by name only, and to nothing else that
    isn't everywhere Spark's Python workers are.
    """
    from pyspark import cloudpickle

    import onnxpipe

    cloudpickle.register_pickle_by_value(onnxpipe)
    try:
        payload = cloudpickle.dumps(work)
    finally:
        cloudpickle.unregister_pickle_by_value(onnxpipe)
    digest = hashlib.sha256(payload).hexdigest()

    def shipped(batches: Iterator[Any]) -> Iterator[Any]:
        # A function within a function is always sent as code, with what it refers to.
        import pickle
        import sys
        import types

        held = sys.modules.setdefault("_onnxpipe_shipped", types.ModuleType("_onnxpipe_shipped")).__dict__
        if digest not in held:
            held[digest] = pickle.loads(payload)
        found: Iterator[Any] = held[digest](batches)
        return found

    return shipped
