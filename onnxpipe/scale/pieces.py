"""Batches of rows cut into pieces, which several threads work on, and put together again in order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

Work = Callable[[int, "pa.RecordBatch"], "pa.RecordBatch"]
"""What is made of some rows, given the place of the first of them in the whole table."""

_LEAST = 256
"""Rows that are worth a piece of their own."""


def in_order(work: Work, batches: Iterable[pa.RecordBatch], threads: int = 0) -> Iterator[pa.Table]:
    """What ``work`` makes of each batch, in order; ``threads`` 0 takes as many as there are cores.

    One batch is read and another handed on while the next is worked on, so few are in memory. An
    error of the first piece that has one is raised.
    """
    threads = threads or cores()
    start = 0
    waiting: deque[list[Future[pa.RecordBatch]]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for batch in batches:
                waiting.append([pool.submit(work, start + at, piece) for at, piece in _cut(batch, threads)])
                start += batch.num_rows
                if len(waiting) > 1:
                    yield _together(waiting.popleft())
            while waiting:
                yield _together(waiting.popleft())
        finally:
            pool.shutdown(cancel_futures=True)


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _cut(batch: pa.RecordBatch, threads: int) -> Iterator[tuple[int, pa.RecordBatch]]:
    """The batch in as many pieces as there are threads, or fewer; a batch without rows is one."""
    size = max(_LEAST, -(-batch.num_rows // threads))
    for at in range(0, max(batch.num_rows, 1), size):
        yield at, batch.slice(at, size)


def _together(pieces: list[Future[pa.RecordBatch]]) -> pa.Table:
    import pyarrow as pa

    return pa.Table.from_batches([piece.result() for piece in pieces])
