"""Which rows Spark refuses, and why: a query is planned once, its partitions are asked one by one."""

from __future__ import annotations

import re
import sys
from typing import Any, Dict, Iterator, List, Mapping, Sequence, Tuple

import numpy as np

frames = sys.modules["_onnxpipe_main"].sibling("spark_frames")
ROW, frame, length, steps, through = frames.ROW, frames.frame, frames.length, frames.steps, frames.through


def taken(rows: Mapping[str, Any], which: Any) -> Dict[str, Any]:
    return {name: value[which] for name, value in rows.items()}


def refusals(spark: Any, stage: Any, rows: Mapping[str, Any]) -> Dict[int, str]:
    """The rows that Spark refuses and why.

    The query is planned once over many partitions, and each partition is asked by itself; those
    that fail are split further until each holds one row. Where the pipeline deals rows out anew, as a
    join with a large table does, rows are halved instead.
    """
    from pyspark.sql import functions as F

    refused = {}  # type: Dict[int, str]
    todo = np.arange(length(rows))
    while len(todo):
        salt, places = dealt(len(todo), _PARTS)
        here = frame(spark, stage, taken(rows, todo)).repartition(_PARTS, F.col(ROW) + F.lit(salt))
        held = {}  # type: Dict[int, List[int]]
        for row, part in enumerate(places):
            held.setdefault(part, []).append(row)
        # All columns, as ``answers`` computes them: a local relation isn't pruned before it is evaluated.
        try:
            after = through(steps(stage), here)
        except Exception:  # a VectorAssembler that asks the first row how long its vectors are
            return dict(_halved(spark, stage, rows, np.arange(length(rows))))
        computed = after._jdf.javaToPython()
        if computed.getNumPartitions() != _PARTS:
            return dict(_halved(spark, stage, rows, np.arange(length(rows))))
        failed = dict(_failing(after, computed, sorted(held)))
        refused.update({int(todo[held[p][0]]): why for p, why in failed.items() if len(held[p]) == 1})
        todo = np.take(todo, sorted(row for p in failed if len(held[p]) > 1 for row in held[p]))
    return refused


_PARTS = 256


def _halved(spark: Any, stage: Any, rows: Mapping[str, Any], which: Any) -> Iterator[Tuple[int, str]]:
    """The rows among these that can't be computed, and why: half of them at a time."""
    try:
        through(steps(stage), frame(spark, stage, taken(rows, which))).collect()
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


def dealt(rows: int, parts: int) -> Tuple[int, List[int]]:
    """What to add to rows' numbers so that ``repartition`` by them puts few rows into one partition,
    and the partition of each row then.
    """
    salts = np.arange(0, 64 * 1000003, 1000003)
    places = hashed(salts[:, None] + np.arange(rows)).astype(np.int64) % parts
    alone = [len(np.unique(each)) for each in places]
    best = int(np.argmax(alone))
    return int(salts[best]), [int(place) for place in places[best]]


def hashed(numbers: Any) -> Any:
    """Spark's hash of whole numbers of 64 bits, int32.

    Formula: Murmur3_x86_32.hashLong in org/apache/spark/unsafe/hash, with the seed 42.
    """
    bits = np.asarray(numbers, np.int64).astype(np.uint64)
    h = np.full(bits.shape, 42, np.uint32)
    for half in ((bits & np.uint64(0xFFFFFFFF)).astype(np.uint32), (bits >> np.uint64(32)).astype(np.uint32)):
        k = _turned(half * np.uint32(0xCC9E2D51), 15) * np.uint32(0x1B873593)
        h = _turned(h ^ k, 13) * np.uint32(5) + np.uint32(0xE6546B64)
    h = h ^ np.uint32(8)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        h = (h ^ (h >> np.uint32(shift))) * np.uint32(factor)
    return (h ^ (h >> np.uint32(16))).astype(np.int32)


def _turned(x: Any, bits: int) -> Any:
    """32 bits turned left."""
    return (x << np.uint32(bits)) | (x >> np.uint32(32 - bits))
