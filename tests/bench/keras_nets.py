"""Keras networks for the benchmark, seeded, and tf2onnx on a saved one: each a process of its own.

``python -m tests.bench.keras_nets make FOLDER`` saves every network and two batches for it;
``... convert FILE OUT`` is what a user of tf2onnx runs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
OPSET = 18
_NAMED = "the a film plot actor scene dull bright great poor slow sharp warm cold old new"
WORDS = np.array(_NAMED.split())


def application(name: str) -> Callable[[Any], Any]:
    """One of keras.applications, its weights drawn at random."""
    return lambda keras: getattr(keras.applications, name)(weights=None)


def text(keras: Any) -> Any:
    """Raw text to two classes."""
    words = keras.layers.TextVectorization(max_tokens=2000, output_sequence_length=50)
    words.adapt(texts(500)[:, 0])
    layers = keras.layers
    body = [layers.Embedding(2000, 32), layers.GlobalAveragePooling1D(), layers.Dense(2)]
    return keras.Sequential([keras.Input((1,), dtype="string", name="text"), words, *body])


def tabular(keras: Any) -> Any:
    """Two categories and eight numbers to a score."""
    layers, drawn = keras.layers, np.random.default_rng(0)
    numbers = keras.Input((8,), name="numbers")
    city, kind = (keras.Input((1,), dtype="string", name=name) for name in ("city", "kind"))
    scaled = layers.Normalization()
    scaled.adapt(drawn.normal(3, 2, (500, 8)).astype("float32"))
    coded = [
        layers.StringLookup(vocabulary=list(WORDS[:n]), output_mode="one_hot")(given)
        for n, given in ((16, city), (5, kind))
    ]
    hidden = layers.Dense(64, activation="relu")(layers.Concatenate()([scaled(numbers), *coded]))
    return keras.Model([numbers, city, kind], layers.Dense(1, activation="sigmoid", name="score")(hidden))


def lstm(keras: Any) -> Any:
    """Two recurrent layers on steps of 16 numbers."""
    layers = keras.layers
    recurrent = [layers.LSTM(64, return_sequences=True), layers.LSTM(32), layers.Dense(3)]
    return keras.Sequential([keras.Input((50, 16), name="steps"), *recurrent])


NETS: Mapping[str, Callable[[Any], Any]] = {
    "MobileNetV2": application("MobileNetV2"),
    "ResNet50": application("ResNet50"),
    "EfficientNetB0": application("EfficientNetB0"),
    "text classifier": text,
    "tabular": tabular,
    "LSTM": lstm,
}


def texts(count: int) -> Any:
    """``[N, 1]`` of made sentences."""
    drawn = np.random.default_rng(1)
    return np.array([[" ".join(drawn.choice(WORDS, 30))] for _ in range(count)], object)


def batch(shapes: Mapping[str, tuple[tuple[int, ...], str]], count: int) -> dict[str, Any]:
    """Rows for inputs of these shapes and types."""
    drawn, found = np.random.default_rng(2), {}
    for name, (shape, dtype) in shapes.items():
        if dtype == "string":
            words = drawn.choice(WORDS, (count, *shape)).astype(object)
            found[name] = texts(count) if name == "text" else words
        else:
            found[name] = drawn.normal(size=(count, *shape)).astype(dtype)
    return found


def make(folder: Path) -> None:
    import keras

    for name, build in NETS.items():
        keras.utils.set_random_seed(3)
        build(keras).save(folder / f"{name}.keras")


def convert(path: Path, out: Path) -> None:
    import keras
    import onnx
    import tensorflow as tf
    import tf2onnx

    model = keras.saving.load_model(path, compile=False)
    named = {tensor._keras_history.operation.name: tensor for tensor in model.inputs}
    specs = [tf.TensorSpec([None, *t.shape[1:]], t.dtype, name) for name, t in named.items()]
    try:
        made, _ = tf2onnx.convert.from_keras(model, input_signature=specs, opset=OPSET)
    except KeyError:  # a Sequential model of Keras 3
        call = tf.function(lambda *given: model(*given, training=False), input_signature=specs)
        made, _ = tf2onnx.convert.from_function(call, input_signature=specs, opset=OPSET)
    onnx.checker.check_model(made)  # which refuses operators of TensorFlow
    out.write_bytes(made.SerializeToString())


if __name__ == "__main__":
    make(Path(sys.argv[2])) if sys.argv[1] == "make" else convert(*map(Path, sys.argv[2:]))
