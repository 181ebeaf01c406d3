"""What it costs to get from a saved Spark pipeline to a graph: whole processes, ours and onnxmltools's."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from onnxpipe.scale import spark as engine
from tests.bench.measure import Row
from tests.bench.scale import WIDTH, pipeline

TITLE = "From a saved pipeline to a graph"
TURNS = 3


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        spark = engine.session("local[2]")
        pipeline(spark).write().save(str(home / "saved"))
        spark.stop()
        ours = ["-m", "onnxpipe", "convert", str(home / "saved"), "-o", str(home / "o.onnx"), "--no-verify"]
        theirs = ["-m", "tests.bench.spark_converting", str(home / "saved"), str(home / "theirs.onnx")]
        turns = [(seconds(ours), seconds(theirs)) for _ in range(TURNS)]
        mine, peers = (statistics.median(side) for side in zip(*turns, strict=True))
        what = "scaler and forest of 20 trees: the whole process"
        peer = "session, load, onnxmltools"
        yield Row(what, mine, peers, "s", peer, 0.05, statistics.median(a / b for a, b in turns))


def seconds(arguments: Sequence[str]) -> float:
    """What a process of Python takes from its start to its end."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    return time.perf_counter() - start


def theirs(saved: str, output: str) -> None:
    """Start Spark, load a pipeline and have onnxmltools convert it."""
    from onnxmltools.convert import convert_sparkml
    from onnxmltools.convert.common.data_types import FloatTensorType
    from pyspark.ml import PipelineModel
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    types = [(f"x{i}", FloatTensorType([None, 1])) for i in range(WIDTH)]
    made = convert_sparkml(PipelineModel.load(saved), "peer", types, spark_session=spark)
    Path(output).write_bytes(made.SerializeToString())


if __name__ == "__main__":
    theirs(*sys.argv[1:])
