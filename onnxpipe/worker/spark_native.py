"""Spark's own answers: the saved model loaded in a local session and asked.

Rows arrive as arrays by column: ``[N, 1]`` numbers, booleans or text, ``[N, d]`` vectors,
``[N, L]`` arrays of text padded on the right. Answers leave the same way, under the columns' names.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from typing import Any, Dict, Iterator, List, Mapping, Sequence, Tuple

import numpy as np

ROW = "__onnxpipe_row"
_STEP = re.compile(r"(\d+)_\w+$")
_READ = ("features_cols", "inputCol", "inputCols", "featuresCol", "userCol", "itemsCol")
_BESIDE = ("itemCol", "offsetCol")
"""Parameters that name columns which rows must have: the first that is set, and those beside it."""
_QUIET = {
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": "1",
    "spark.default.parallelism": "1",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.log.level": "OFF",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.adaptive.enabled": "false",
    # Few rows, many queries: compiling them, or the JVM itself thoroughly, costs more than it saves.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}


class Dropped(Exception):
    """Rows that the pipeline leaves out."""

    def __init__(self, rows: Sequence[int]) -> None:
        self.rows = list(rows)
        super().__init__("row %d is dropped (handleInvalid='skip')" % self.rows[0])


def session() -> Any:
    """The session, started at the first call. Raises ModuleNotFoundError where pyspark or Java is missing."""
    import pyspark.sql  # a missing pyspark is told apart from everything else

    home = os.environ.get("JAVA_HOME")
    if not (home and os.path.exists(os.path.join(home, "bin", "java"))) and shutil.which("java") is None:
        raise ModuleNotFoundError("Java isn't installed, or JAVA_HOME is wrong", name="java")
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("PYSPARK_DRIVER_PYTHON", sys.executable)
    builder = pyspark.sql.SparkSession.builder.master("local[1]").appName("onnxpipe")
    for key, value in _QUIET.items():
        builder = builder.config(key, value)
    found = builder.getOrCreate()
    found.sparkContext.setLogLevel("OFF")
    return found


def load(path: str, format: str, names: List[str]) -> Any:
    """The model in a saved folder."""
    spark = session()
    with open(_metadata(path), encoding="utf-8") as file:
        saved = json.loads(file.readline())["class"]
    module, _, name = saved.replace("org.apache.spark", "pyspark").rpartition(".")
    return getattr(__import__(module, fromlist=[name]), name).load("file://" + os.path.abspath(path)), spark


def _metadata(path: str) -> str:
    folder = os.path.join(path, "metadata")
    return os.path.join(folder, min(name for name in os.listdir(folder) if name.startswith("part-")))


def versions() -> Dict[str, str]:
    """Versions of Spark and of the Java it runs in."""
    import pyspark

    java = session().sparkContext._jvm.System.getProperty("java.version")
    return {"pyspark": pyspark.__version__, "java": str(java)}


def answers(model: Any, rows: Mapping[str, Any], methods: List[str], optional: List[str]) -> Dict[str, Any]:
    """The columns asked for, ``[N, 1]`` or ``[N, d]``; ``optional`` ones where there are any.

    Raises what Spark raises on rows it refuses, and Dropped where rows are gone.
    """
    stage, spark = model
    after = through(steps(stage), frame(spark, stage, rows))
    missing = [name for name in methods if name not in after.columns]
    if missing:
        main = sys.modules["_onnxpipe_main"]
        raise main.MissingMethod("the pipeline adds no column %s" % ", ".join(missing))
    wanted = list(dict.fromkeys(methods + [name for name in optional if name in after.columns]))
    return collected(after, wanted, length(rows))


def arrive(model: Any, rows: Mapping[str, Any], path: str) -> Dict[str, Any]:
    """The columns that arrive at the stage at a path."""
    stage, spark = model
    before = []  # type: List[Any]
    for place, step in named_steps(stage):
        if place == path:
            after = through(before, frame(spark, stage, rows))
            found = collected(after, read(step), length(rows))
            return {str(i): found[name] for i, name in enumerate(read(step))}
        before.append(step)
    return {}


def stages(
    model: Any, rows: Mapping[str, Any], wanted: Mapping[str, List[str]]
) -> Tuple[List[Dict[str, Any]], str]:
    """What each stage got and answered, and the stage that refused the rows (or "")."""
    stage, spark = model
    current = frame(spark, stage, rows)
    records, refused = [], ""
    for path, step in named_steps(stage):
        if path not in wanted or any(name not in current.columns for name in read(step)):
            current = through([step], current)
            continue
        got = collected(current, read(step), length(rows))
        record = {"path": path, "inputs": with_lengths(got), "answers": {}}  # type: Dict[str, Any]
        records.append(record)
        try:
            current = through([step], current)
            record["answers"] = collected(
                current, [n for n in wanted[path] if n in current.columns], length(rows)
            )
        except Exception:
            refused = path
            break
    return records, refused


def with_lengths(columns: Mapping[str, Any]) -> Dict[str, Any]:
    """Columns by position; arrays of text are followed by their lengths, as in the graph."""
    found = {}  # type: Dict[str, Any]
    for value in columns.values():
        ragged = value.dtype.kind == "O" and value.shape[1] != 1
        lengths = [[sum(v is not None for v in row)] for row in value.tolist()] if ragged else None
        found[str(len(found))] = value
        if lengths is not None:
            found[str(len(found))] = np.array(lengths, np.int64).reshape(len(value), 1)
    return found


def named_steps(stage: Any, path: str = "") -> Iterator[Tuple[str, Any]]:
    """(path, stage) of the stages that rows pass through one after the other."""
    path = path or type(stage).__name__
    if type(stage).__name__ == "PipelineModel":
        for i, inner in enumerate(stage.stages):
            for found in named_steps(inner, "%s/%d_%s" % (path, i, type(inner).__name__)):
                yield found
    elif hasattr(stage, "bestModel"):
        for found in named_steps(stage.bestModel, path + "/bestModel"):
            yield found
    else:
        yield path, stage


def steps(stage: Any) -> List[Any]:
    """The stages that rows pass through one after the other."""
    return [inner for _, inner in named_steps(stage)]


def through(some: Sequence[Any], frame: Any) -> Any:
    """A data frame after some stages. Those whose columns aren't there are left out: nothing asked for
    can depend on them, such as the index of a label that rows to be predicted lack.
    """
    for stage in some:
        if all(name in frame.columns for name in read(stage)):
            frame = _numbered(stage).transform(frame)
    return frame


def _numbered(stage: Any) -> Any:
    """The stage; a statement of SQL that selects some columns selects the rows' numbers too."""
    if type(stage).__name__ != "SQLTransformer":
        return stage
    said = stage.getStatement()
    items = re.split(r"\bfrom\b", said, flags=re.IGNORECASE)[0]
    if re.search(r"(select|,)\s*\*", items, re.IGNORECASE):
        return stage
    return type(stage)(statement=re.sub(r"(?i)\bselect\b", "SELECT `%s`," % ROW, said, count=1))


