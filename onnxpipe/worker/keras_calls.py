"""Keras models as functions of named tensors, those of the user's own classes too."""

from __future__ import annotations

import inspect
import sys
from typing import Any, Dict, List, Mapping, Tuple

main = sys.modules["_onnxpipe_main"]
native, tensors = main.sibling("keras_native"), main.sibling("tensors")
functions = main.sibling("tensorflow_native")

_SETTINGS = ("training", "mask")

Types = Dict[str, Tuple[List[Any], str]]
"""Shape, None for what is open, and dtype by input name."""


class Traced(functions.Function):  # type: ignore[misc, name-defined]
    """A Keras model traced for inputs of given types."""

    def __init__(self, model: Any, types: Types) -> None:
        import tensorflow as tf

        specs = {name: tf.TensorSpec(shape, dtype, name) for name, (shape, dtype) in types.items()}

        def call(*given: Any) -> List[Any]:
            found = answered(model, dict(zip(specs, given)))
            names.extend(found)
            return [tf.identity(each) for each in found.values()]

        names = []  # type: List[str]
        concrete = tf.function(call).get_concrete_function(*specs.values())
        super().__init__(concrete, model, kind(model), model.name, native.versions()["keras"])
        self.model, self.inputs = model, dict(specs)
        self.outputs = dict(zip(names, concrete.outputs))

    def ask(self, rows: Mapping[str, Any]) -> Dict[str, Any]:
        given = {n: tensors.tensor(rows[n], spec.dtype) for n, spec in self.inputs.items()}
        return {n: tensors.array(found) for n, found in answered(self.model, given).items()}


def kind(model: Any) -> str:
    """The dotted name of a model's class."""
    made = type(model)
    public = {"Functional", "Sequential"} & {made.__name__}
    return "keras.%s" % made.__name__ if public else "%s.%s" % (made.__module__, made.__qualname__)


def types(model: Any, request: Mapping[str, Any], rows: Mapping[str, Any]) -> Types:
    """What goes into a model, as the model, the user or the sample tells it. Raises NoConverter."""
    inputs = getattr(model, "inputs", None)
    if inputs:
        named = {native.input_name(tensor): tensor for tensor in inputs}
        return {name: (list(tensor.shape), dtype(tensor)) for name, tensor in named.items()}
    known = saved_shapes(model)
    if len(known or arguments(model)) == 1 and list(rows) == ["X"]:
        rows = {next(iter(known or arguments(model))): rows["X"]}
    said = {name for name in arguments(model) if name in rows or name in request["inputs"]}
    names = [*known, *(name for name in arguments(model) if name in said and name not in known)]
    lacking = [name for name in arguments(model, needed=True)[bool(known) :] if name not in names]
    if lacking or not names:
        flags = " ".join("--input '%s=float32[N,...]'" % name for name in lacking)
        raise main.NoConverter("what goes in isn't in the file: say it (%s), or give a --sample" % flags)
    return {name: told(name, known.get(name), request, rows.get(name)) for name in names}


def dtype(tensor: Any) -> str:
    """The name of a tensor's dtype."""
    return str(getattr(tensor.dtype, "name", tensor.dtype))


def told(name: str, shape: Any, request: Mapping[str, Any], rows: Any) -> Tuple[List[Any], str]:
    """The type of an input: as the user says it, else as the model was built, else as the sample is."""
    said = request["inputs"].get(name) or {}
    sizes = list(said.get("shape") or shape or rows.shape)
    opened = {axis for axis, _, _ in request["dynamic"].get(name, [])} | {0}
    usual = "float32" if rows is None or rows.dtype.kind == "f" else str(rows.dtype)
    if rows is not None and rows.dtype.kind in "OU":
        usual = "string"
    return [None if axis in opened else size for axis, size in enumerate(sizes)], said.get("dtype") or usual


def arguments(model: Any, needed: bool = False) -> List[str]:
    """The names of what a model of the user's own class is called with, or of what it can't do without."""
    known = inspect.signature(model.call).parameters.values()
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    found = [p for p in known if p.kind in kinds and p.name not in _SETTINGS]
    return [p.name for p in found if p.default is p.empty or not needed]


def saved_shapes(model: Any) -> Dict[str, Any]:
    """The shapes a model was built for when it was saved, by input name; none where that isn't told."""
    told = (model.get_build_config() or {}) if hasattr(model, "get_build_config") else {}
    shape, first = told.get("input_shape"), next(iter(arguments(model)), "inputs")
    if isinstance(shape, dict):
        return dict(shape)
    if isinstance(shape, (list, tuple)) and shape and isinstance(shape[0], (list, tuple)):
        return {"%s_%d" % (first, i): each for i, each in enumerate(shape)}
    if shape:
        return {first: shape}
    shapes = told.get("shapes_dict") or {}
    return {name[: -len("_shape")] if name.endswith("_shape") else name: s for name, s in shapes.items()}


def answered(model: Any, given: Mapping[str, Any]) -> Dict[str, Any]:
    """What a model answers to tensors by input name, as at inference."""
    if getattr(model, "inputs", None):
        listed = native.flat(native.fed(model, given))
        return dict(zip(native.output_names(model, len(listed)), listed))
    found: Dict[str, Any] = tensors.named(model(**structured(model, given), training=False))
    return found


def structured(model: Any, given: Mapping[str, Any]) -> Dict[str, Any]:
    """Tensors as a model of the user's own class takes them: by argument, what is none in the first one."""
    names = arguments(model)
    found = {name: each for name, each in given.items() if name in names}
    if len(found) < len(given):
        nested = {name: each for name, each in given.items() if name not in names}
        told = (model.get_build_config() or {}).get("input_shape")
        found[names[0]] = nested if isinstance(told, dict) else [nested[n] for n in saved_shapes(model)]
    return found
