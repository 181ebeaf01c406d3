"""The verification service: does a graph answer as the original does?"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import onnx

from onnxpipe.check import precision
from onnxpipe.check.compare import Tolerance, half, single
from onnxpipe.check.decoding import Decoding
from onnxpipe.check.report import Report, Setting
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


def verify(
    model: onnx.ModelProto | str | Path, source: Any = None, data: Any = None, *,
    golden: str | Path | None = None, where: Where | None = None, **options: Any,
) -> Report:  # fmt: skip
    """The report on a model against its source: a path, a live object, or None for its golden rows.

    A manifest stands for the reference, the rows and the tolerances it names. Of a graph that decodes
    images, ``data`` is a folder of them, and Pillow's pixels stand for the source where none is named.
    ``data`` is a table or
    the path of one. ``options`` are the fields of ``Judging``, and of
    ``Where`` (python, timeout, trust, signature) if ``where`` isn't given. Raises a Refusal where no
    comparison can be made.
    """
    started = time.perf_counter()
    judging, where = _options(options, where)
    proto, path = opened(model)
    if is_manifest(source):
        if judging.engine == "spark":
            raise BadInput("a reference is asked here, not on a cluster", remedy="Leave out --engine spark.")
        source, data, limits = reference.ordered(Path(source), data, judging.tolerances)
        judging = replace(judging, tolerances=limits)
    peers = borrowed(proto)
    if metadata(proto).get("half"):
        judging = replace(judging, tolerances=half(judging.tolerances))
    if any(stage.single for stage in peers) or metadata(proto).get("single"):
        judging = replace(judging, tolerances=single(judging.tolerances))
    judging = replace(judging, tolerances=precision.fitting(judging.tolerances, proto))
    notes = tuple(map(str, peers))
    runtime = runtime_of(judging.runtime, path, where.timeout)
    versions = versions_of(runtime)
    decoding, untold = _decoding(proto, source, data, judging)
    notes += untold
    if source is None and decoding is not None:
        setting = _setting(path, f"{decoding.decoder}'s pixels of {data}", judging, versions, notes)
        return _finished(replace(decodings.report(decoding), decoding=decoding), setting, started)
    if source is None:
        found = replay.replay(proto, replay.folders(path, golden), judging.tolerances, runtime)
        setting = _setting(path, "", judging, versions, notes)
        return _finished(found, setting, started)
    refuse_sequences(proto)
    artefact = artefact_of(source)
    adapter = ReferenceAdapter() if is_manifest(artefact.path) else adapter_of(artefact)
    if judging.engine == "spark":
        from onnxpipe.services.judging.cluster import judged

        found, versions = judged(proto, artefact, data, judging, where)
        return _finished(found, _setting(path, str(artefact), judging, versions), started)
    proto = unzipped(proto)
    with ExitStack() as stack:
        native = stack.enter_context(Native(artefact, adapter, where))
        alone = decodings.decodes(proto) or not items.batched(proto)
        if isinstance(adapter, ReferenceAdapter) and alone:
            found = replace(items.report(proto, native, data, judging.tolerances), decoding=decoding)
            setting = _setting(path, str(artefact), judging, {**versions, **native.versions}, notes)
            return _finished(found, setting, started)
        names = matched(proto, artefact, judging.names, where)
        trial = Trial(proto, native, judging.tolerances, names, runtime)
        found = trial.report(data, budget=judging.rows, seed=judging.seed, model=str(path or "model.onnx"))
        setting = _setting(
            path, str(artefact), judging, {**versions, **native.versions}, (*notes, *trial.notes)
        )
        return _finished(found, setting, started)


def refuse_sequences(model: onnx.ModelProto) -> None:
    """Raise BadInput for a graph of sequences of tensors, which no table of rows holds."""
    listed = [port for port in Signature.of(model).inputs if port.is_sequence]
    if listed:
        raise BadInput(
            f"the graph takes {listed[0]}, which no row holds",
            remedy="Compare the graph of one at a time (input=pixels): it answers the same.",
        )


def _decoding(
    proto: onnx.ModelProto, source: Any, data: Any, judging: Judging
) -> tuple[Decoding | None, tuple[str, ...]]:
    """What a graph's own decoding of images does, where it decodes any, or a note why that isn't known."""
    if data is None or not decodings.decodes(proto):
        return None, ()
    try:
        return decodings.measured(proto, data, judging.tolerances), ()
    except MissingExtra as error:
        if source is None:
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


def _setting(
    path: Path | None, source: str, judging: Judging, versions: Mapping[str, str], notes: tuple[str, ...] = ()
) -> Setting:
    return Setting(
        str(path or ""), source, judging.seed, judging.max_ppm, judging.tolerances, versions, notes
    )


def _finished(found: Report, setting: Setting, started: float) -> Report:
    if not found.tried:
        raise BadInput("there is no row to compare", where=setting.model)
    return replace(found, setting=setting, duration=time.perf_counter() - started)
