"""Bringing models to one set of operator versions without changing what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache

import onnx
from onnx import defs, helper, inliner, version_converter

from onnxpipe.errors import BadManifest

ML = "ai.onnx.ml"


def imports(model: onnx.ModelProto) -> dict[str, int]:
    """The operator set version of each domain; of one that is written twice the highest."""
    found: dict[str, int] = {}
    for entry in model.opset_import:
        domain = _plain(entry.domain)
        found[domain] = max(entry.version, found.get(domain, 0))
    return found


def aligned(models: Mapping[str, onnx.ModelProto]) -> tuple[list[onnx.ModelProto], dict[str, int], list[str]]:
    """Copies of the models under one set of versions, that set, and notes on what was converted.

    Raises BadManifest where no version means the same for all of them.
    """
    used = {name: imports(model) for name, model in models.items()}
    target = _custom(used)
    target[""] = max((found[""] for found in used.values() if "" in found), default=1)
    if any(ML in found for found in used.values()):
        target[ML] = _ml(models, used)
    notes: list[str] = []
    made = [_moved(name, model, used[name], target, notes) for name, model in models.items()]
    return made, target, notes


def nodes(model: onnx.ModelProto) -> Iterator[onnx.NodeProto]:
    """Every node of a model, in subgraphs and functions too."""
    todo: list[Iterable[onnx.NodeProto]] = [model.graph.node, *(f.node for f in model.functions)]
    while todo:
        for node in todo.pop():
            yield node
            for attribute in node.attribute:
                todo += [graph.node for graph in (attribute.g, *attribute.graphs) if graph.node]


def _custom(used: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Versions of all other domains. Raises BadManifest where two models differ: nobody can convert those."""
    found: dict[str, int] = {}
    for name, versions in used.items():
        for domain, version in versions.items():
            if domain not in ("", ML) and found.setdefault(domain, version) != version:
                raise BadManifest(
                    f"it uses version {version} of {domain}, an earlier part version {found[domain]}",
                    where=name,
                    remedy="Export both with one version of that domain.",
                )
    return found


def _ml(models: Mapping[str, onnx.ModelProto], used: Mapping[str, Mapping[str, int]]) -> int:
    """The highest ai.onnx.ml version at which every model means what it means now.

    There is no converter for this domain, so a version is only good if nothing need be rewritten.
    """
    highest = max(found.get(ML, 1) for found in used.values())
    ops = {name: _ops(model, ML) for name, model in models.items()}

    def changed(version: int) -> list[tuple[str, str]]:
        """(part, operator) of what would mean something else in a version."""
        olds = {name: found.get(ML, 1) for name, found in used.items()}
        return [(n, op) for n in ops for op in ops[n] if not _same(op, ML, olds[n], version)]

    fitting = next((version for version in range(highest, 0, -1) if not changed(version)), None)
    if fitting is not None:
        return fitting
    name, op = changed(highest)[0]
    raise BadManifest(
        f"its {op} of {ML} {used[name].get(ML)} has no equal in version {highest}, which another part needs",
        where=name,
        remedy="Convert the saved pipeline with onnxpipe instead of joining this export, or export all parts "
        f"with one {ML} version.",
    )


def _moved(
    name: str, model: onnx.ModelProto, used: Mapping[str, int], target: Mapping[str, int], notes: list[str]
) -> onnx.ModelProto:
    """The model at the target versions: relabelled where that changes nothing, else converted."""
    old, new = used.get("", target[""]), target[""]
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    _label(copy, {**used, "": old})
    if not all(_same(op, "", old, new) for op in _ops(copy, "")):
        copy = _converted(name, copy, new)
        notes.append(f"{name}: converted from opset {old} to {new}")
    _label(copy, {domain: target[domain] for domain in {**used, "": 0}})
    for function in copy.functions:
        for entry in function.opset_import:
            entry.version = target.get(_plain(entry.domain), entry.version)
    return copy


def _label(model: onnx.ModelProto, versions: Mapping[str, int]) -> None:
    del model.opset_import[:]
    model.opset_import.extend(helper.make_opsetid(d, v) for d, v in sorted(versions.items()))


def _converted(name: str, model: onnx.ModelProto, version: int) -> onnx.ModelProto:
    """The model rewritten by onnx's converter, which knows no functions and drops the nodes' metadata."""
    try:
        flat = inliner.inline_local_functions(model) if model.functions else model
        made = version_converter.convert_version(flat, version)
    except Exception as error:
        raise BadManifest(
            f"it can't be brought to opset {version}: {str(error).strip().splitlines()[0]}",
            where=name,
            remedy=f"Export it with opset {version}.",
        ) from error
    kept = {node.output[0]: node.metadata_props for node in flat.graph.node if node.output}
    for node in made.graph.node:
        if node.output and not node.metadata_props:
            node.metadata_props.extend(kept.get(node.output[0], ()))
    return made


def _ops(model: onnx.ModelProto, domain: str) -> list[str]:
    """The operators of a domain that a model uses, sorted."""
    own = {(f.domain, f.name) for f in model.functions}
    calls = ((_plain(node.domain), node.op_type) for node in nodes(model))
    return sorted({op for place, op in calls if place == domain and (place, op) not in own})


def _plain(domain: str) -> str:
    """A domain under its one name: the standard's own is also written ``ai.onnx``."""
    return "" if domain == "ai.onnx" else domain


@cache
def _same(op: str, domain: str, old: int, new: int) -> bool:
    """Whether an operator means the same in both versions of its domain.

    In ai.onnx.ml that is also so where a later version only added attributes (its changes of
    meaning came with other attributes: LabelEncoder 1 to 2, trees 4 to 5).
    """
    before, after = _schema(op, domain, old), _schema(op, domain, new)
    if before is None or after is None:
        return before is after
    if before.since_version == after.since_version:
        return True
    if domain != ML or new < old or after.deprecated:
        return False
    return before.attributes.keys() <= after.attributes.keys() and len(before.inputs) == len(after.inputs)


def _schema(op: str, domain: str, version: int) -> defs.OpSchema | None:
    try:
        return defs.get_schema(op, version, domain)
    except defs.SchemaError:
        return None


def ir_version(models: Sequence[onnx.ModelProto], target: Mapping[str, int], lowest: int) -> int:
    """The IR version for models joined at these operator versions."""
    ids = [helper.make_opsetid(domain, version) for domain, version in sorted(target.items())]
    needed = helper.find_min_ir_version_for(ids, ignore_unknown=True)
    return max(lowest, needed, *(model.ir_version for model in models))
