"""Keras models that hold code: asked in the worker once the user allows it, and exported by tf2onnx."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest

pytest.importorskip("tf2onnx", reason="tf2onnx isn't installed")

from onnxpipe.adapters.base import Artefact
from onnxpipe.adapters.keras import reader, trust
from onnxpipe.core.options import Options
from onnxpipe.core.registry import NO_CONVERTER
from onnxpipe.errors import Unsupported, Untrusted
from onnxpipe.services.convert import convert
from tests.harness import open_session
from tests.rigs import keras as keras_rig
from tests.rigs import tensorflow as rig

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("keras")]
ROWS = np.array([[-1, 2, 0.5], [np.nan, np.inf, 1], [0, 0, -3], [1, 1, 1]], np.float32)


def with_lambda(keras: Any) -> Any:
    twice = keras.layers.Lambda(lambda x: x * 2 + 1, name="twice")
    return keras.Sequential([keras.Input((3,), name="x"), keras.layers.Dense(2), twice])


def with_own_layer(keras: Any) -> Any:
    from tests import keras_classes

    given = keras.Input((3,), name="x")
    return keras.Model(given, [keras_classes.Squeeze(name="small")(given), given + 1])


def of_own_class(keras: Any) -> Any:
    from tests import keras_classes

    model = keras_classes.Shop(4)
    model(np.zeros((2, 3), np.float32))
    return model


CASES: Mapping[str, tuple[Any, tuple[str, ...]]] = {
    "lambda": (with_lambda, ("__lambda__", "keras.layers.Lambda")),
    "layer": (with_own_layer, ("tests.keras_classes.Squeeze",)),
    "class": (of_own_class, ("tests.keras_classes.Shop",)),
}


def saved(name: str, folder: Path) -> Path:
    keras = keras_rig.native().keras()
    keras.utils.set_random_seed(1)
    CASES[name][0](keras).save(folder / "model.keras")
    return folder / "model.keras"


@pytest.mark.parametrize("name", CASES)
def test_code_is_asked_once_it_is_allowed(name: str, tmp_path: Path) -> None:
    path, (_, needed) = saved(name, tmp_path), CASES[name]
    assert trust.untrusted(reader.names(Artefact(path))) == needed
    with pytest.raises(
        Untrusted, match="has no converter; to try its backend's exporter, loading it natively would use"
    ):
        convert(path)
    with pytest.raises(Unsupported, match="has no converter"):
        convert(path, fallback=False)
    native = keras_rig.native()
    model = native.load(str(path), "", list(needed))
    session = ort.InferenceSession(rig.exported(model, Options()).model.SerializeToString())
    names = [output.name for output in session.get_outputs()]
    for count in (4, 1, 0):
        rows = {"x": ROWS[:count]}
        wanted = native.answers(model, rows, names, [])
        for output, found in zip(names, session.run(names, rows), strict=True):
            rig.same(found, wanted[output])


def test_an_activation_of_the_users_own_is_exported(tmp_path: Path) -> None:
    from tests import keras_classes

    keras = keras_rig.native().keras()
    dense = keras.layers.Dense(2, activation=keras_classes.bent, name="y")
    keras.Sequential([keras.Input((3,), name="x"), dense]).save(tmp_path / "model.keras")
    with pytest.raises(Unsupported, match=r"y/activation: Custom\.bent has no converter") as refused:
        convert(tmp_path / "model.keras", fallback=False)
    assert all(stage.reason == NO_CONVERTER for stage in refused.value.stages)
    model = keras_rig.native().load(str(tmp_path / "model.keras"), "", ["tests.keras_classes.bent"])
    session = open_session(rig.exported(model, Options()).model)
    wanted = keras_rig.native().answers(model, {"x": ROWS}, ["y"], [])
    rig.same(session.run(["y"], {"x": ROWS})[0], wanted["y"])


def test_outputs_of_a_class_are_named_by_its_keys(tmp_path: Path) -> None:
    model = keras_rig.native().load(str(saved("class", tmp_path)), "", ["tests.keras_classes.Shop"])
    made = rig.exported(model)
    assert [str(port) for port in made.signature.inputs] == ["x: float32[N, 3]"]
    assert [str(port) for port in made.signature.outputs] == [
        "scores: float32[N, 4]", "shares: float32[N, 4]",
    ]  # fmt: skip
