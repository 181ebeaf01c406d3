"""Spark's own answers: the saved model loaded in a local session and asked.

Rows arrive as arrays by column: ``[N, 1]`` numbers, booleans or text, ``[N, d]`` vectors,
``[N, L]`` arrays of text padded on the right. Answers leave the same way, under the columns' names.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from typing import Any, Dict, List, Mapping, Sequence, Tuple

import numpy as np

main = sys.modules["_onnxpipe_main"]
frames, refused_rows = main.sibling("spark_frames"), main.sibling("spark_refusals")
collected, frame, length = frames.collected, frames.frame, frames.length
read, steps, through = frames.read, frames.steps, frames.through
refusals, taken = refused_rows.refusals, refused_rows.taken
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
    for java, python in (("org.apache.spark", "pyspark"), ("com.microsoft.azure.synapse", "synapse")):
        saved = saved.replace(java, python)
    module, _, name = saved.rpartition(".")
    return getattr(__import__(module, fromlist=[name]), name).load("file://" + os.path.abspath(path)), spark


def _metadata(path: str) -> str:
    folder = os.path.join(path, "metadata")
    return os.path.join(folder, min(name for name in os.listdir(folder) if name.startswith("part-")))


def part(model: Any, path: str) -> Any:
    """The stage at a path, None where the path leads to none."""
    return dict(frames.named_steps(model[0])).get(path)


def behaviour(stage: Any, inputs: Sequence[Mapping[str, Any]], wanted: Sequence[str]) -> Dict[str, Any]:
    """The types and shapes of the columns that a stage adds to plain rows, and which values it refuses.

    As ``probing.behaviour`` tells them of an estimator.
    """
    found = _plainly(stage, inputs, wanted, 0.0)
    spec = {
        n: ["string" if a.dtype.kind == "O" else str(a.dtype), list(a.shape[1:])] for n, a in found.items()
    }
    tried = ((np.nan, "nonfinite"), (np.inf, "infinite"))
    refuses = (name for value, name in tried if found and not _plainly(stage, inputs, wanted, value))
    return {"answers": spec, "refuses": next(refuses, "nothing")}


def _plainly(
    stage: Any, inputs: Sequence[Mapping[str, Any]], wanted: Sequence[str], value: float
) -> Dict[str, Any]:
    """What a stage answers to two rows of one value, nothing where it refuses them."""
    rows = {each["name"]: main.sibling("probing").filled(each, value) for each in inputs}
    try:
        made = stage.transform(frame(session(), stage, rows))
        return collected(made, list(wanted), 2)  # type: ignore[no-any-return]
    except Exception:
        return {}


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
        raise main.MissingMethod("the pipeline adds no column %s" % ", ".join(missing))
    wanted = list(dict.fromkeys(methods + [name for name in optional if name in after.columns]))
    return collected(after, wanted, length(rows))  # type: ignore[no-any-return]


def arrive(model: Any, rows: Mapping[str, Any], path: str) -> Dict[str, Any]:
    """The columns that arrive at the stage at a path."""
    stage, spark = model
    before = []  # type: List[Any]
    for place, step in frames.named_steps(stage):
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
    for path, step in frames.named_steps(stage):
        if path not in wanted or not frames.has(current, read(step)):
            current = through([step], current)
            continue
        got = collected(current, read(step), length(rows))
        record = {"path": path, "inputs": frames.with_lengths(got), "answers": {}}  # type: Dict[str, Any]
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


def each(
    model: Any, rows: Mapping[str, Any], methods: List[str], optional: List[str], doubtful: Sequence[int] = ()
) -> Tuple[Dict[str, Any], List[Tuple[int, str]]]:
    """As ``answers``, with the refused rows and the reasons apart.

    ``doubtful`` rows are asked one by one first: where they are all that is refused, the others take
    one query together.
    """
    stage, spark = model
    apart = np.array(doubtful, np.int64)
    gone = refusals(spark, stage, taken(rows, apart)) if len(apart) else {}
    refused = {int(apart[row]): why for row, why in gone.items()}
    left = np.setdiff1d(np.arange(length(rows)), list(refused))
    while len(left):
        try:
            return answers(model, taken(rows, left), methods, optional), sorted(refused.items())
        except main.MissingMethod:
            raise
        except frames.Dropped as dropped:
            gone = dict.fromkeys(dropped.rows, "dropped (handleInvalid='skip')")
        except Exception as error:
            gone = refusals(spark, stage, taken(rows, left))
            if not gone:
                raise error
        refused.update({int(left[row]): why for row, why in gone.items()})
        left = np.setdiff1d(left, list(refused))
    return {}, sorted(refused.items())
