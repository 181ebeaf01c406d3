"""Artefacts that are programs: exported whole by their own framework, in its interpreter.

What comes back is made to keep the rules of a converted graph: the batch is called N and is open,
axes asked to be open are, every output has one answer per row, and no trace of the machine is left.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import onnx

from onnxpipe.adapters.base import Adapter, Artefact, Rows
from onnxpipe.core.foreign import Borrowed
from onnxpipe.core.fragment import PREFIX, Fragment, Tap, metadata
from onnxpipe.core.options import IR_VERSION, Options
from onnxpipe.core.plan import Plan, Stage
from onnxpipe.core.signature import Dim, Signature
from onnxpipe.errors import (
    BadInput,
    ExportFailed,
    MissingExtra,
    NativeFailed,
    Unsupported,
    UnsupportedStage,
    Untrusted,
)
from onnxpipe.services.natives import left_over, limits
from onnxpipe.services.natives.native import Export, Native, Where
from onnxpipe.services.selftest import open_session, opset, short
from onnxpipe.stitching import no_rows

_STAGE = PREFIX + "stage"


def exported(
    artefact: Artefact, adapter: Adapter, exporter: str, options: Options, sample: Rows | None, where: Where
) -> tuple[Plan, Fragment] | Artefact:  # fmt: skip
    """The one stage that a program is, as a plan, and its graph; of a factory whose model can be read as
    data once it is saved, that.

    Raises Unsupported without ``fallback``, ExportFailed where the exporter can't, Inexact where an
    axis that has to be open is fixed.
    """
    if not (options.fallback or artefact.factory):
        raise _refused(artefact, adapter)
    with Native(artefact, adapter, where) as native:
        if artefact.factory and (data := native.saved()) is not None:
            return Artefact(None, data, live=True)
        if not options.fallback:
            raise _refused(artefact, adapter)
        return _by(native, exporter, options, sample)


def _by(native: Native, exporter: str, options: Options, sample: Rows | None) -> tuple[Plan, Fragment]:
    made = native.program(exporter, options, sample)
    return finished(native.adapter.framework, made.model, made.facts, options)


def _refused(artefact: Artefact, adapter: Adapter) -> Unsupported:
    why = f"is a program, which only {adapter.framework}'s own exporter turns into a graph"
    return Unsupported([UnsupportedStage(s.path, s.kind, why, ()) for s in adapter.outline(artefact)])


def instead(
    artefact: Artefact, adapter: Adapter, exporter: str, options: Options, sample: Rows | None, where: Where,
    refusal: Unsupported,
) -> tuple[Plan, Fragment, Borrowed]:  # fmt: skip
    """``exported``, of an artefact that would be read as data but for stages without a converter.

    Raises Untrusted before anything is loaded, and the refusal with the reason where its peer has no
    answer either.
    """
    peer = getattr(adapter, "called", exporter)
    try:
        with Native(artefact, adapter, where) as native:
            plan, fragment = _by(native, exporter, options, sample)
    except Untrusted as error:
        listed = ", ".join(f"{stage.path} ({stage.kind})" for stage in refusal.stages)
        error.what = f"{listed} has no converter; to try {peer}, {error.what}"
        raise
    except (MissingExtra, NativeFailed) as error:
        refusal.remedy += f"\n{peer} could be tried, but {error.what} ({error.remedy})"
        raise refusal from None
    except ExportFailed as error:
        why = f"has no converter of ours, and {peer} can't help: {error.what}"
        raise Unsupported([stage._replace(reason=why) for stage in refusal.stages]) from None
    name, _, version = metadata(fragment.model)["exporter"].partition(" ")
    return plan, fragment, Borrowed(plan.root.path, plan.root.kind, name, version)


def finished(
    framework: str, model: onnx.ModelProto, facts: Mapping[str, Any], options: Options
) -> tuple[Plan, Fragment]:
    """An exporter's graph, which is changed in place, under the rules of a converted one."""
    for value in _values(model):
        _rename(value, {})  # sizes written as text become numbers
    names = _symbols(model)
    for value in _values(model):
        _rename(value, names)
    limits.refuse_dtype(model, options)
    _clean(model)
    no_rows.guarded(model)
    sizes = {names.get(symbol, symbol): size for symbol, size in facts["sizes"].items()}
    sizes.pop("N", None)
    model.metadata_props.add(key=PREFIX + "sizes", value=json.dumps(sizes, sort_keys=True))
    model.metadata_props.add(key=PREFIX + "exporter", value=facts["route"])
    fragment = left_over.completed(Fragment(model, tuple(map(_tap, facts["stages"]))))
    _refuse_unknown(fragment.model, facts["route"])
    fragment = _picked(fragment, options)
    limits.refuse_fixed(fragment.signature, options)
    root = Stage(facts["kind"], facts["stages"][-1]["path"], {})
    return Plan(framework, facts["version"], root, Signature.of(model).inputs), fragment


