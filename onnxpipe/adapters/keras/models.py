"""Models: layers in a row, and graphs of calls whose layers may be shared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from onnxpipe.adapters.keras.calls import Call, Value, apply, flat
from onnxpipe.core.ops import cast, dtype_of
from onnxpipe.core.plan import Stage
from onnxpipe.core.record import Record
from onnxpipe.core.registry import converts
from onnxpipe.core.signature import numpy_dtype
from onnxpipe.errors import Unreadable

INPUT = "keras.layers.InputLayer"


class Ref(NamedTuple):
    """One tensor of one call of a layer: ``keras_history``."""

    layer: str
    node: int
    tensor: int


class Node(NamedTuple):
    """One call of a layer in a model, its arguments with ``Ref`` where tensors go."""

    layer: str
    place: int
    call: Call


@converts("keras.Sequential")
def sequential(stage: Stage, call: Call) -> Any:
    """Each layer on what the one before it answered."""
    found = call.first
    for layer in stage.layers:
        if layer.kind == INPUT:
            found = _as_input(layer, found)
        else:
            found = apply(stage.child(layer.get("name"), layer), Call((found,)))
    return found


@converts("keras.Functional")
def functional(stage: Stage, call: Call) -> Any:
    """Every call that its configuration lists, in an order in which all arguments are there."""
    layers = {str(layer.get("name")): layer for layer in stage.layers}
    known = dict(_given(stage, layers, call.first))
    todo = list(_nodes(layers))
    while todo:
        waiting = []
        for node in todo:
            if not all((ref.layer, ref.node) in known for ref in _refs(node.call)):
                waiting.append(node)
                continue
            layer = stage.child(node.layer, layers[node.layer])
            known[node.layer, node.place] = apply(layer, _filled(node.call, known))
        if len(waiting) == len(todo):
            raise Unreadable(f"nothing ever reaches layer {waiting[0].layer}")
        todo = waiting
    told = nested(stage.output_layers)
    return _filled(_shifted(told, layers, _is_listed(layers)), known)


def _given(stage: Stage, layers: Mapping[str, Record], given: Any) -> Iterator[tuple[tuple[str, int], Any]]:
    """The model's arguments at its inputs: by order, or by name where only they are named."""
    refs = inputs(stage)
    by_name = isinstance(given, dict) and not isinstance(stage.input_layers, dict)
    values = [given[ref.layer] for ref in refs] if by_name else list(flat(given))
    if len(values) != len(refs):
        raise Unreadable(f"{len(values)} tensors are given to a model of {len(refs)} inputs")
    for ref, value in zip(refs, values, strict=True):
        yield (ref.layer, ref.node), _as_input(layers[ref.layer], value)


def inputs(stage: Stage) -> list[Ref]:
    """The inputs of a functional model, in order."""
    return list(flat_refs(nested(stage.input_layers)))


def _as_input(layer: Record, value: Any) -> Any:
    """A value in the dtype of the input that takes it."""
    dtype = numpy_dtype(input_dtype(layer))
    if not isinstance(value, Value) or dtype.kind == "U" or dtype_of(value.var).kind == "U":
        return value
    return Value(cast(value.var, dtype), value.mask)


def input_dtype(layer: Record) -> str:
    """The signature's name of an input's dtype."""
    dtype = layer.get("dtype") or "float32"
    name = dtype.get("config", {}).get("name", "float32") if isinstance(dtype, Mapping) else str(dtype)
    return str(name)


def _nodes(layers: Mapping[str, Record]) -> Iterator[Node]:
    listed = _is_listed(layers)
    for name, layer in layers.items():
        if layer.kind != INPUT:
            for i, node in enumerate(layer.get("nodes")):
                call = _call(node)
                yield Node(name, i, _shifted(call, layers, True) if listed else call)


def _is_listed(layers: Mapping[str, Record]) -> bool:
    """Whether calls are written as Keras 2 did."""
    return any(isinstance(node, list) for layer in layers.values() for node in layer.get("nodes"))


