"""Operations in ``.h5`` files, which Keras 3 saves without telling whose they are, and can't load again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from onnxpipe import convert
from onnxpipe.adapters.base import Artefact
from onnxpipe.adapters.keras import reader, trust
from tests.harness import open_session

pytest.importorskip("tensorflow", reason="TensorFlow isn't installed")
from tests.rigs import keras as rig

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("keras")]
ROWS = np.array([[[1, 2], [0, 0], [3, -1]], [[0, 0], [0, 0], [0, 0]], [[0, 0], [-2, 1], [4, 4]]], np.float32)


def between_layers(keras: Any) -> Any:
    """Names that layers have too (Multiply, ReLU), and a mask, which goes along with operations."""
    x = keras.Input((None, 2), name="x")
    masked = keras.layers.Masking()(x)
    doubled = keras.layers.LSTM(3)(masked * 2.0)
    return keras.Model(x, [doubled, keras.ops.mean(x, axis=-1), keras.activations.relu(x, max_value=1.0)])


def test_an_operation_is_told_from_the_layer_of_its_name(tmp_path: Path) -> None:
    keras = rig.native().keras()
    model, found = between_layers(keras), []
    for name in ("model.keras", "model.h5"):
        model.save(tmp_path / name)
        found.append(open_session(convert(tmp_path / name)).run(None, {"x": ROWS}))
    for other, one, wanted in zip(*found, model(ROWS, training=False), strict=True):
        np.testing.assert_array_equal(other, one)
        np.testing.assert_allclose(other, np.asarray(wanted), rtol=1e-5, atol=1e-6)


def test_names_are_keras_s_own(tmp_path: Path) -> None:
    keras = rig.native().keras()
    between_layers(keras).save(tmp_path / "model.h5")
    assert trust.untrusted(reader.names(Artefact(tmp_path / "model.h5"))) == ()
    keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda x: x)]).save(tmp_path / "lambda.h5")
    needed = trust.untrusted(reader.names(Artefact(tmp_path / "lambda.h5")))
    assert needed == ("__lambda__", "keras.layers.Lambda")
