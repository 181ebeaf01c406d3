"""Keras: ``.keras`` and ``.h5`` files of Sequential and Functional models, read without TensorFlow."""

from onnxpipe.adapters.keras.reader import (
    called,
    exporter,
    framework,
    loadable,
    names,
    outline,
    read,
    recognises,
    whole,
)

__all__ = ["called", "exporter", "framework", "loadable", "names", "outline", "read", "recognises", "whole"]
