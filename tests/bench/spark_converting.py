"""What it costs to get from a saved Spark pipeline to a graph: whole processes, ours and onnxmltools's."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from onnxpipe.scale import spark as engine
from tests.bench.measure import Row
from tests.bench.scale import FIRST, used
from tests.bench.spark_pipelines import NAMES, fitted

TITLE = "From a saved pipeline to a graph"
TURNS = 3
NOTE = (
    "Whole processes, their modules compiled before, as an installation has them: ours reads, converts and "
    "tries the graph; the peer's starts Spark, loads the pipeline and has onnxmltools convert it. Processor "
    "time counts Java's, too."
)


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        spark = engine.session("local[2]")
        fitted(spark, FIRST).write().save(str(home / "saved"))
        spark.stop()
        source, java = str(home / "saved"), home / "java"
        ours = ["-m", "onnxpipe", "convert", source, "-o", str(home / "ours.onnx"), "--no-verify"]
        peer = ["-m", "tests.bench.spark_converting", source, str(home / "theirs.onnx"), str(java)]
        where = {**os.environ, "PYTHONPYCACHEPREFIX": str(home / "compiled")}
        where.pop("PYTHONDONTWRITEBYTECODE", None)
        turns = [(spent(ours, where), spent(peer, where, java)) for _ in range(1 + TURNS)][1:]
        for i, what in enumerate(("s CPU", "s")):
            mine, peers = ([side[i] for side in sides] for sides in zip(*turns, strict=True))
            ratio = statistics.median(a / b for a, b in zip(mine, peers, strict=True))
            name, them = f"scaler and {FIRST}, in {what}", "session, load, onnxmltools"
            yield Row(name, statistics.median(mine), statistics.median(peers), what, them, 0.05, ratio)


def spent(
    arguments: Sequence[str], where: Mapping[str, str], java: Path | None = None
) -> tuple[float, float]:
    """The processor seconds of a process, with those that it noted of Java's, and the seconds it took."""
    start, quiet = time.perf_counter(), subprocess.DEVNULL
    started = subprocess.Popen([sys.executable, *arguments], stdout=quiet, stderr=quiet, env=where)
    _, status, usage = os.wait4(started.pid, 0)
    assert not status, arguments
    took = time.perf_counter() - start
    return usage.ru_utime + usage.ru_stime + (float(java.read_text()) if java else 0.0), took


def theirs(saved: str, output: str, java: str) -> None:
    """Start Spark, load a pipeline and have onnxmltools convert it; note what Java took."""
    from onnxmltools.convert import convert_sparkml
    from onnxmltools.convert.common.data_types import FloatTensorType
    from pyspark.ml import PipelineModel
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    types = [(name, FloatTensorType([None, 1])) for name in NAMES]
    made = convert_sparkml(PipelineModel.load(saved), "peer", types, spark_session=spark)
    Path(output).write_bytes(made.SerializeToString())
    process = spark.sparkContext._jvm.java.lang.ProcessHandle.current()
    Path(java).write_text(str(used(int(process.pid()))))


if __name__ == "__main__":
    theirs(*sys.argv[1:])
