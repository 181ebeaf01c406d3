"""From a configuration to records: one per layer, with its weights and the layers inside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from onnxpipe.adapters.keras.weights import CALLED, Weights, places
from onnxpipe.core.plan import Stage
from onnxpipe.core.record import Record
from onnxpipe.core.registry import find
from onnxpipe.errors import Unreadable

Array = NDArray[Any]

_DEEPEST = 30
_MODELS = ("Functional", "Sequential", "Model")
_SOURCES = re.compile(r"keras\.src\.(ops|activations)\.\w+|keras\.(ops|activations)\b.*")
_OPERATIONS = ("ops", "activations")
PUBLIC = {inner: outer for outer, inner in CALLED.items()}
"""Public names of classes that are called otherwise inside."""
_INNER = ("layer", "backward_layer", "cell")
"""Under which names layers configure the layers inside them; those of ``cells`` come in a list."""


def kind_of(config: Mapping[str, Any]) -> str:
    """The public dotted name of what a configuration makes: layers, models, operations, or the user's own."""
    name, module = str(config.get("class_name")), public(config.get("module"))
    if name in _MODELS and str(module or "keras").startswith("keras"):
        return "keras.Sequential" if name == "Sequential" else "keras.Functional"
    if found := _SOURCES.fullmatch(str(module)):
        return f"keras.{found[1] or found[2]}.{name}"
    if name == "TFOpLambda" or name == "SlicingOpLambda":
        return f"keras.{name}"
    if ">" in name:  # what a user registered, in the older formats
        return name.replace(">", ".")
    return f"{module}.{name}" if module else _by_class(name, config.get("config"))


def _by_class(name: str, config: Any) -> str:
    """The kind of an ``.h5`` file's class, of which no module is told.

    Every layer tells whether it is trainable, but one that stands for an input; an operation doesn't.
    """
    if name == "InputLayer" or not isinstance(config, Mapping) or "trainable" in config:
        return f"keras.layers.{PUBLIC.get(name, name)}"
    return next(
        (f"keras.{home}.{name}" for home in _OPERATIONS if find(f"keras.{home}.{name}")), f"keras.ops.{name}"
    )


def public(module: Any) -> str:
    """A module under the name it has in Keras: the older version goes on as a library of its own."""
    return re.sub(r"^tf_keras\b", "keras", str(module or ""))


def record(config: Any, weights: Weights, assets: Mapping[str, bytes], depth: int = 0) -> Record:
    """The layer or model that a configuration makes, with what was saved of it. Raises Unreadable.

    Fields are the configuration's own, the layers inside as records; ``saved`` are its weights, ``nodes``
    the calls of it in a model, ``built`` the shapes it was built for, ``files`` its assets by name.
    """
    inner = config.get("config") if isinstance(config, Mapping) else None
    if not isinstance(inner, Mapping):
        raise Unreadable("a layer in it has no configuration")
    if depth > _DEEPEST:
        raise Unreadable("its layers are nested too deeply")
    kind = kind_of(config)
    fields = {**inner, "saved": weights, "built": config.get("build_config") or {}, "files": assets}
    fields["name"] = str(config.get("name") or inner.get("name") or "model")
    fields["nodes"] = config.get("inbound_nodes") or []
    if kind == "keras.layers.Bidirectional" and not fields.get("backward_layer"):
        fields.update(_both_ways(fields["layer"]))
    if kind in ("keras.Functional", "keras.Sequential"):
        fields["layers"] = _members(kind, inner.get("layers") or (), weights, assets, depth)
    else:
        fields.update(_parts(fields, weights, assets, depth))
    return Record(kind, kind, state=fields)


def _both_ways(layer: Mapping[str, Any]) -> dict[str, Any]:
    """The two layers of a Bidirectional that Keras 2 writes one of, under the names their weights have."""
    config = layer["config"]
    turned = {"forward": False, "backward": True}
    made = {
        way: {
            **config,
            "name": f"{way}_{config.get('name')}",
            "go_backwards": config.get("go_backwards", False) != back,
        }
        for way, back in turned.items()
    }
    return {
        "layer": {**layer, "config": made["forward"]},
        "backward_layer": {**layer, "config": made["backward"]},
    }


