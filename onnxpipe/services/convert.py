"""The conversion service: an artefact in, one verified-to-load ONNX model out."""

from __future__ import annotations

import importlib
import pickle
import pkgutil
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import onnx

from onnxpipe import adapters, lock
from onnxpipe.adapters.base import Adapter, Artefact, Rows, Sample, exporter_of, program_exporter, whole_of
from onnxpipe.check.frames import as_rows, notes
from onnxpipe.core import build, foreign, portability
from onnxpipe.core.foreign import Borrowed
from onnxpipe.core.fragment import Fragment
from onnxpipe.core.options import Options
from onnxpipe.core.plan import Context, Plan
from onnxpipe.core.registry import NO_CONVERTER, find
from onnxpipe.core.soundness import sound
from onnxpipe.errors import (
    BadInput,
    BadManifest,
    Contradictory,
    ExportFailed,
    FallbackWarning,
    Refusal,
    Unfitted,
    Unreadable,
    Unsupported,
)
from onnxpipe.services import facts
from onnxpipe.services.judging.rows import load_rows
from onnxpipe.services.natives import spill
from onnxpipe.services.natives.fallback import Fallback
from onnxpipe.services.natives.native import Where
from onnxpipe.services.natives.programs import exported, instead
from onnxpipe.services.natives.remote import fetched, is_url


@dataclass(frozen=True, slots=True)
class Conversion:
    """A converted artefact: what was read, the graph, the finished model, the stages a peer converted."""

    artefact: Artefact
    plan: Plan
    fragment: Fragment
    model: onnx.ModelProto
    borrowed: tuple[Borrowed, ...] = ()


def convert(
    source: Any, *, sample: Any = None, framework: str = "",
    python: str = "", timeout: float | None = None, trust: Sequence[str] = (), signature: str = "",
    **options: Any,
) -> onnx.ModelProto:  # fmt: skip
    """The ONNX model of a saved pipeline (a path) or a live fitted object.

    ``sample`` is a table or the path of one; ``options`` are the fields of ``Options``, None for
    a default. ``python``, ``timeout`` and ``trust`` say where a peer's exporter runs, should a stage
    need one (``fallback``), ``signature`` which function of a SavedModel is meant. A FallbackWarning
    tells of each stage that a peer converted. Raises a Refusal that says where and what next.
    """
    names = (trust,) if isinstance(trust, str) else tuple(trust)
    where = Where(python, timeout or Where().timeout, names, signature)
    made = conversion(
        source, options_of(options), sample=sample_of(sample), framework=framework, where=where
    )  # fmt: skip
    for stage in made.borrowed:
        warnings.warn(str(stage), FallbackWarning, stacklevel=2)
    return spill.loaded(made.model)


def options_of(given: Mapping[str, Any]) -> Options:
    """Options from keyword arguments, None meaning the default. Raises BadInput for one we don't know."""
    chosen = {name: value for name, value in given.items() if value is not None}
    unknown = sorted(chosen.keys() - set(Options.__slots__))
    if unknown:
        raise BadInput(f"no option {', '.join(unknown)}", remedy=f"Known: {', '.join(Options.__slots__)}")
    if isinstance(outputs := chosen.get("outputs", ()), (str, Sequence)):
        chosen["outputs"] = (outputs,) if isinstance(outputs, str) else tuple(outputs)
    return Options(**chosen)


def sample_of(sample: Any) -> Rows | None:
    """Rows of a path or a table; None stays None."""
    if sample is None:
        return None
    return load_rows(sample) if isinstance(sample, (str, Path)) else Sample(as_rows(sample), notes(sample))


def conversion(
    source: Any, options: Options, *, sample: Rows | None = None, framework: str = "",
    where: Where | None = None,
) -> Conversion:  # fmt: skip
    """``convert``, with everything that came up on the way.

    An error over the data of a live object is ours, and escapes as it is; over that of a file it
    is told as Contradictory.
    """
    artefact = source if isinstance(source, Artefact) else artefact_of(source)
    adapter = adapter_of(artefact, framework)
    try:
        with sound():
            return _with_peers(artefact, adapter, options, sample, where or Where())
    except Contradictory as error:
        if artefact.live and error.__cause__ is not None:
            raise error.__cause__ from None
        error.where = error.where or str(artefact)
        raise
    except Refusal as error:
        error.where = error.where or str(artefact)
        raise


def _with_peers(
    artefact: Artefact, adapter: Adapter, options: Options, sample: Rows | None, where: Where
) -> Conversion:
    """The conversion by our own converters alone where they suffice, else with a peer's help."""
    options.refuse_dates(unless=getattr(adapter, "dates", False))
    if exporter := program_exporter(adapter, artefact):
        made = exported(artefact, adapter, exporter, options, sample, where)
        if isinstance(made, Artefact):
            return _with_peers(made, adapter_of(made), options, sample, where)
        return _finished(artefact, *made, options)
    options.refuse_halves()
    try:
        return _converted(artefact, adapter, replace(options, fallback=False), sample)
    except Unsupported as error:
        if not (options.fallback and exporter_of(adapter) and _may_fall_back(error)):
            raise
        refusal = error
    if exporter := whole_of(adapter, artefact):
        plan, fragment, borrowed = instead(artefact, adapter, exporter, options, sample, where, refusal)
        return _finished(artefact, plan, fragment, options, (borrowed,))
    with Fallback(artefact, adapter, where, refusal) as fallback:
        try:
            return _converted(artefact, adapter, options, sample, fallback)
        except Unfitted:
            raise refusal from None


