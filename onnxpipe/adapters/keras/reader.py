"""From a saved Keras model to a plan: its layers as stages, its own inputs and outputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from onnxpipe.adapters.base import Artefact, Rows
from onnxpipe.adapters.keras import halves, hdf5, layers, models, older, storage
from onnxpipe.adapters.keras.calls import Call, Value, apply, flat
from onnxpipe.adapters.keras.trust import names_in
from onnxpipe.adapters.reading import reading
from onnxpipe.core.ops import Var
from onnxpipe.core.options import Options
from onnxpipe.core.plan import Answered, Plan, Stage
from onnxpipe.core.record import Record
from onnxpipe.core.registry import discover, find, missing
from onnxpipe.core.signature import Port
from onnxpipe.errors import BadInput, Inexact, Unfitted, Unsupported

framework, exporter = "keras", "keras"
called = "its backend's exporter"
"""What messages call it: tf2onnx, torch.onnx, or the worker's own translation of JAX."""
whole = True
"""A model is exported as a whole, by its backend's exporter: a layer alone has no signature."""
_REMEDY = "Save it again: model.save('model.keras')"
recognises, loadable = storage.recognises, storage.loadable


def read(artefact: Artefact, options: Options, sample: Rows | None = None) -> Plan:
    """The plan of a saved model; nothing in it is run.

    Raises Unreadable, Unsupported (every layer at once), Unfitted and BadInput, MissingExtra without h5py.
    """
    if options.dtype == "float64":
        raise Inexact("Keras computes in float32, as it was trained", remedy="Leave out --dtype.")
    version, stage = root_of(artefact)
    refuse_unsupported(stage)
    ports = tuple(input_ports(stage))
    refuse_other(ports, options)
    coarse = tuple(each.path for each in layers.walk(stage) if halves.is_half(each))
    return Plan(framework, version, stage, ports, run=run, half=coarse)


def run(plan: Plan, arguments: Mapping[str, Var]) -> Answered:
    """What the model answers, each tensor under the name of the layer it comes from."""
    values: Any = [Value(arguments[port.name]) for port in plan.inputs if port is not None]
    answer = apply(plan.root, Call((values if len(values) > 1 else values[0],)))
    found = list(flat(answer))
    names = output_names(plan.root, len(found))
    return Answered({n: v.var for n, v in zip(names, found, strict=True)}, tuple(names))


def root_of(artefact: Artefact) -> tuple[str, Stage]:
    """Keras's version and the model in a file, at the path of its own name. Raises Unreadable."""
    discover(__package__ or "")
    hdf5.require(str(artefact))
    with reading("Keras model", str(artefact), _REMEDY):
        saved = storage.opened(artefact)
        assets = {name.removeprefix("assets/"): data for name, data in saved.assets.items()}
        config = older.spelt_out(saved.config, saved.version)
        root = layers.record(config, saved.weights, assets)
    return saved.version, Stage(root.kind, str(root.get("name")), root.fields)


def outline(artefact: Artefact) -> tuple[Stage, ...]:
    """Every layer in a saved model, convertible or not, outer before inner. Raises Unreadable."""
    return tuple(stage for stage in layers.walk(root_of(artefact)[1]) if stage.kind != models.INPUT)


def refuse_unsupported(root: Stage) -> None:
    """Raise Unsupported with every layer in the model that has no converter."""
    every = (stage for stage in layers.walk(root) if stage.kind != models.INPUT)
    if lacking := [stage for stage in every if find(stage.kind) is None]:
        raise Unsupported([missing(stage) for stage in lacking])


def input_ports(root: Stage) -> Iterator[Port]:
    """The model's inputs in its own order, under the names of its input layers. Raises Unfitted."""
    for layer in _inputs(root):
        shape = layer.get("batch_shape") or layer.get("batch_input_shape")
        if layer.get("sparse") or layer.get("ragged"):
            raise root.child(layer.get("name"), layer).unsupported("takes sparse or ragged tensors")
        name, dtype = str(layer.get("name")), models.input_dtype(layer)
        yield Port(name, dtype, ("N", *(None if size is None else int(size) for size in shape[1:])))


def _inputs(root: Stage) -> Sequence[Record]:
    if root.kind == "keras.Functional":
        by_name = {str(layer.get("name")): layer for layer in root.layers}
        return [by_name[ref.layer] for ref in models.inputs(root)]
    first: Record | None = next(iter(root.layers), None)
    if first is not None and first.kind == models.INPUT:
        return [first]
    shape = first.get("batch_input_shape") if first is not None else None
    shape = shape or root.get("build_input_shape") or root.built.get("input_shape")
    if first is None or not shape:
        raise Unfitted(
            "the model was saved before it was built, so its inputs aren't known", where=root.path,
            remedy="Call it on some rows, or start it with keras.Input(...), and save it again.",
        )  # fmt: skip
    name = f"{first.get('name')}_input"
    return [Record(models.INPUT, "", state={"name": name, "batch_shape": shape, "dtype": "float32"})]


def output_names(root: Stage, count: int) -> list[str]:
    """The names of the layers that answer, numbered where one answers several tensors or is an input."""
    if root.kind == "keras.Functional":
        names = [ref.layer for ref in models.flat_refs(models.nested(root.output_layers))]
    else:
        last = str(root.layers[-1].get("name"))
        names = [last] * count
    seen = Counter(str(layer.get("name")) for layer in _inputs(root))
    found = []
    for name in names:
        found.append(f"{name}_{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return found


def refuse_other(ports: Sequence[Port], options: Options) -> None:
    """Raise BadInput for an input that isn't one, or one of another type than the model's."""
    known = {port.name: port for port in ports}
    for name, (dtype, _) in options.inputs.items():
        if name not in known:
            raise BadInput(f"no input {name}: the model has {', '.join(known)}")
        if dtype != known[name].dtype:
            raise BadInput(f"--input says {name} is {dtype}, the model has {known[name]}")


def names(artefact: Artefact) -> frozenset[str]:
    """Every class and function that a native load would look up. Raises Unreadable."""
    hdf5.require(str(artefact))
    with reading("Keras model", str(artefact), _REMEDY):
        return frozenset(names_in(storage.config_of(artefact)))
