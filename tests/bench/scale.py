"""Rows per second over a table on Spark, the graph against the pipeline itself; memory as tables grow."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import onnx

from onnxpipe import convert
from onnxpipe.scale import spark as engine
from tests.bench.measure import Row

TITLE = "Tables on Spark"
ROWS = 2_000_000
WIDTH = 8


def rows() -> Iterator[Row]:
    spark = engine.session("local[2]")
    spark.sparkContext.setLogLevel("OFF")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        native, ours = fitted(spark, home)
        for count in (ROWS, 5_000_000):
            table(spark, count).write.parquet(str(home / f"{count}.parquet"))
        frame = spark.read.parquet(str(home / f"{ROWS}.parquet"))
        scored = engine.udf(ours)
        jvm = int(spark.sparkContext._jvm.java.lang.ProcessHandle.current().pid())
        alone = partial(cost, jvm, lambda: sunk(native.transform(frame)))
        yield faster("scoring 2M rows", partial(cost, jvm, lambda: sunk(scored(frame))), alone, 0.4)
        judging = partial(cost, jvm, lambda: judged(spark, home, ours, native, ROWS))
        yield faster("verifying 2M rows, both sides and the comparison", judging, alone, 4.0)
        small, large = (peak(spark, home, ours, native, n) for n in (ROWS, 5_000_000))
        yield Row("peak memory verifying 5M rows", large, small, "MB", "verifying 2M rows", 1.2)
    spark.stop()


def fitted(spark: Any, home: Path) -> tuple[Any, Path]:
    """The pipeline that is measured, and its model."""
    native = pipeline(spark)
    native.write().overwrite().save(str(home / "saved"))
    onnx.save(convert(home / "saved"), home / "model.onnx")
    return native, home / "model.onnx"


def pipeline(spark: Any) -> Any:
    """A scaler and a forest of 20 trees of depth 5, fitted."""
    from pyspark.ml import Pipeline
    from pyspark.ml.classification import RandomForestClassifier
    from pyspark.ml.feature import StandardScaler, VectorAssembler

    names = [f"x{i}" for i in range(WIDTH)]
    stages = [
        VectorAssembler(inputCols=names, outputCol="raw"),
        StandardScaler(inputCol="raw", outputCol="features", withMean=True),
        RandomForestClassifier(numTrees=20, maxDepth=5, seed=0),
    ]
    rows = table(spark, 20_000).selectExpr("*", "double(x0 + x1 * x2 > 0) as label")
    return Pipeline(stages=stages).fit(rows)


def table(spark: Any, count: int) -> Any:
    """Normally distributed columns, made where they are used."""
    from pyspark.sql import functions as F

    return spark.range(count).select(*[F.randn(seed=i).alias(f"x{i}") for i in range(WIDTH)])


def sunk(frame: Any) -> None:
    """Compute every column of a frame and keep none."""
    frame.write.format("noop").mode("overwrite").save()


def judged(spark: Any, home: Path, model: Path, native: Any, count: int) -> None:
    """Compare both sides over a table, and insist that they are equal."""
    frame = spark.read.parquet(str(home / f"{count}.parquet"))
    scorer = engine.scorer(model)
    names = {port.name: port.name for port in scorer.signature.outputs}
    tally, _ = engine.judge(frame, native.transform, scorer, names, {})
    assert tally.rows == count and all(verdict.equal for verdict in tally.verdicts.values()), tally


def faster(what: str, ours: Callable[[], float], native: Callable[[], float], limit: float) -> Row:
    """The cost of each side, the least of three turns: the first ones compile."""
    turns = [(ours(), native()) for _ in range(3)]
    mine, theirs = (min(side) for side in zip(*turns, strict=True))
    return Row(what, mine, theirs, "s CPU", "Spark's transform", limit)


def cost(jvm: int, call: Callable[[], None]) -> float:
    """The CPU seconds that a call takes in Spark's process and its Python workers (Linux)."""
    before = used(jvm)
    call()
    return used(jvm) - before


def used(process: int) -> float:
    """CPU seconds of a process so far, and of those that it started, which must still be there."""
    home = Path("/proc") / str(process)
    spent = (home / "stat").read_text().rpartition(")")[2].split()[11:15]
    own = sum(map(int, spent)) / os.sysconf("SC_CLK_TCK")
    children = [task.read_text().split() for task in home.glob("task/*/children")]
    return own + sum(used(int(child)) for each in children for child in each)


def peak(spark: Any, home: Path, model: Path, native: Any, count: int) -> float:
    """The peak memory in MB of the Python workers that verify a table, the driver's included."""
    import resource
    import threading

    seen, done = [0.0], threading.Event()

    def watch() -> None:
        while not done.wait(0.2):
            seen[0] = max(seen[0], resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    judged(spark, home, model, native, count)
    done.set()
    watcher.join()
    return max(seen[0], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def resident() -> float:
    """MB that the Python workers of Spark hold at this moment (Linux)."""
    total = 0.0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            if b"pyspark" in (status.parent / "cmdline").read_bytes():
                held = [line for line in status.read_text().splitlines() if line.startswith("VmRSS")]
                total += sum(int(line.split()[1]) / 1024 for line in held)
        except OSError:
            continue
    return total