def _may_fall_back(refusal: Unsupported) -> bool:
    """Whether a stage was refused for want of a converter, not for what no converter can do."""
    return any(find(stage.kind) is None and stage.reason == NO_CONVERTER for stage in refusal.stages)


def _converted(
    artefact: Artefact, adapter: Adapter, options: Options, sample: Rows | None,
    fallback: Fallback | None = None,
) -> Conversion:  # fmt: skip
    plan = adapter.read(artefact, options, sample)
    fragment = build.build(plan, options, Context(options, fallback=fallback))
    borrowed = tuple(fallback.stages) if fallback else ()
    fragment = _joined(fragment, fallback) if fallback else fragment
    return _finished(artefact, plan, fragment, options, borrowed)


def _finished(
    artefact: Artefact, plan: Plan, fragment: Fragment, options: Options,
    borrowed: tuple[Borrowed, ...] = (),
) -> Conversion:  # fmt: skip
    portability.require(fragment.model, options)
    told = facts.told(artefact, plan, fragment, options) | foreign.told(borrowed)
    return Conversion(artefact, plan, fragment, fragment.finished(told), borrowed)


def _joined(fragment: Fragment, fallback: Fallback) -> Fragment:
    """The fragment with the peer's graphs in it. Raises ExportFailed where operator versions clash."""
    from onnxpipe.stitching.splice import splice  # onnx-ir takes a third of a second to import

    try:
        return splice(fragment, fallback.parts)
    except BadManifest as error:
        raise ExportFailed(
            f"{fallback.exporter}'s graph can't be joined with ours: {error.what}", where=error.where,
            remedy="Register a converter of your own with @onnxpipe.converts.",
        ) from None  # fmt: skip


def artefact_of(source: Any) -> Artefact:
    """The artefact of a path, of a URL by copying it here, of ``module:function`` (a factory), or of a live
    object by pickling it in memory.

    Raises Unreadable for a path that isn't there and for an object that can't be pickled.
    """
    if isinstance(source, Artefact):
        return source
    if is_url(source):
        return fetched(source)
    if isinstance(source, (str, Path)):
        path = Path(source)
        if not path.exists():
            return _factory(str(source))
        if not (path.is_file() or path.is_dir()):
            raise Unreadable("neither a file nor a folder", where=str(path), remedy="- is standard input.")
        return Artefact(path)
    try:
        return Artefact(None, pickle.dumps(source, protocol=5), live=True)
    except Exception as error:
        raise Unreadable(
            f"this {type(source).__name__} can't be pickled: {error}",
            remedy="Replace lambdas and local functions in it by named functions of a module.",
        ) from None


_FACTORY = re.compile(r"(?P<factory>[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*)(@(?P<weights>.+))?")


def _factory(source: str) -> Artefact:
    """The artefact of ``module:function`` or ``module:function@weights``. Raises Unreadable."""
    match = _FACTORY.fullmatch(source)
    if match is None or (match["weights"] and not Path(match["weights"]).is_file()):
        raise Unreadable("no such file or folder", where=(match and match["weights"]) or source)
    if match["weights"]:
        return Artefact(Path(match["weights"]), factory=match["factory"])
    return Artefact(None, b"", factory=match["factory"])


def adapter_of(artefact: Artefact, framework: str = "") -> Adapter:
    """The adapter of a framework, or the one that recognises an artefact by its bytes.

    Raises BadInput for a framework we don't know, Unreadable where none recognises the bytes.
    """
    for adapter in known_adapters():
        if adapter.framework == framework or (not framework and adapter.recognises(artefact)):
            return adapter
    known = "Known: " + ", ".join(a.framework for a in known_adapters())
    if framework:
        raise BadInput(f"no framework {framework}", remedy=known)
    if artefact.path is not None and artefact.path.is_file() and lock.lfs_digest(artefact.read()[:1024]):
        raise Unreadable(
            "it is a Git LFS pointer, not the file itself", where=str(artefact), remedy="git lfs pull"
        )
    raise Unreadable("not a saved pipeline of any kind we know", where=str(artefact), remedy=known)


@cache
def known_adapters() -> tuple[Adapter, ...]:
    """The adapters: every package in ``onnxpipe/adapters``; last scikit-learn's, which takes any pickle."""
    found = (m.name for m in pkgutil.iter_modules(adapters.__path__, "onnxpipe.adapters.") if m.ispkg)
    made = [importlib.import_module(name) for name in found]
    return tuple(sorted(made, key=lambda adapter: adapter.framework == "sklearn"))
