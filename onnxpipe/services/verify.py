"""The verification service: does a graph answer as the original does?"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import onnx

from onnxpipe.adapters.base import Adapter, Artefact
from onnxpipe.check import precision
from onnxpipe.check.compare import Tolerance, half, single
from onnxpipe.check.reports.decoding import Decoding
from onnxpipe.check.reports.report import Report, Setting
from onnxpipe.core import models
from onnxpipe.core.foreign import borrowed
from onnxpipe.core.fragment import metadata
from onnxpipe.core.signature import Signature
from onnxpipe.errors import BadInput, MissingExtra
from onnxpipe.services.convert import adapter_of, artefact_of
from onnxpipe.services.judging import decoding as decodings
from onnxpipe.services.judging import items, replay
from onnxpipe.services.judging.matching import matched, unzipped
from onnxpipe.services.judging.runtimes import runtime_of, versions_of
from onnxpipe.services.judging.trial import Trial
from onnxpipe.services.keeping import journal
from onnxpipe.services.natives import reference
from onnxpipe.services.natives.native import Native, Where
from onnxpipe.services.natives.reference import ReferenceAdapter
from onnxpipe.stitching.manifest import is_manifest


@dataclass(frozen=True, slots=True)
class Judging:
    """How to judge: rows made besides the user's, seed, tolerances by output ("" for all), the
    rate of differing rows that is still called equal, and source names by model output name.
    ``engine`` spark goes through all of a table on the cluster at ``master``, and makes no rows.
    ``runtime`` runs the graph: onnxruntime, reference for ONNX's own evaluator, or the address of a
    server that speaks the Open Inference Protocol (http://HOST:PORT[/v2/models/NAME]).
    """

    rows: int = 2000
    seed: int = 0
    tolerances: Mapping[str, Tolerance] = field(default_factory=dict)
    max_ppm: float = 0.0
    names: Mapping[str, str] = field(default_factory=dict)
    engine: str = "local"
    master: str = ""
    runtime: str = "onnxruntime"


@dataclass(frozen=True, slots=True)
class _Question:
    """What is compared with what, and how; ``notes`` are what the report says of it besides."""

    model: onnx.ModelProto
    path: Path | None
    source: Any
    data: Any
    golden: str | Path | None
    judging: Judging
    where: Where
    notes: tuple[str, ...] = ()

    def setting(self, of: str, versions: Mapping[str, str], more: tuple[str, ...] = ()) -> Setting:
        """What a report says of the comparison with ``of``."""
        own, notes = self.judging, (*self.notes, *more)
        return Setting(str(self.path or ""), of, own.seed, own.max_ppm, own.tolerances, versions, notes)


def verify(
    model: onnx.ModelProto | str | Path, source: Any = None, data: Any = None, *,
    golden: str | Path | None = None, where: Where | None = None, **options: Any,
) -> Report:  # fmt: skip
    """The report on a model against its source: a path, a live object, or None for its golden rows.

    A manifest stands for the reference, the rows and the tolerances it names. ``data`` is a table or
    the path of one; of a graph that decodes images a folder of them, and Pillow's pixels stand for the
    source where none is named. ``options`` are the fields of ``Judging``, and of ``Where`` (python,
    timeout, trust, signature) if ``where`` isn't given. Raises a Refusal where no comparison can be made.
    """
    started = time.perf_counter()
    judging, where = _options(options, where)
    proto, path = opened(model)
    if is_manifest(source):
        source, data, judging = _named(Path(source), data, judging)
    notes = tuple(map(str, borrowed(proto)))
    asked = _Question(proto, path, source, data, golden, _fitting(judging, proto), where, notes)
    found = _without_source(asked) if source is None else _with_source(asked)
    if not found.tried:
        raise BadInput("there is no row to compare", where=str(path or ""))
    return replace(found, duration=time.perf_counter() - started)


def _named(manifest: Path, data: Any, judging: Judging) -> tuple[Any, Any, Judging]:
    """The reference, the rows and the tolerances of a manifest, where the user names no others."""
    if judging.engine == "spark":
        raise BadInput("a reference is asked here, not on a cluster", remedy="Leave out --engine spark.")
    source, data, limits = reference.ordered(manifest, data, judging.tolerances)
    return source, data, replace(judging, tolerances=limits)


def _fitting(judging: Judging, model: onnx.ModelProto) -> Judging:
    """With the tolerances of float16 or float32 where the graph computes in it, whatever it answers in."""
    limits = half(judging.tolerances) if metadata(model).get("half") else judging.tolerances
    if any(stage.single for stage in borrowed(model)) or metadata(model).get("single"):
        limits = single(limits)
    return replace(judging, tolerances=precision.fitting(limits, model))


def _without_source(asked: _Question) -> Report:
    """Against Pillow's pixels where images are given to a graph that decodes them, else the golden rows."""
    runtime = runtime_of(asked.judging.runtime, asked.path, asked.where.timeout)
    versions = versions_of(runtime)
    decoding, _ = _decoding(asked)
    if decoding is not None:
        setting = asked.setting(f"{decoding.decoder}'s pixels of {asked.data}", versions)
        return replace(decodings.report(decoding), decoding=decoding, setting=setting)
    sets = replay.folders(asked.path, asked.golden)
    found = replay.replay(asked.model, sets, asked.judging.tolerances, runtime)
    return replace(found, setting=asked.setting("", versions))


def _with_source(asked: _Question) -> Report:
    """Against the original, here or on a cluster."""
    refuse_sequences(asked.model)
    artefact = artefact_of(asked.source)
    adapter = ReferenceAdapter() if is_manifest(artefact.path) else adapter_of(artefact)
    if asked.judging.engine == "spark":
        from onnxpipe.services.judging.cluster import judged

        found, versions = judged(asked.model, artefact, asked.data, asked.judging, asked.where)
        return replace(found, setting=asked.setting(str(artefact), versions))
    return _live(asked, artefact, adapter)


def _live(asked: _Question, artefact: Artefact, adapter: Adapter) -> Report:
    """Against what a live original answers to rows that are made for it."""
    model, judging, of = unzipped(asked.model), asked.judging, str(artefact)
    runtime = runtime_of(judging.runtime, asked.path, asked.where.timeout)
    versions = versions_of(runtime)
    decoding, untold = _decoding(asked)
    with Native(artefact, adapter, asked.where) as native:
        versions = {**versions, **native.versions}
        alone = decodings.decodes(model) or not items.batched(model)
        if isinstance(adapter, ReferenceAdapter) and alone:
            made = items.Made(judging.rows, judging.seed)
            found = items.report(model, native, asked.data, judging.tolerances, made)
            return replace(found, decoding=decoding, setting=asked.setting(of, versions, untold))
        names = matched(model, artefact, judging.names, asked.where)
        trial = Trial(model, native, judging.tolerances, names, runtime)
        title = str(asked.path or "model.onnx")
        found = trial.report(asked.data, budget=judging.rows, seed=judging.seed, model=title)
        return replace(found, setting=asked.setting(of, versions, (*untold, *trial.notes)))


def refuse_sequences(model: onnx.ModelProto) -> None:
    """Raise BadInput for a graph of sequences of tensors, which no table of rows holds."""
    listed = [port for port in Signature.of(model).inputs if port.is_sequence]
    if listed:
        raise BadInput(
            f"the graph takes {listed[0]}, which no row holds",
            remedy="Compare the graph of one at a time (input=pixels): it answers the same.",
        )


def _decoding(asked: _Question) -> tuple[Decoding | None, tuple[str, ...]]:
    """What a graph's own decoding of images does, where it decodes any, or a note why that isn't known."""
    if asked.data is None or not decodings.decodes(asked.model):
        return None, ()
    try:
        return decodings.measured(asked.model, asked.data, asked.judging.tolerances), ()
    except MissingExtra as error:
        if asked.source is None:
            raise
        return None, (f"what decoding in the graph does wasn't measured: {error.what} ({error.remedy})",)


def _options(options: Mapping[str, Any], where: Where | None) -> tuple[Judging, Where]:
    """Keyword options, each given to the bundle that has it. Raises TypeError for a name none has."""
    judging = {f.name: options[f.name] for f in fields(Judging) if f.name in options}
    native = {f.name: options[f.name] for f in fields(Where) if f.name in options}
    if unknown := options.keys() - judging.keys() - native.keys():
        raise TypeError(f"verify() has no option {', '.join(sorted(unknown))}")
    native = {k: tuple(v) if k == "trust" else v for k, v in native.items() if v is not None}
    judging = {k: v for k, v in judging.items() if v is not None}
    return Judging(**judging), where or Where(**native)


def opened(model: onnx.ModelProto | str | Path) -> tuple[onnx.ModelProto, Path | None]:
    """A model and the path it was read from, None for one in memory. Raises Unreadable."""
    if isinstance(model, onnx.ModelProto):
        return model, None
    journal.settle(model)
    return models.read(model), Path(model)
