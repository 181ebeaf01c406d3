"""Columns of any kind hashed to one vector."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from onnxpipe.adapters.spark import kinds, long_vectors
from onnxpipe.adapters.spark.columns import numbers, reads
from onnxpipe.blocks.contrib import murmur_hash
from onnxpipe.blocks.hashing.hashes import Hashed, signed_hash
from onnxpipe.core.frame import Column, Columns, Terms
from onnxpipe.core.ops import Var, cast, concat, const, dtype_of, filled, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts

_SEED = 42


def _any(stage: Stage) -> Sequence[str]:
    return (kinds.TEXT_OR_NUMBER,) * len(stage.inputCols)


@converts("pyspark.ml.feature.FeatureHasher", columns=_any)
def feature_hasher(stage: Stage, xs: Columns) -> Column:
    """Formula: FeatureHasher.transform: numbers at their column's hash, the rest 1 at ``column=value``'s."""
    width = int(stage.numFeatures)
    parts = [_hashed(stage, name, x) for name, x in zip(reads(stage), xs, strict=True)]
    codes, weights = (concat(list(each), 1) for each in zip(*parts, strict=True))
    return long_vectors.column(Terms(op.mod(codes, const(width, np.int64)), weights), width)


def _hashed(stage: Stage, name: str, x: Column) -> Hashed:
    kind = dtype_of(x.var).kind
    if kind in "iuf" and name not in (stage.get("categoricalCols") or ()):
        return Hashed(filled(x.var, np.int64(signed_hash(name, _SEED)), 1), numbers(x))
    if kind == "f":
        raise stage.inexact(
            f"hashes the text that Java writes for the numbers of {name}, which no graph can write",
            f"Take {name} out of categoricalCols, or make it a column of whole numbers or text.",
        )
    there = filled(x.var, np.float64(1.0), 1)
    if kind == "U":
        missing = op.equal(x.var, const(stage.options.missing_string))
        there = cast(op.not_(missing), np.float64)
    text = op.string_concat(const(f"{name}="), _text(x.var))
    return Hashed(cast(murmur_hash(text, _SEED), np.int64), there)


def _text(x: Var) -> Var:
    """Text, truths and whole numbers as Java writes them."""
    if dtype_of(x).kind == "b":
        return op.where(x, const("true"), const("false"))
    return x if dtype_of(x).kind == "U" else cast(x, np.str_)
