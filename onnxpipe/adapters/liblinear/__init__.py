"""LIBLINEAR: the text files that train and save_model write."""

from onnxpipe.adapters.liblinear.reader import framework, names, outline, read, recognises

__all__ = ["framework", "names", "outline", "read", "recognises"]
