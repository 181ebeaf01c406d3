"""Stages of Spark ML of somebody's own, written in Python."""

from __future__ import annotations

from pyspark.ml import Transformer
from pyspark.ml.functions import array_to_vector, vector_to_array
from pyspark.ml.param import Param, Params, TypeConverters
from pyspark.ml.param.shared import HasInputCol, HasInputCols, HasOutputCol
from pyspark.ml.util import DefaultParamsReadable, DefaultParamsWritable
from pyspark.sql import functions as F


class Stretch(Transformer, HasInputCol, HasOutputCol, DefaultParamsReadable, DefaultParamsWritable):
    """Every element of a vector times a factor."""

    factor = Param(Params._dummy(), "factor", "what to multiply by", TypeConverters.toFloat)

    def __init__(self, factor=2.0, inputCol=None, outputCol=None):
        super().__init__()
        self._set(factor=factor, **({"inputCol": inputCol, "outputCol": outputCol} if inputCol else {}))

    def _transform(self, frame):
        factor = self.getOrDefault(self.factor)
        given = vector_to_array(F.col(self.getInputCol()))
        return frame.withColumn(
            self.getOutputCol(), array_to_vector(F.transform(given, lambda x: x * factor))
        )


class Toll(Transformer, HasInputCols, HasOutputCol, DefaultParamsReadable, DefaultParamsWritable):
    """A number three times in one city, as it is in all others."""

    def __init__(self, inputCols=None, outputCol=None):
        super().__init__()
        if inputCols:
            self._set(inputCols=inputCols, outputCol=outputCol)

    def _transform(self, frame):
        city, number = (F.col(name) for name in self.getInputCols())
        return frame.withColumn(self.getOutputCol(), F.when(city == "Oslo", number * 3.0).otherwise(number))


class Nameless(Stretch):
    """What nobody registered a converter for."""
