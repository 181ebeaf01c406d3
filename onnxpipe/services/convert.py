"""The conversion service: an artefact in, one verified-to-load ONNX model out."""

from __future__ import annotations

import hashlib
import importlib
import pickle
import pkgutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import onnx

from onnxpipe import adapters
from onnxpipe.adapters.base import Adapter, Artefact, Rows
from onnxpipe.core import build
from onnxpipe.core.fragment import Fragment
from onnxpipe.core.options import Options
from onnxpipe.core.plan import Plan
from onnxpipe.errors import Refusal, Unreadable


@dataclass(frozen=True, slots=True)
class Conversion:
    """A converted artefact: what was read, the graph, and the finished model."""

    artefact: Artefact
    plan: Plan
    fragment: Fragment
    model: onnx.ModelProto


def convert(source: Any, *, sample: Rows | None = None, **options: Any) -> onnx.ModelProto:
    """The ONNX model of a saved pipeline (a path) or a live fitted object.

    ``options`` are the fields of ``Options``. Raises a Refusal that says where and what next.
    """
    return conversion(source, Options(**options), sample=sample).model


def conversion(source: Any, options: Options, *, sample: Rows | None = None) -> Conversion:
    """``convert``, with everything that came up on the way."""
    artefact = artefact_of(source)
    adapter = adapter_of(artefact)
    try:
        plan = adapter.read(artefact, options, sample)
        fragment = build.build(plan, options)
    except Refusal as error:
        error.where = error.where or str(artefact)
        raise
    return Conversion(artefact, plan, fragment, fragment.finished(_metadata(artefact, plan, options)))


def artefact_of(source: Any) -> Artefact:
    """The artefact of a path, or of a live object by pickling it in memory.

    Raises Unreadable for a path that isn't there and for an object that can't be pickled.
    """
    if isinstance(source, (str, Path)):
        path = Path(source)
        if not path.exists():
            raise Unreadable("no such file or folder", where=str(path))
        return Artefact(path)
    try:
        return Artefact(None, pickle.dumps(source, protocol=5))
    except Exception as error:
        raise Unreadable(
            f"this {type(source).__name__} can't be pickled: {error}",
            remedy="Replace lambdas and local functions in it by named functions of a module.",
        ) from None


def adapter_of(artefact: Artefact) -> Adapter:
    """The adapter that recognises an artefact by its bytes. Raises Unreadable if none does."""
    for adapter in known_adapters():
        if adapter.recognises(artefact):
            return adapter
    raise Unreadable(
        "not a saved pipeline of any kind we know",
        where=str(artefact),
        remedy="Known: " + ", ".join(a.framework for a in known_adapters()),
    )


@cache
def known_adapters() -> tuple[Adapter, ...]:
    """The adapters: every package in ``onnxpipe/adapters``."""
    found = (m.name for m in pkgutil.iter_modules(adapters.__path__, "onnxpipe.adapters.") if m.ispkg)
    return tuple(importlib.import_module(name) for name in found)


def _metadata(artefact: Artefact, plan: Plan, options: Options) -> dict[str, str]:
    return {
        "framework": plan.framework,
        "framework_version": plan.version,
        "dtype": options.dtype,
        "on_invalid": options.on_invalid,
        "missing_string": options.missing_string,
        "source_digest": hashlib.sha256(artefact.read()).hexdigest() if artefact.path else "",
        "unread_columns": ",".join(
            n for n, p in zip(plan.names or (), plan.inputs, strict=False) if p is None
        ),
    }
