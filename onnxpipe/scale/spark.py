"""Spark as the engine: a model over a DataFrame, and a DataFrame against the original's answers."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import onnx

from onnxpipe.check.compare import Tolerance
from onnxpipe.core import models, weights
from onnxpipe.core.fragment import metadata
from onnxpipe.core.signature import Port, Signature
from onnxpipe.errors import BadInput, MissingExtra, NativeFailed, Unreadable
from onnxpipe.scale import judging
from onnxpipe.scale.judging import PartitionJudge, Tally
from onnxpipe.scale.scoring import Scorer, refuse_clash
from onnxpipe.scale.shipping import by_value
from onnxpipe.stitching import no_rows

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

_TYPES = {
    "float64": "double", "float32": "float", "int64": "bigint", "int32": "int", "int16": "smallint",
    "int8": "tinyint", "bool": "boolean", "string": "string",
}  # fmt: skip
_WIDER = {"uint8": "int16", "uint16": "int32", "uint32": "int64", "float16": "float32"}
"""Types that Spark lacks, and those that hold their values."""
_READERS = {".csv": "csv", ".json": "json", ".jsonl": "json", ".orc": "orc"}
_BESIDE = "native:"
"""Before the name of a column with the original's answer."""


def session(master: str = "") -> SparkSession:
    """The session that is there, else a new one: on ``master``, a Spark Connect address (``sc://``), or here.

    Raises MissingExtra without pyspark, NativeFailed where Spark can't start.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise MissingExtra("pyspark", "spark") from None
    # Without it Spark's workers take whichever python3 is first on the path.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder: Any = SparkSession.builder.appName("onnxpipe")
    if master.startswith("sc://"):
        builder = builder.remote(master)  # whose settings are the server's
    else:
        builder = builder.config("spark.ui.enabled", "false")
        builder = builder.master(master) if master else builder
    try:
        found: SparkSession = builder.getOrCreate()
        return found
    except Exception as error:
        raise NativeFailed(
            f"Spark doesn't start: {_line(error)}", remedy="Is Java 17 there? Is --master right?"
        ) from None


def read(spark: SparkSession, path: str) -> DataFrame:
    """The rows at a path that the cluster can read: Parquet, or CSV, JSON or ORC by its suffix."""
    form = _READERS.get(Path(path).suffix.lower(), "parquet")
    reader = spark.read.option("header", True).option("inferSchema", True) if form == "csv" else spark.read
    try:
        return reader.format(form).load(path)
    except Exception as error:
        raise _unread(f"Spark can't read it as {form}", error, path) from None


def pipeline(spark: SparkSession, path: str) -> Any:
    """The saved pipeline or model at a path, loaded by Spark itself. Raises Unreadable."""
    from pyspark.ml import PipelineModel
    from pyspark.ml.util import DefaultParamsReader

    del spark  # the loaders take the active session
    try:
        return PipelineModel.load(path)
    except Exception:
        try:
            return DefaultParamsReader.loadParamsInstance(path, None)  # a model saved by itself
        except Exception as error:
            raise _unread("Spark can't load it", error, path) from None


def scorer(
    model: onnx.ModelProto | str | Path, threads: int = 1, wider: Mapping[str, str] | None = None
) -> Scorer:
    """A model ready to be sent to executors, each of whose processes has one core of its own.

    Raises Refusal for a model larger than 2 GiB.
    """
    proto = model if isinstance(model, onnx.ModelProto) else models.read(model)
    weights.require_fits(proto, "that much can't be sent to executors", "Take --engine local.")
    return local(proto, threads, wider)


def local(
    model: onnx.ModelProto | str | Path, threads: int = 1, wider: Mapping[str, str] | None = None
) -> Scorer:
    """A model ready to score rows in this process."""
    proto = model if isinstance(model, onnx.ModelProto) else models.read(model)
    missing = metadata(proto).get("missing_string", "")
    source, apart = weights.light(proto)
    fatal = bool(no_rows.fatal(proto))
    return Scorer(
        source, Signature.of(proto), missing, threads, wider=wider, weights=apart, fatal=fatal
    )  # fmt: skip


def udf(model: onnx.ModelProto | str | Path) -> Callable[[DataFrame], DataFrame]:
    """A function on DataFrames that adds a column per output of the model, named as the output.

    Executors need numpy, pyarrow and onnxruntime, no onnxpipe; each of their processes opens one
    session. Vectors may come as Spark's vectors or as arrays; answers of several columns are arrays.
    Raises BadInput for an output of a type that Spark lacks, and where the DataFrame already has a
    column of that name.
    """
    ours = scorer(model, wider=_WIDER)
    added = [f"`{port.name}` {_type(port)}" for port in ours.signature.outputs]

    def add(frame: DataFrame) -> DataFrame:
        refuse_clash(frame.columns, ours.signature.outputs)
        given = as_arrays(frame)
        fields = [f"`{name}` {kind}" for name, kind in given.dtypes]
        return given.mapInArrow(by_value(ours), ", ".join([*fields, *added]))

    return add


def _type(port: Port) -> str:
    """Spark's type of an output: one value per row, or arrays within arrays."""
    depth = 0 if port.shape[1:] == (1,) else len(port.shape) - 1
    kind = _TYPES.get(_WIDER.get(port.dtype, port.dtype))
    if kind is None:
        raise BadInput(f"Spark has no type for {port.name}, which is {port.dtype}")
    return "array<" * depth + kind + ">" * depth