def _members(
    kind: str, configs: Sequence[Any], weights: Weights, assets: Mapping[str, bytes], depth: int
) -> list[Record]:
    """A model's layers; of a Sequential the input has no place among weights, operations nowhere."""
    hidden = kind == "keras.Sequential"
    own = [c for c in configs if is_layer(kind_of(c)) and not (hidden and _is_input(c))]
    names = [(str(c.get("class_name")), str(c.get("name") or c["config"].get("name"))) for c in own]
    homes = places(name for name, _ in names)
    held = {id(c): (w, home) for c, w, home in zip(own, weights.layers(names), homes, strict=True)}
    nothing = (weights.layers([("", "")])[0], "")
    found = ((c, *held.get(id(c), nothing)) for c in configs)
    return [record(c, w, _under(assets, f"layers/{home}"), depth + 1) for c, w, home in found]


def _under(assets: Mapping[str, bytes], folder: str) -> dict[str, bytes]:
    """The assets in a folder, by the rest of their path."""
    return {name[len(folder) + 1 :]: data for name, data in assets.items() if name.startswith(f"{folder}/")}


def _parts(
    fields: Mapping[str, Any], weights: Weights, assets: Mapping[str, bytes], depth: int
) -> Iterator[tuple[str, Any]]:
    """The layers that a wrapper or a recurrent layer holds."""
    for field in _INNER:
        if isinstance(inner := fields.get(field), Mapping) and "class_name" in inner:
            place = "forward_layer" if field == "layer" and "backward_layer" in fields else field
            name = str(inner.get("config", {}).get("name"))
            yield field, record(inner, weights.inside(place, name), _under(assets, place), depth + 1)
    if isinstance(cells := fields.get("cells"), list):
        homes = places(str(c.get("class_name")) for c in cells)
        home = weights.inside("cells", "")
        parts = [home.inside(p, str(c["config"].get("name"))) for p, c in zip(homes, cells, strict=True)]
        yield "cells", [record(c, w, {}, depth + 1) for c, w in zip(cells, parts, strict=True)]


def is_layer(kind: str) -> bool:
    """Whether a kind is that of a layer or model, not of an operation."""
    return not kind.startswith(("keras.ops.", "keras.activations."))


def _is_input(config: Mapping[str, Any]) -> bool:
    return config.get("class_name") == "InputLayer"


_WEIGHTED = re.compile(r"keras\.layers\.(Dense|EinsumDense|Embedding|PReLU|BatchNormalization|\w*Conv\dD\w*)")


def own(stage: Stage) -> list[Array]:
    """A layer's own weights, in the order in which it made them. Raises Unreadable where they're lacking."""
    found = list(stage.saved.arrays().values())
    if not found and _WEIGHTED.fullmatch(stage.kind):
        raise Unreadable(
            "its weights aren't in the file: Keras saves those of a layer that several models inside share "
            "once, and can't load such a file either", where=stage.path,
            remedy="Save the model as model.save('model.h5'), which keeps them.",
        )  # fmt: skip
    return found


def part(stage: Stage, attribute: str, name: str) -> list[Array]:
    """The weights of a layer inside one, which the configuration doesn't tell of."""
    return list(stage.saved.inside(attribute, name).arrays().values())


def with_weights(stage: Stage, attribute: str, name: str) -> Stage:
    """The stage with the weights of what it holds as ``attribute``."""
    return replace(stage, state={**stage.state, "saved": stage.saved.inside(attribute, name)})


def walk(stage: Stage) -> Iterator[Stage]:
    """A stage and every stage inside it, outer before inner."""
    yield stage
    for name, inner in inside(stage):
        yield from walk(stage.child(name, inner))


def inside(stage: Stage) -> Iterator[tuple[str, Record]]:
    """The stages directly inside one, by the names their paths have."""
    for field in ("layers", "cells"):
        found = stage.get(field)
        for each in found if isinstance(found, list) else ():
            if isinstance(each, Record):
                yield str(each.get("name")), each
    for field in _INNER:
        if isinstance(found := stage.get(field), Record):
            yield field, found