def _shifted(held: Any, layers: Mapping[str, Record], listed: bool) -> Any:
    """Nested arguments, or a call, with the first call of a model inside as number 0.

    Keras counts a node from before it: Keras 3 where it lists outputs, Keras 2 everywhere.
    Source: keras.src.models.functional, Functional.get_config; ``_should_skip_first_node`` of Keras 2.
    """
    if isinstance(held, Ref):
        model = layers.get(held.layer)
        counted = model is not None and (model.kind == "keras.Functional" or (listed and _begins(model)))
        return held._replace(node=max(held.node - 1, 0)) if counted else held
    if isinstance(held, Call):
        return Call(
            tuple(_shifted(list(held.args), layers, listed)), _shifted(dict(held.kwargs), layers, listed)
        )
    if isinstance(held, (list, tuple)):
        return [_shifted(each, layers, listed) for each in held]
    return {k: _shifted(v, layers, listed) for k, v in held.items()} if isinstance(held, dict) else held


def _begins(model: Record) -> bool:
    """Whether a Sequential begins with its input."""
    first = next(iter(model.get("layers") or ()), None) if model.kind == "keras.Sequential" else None
    return first is not None and first.kind == INPUT


def _call(node: Any) -> Call:
    """A call as Keras 3 lists it (``args`` and ``kwargs``), or as Keras 2 did (tensors with keywords)."""
    if isinstance(node, Mapping):
        args = _tensors(node.get("args") or [])
        return Call(tuple(args), _tensors(node.get("kwargs") or {}))
    tensors = [Ref(str(each[0]), int(each[1]), int(each[2])) for each in node]
    return Call((tensors if len(tensors) > 1 else tensors[0],), nested(dict(node[0][3])))


def _tensors(held: Any) -> Any:
    """Nested arguments with ``Ref`` in place of each tensor."""
    if isinstance(held, list):
        return [_tensors(each) for each in held]
    if not isinstance(held, dict):
        return held
    if held.get("class_name") == "__keras_tensor__":
        layer, node, tensor = held["config"]["keras_history"]
        return Ref(str(layer), int(node), int(tensor))
    name, told = held.get("class_name"), held.get("config") or {}
    if name == "__tuple__":
        return tuple(_tensors(each) for each in held["items"])
    if name in ("__numpy__", "__tensor__"):
        return np.asarray(told["value"], np.dtype(str(told["dtype"])))
    if name == "__slice__":
        return slice(*(told.get(end) for end in ("start", "stop", "step")))
    if name == "__ellipsis__":
        return ...
    return {key: _tensors(value) for key, value in held.items()}


def nested(held: Any) -> Any:
    """Nested ``[layer, node, tensor]`` lists as ``Ref``s."""
    if isinstance(held, dict):
        return {key: nested(value) for key, value in held.items()}
    if not isinstance(held, list):
        return held
    if len(held) == 3 and isinstance(held[0], str) and isinstance(held[1], int):
        return Ref(held[0], held[1], int(held[2]))
    return [nested(each) for each in held]


def flat_refs(held: Any) -> Iterator[Ref]:
    """Every ``Ref`` in nested arguments, dictionaries by sorted keys."""
    if isinstance(held, Ref):
        yield held
    elif isinstance(held, dict):
        for key in sorted(held):
            yield from flat_refs(held[key])
    elif isinstance(held, (list, tuple)):
        for each in held:
            yield from flat_refs(each)


def _refs(call: Call) -> Iterator[Ref]:
    yield from flat_refs(list(call.args))
    yield from flat_refs(dict(call.kwargs))


def _filled(held: Any, known: Mapping[tuple[str, int], Any]) -> Any:
    """Nested arguments, or a call, with values in place of ``Ref``s."""
    if isinstance(held, Ref):
        return _nth(known[held.layer, held.node], held.tensor)
    if isinstance(held, Call):
        return Call(tuple(_filled(list(held.args), known)), _filled(dict(held.kwargs), known))
    if isinstance(held, (list, tuple)):
        return [_filled(each, known) for each in held]
    return {k: _filled(v, known) for k, v in held.items()} if isinstance(held, dict) else held


def _nth(answer: Any, place: int) -> Value:
    values: Sequence[Any] = list(flat(answer))
    if not 0 <= place < len(values):
        raise Unreadable(f"a layer answers {len(values)} tensors, not {place + 1}")
    found: Value = values[place]
    return found