def read(stage: Any) -> List[str]:
    """The names of the columns a stage reads; those of a formula aren't told apart, and are none."""
    if stage.hasParam("formula"):
        return []
    for name in _READ:
        value = _named(stage, name)
        if value:  # not XGBoost's own list of columns, where it was given one of vectors
            beside = [_named(stage, other) for other in _BESIDE]
            return (list(value) if isinstance(value, list) else [value]) + [n for n in beside if n]
    return []


def _named(stage: Any, name: str) -> Any:
    """The value of a parameter, or None."""
    defined = stage.hasParam(name) and stage.isDefined(stage.getParam(name))
    return stage.getOrDefault(stage.getParam(name)) if defined else None


def frame(spark: Any, stage: Any, rows: Mapping[str, Any]) -> Any:
    """The rows as a data frame with a column that numbers them.

    Through Arrow, which makes a local relation of them: then most stages are computed where the
    query is planned, without a job. On the way NaN becomes null, and is made NaN again.
    """
    import pandas as pd
    from pyspark.ml.functions import array_to_vector
    from pyspark.sql import functions as F
    from pyspark.sql import types as T

    n = length(rows)
    columns, fields, picks = {ROW: np.arange(n)}, [T.StructField(ROW, T.LongType())], [F.col(ROW)]
    arrays = _arrays(stage)
    for i, (name, value) in enumerate(rows.items()):
        kind, cells = _cells(value, name in arrays)
        columns["c%d" % i] = cells
        fields.append(T.StructField("c%d" % i, kind))
        here = F.col("c%d" % i)
        if isinstance(kind, T.ArrayType) and isinstance(kind.elementType, T.DoubleType):
            here = array_to_vector(F.transform(here, lambda x: F.coalesce(x, F.lit(float("nan")))))
        elif isinstance(kind, (T.DoubleType, T.FloatType)):
            here = F.coalesce(here, F.lit(float("nan")).cast(kind))
        picks.append(here.alias(name))
    table = pd.DataFrame({name: pd.Series(cells, dtype=_series(cells)) for name, cells in columns.items()})
    return spark.createDataFrame(table, T.StructType(fields)).select(*picks)


