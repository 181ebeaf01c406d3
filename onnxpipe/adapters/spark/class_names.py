"""Public names of Spark's classes, as the registry knows them."""

from __future__ import annotations

_JVM = "org.apache.spark.ml."

_PRIVATE = {
    f"{_JVM}feature.ColumnPruner",
    f"{_JVM}feature.VectorAttributeRewriter",
}
"""Classes that pyspark doesn't have keep their Java names: what RFormula is made of."""

_PYTHON = {
    "pyspark.ml.pipeline.PipelineModel": "pyspark.ml.PipelineModel",
    "pyspark.ml.pipeline.Pipeline": "pyspark.ml.Pipeline",
}
"""What pipelines with stages written in Python are saved under."""


def public_name(origin: str) -> str:
    """The dotted pyspark name of a saved class; other libraries' classes keep their own."""
    if origin.startswith(_JVM) and origin not in _PRIVATE:
        return "pyspark.ml." + origin.removeprefix(_JVM)
    return _PYTHON.get(origin, origin)