def as_arrays(frame: DataFrame) -> DataFrame:
    """The same rows with Spark's vectors as arrays, which Arrow can carry in every version."""
    from pyspark.ml.functions import vector_to_array
    from pyspark.sql.functions import col

    def carried(name: str, kind: str) -> Any:
        column = col(f"`{name}`")
        return vector_to_array(column).alias(name) if kind == "vector" else column

    return frame.select([carried(name, kind) for name, kind in frame.dtypes])


def score(spark: SparkSession, model: str | Path, data: str, output: str) -> None:
    """Write the rows of a table with the model's answers beside them, as Parquet, replacing none."""
    scored = udf(model)(read(spark, data))
    try:
        scored.write.mode("error").parquet(output)
    except Exception as error:
        raise NativeFailed(f"Spark can't score it: {_line(error)}", where=data) from None


def judge(
    frame: DataFrame, native: Callable[[DataFrame], DataFrame], ours: Scorer,
    names: Mapping[str, str], tolerances: Mapping[str, Tolerance],
) -> tuple[Tally, list[pa.RecordBatch]]:  # fmt: skip
    """Every row of a table judged where it lies: the tally of all, and the worst rows' inputs.

    ``native`` answers as the original does, ``names`` are its columns by the model's outputs.
    Raises BadInput for columns that aren't there, NativeFailed where Spark fails on a row.
    """
    _refuse_absent([port.name for port in ours.signature.inputs], frame.columns, "the rows have")
    try:
        answered = native(frame)
    except Exception as error:  # Spark checks columns before it reads a row
        raise NativeFailed(f"Spark refuses these rows: {_line(error)}") from None
    beside = _beside(answered, ours, names)
    natives = {name: _BESIDE + name for name in names}
    work = by_value(PartitionJudge(ours, natives, tolerances))
    try:
        told = beside.mapInArrow(work, "tally string, worst binary").collect()
    except Exception as error:
        raise NativeFailed(
            f"Spark fails on these rows: {_line(error)}",
            remedy="Compare some of them with --engine local, which tells the refused rows from the others.",
        ) from None
    return judging.read([(row["tally"], bytes(row["worst"])) for row in told])


def _beside(answered: DataFrame, ours: Scorer, names: Mapping[str, str]) -> DataFrame:
    """The model's inputs, and the original's answers under names of their own."""
    from pyspark.sql.functions import col

    inputs = [port.name for port in ours.signature.inputs]
    _refuse_absent(list(names.values()), answered.columns, "the original answers")
    picked = [col(f"`{name}`") for name in inputs]
    picked += [col(f"`{theirs}`").alias(_BESIDE + name) for name, theirs in names.items()]
    return as_arrays(answered.select(picked))


def _refuse_absent(wanted: Sequence[str], there: Sequence[str], who: str) -> None:
    if absent := [name for name in wanted if name not in there]:
        raise BadInput(
            f"no column {', '.join(absent)}", remedy=f"{who[0].upper()}{who[1:]}: {', '.join(there)}"
        )


def _unread(what: str, error: Exception, path: str) -> Unreadable:
    """The error about a path that Spark can't read; Hadoop has names of its own for some file systems."""
    line = _line(error)
    unknown = "for scheme" in line or "ClassNotFoundException" in line
    remedy = "Give the URL as Spark itself takes it, such as s3a:// for s3://, and Spark its driver."
    return Unreadable(f"{what}: {line}", where=path, remedy=remedy if unknown else "")


def _line(error: Exception) -> str:
    """The line of a Spark error that says what happened."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    causes = [line for line in lines if line.startswith("Caused by:") or "Error: " in line]
    thrown = [line[2:] for line in lines if line.startswith(": ")]  # below py4j's "while calling o42.load"
    return (causes[-1:] or thrown or lines or [type(error).__name__])[0][:300]
