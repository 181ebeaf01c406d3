"""Keras models as functions of named tensors, those of the user's own classes too."""

from __future__ import annotations

import inspect
import sys
from typing import Any, Dict, List, Mapping

main = sys.modules["_onnxpipe_main"]
native, tensors = main.sibling("keras_native"), main.sibling("tensors")
functions = main.sibling("tensorflow_native")

_SETTINGS = ("training", "mask")


class Traced(functions.Function):  # type: ignore[misc, name-defined]
    """A Keras model traced for inputs of given types."""

    def __init__(self, model: Any, specs: Mapping[str, Any]) -> None:
        import tensorflow as tf

        def call(*given: Any) -> List[Any]:
            found = answered(model, dict(zip(specs, given)))
            names.extend(found)
            return [tf.identity(each) for each in found.values()]

        names = []  # type: List[str]
        concrete = tf.function(call).get_concrete_function(*specs.values())
        made = type(model)
        public = {"Functional", "Sequential"} & {made.__name__}
        kind = "keras.%s" % made.__name__ if public else "%s.%s" % (made.__module__, made.__qualname__)
        super().__init__(concrete, model, kind, model.name, native.versions()["keras"])
        self.model, self.inputs = model, dict(specs)
        self.outputs = dict(zip(names, concrete.outputs))

    def ask(self, rows: Mapping[str, Any]) -> Dict[str, Any]:
        given = {n: tensors.tensor(rows[n], spec.dtype) for n, spec in self.inputs.items()}
        return {n: tensors.array(found) for n, found in answered(self.model, given).items()}


def traced(model: Any, request: Mapping[str, Any], rows: Mapping[str, Any]) -> Traced:
    """The function that a model is, of inputs as the model, the user or the sample tells them."""
    import tensorflow as tf

    inputs = getattr(model, "inputs", None)
    if inputs:
        named = {native.input_name(tensor): tensor for tensor in inputs}
        return Traced(model, {n: tf.TensorSpec(t.shape, t.dtype, n) for n, t in named.items()})
    known = saved_shapes(model)
    if len(known or arguments(model)) == 1 and list(rows) == ["X"]:
        rows = {next(iter(known or arguments(model))): rows["X"]}
    names = list(known) or [name for name in arguments(model) if name in rows or name in request["inputs"]]
    specs = {name: spec(name, known.get(name), request, rows.get(name)) for name in names}
    if not specs:
        flags = " ".join("--input '%s=float32[N,...]'" % name for name in arguments(model)[:1])
        raise main.NoConverter("what goes in isn't in the file: say it (%s), or give a --sample" % flags)
    return Traced(model, specs)


def spec(name: str, shape: Any, request: Mapping[str, Any], rows: Any) -> Any:
    """The type of an input: as the user says it, else as the model was built, else as the sample is."""
    import tensorflow as tf

    told = request["inputs"].get(name) or {}
    sizes = list(told.get("shape") or shape or rows.shape)
    opened = {axis for axis, _, _ in request["dynamic"].get(name, [])} | {0}
    kind = told.get("dtype") or ("float32" if rows is None or rows.dtype.kind == "f" else rows.dtype)
    if rows is not None and rows.dtype.kind in "OU" and not told.get("dtype"):
        kind = "string"
    return tf.TensorSpec([None if axis in opened else size for axis, size in enumerate(sizes)], kind, name)


def arguments(model: Any) -> List[str]:
    """The names of what a model of the user's own class is called with."""
    known = inspect.signature(model.call).parameters.values()
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [p.name for p in known if p.kind in kinds and p.name not in _SETTINGS]


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
    """Tensors as a model of the user's own class takes them: by argument, or the first one nested."""
    names = arguments(model)
    if set(given) <= set(names):
        return dict(given)
    told = (model.get_build_config() or {}).get("input_shape")
    return {names[0]: dict(given) if isinstance(told, dict) else [given[n] for n in saved_shapes(model)]}
