"""Processor time over a table, the graph against the pipeline itself; memory as tables grow."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import onnx

from onnxpipe import convert
from onnxpipe.scale import spark as engine
from onnxpipe.services.score import score
from tests.bench.measure import Row
from tests.bench.spark_pipelines import STAGES, fitted, table

TITLE = "Tables on Spark"
ROWS, FEWER, MORE = 2_000_000, 500_000, 5_000_000
"""Rows of the table for the first pipeline, for the others, and to see memory grow."""
FIRST = next(iter(STAGES))
TURNS = 2
NOTE = (
    "Processor seconds of all processes, the less of two turns, Spark's session started before; what the "
    "first turn compiles counts in neither. *Table to table*: `onnxpipe score` against Spark's transform, "
    "both from one Parquet table to another; *the same columns*: where Spark leaves out those of stages "
    "before the last, too. *By Spark*: that with `--engine spark`. *In a job*: `onnxpipe.scale.udf` against "
    "transform, the answers thrown away; rows travel to Python and back, which alone costs a third of what "
    "these models cost in Spark. Memory: of Spark's Python workers and of the process that drives them."
)


def rows() -> Iterator[Row]:
    spark = engine.session("local[2]")
    spark.sparkContext.setLogLevel("OFF")
    jvm = int(spark.sparkContext._jvm.java.lang.ProcessHandle.current().pid())
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        for count in (ROWS, FEWER, MORE):
            table(spark, count).write.parquet(str(home / f"{count}.parquet"))
        for name in STAGES:
            native, model = saved(spark, name, home)
            count = ROWS if name == FIRST else FEWER
            calls = sides(spark, native, model, home / f"{count}.parquet")
            took = least({what: partial(cost, jvm, call) for what, call in calls.items()})
            what = f"{name}, {count:,} rows"
            yield _row(f"{what}, table to table", took["score"], took["whole"])
            yield _row(f"{what}, the same columns", took["score"], took["written"])
            yield _row(f"{what}, by Spark", took["by spark"], took["written"])
            yield _row(f"{what}, in a job", took["udf"], took["sunk"])
            if name == FIRST:
                yield from verifying(spark, jvm, home, model, native, took["sunk"])
    spark.stop()


def _row(what: str, ours: float, theirs: float, limit: float = 0.4) -> Row:
    return Row(what, ours, theirs, "s CPU", "Spark's transform", limit)


def saved(spark: Any, name: str, home: Path) -> tuple[Any, Path]:
    """A pipeline that is measured, and its model."""
    native = fitted(spark, name)
    native.write().overwrite().save(str(home / "saved"))
    onnx.save(convert(home / "saved"), home / "model.onnx")
    return native, home / "model.onnx"


def sides(spark: Any, native: Any, model: Path, data: Path) -> Mapping[str, Callable[[], object]]:
    """What is measured: Spark's transform and ours, with a table written and without."""
    frame, scored = spark.read.parquet(str(data)), engine.udf(model)
    columns = scored(frame).columns  # not those that stages before the last add

    def written(answered: Any) -> None:
        answered.write.mode("overwrite").parquet(str(data.parent / "answers"))

    return {
        "score": lambda: score(model, data, data.parent / "answers.parquet"),
        "whole": lambda: written(native.transform(frame)),
        "written": lambda: written(native.transform(frame).select(columns)),
        "by spark": lambda: written(scored(frame)),
        "udf": lambda: sunk(scored(frame)),
        "sunk": lambda: sunk(native.transform(frame)),
    }


def sunk(frame: Any) -> None:
    """Compute every column of a frame and keep none."""
    frame.write.format("noop").mode("overwrite").save()


def least(calls: Mapping[str, Callable[[], float]]) -> dict[str, float]:
    """The least of several turns for each call: the first ones compile."""
    turns = [{what: call() for what, call in calls.items()} for _ in range(TURNS)]
    return {what: min(turn[what] for turn in turns) for what in calls}


def verifying(spark: Any, jvm: int, home: Path, model: Path, native: Any, alone: float) -> Iterator[Row]:
    """What comparing every row costs, and whether memory grows with the rows."""
    small = peak(spark, jvm, home, model, native, FEWER)
    took = cost(jvm, lambda: judged(spark, home, model, native, ROWS))
    yield _row(f"{FIRST}, {ROWS:,} rows, verified: both sides and the comparison", took, alone, 4.0)
    large = peak(spark, jvm, home, model, native, MORE)
    yield Row(f"peak memory verifying {MORE:,} rows", large, small, "MB", f"verifying {FEWER:,}", 1.2)


def judged(spark: Any, home: Path, model: Path, native: Any, count: int) -> None:
    """Compare both sides over a table, and insist that they are equal."""
    frame = spark.read.parquet(str(home / f"{count}.parquet"))
    scorer = engine.scorer(model)
    names = {port.name: port.name for port in scorer.signature.outputs}
    tally, _ = engine.judge(frame, native.transform, scorer, names, {})
    assert tally.rows == count and all(verdict.equal for verdict in tally.verdicts.values()), tally


def cost(jvm: int, call: Callable[[], object]) -> float:
    """The CPU seconds that a call takes in this process, Spark's and its Python workers (Linux)."""
    before, here = used(jvm), time.process_time()
    call()
    return used(jvm) - before + time.process_time() - here


def used(process: int) -> float:
    """CPU seconds of a process so far, and of those that it started, which must still be there."""
    home = Path("/proc") / str(process)
    spent = (home / "stat").read_text().rpartition(")")[2].split()[11:15]
    own = sum(map(int, spent)) / os.sysconf("SC_CLK_TCK")
    children = [task.read_text().split() for task in home.glob("task/*/children")]
    return own + sum(used(int(child)) for each in children for child in each)


def peak(spark: Any, jvm: int, home: Path, model: Path, native: Any, count: int) -> float:
    """The peak memory in MB of the Python workers that verify a table, the driver's included."""
    import threading

    seen, done = [0.0], threading.Event()

    def watch() -> None:
        while not done.wait(0.2):
            with contextlib.suppress(OSError):  # a process that ends just now
                seen[0] = max(seen[0], held(os.getpid()) + resident(jvm))

    watcher = threading.Thread(target=watch)
    watcher.start()
    judged(spark, home, model, native, count)
    done.set()
    watcher.join()
    return seen[0]


def resident(process: int) -> float:
    """MB that the processes hold which a process started, at this moment (Linux)."""
    tasks = (Path("/proc") / str(process)).glob("task/*/children")
    children = [int(child) for task in tasks for child in task.read_text().split()]
    return sum(held(child) + resident(child) for child in children)


def held(process: int) -> float:
    """MB that a process holds at this moment, 0 if it has just ended (Linux)."""
    try:
        status = (Path("/proc") / str(process) / "status").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS"))