def _series(cells: Any) -> Any:
    return cells.dtype if isinstance(cells, np.ndarray) else object


_OF_ARRAYS = ("StopWordsRemover", "NGram", "HashingTF", "CountVectorizerModel", "Word2VecModel")
"""The classes that read arrays of text."""


def _arrays(stage: Any) -> List[str]:
    """The columns that a model reads arrays of text from; the width of a batch doesn't tell them."""
    held = [] if stage is None else steps(stage)
    return [name for step in held if type(step).__name__ in _OF_ARRAYS for name in read(step)]


def _cells(value: Any, array: bool) -> Tuple[Any, Any]:
    """A column's Spark type and its cells."""
    from pyspark.sql import types as T

    if value.dtype.kind in "OU":
        if not array and (value.ndim == 1 or value.shape[1] == 1):
            return T.StringType(), [None if v is None else str(v) for v in value.reshape(len(value)).tolist()]
        return T.ArrayType(T.StringType()), [_trimmed(row) for row in value.tolist()]
    if value.ndim > 1 and value.shape[1] != 1:
        return T.ArrayType(T.DoubleType()), list(value.astype(np.float64))
    types = {"f8": T.DoubleType(), "f4": T.FloatType(), "b1": T.BooleanType(), "i4": T.IntegerType()}
    kind = types.get(value.dtype.str[1:], T.LongType())
    flat = value.reshape(len(value))
    return kind, flat.astype(np.int64) if isinstance(kind, T.LongType) else flat


def _trimmed(row: Sequence[Any]) -> List[str]:
    """The texts of a padded row up to the last that isn't missing."""
    last = max([i + 1 for i, v in enumerate(row) if v is not None and v != ""], default=0)
    return ["" if v is None else str(v) for v in row[:last]]


def length(rows: Mapping[str, Any]) -> int:
    """How many rows there are."""
    return len(next(iter(rows.values())))


def collected(frame: Any, names: Sequence[str], total: int) -> Dict[str, Any]:
    """Columns of a data frame as arrays in the order of the rows. Raises Dropped where rows are gone."""
    from pyspark.ml.functions import vector_to_array
    from pyspark.sql import functions as F

    kinds = {field.name: field.dataType for field in frame.schema.fields}
    picks = [
        (vector_to_array(F.col(_quoted(n))) if _is_vector(kinds[n]) else F.col(_quoted(n))).alias("c%d" % i)
        for i, n in enumerate(names)
    ]
    found = sorted(frame.select(F.col(ROW), *picks).collect(), key=lambda row: row[0])
    if len(found) != total:
        raise Dropped(sorted(set(range(total)) - {row[0] for row in found}))
    return {n: _array([row[i + 1] for row in found], kinds[n]) for i, n in enumerate(names)}


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _is_vector(kind: Any) -> bool:
    return type(kind).__name__ == "VectorUDT"


_DTYPES = {"DecimalType": "f8", "DoubleType": "f8", "FloatType": "f4", "IntegerType": "i4", "LongType": "i8",
           "ShortType": "i2", "ByteType": "i1", "BooleanType": "?"}  # fmt: skip


def _array(cells: List[Any], kind: Any) -> Any:
    """Cells of one column as an array ``[N, 1]``, or ``[N, d]`` of vectors and arrays, padded."""
    inner = getattr(kind, "elementType", None)
    if inner is not None and _is_vector(inner):  # the buckets of hash tables, vectors of one element each
        cells = [[float(value) for each in cell for value in each] for cell in cells]
        kind = inner
    if inner is None and not _is_vector(kind):
        cells = [[cell] for cell in cells]
    width = max([len(cell) for cell in cells if cell is not None], default=0)
    dtype = np.dtype("f8") if _is_vector(kind) else _dtype(inner or kind)
    gap = None if dtype.kind == "O" else np.nan
    rows = [list(cell or []) + [gap] * (width - len(cell or [])) for cell in cells]
    if dtype.kind not in "fO" and any(v is None or v != v for row in rows for v in row):
        dtype = np.dtype("f8")
    if dtype.kind != "O":
        rows = [[np.nan if v is None else v for v in row] for row in rows]
    out = np.empty((len(rows), width), dtype)
    out[:] = np.array(rows, dtype).reshape(len(rows), width)
    return out


