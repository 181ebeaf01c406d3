"""Live Keras models, and pickled ones: the archive in the pickle is read as a file would be."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest

from onnxpipe import convert
from onnxpipe.adapters import keras as adapter
from onnxpipe.adapters.base import Artefact
from onnxpipe.adapters.keras import pickled
from onnxpipe.services.convert import adapter_of, artefact_of
from onnxpipe.services.natives.native import Native
from tests.harness import open_session

pytest.importorskip("tensorflow", reason="TensorFlow isn't installed")
from tests.rigs import keras as rig
from tests.rigs import tensorflow as tensors

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("keras")]
ROWS = np.array([[-1, 2, 0.5], [np.nan, np.inf, 1], [0, 0, -3]], np.float32)


def model() -> Any:
    """A model with a word's vocabulary, which only its assets hold."""
    keras = rig.native().keras()
    x, word = keras.Input((3,), name="x"), keras.Input((1,), dtype="string", name="word")
    bits = keras.layers.StringLookup(vocabulary=["a", "b"], output_mode="one_hot")(word)
    return keras.Model([x, word], keras.layers.Dense(2, name="y")(keras.layers.Concatenate()([x, bits])))


def test_a_live_model_and_its_pickles_convert(tmp_path: Path) -> None:
    made, words = model(), np.array([["a"], ["?"], [""]], object)
    joblib.dump(made, tmp_path / "model.joblib")
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(made))
    wanted = np.asarray(made([*map(rig.native().backend.tensor, (ROWS, words))], training=False))
    for source in (made, tmp_path / "model.joblib", tmp_path / "model.pkl"):
        tensors.same(open_session(convert(source)).run(None, {"x": ROWS, "word": words})[0], wanted)


def test_what_only_holds_a_model_is_none() -> None:
    assert pickled.within(pickle.dumps(model())) is not None
    assert pickled.within(pickle.dumps([model()])) is None
    assert pickled.within(pickle.dumps(model())[:-40]) is None
    assert pickled.within(b"_unpickle_model") is None


def test_the_classes_of_a_live_model_are_found() -> None:
    from tests import keras_classes

    keras = rig.native().keras()
    given = keras.Input((3,), name="x")
    made = keras.Model(given, keras_classes.Squeeze(name="small")(given))
    artefact = artefact_of(made)
    assert adapter_of(artefact) is adapter and isinstance(artefact, Artefact)
    with Native(artefact, adapter) as native:
        tensors.same(native.answers({"x": ROWS}, ["small"])["small"], np.asarray(made(ROWS)))
