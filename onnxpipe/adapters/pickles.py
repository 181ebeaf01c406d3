"""Pickle and joblib files read as inert records: no code of the file runs, no framework is imported.

Every name a file refers to becomes a stand-in, every call a record of that call; only numpy arrays,
dtypes, scalars and plain containers are rebuilt, from their data alone. Python's own unpickler isn't
used: the C one lets BUILD set attributes of anything it holds, joblib's opens object arrays with a
plain ``pickle.load``, and arrays are views of the file's bytes here, not copies.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from onnxpipe.adapters.compressed import decompressed, is_compressed
from onnxpipe.adapters.pickle_machine import Machine
from onnxpipe.adapters.pickle_opcodes import OPCODES
from onnxpipe.adapters.pickle_values import Global
from onnxpipe.adapters.reading import Content, reading
from onnxpipe.core.record import Record

_REMEDY = "Save the pipeline again with joblib.dump or pickle.dump."


def read(data: bytes, *, where: str = "") -> Content:
    """The object a pickle or joblib file holds, as records, read-only arrays and plain containers.

    Raises Unreadable for anything truncated, corrupt or too large; nothing in the file is run.
    """
    with reading("pickle or joblib file", where, _REMEDY), _uncollected():
        machine = Machine(decompressed(data), OPCODES)
        return Content(machine.run(), frozenset(machine.names))


@contextmanager
def _uncollected() -> Iterator[None]:
    """No collection of cycles: all that a file holds stays, and walking it again and again costs more
    than making it.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def looks_like(head: bytes) -> bool:
    """Whether a file's first bytes are those of a pickle, compressed or not."""
    return head[:1] in (b"\x80", b"(", b"c", b"]", b"}") or is_compressed(head)


def described(value: Any) -> str:
    """A callable that a pipeline holds, in words: its dotted name, or that it is code in the file."""
    if isinstance(value, Global):
        return value.kind
    if not isinstance(value, Record):
        return repr(value)[:80]
    if value.kind in ("functools.partial", "builtins.getattr"):
        inner = ", ".join(described(arg) for arg in value.args)
        return f"{value.kind.rpartition('.')[2]}({inner})"
    name = code_name(value)
    return value.kind if name is None else f"{name}, Python code in the file, which is never run"


def code_name(record: Record) -> str | None:
    """The name of a function saved by value (cloudpickle, dill), None where it isn't one.

    A code object's texts come as file name, then name: the argument order of ``types.CodeType``.
    """
    module, _, maker = record.origin.rpartition(".")
    if not module.startswith(("cloudpickle", "dill")) or "func" not in maker:
        return None
    code = record.args[0] if record.args else None
    texts = [arg for arg in code.args if isinstance(arg, str)] if isinstance(code, Record) else []
    return texts[1] if len(texts) > 1 and texts[1].isprintable() else "a function"


__all__ = ["Content", "Global", "code_name", "described", "looks_like", "read"]