def _dtype(kind: Any) -> Any:
    return np.dtype(_DTYPES.get(type(kind).__name__, "O"))


def each(
    model: Any, rows: Mapping[str, Any], methods: List[str], optional: List[str]
) -> Tuple[Dict[str, Any], List[Tuple[int, str]]]:
    """As ``answers``, with the refused rows and the reasons apart."""
    main = sys.modules["_onnxpipe_main"]
    stage, spark = model
    refused = {}  # type: Dict[int, str]
    left = np.arange(length(rows))
    while len(left):
        try:
            found = answers(model, {name: value[left] for name, value in rows.items()}, methods, optional)
            return found, sorted(refused.items())
        except main.MissingMethod:
            raise
        except Dropped as dropped:
            gone = dict.fromkeys(dropped.rows, "dropped (handleInvalid='skip')")
        except Exception as error:
            gone = refusals(spark, stage, {name: value[left] for name, value in rows.items()})
            if not gone:
                raise error
        refused.update({int(left[row]): reason for row, reason in gone.items()})
        left = np.setdiff1d(left, list(refused))
    return {}, sorted(refused.items())


def refusals(spark: Any, stage: Any, rows: Mapping[str, Any]) -> Dict[int, str]:
    """The rows that Spark refuses and why.

    The query is planned once over many partitions, and each partition is asked by itself; those
    that fail are split further until each holds one row. Where the pipeline deals rows out anew, as a
    join with a large table does, rows are halved instead.
    """
    from pyspark.sql import functions as F

    refused = {}  # type: Dict[int, str]
    todo, salt = np.arange(length(rows)), 0
    while len(todo):
        here = frame(spark, stage, {name: value[todo] for name, value in rows.items()})
        # Rows are dealt out by hash; another salt parts those that met in one partition.
        salt += 1000003
        parts = min(2 * len(todo), _PARTS)
        here = here.repartition(parts, F.col(ROW) + F.lit(salt))
        held = {}  # type: Dict[int, List[int]]
        for row, part in here.select(ROW, F.spark_partition_id()).collect():
            held.setdefault(part, []).append(row)
        # All columns, as ``answers`` computes them: a local relation isn't pruned before it is evaluated.
        after = through(steps(stage), here)
        computed = after._jdf.javaToPython()
        if computed.getNumPartitions() != parts:
            return dict(_halved(spark, stage, rows, np.arange(length(rows))))
        failed = dict(_failing(after, computed, sorted(held)))
        refused.update({int(todo[held[p][0]]): why for p, why in failed.items() if len(held[p]) == 1})
        todo = np.take(todo, sorted(row for p in failed if len(held[p]) > 1 for row in held[p]))
    return refused


_PARTS = 256


def _halved(spark: Any, stage: Any, rows: Mapping[str, Any], which: Any) -> Iterator[Tuple[int, str]]:
    """The rows among these that can't be computed, and why: half of them at a time."""
    try:
        through(steps(stage), frame(spark, stage, {n: v[which] for n, v in rows.items()})).collect()
    except Exception as error:
        if len(which) == 1:
            yield int(which[0]), reason(error)
        else:
            for half in np.array_split(which, 2):
                for found in _halved(spark, stage, rows, half):
                    yield found


def _failing(after: Any, computed: Any, parts: Sequence[int]) -> Iterator[Tuple[int, str]]:
    """The partitions of a data frame, computed as an RDD, that can't be, and why."""
    gateway = after.sparkSession.sparkContext._gateway
    wanted = gateway.new_array(gateway.jvm.int, 1)
    for part in parts:
        wanted[0] = part
        try:
            computed.collectPartitions(wanted)
        except Exception as error:
            if type(error).__name__ == "Py4JError":  # the call itself is wrong
                raise
            yield part, reason(error)


def reason(error: BaseException) -> str:
    """The innermost cause of a Java error, in a line."""
    causes = re.findall(r"^Caused by: (.*)$", str(error), re.MULTILINE)
    lines = (causes[-1:] or str(error).strip().splitlines() or [""])[0]
    return re.sub(r"^[\w.$]+(?=: )", lambda name: name.group().rpartition(".")[2], lines)[:300]