def bare(export: Export) -> Export:
    """A part's export, changed in place: without notes on the machine it was made on, right for no rows."""
    _clean(export.model)
    no_rows.guarded(export.model)
    return export


def inside(model: onnx.ModelProto, called: Mapping[str, str]) -> dict[str, Any]:
    """What has to be known of a program's graph to find its values again (see ``onnxpipe/worker``).

    ``called`` are the original's names of the graph's inputs where they are others.
    """
    ports = {
        called.get(port.name, port.name): {"dtype": port.dtype, "shape": list(map(_size, port.shape))}
        for port in Signature.of(model).inputs
    }
    taps = Fragment.of(model).taps
    reads = {tap.path: [called.get(name, name) for name, _ in tap.inputs] for tap in taps}
    return {"reads": reads, "inputs": ports, "dynamic": {}, "outputs": [], "opset": opset(model)}


def _size(dim: Dim) -> int | None:
    return dim if isinstance(dim, int) else None


def _symbols(model: onnx.ModelProto) -> dict[str, str]:
    """New names of the open axes: ``N`` for the batch, else the input's name and the axis."""
    names: dict[str, str] = {}
    for port in Signature.of(model).inputs:
        if port.shape and isinstance(port.shape[0], str):
            names.setdefault(port.shape[0], "N")
    for port in Signature.of(model).inputs:
        for axis, dim in enumerate(port.shape):
            if isinstance(dim, str):
                names.setdefault(dim, f"{port.name}_{axis}")
    return names


def _values(model: onnx.ModelProto) -> Iterator[onnx.ValueInfoProto]:
    yield from (*model.graph.input, *model.graph.output, *model.graph.value_info)


def _rename(value: onnx.ValueInfoProto, names: Mapping[str, str]) -> None:
    """Rename symbols in a value's shape, in expressions of them too."""
    for dim in value.type.tensor_type.shape.dim:
        if dim.dim_param.isdecimal():
            dim.dim_value = int(dim.dim_param)
        elif dim.HasField("dim_param"):
            said = re.sub(r"[^\W\d]\w*", lambda word: names.get(word[0], word[0]), dim.dim_param)
            dim.dim_param = said


def _clean(model: onnx.ModelProto) -> None:
    """Leave of notes on nodes only the stage: exporters write stack traces, with paths of this machine."""
    del model.metadata_props[:]
    model.ir_version = min(model.ir_version, IR_VERSION)
    model.producer_name, model.producer_version, model.graph.name = "onnxpipe", "", "pipeline"
    model.doc_string = model.graph.doc_string = ""
    del model.graph.metadata_props[:]
    for node in _nodes(model.graph):
        stage = next((prop.value for prop in node.metadata_props if prop.key == _STAGE), "")
        del node.metadata_props[:]
        node.doc_string = ""
        node.metadata_props.add(key=_STAGE, value=stage)
    for each in (*_values(model), *model.graph.initializer):
        del each.metadata_props[:]
        each.doc_string = ""


def _nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in (*attribute.graphs, *((attribute.g,) if attribute.HasField("g") else ())):
                yield from _nodes(inner)


def _tap(told: Mapping[str, Any]) -> Tap:
    inputs = tuple((str(name), 0) for name in told["inputs"])
    return Tap(told["path"], told["kind"], inputs, {k: tuple(v) for k, v in told["answers"].items()})


def _picked(fragment: Fragment, options: Options) -> Fragment:
    """The fragment with only the outputs asked for. Raises BadInput for one that isn't there."""
    there = [value.name for value in fragment.model.graph.output]
    if absent := [name for name in options.outputs if name not in there]:
        raise BadInput(
            f"no output {', '.join(absent)}: it answers {', '.join(there)}",
            remedy=f"--outputs {','.join(there)}",
        )
    if not options.outputs:
        return fragment

    kept = {value.name: value for value in fragment.model.graph.output}
    del fragment.model.graph.output[:]
    fragment.model.graph.output.extend(kept[name] for name in options.outputs)
    from onnxpipe.stitching import tidy  # takes half a second to import

    return tidy.drop_unused(fragment)


def _refuse_unknown(model: onnx.ModelProto, route: str) -> None:
    """Raise ExportFailed where onnxruntime has no operator for a type in the graph, as for bfloat16."""
    try:
        open_session(model)
    except MissingExtra:
        raise
    except Exception as error:  # onnxruntime's errors, which have no common type
        raise ExportFailed(
            f"onnxruntime can't run what {route} made of it: {short(error)}",
            remedy="It has operators for float32 (network.float()) and int64, but not for every other type.",
        ) from None
