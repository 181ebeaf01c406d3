"""PyTorch: exported programs, TorchScript, pickled modules and factories, all of them programs."""

from onnxpipe.adapters.torch.reader import framework, names, outline, program, read, recognises

__all__ = ["framework", "names", "outline", "program", "read", "recognises"]
