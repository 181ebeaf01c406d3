"""Spark ML: saved folders of PipelineModels and of single models, read without Spark."""

from onnxpipe.adapters.spark.plan import exporter, framework, names, outline, read, recognises

__all__ = ["exporter", "framework", "names", "outline", "read", "recognises"]
