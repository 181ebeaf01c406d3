"""The steps of a saved Spark model, and rows on their way through them as data frames."""

from __future__ import annotations

import re
from typing import Any, Dict, Iterator, List, Mapping, Sequence, Tuple

import numpy as np

ROW = "__onnxpipe_row"
_READ = ("features_cols", "inputCol", "inputCols", "featuresCol", "userCol", "itemsCol")
_BESIDE = ("itemCol", "offsetCol")
"""Parameters that name columns which rows must have: the first that is set, and those beside it."""


class Dropped(Exception):
    """Rows that the pipeline leaves out."""

    def __init__(self, rows: Sequence[int]) -> None:
        self.rows = list(rows)
        super().__init__("row %d is dropped (handleInvalid='skip')" % self.rows[0])


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
        if has(frame, read(stage)):
            frame = _numbered(stage).transform(frame)
    return frame


def has(frame: Any, names: Sequence[str]) -> bool:
    """Whether a data frame has these columns, be their letters small or capital."""
    return {name.lower() for name in names} <= {name.lower() for name in frame.columns}


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

    known = {field.name.lower(): field.dataType for field in frame.schema.fields}
    known.update({field.name: field.dataType for field in frame.schema.fields})
    kinds = {n: known.get(n) or known[n.lower()] for n in names}
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
