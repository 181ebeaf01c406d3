"""Keras: ``.keras`` and ``.h5`` files of Sequential and Functional models, read without TensorFlow."""

from onnxpipe.adapters.keras.reader import framework, names, outline, read, recognises

__all__ = ["framework", "names", "outline", "read", "recognises"]
