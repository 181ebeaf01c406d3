"""The inspection service: what is in a saved pipeline or in an ONNX model, told without running it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import onnx

from onnxpipe.adapters.base import Adapter, Artefact, Rows, program_exporter
from onnxpipe.core import models, portability
from onnxpipe.core.foreign import borrowed
from onnxpipe.core.fragment import Fragment, Tap, metadata, ports
from onnxpipe.core.options import Options
from onnxpipe.core.registry import find, missing
from onnxpipe.core.signature import Port, Signature
from onnxpipe.errors import Contradictory, Refusal, Unreadable, Unsupported
from onnxpipe.services.convert import adapter_of, artefact_of, conversion
from onnxpipe.services.natives.native import Where
from onnxpipe.stitching.manifest import is_manifest

OURS, FALLBACK, REFUSED = "ours", "fallback", "refused"


@dataclass(frozen=True, slots=True)
class StageReport:
    """One stage: ours, fallback or refused; which peer or why not; what its graph computes in and needs."""

    path: str
    kind: str
    status: str
    reason: str = ""
    precision: tuple[str, ...] = ()
    portability: str = ""


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found in a file; ``refusal`` says why a pipeline can't be converted, empty where it can.

    ``names`` are what loading it natively would import; ``operators`` counts by domain and type.
    """

    path: str
    what: str
    framework: str = ""
    version: str = ""
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    stages: tuple[StageReport, ...] = ()
    names: tuple[str, ...] = ()
    operators: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    opsets: Mapping[str, int] = field(default_factory=dict)
    portability: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    refusal: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain data, one key per field."""
        return asdict(self)


def inspect(source: Any, *, sample: Rows | None = None, **options: Any) -> Inspection:
    """What is in a saved pipeline, a live fitted object or an ONNX model, and what a manifest makes.

    Nothing is run unless ``fallback`` or a manifest's parts ask for it.

    Raises Unreadable for a file that is neither.
    """
    if isinstance(source, onnx.ModelProto):
        return _model("the model", source)
    if is_manifest(source):
        return _model(str(source), _joined(source))
    artefact = artefact_of(source)
    try:
        adapter = adapter_of(artefact)
    except Unreadable:
        if artefact.live or (artefact.path and not artefact.path.is_file()):
            raise
        return _model(str(artefact), _parsed(artefact))
    return explained(artefact, adapter, Options(**{"fallback": False, **options}), sample=sample)


def drawn(source: Any, *, sample: Rows | None = None, **options: Any) -> str:
    """What ``inspect`` finds, as one self-contained HTML page with the graph by part and stage.

    Raises what stands in the way of a graph: a Refusal for a pipeline that can't be converted.
    """
    from onnxpipe.check.reports.graph_page import page

    model, name = _graph_of(source, sample, options)
    found = _model(name, model)
    opsets = ", ".join(f"{domain} {version}" for domain, version in found.opsets.items())
    made = f"{found.framework} {found.version}".strip()
    return page(
        model, title=name, facts={"made by": made, "runs on": found.portability, "operators of": opsets}
    )


def _graph_of(source: Any, sample: Rows | None, options: Mapping[str, Any]) -> tuple[onnx.ModelProto, str]:
    """The model of a source, and what to call it."""
    if isinstance(source, onnx.ModelProto):
        return source, "the model"
    if is_manifest(source):
        return _joined(source), Path(source).name
    artefact = artefact_of(source)
    name = artefact.path.name if artefact.path else str(artefact)
    try:
        adapter_of(artefact)
    except Unreadable:
        if artefact.live or (artefact.path and not artefact.path.is_file()):
            raise
        return _parsed(artefact), name
    chosen = Options(**{"fallback": False, **options})
    return conversion(artefact, chosen, sample=sample).model, name


def _parsed(artefact: Artefact) -> onnx.ModelProto:
    """The ONNX model in a file, without what it keeps in files beside it."""
    try:
        return models.parsed(artefact.read(), str(artefact))
    except Unreadable as error:
        if "isn't an ONNX model" not in error.what:
            raise
        raise Unreadable(
            "neither a saved pipeline of any kind we know nor an ONNX model", where=str(artefact)
        ) from None


def explained(
    artefact: Artefact, adapter: Adapter, options: Options, *, sample: Rows | None = None,
    where: Where | None = None,
) -> Inspection:  # fmt: skip
    """What converting an artefact under these options would give, stage by stage.

    Stages that fall back are really exported, ``where`` a conversion would have it done.
    """
    names = tuple(sorted(adapter.names(artefact)))
    try:
        made = conversion(artefact, options, sample=sample, framework=adapter.framework, where=where)
    except Unreadable:
        raise
    except Refusal as refusal:
        stages = tuple(_outlined(adapter, artefact, refusal))
        return Inspection(str(artefact), "pipeline", adapter.framework, stages=stages, names=names,
                          refusal=str(refusal))  # fmt: skip
    found = _model(str(artefact), made.model)
    return Inspection(str(artefact), "pipeline", made.plan.framework, made.plan.version, found.inputs,
                      found.outputs, found.stages, names, found.operators, found.opsets,
                      found.portability)  # fmt: skip


def _outlined(adapter: Adapter, artefact: Artefact, refusal: Refusal) -> Iterator[StageReport]:
    """The stages of a pipeline that was refused, with the reasons."""
    entries = refusal.stages if isinstance(refusal, Unsupported) else ()
    reasons = {entry.path: entry.reason for entry in entries}
    if not entries:
        reasons[refusal.stage if isinstance(refusal, Contradictory) else refusal.where] = refusal.what
    exporter = program_exporter(adapter, artefact)
    for stage in adapter.outline(artefact):
        if find(stage.kind) is None:
            near = missing(stage).nearest
            reason = "has no converter" + (f"; nearest: {', '.join(near)}" if near else "")
            if exporter and stage.path in reasons:
                reason = reasons[stage.path]
            yield StageReport(stage.path, stage.kind, REFUSED, reason)
        else:
            reason = reasons.get(stage.path, "")
            yield StageReport(stage.path, stage.kind, REFUSED if reason else OURS, reason)


def _joined(manifest: Any) -> onnx.ModelProto:
    """What a manifest makes."""
    from onnxpipe.services.stitch import stitch  # takes half a second to import

    return stitch(manifest)


def _model(path: str, model: onnx.ModelProto) -> Inspection:
    """What is in an ONNX model; the stages are known where onnxpipe made it."""
    signature, told = Signature.of(model), metadata(model)
    return Inspection(
        path,
        "ONNX model",
        told.get("framework", model.producer_name),
        told.get("framework_version", model.producer_version),
        tuple(map(str, signature.inputs)),
        tuple(map(str, signature.outputs)),
        tuple(_stages(model)),
        operators=portability.counted(model),
        opsets={entry.domain or "ai.onnx": int(entry.version) for entry in model.opset_import},
        portability=portability.portability(model),
        metadata={key: value for key, value in told.items() if key != "stages" and value},
    )


def _stages(model: onnx.ModelProto) -> Iterator[StageReport]:
    taps = Fragment.of(model).taps
    known, classes = (ports(model), portability.by_stage(model)) if taps else ({}, {})
    peers = {stage.path: stage for stage in borrowed(model)}
    exporter = metadata(model).get("exporter", "")
    for tap in taps:
        needs, peer = classes.get(tap.path, "standard"), peers.get(tap.path)
        if peer is not None:
            by = f"{peer.exporter} {peer.version}"
            yield StageReport(tap.path, tap.kind, FALLBACK, by, peer.precision, needs)
        else:
            status = FALLBACK if exporter else OURS
            yield StageReport(tap.path, tap.kind, status, exporter, _precision(tap, known), needs)


def _precision(tap: Tap, known: Mapping[str, Port]) -> tuple[str, ...]:
    """The dtypes a stage answers in, sorted."""
    found = {known[value].dtype for values in tap.answers.values() for value in values if value in known}
    return tuple(sorted(found))
