"""Keras's own answers: a saved model loaded on its backend and called as at inference."""

from __future__ import annotations

import os
import sys
from typing import Any, Collection, Dict, Iterator, List, Mapping, Tuple

main = sys.modules["_onnxpipe_main"]
backend, flat = main.sibling("keras_backend"), main.sibling("tensors").flat
array, keras, versions = backend.array, backend.keras, backend.versions


def load(path: str, _format: str, names: List[str]) -> Any:
    """The model in a file; ``names`` are those that the user allowed."""
    loading = main.sibling("keras_loading")
    version, config = loading.told(path)
    backend.choose(config, version, names)
    return loading.model(path, names, keras())


def save(model: Any, path: str) -> None:
    """Save a model as an archive at a path without suffix."""
    model.save(path + ".keras")
    os.replace(path + ".keras", path)


def answers(model: Any, rows: Mapping[str, Any], methods: List[str], _optional: List[str]) -> Dict[str, Any]:
    """The model's outputs, named after the layers that answer them.

    Raises what Keras raises on rows it refuses, and MissingMethod for a name that is no output's.
    """
    portions = main.sibling("keras_portions")
    found = []  # type: List[Dict[str, Any]]
    for part in portions.portions(model, rows):
        answered = main.sibling("keras_calls").answered(model, given(model, part))
        missing = [name for name in methods if name not in answered]
        if missing:
            raise main.MissingMethod("the model has no output %s" % ", ".join(missing))
        found.append({name: array(answered[name]) for name in methods})
    return portions.together(found)  # type: ignore[no-any-return]


def given(model: Any, rows: Mapping[str, Any]) -> Dict[str, Any]:
    """Rows as tensors, by input name."""
    inputs = getattr(model, "inputs", None) or ()
    names = [input_name(tensor) for tensor in inputs] or list(rows)
    return {name: backend.tensor(rows[name]) for name in names}


def fed(model: Any, found: Mapping[str, Any]) -> Any:
    """What a model with inputs of its own answers to tensors by their names, as at inference."""
    placed = [found[input_name(tensor)] for tensor in model.inputs]
    structure = getattr(model, "_inputs_struct", None)
    if isinstance(structure, dict):
        names = {id(tensor): key for key, tensor in structure.items()}
        return model({names[id(t)]: v for t, v in zip(model.inputs, placed)}, training=False)
    return model(placed if len(placed) > 1 else placed[0], training=False)


def called(model: Any, rows: Mapping[str, Any]) -> None:
    """Call a model on rows by input name."""
    main.sibling("keras_calls").answered(model, given(model, rows))


def input_name(tensor: Any) -> str:
    """The name of the layer that stands for an input."""
    home = tensor._keras_history
    return str((getattr(home, "operation", None) or home.layer).name)


def output_names(model: Any, count: int) -> List[str]:
    """The names of the layers that answer, numbered where one answers several tensors or is an input."""
    names = getattr(model, "output_names", None)
    if names is None or len(names) != count:
        names = [model.layers[-1].name] * count
    seen = {input_name(tensor): 1 for tensor in getattr(model, "inputs", None) or ()}
    found = []  # type: List[str]
    for name in names:
        found.append("%s_%d" % (name, seen[name]) if seen.get(name) else name)
        seen[name] = seen.get(name, 0) + 1
    return found


class Recorder:
    """What layers got and answered while a model ran, by the path of layers' names.

    Of all layers of a deep network that would be gigabytes, so only those that are ``wanted`` are kept.
    """

    def __init__(self, model: Any, wanted: Collection[str]) -> None:
        self.paths = {id(operation): path for operation, path in operations(model, model.name)}
        self.wanted = wanted
        self.records = []  # type: List[Tuple[str, List[Any], List[Any]]]
        self.at = ""

    def run(self, model: Any, rows: Mapping[str, Any]) -> None:
        """Call the model with every operation in it watched."""
        kind = operation_of(model)
        plain = kind.__call__

        def watched(operation: Any, *args: Any, **kwargs: Any) -> Any:
            path = self.paths.get(id(operation))
            if path is None:
                return plain(operation, *args, **kwargs)
            self.at = path
            found = plain(operation, *args, **kwargs)
            if path not in self.wanted:
                return found
            given = [t for t in flat([list(args), dict(kwargs)]) if hasattr(t, "shape")]
            self.records.append((path, given, flat(found)))
            return found

        kind.__call__ = watched
        try:
            called(model, rows)
        finally:
            kind.__call__ = plain


