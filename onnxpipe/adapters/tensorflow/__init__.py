"""TensorFlow: SavedModel folders, whatever wrote them; each signature in them is a program."""

from onnxpipe.adapters.tensorflow.reader import framework, names, outline, program, read, recognises

__all__ = ["framework", "names", "outline", "program", "read", "recognises"]
