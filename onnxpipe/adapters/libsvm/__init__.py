"""LIBSVM: the text files that svm-train and svm_save_model write."""

from onnxpipe.adapters.libsvm.reader import framework, names, outline, read, recognises

__all__ = ["framework", "names", "outline", "read", "recognises"]