def operation_of(model: Any) -> Any:
    """The class whose calls are those of all layers in a model, of Keras 3 or 2."""
    older = sys.modules.get("tf_keras")
    return older.layers.Layer if older and isinstance(model, older.Model) else keras().Operation


def operations(model: Any, path: str) -> Iterator[Tuple[Any, str]]:
    """Every operation in a model, with the path of names that leads to it."""
    yield model, path
    held = getattr(model, "operations", None) or getattr(model, "layers", [])  # type: List[Any]
    for operation in held:
        inner = path + "/" + operation.name
        if hasattr(operation, "layers"):
            yield from operations(operation, inner)
        else:
            yield operation, inner


def stages(
    model: Any, rows: Mapping[str, Any], wanted: Mapping[str, List[str]]
) -> Tuple[List[Dict[str, Any]], str]:
    """What each layer got and answered, and the path of the one that refused the rows, or ""."""
    recorder, refused = Recorder(model, wanted), ""
    try:
        recorder.run(model, rows)
    except Exception:
        refused = recorder.at
    found = {}
    for path, given, answered in recorder.records:
        parts = {str(i): as_fed(each) for i, each in enumerate(given)}
        named = {"output_%d" % i: array(each) for i, each in enumerate(answered)}
        found[path] = {"path": path, "inputs": parts, "answers": named}
    return list(found.values()), refused


def arrive(model: Any, rows: Mapping[str, Any], path: str) -> Dict[str, Any]:
    """The arguments of the layer at a path, a row each; the first alone where others have other rows.

    ``path@attribute``: what the layer gives to the function that it holds there.
    """
    path, _, attribute = path.partition("@")
    if attribute:
        return passed(model, rows, path, attribute)
    portions = main.sibling("keras_portions")
    parts = [arrived(model, part, path) for part in portions.portions(model, rows)]
    return portions.together(parts)  # type: ignore[no-any-return]


def arrived(model: Any, rows: Mapping[str, Any], path: str) -> Dict[str, Any]:
    """The arguments of the layer at a path, when all rows are asked at once."""
    recorder = Recorder(model, {path})
    recorder.run(model, rows)
    found = [list(map(matrix, given)) for _, given, _ in recorder.records if given]
    last = found[-1] if found else []
    alike = [each for each in last if len(each) == len(last[0])]
    return {str(i): each for i, each in enumerate(alike)}


def passed(model: Any, rows: Mapping[str, Any], path: str, attribute: str) -> Dict[str, Any]:
    """What the layer at a path gives to a function of its own."""
    layer = next((each for each, place in operations(model, model.name) if place == path), None)
    plain, seen = getattr(layer, attribute, None), []  # type: Any, List[Any]
    if plain is None:
        return {}

    def watched(x: Any, *args: Any, **kwargs: Any) -> Any:
        seen.append(matrix(x))
        return plain(x, *args, **kwargs)

    setattr(layer, attribute, watched)
    try:
        called(model, rows)
    finally:
        setattr(layer, attribute, plain)
    return {"0": seen[-1]} if seen else {}


def as_fed(tensor: Any) -> Any:
    """A tensor as a graph takes it: a lone axis as a column, more of them as they are."""
    found = array(tensor)
    return found if found.ndim > 2 else matrix(tensor)


def matrix(tensor: Any) -> Any:
    """A tensor as rows of cells."""
    found = array(tensor)
    return found.reshape(len(found), -1) if found.ndim else found.reshape(1, 1)
