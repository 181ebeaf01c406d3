"""The inspection service: what is in a saved pipeline or in an ONNX model, told without running it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import onnx

from onnxpipe.adapters.base import Adapter, Artefact, Rows
from onnxpipe.core import portability
from onnxpipe.core.fragment import Fragment, Tap, metadata
from onnxpipe.core.options import Options
from onnxpipe.core.registry import find, missing
from onnxpipe.core.signature import Signature
from onnxpipe.errors import Refusal, Unreadable, Unsupported
from onnxpipe.services.convert import adapter_of, artefact_of, conversion

OURS, REFUSED = "ours", "refused"


@dataclass(frozen=True, slots=True)
class StageReport:
    """One stage: who converts it, or why not, and what its graph computes in and needs."""

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
    """What is in a saved pipeline, a live fitted object or an ONNX model.

    Raises Unreadable for a file that is neither.
    """
    if isinstance(source, onnx.ModelProto):
        return _model("the model", source)
    artefact = artefact_of(source)
    try:
        adapter = adapter_of(artefact)
    except Unreadable:
        if artefact.path is None or not artefact.path.is_file():
            raise
        return _model(str(artefact), _parsed(artefact))
    return explained(artefact, adapter, Options(**options), sample=sample)


def _parsed(artefact: Artefact) -> onnx.ModelProto:
    """The ONNX model in a file, without what it keeps in files beside it."""
    try:
        model = onnx.load_model_from_string(artefact.read())
    except Exception:  # protobuf's DecodeError, whose module has no types
        model = onnx.ModelProto()
    if not model.opset_import and not model.graph.node:
        raise Unreadable(
            "neither a saved pipeline of any kind we know nor an ONNX model", where=str(artefact)
        )
    return model


def explained(
    artefact: Artefact, adapter: Adapter, options: Options, *, sample: Rows | None = None
) -> Inspection:
    """What converting an artefact under these options would give, stage by stage."""
    names = tuple(sorted(adapter.names(artefact)))
    try:
        made = conversion(artefact, options, sample=sample, framework=adapter.framework)
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
        reasons[refusal.where] = refusal.what
    for stage in adapter.outline(artefact):
        if find(stage.kind) is None:
            near = missing(stage).nearest
            yield StageReport(stage.path, stage.kind, REFUSED, "has no converter" +
                              (f"; nearest: {', '.join(near)}" if near else ""))  # fmt: skip
        else:
            reason = reasons.get(stage.path, "")
            yield StageReport(stage.path, stage.kind, REFUSED if reason else OURS, reason)


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
    types, classes = (_types(model), portability.by_stage(model)) if taps else ({}, {})
    for tap in taps:
        needs = classes.get(tap.path, "standard")
        yield StageReport(tap.path, tap.kind, OURS, "", _precision(tap, types), needs)


def _precision(tap: Tap, types: Mapping[str, str]) -> tuple[str, ...]:
    """The dtypes a stage answers in, sorted."""
    found = {types[value] for values in tap.answers.values() for value in values if value in types}
    return tuple(sorted(found))


def _types(model: onnx.ModelProto) -> dict[str, str]:
    """The dtype of every value in a graph, as far as shape inference tells."""
    graph = onnx.shape_inference.infer_shapes(_light(model)).graph
    values = (*graph.input, *graph.value_info, *graph.output)
    view = onnx.ModelProto(graph=onnx.GraphProto(output=values))
    return {port.name: port.dtype for port in Signature.of(view).outputs}


def _light(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model itself; shape inference can't take one above protobuf's 2 GiB."""
    return model if model.ByteSize() < 2**31 else onnx.ModelProto(opset_import=model.opset_import)
