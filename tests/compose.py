"""Pipelines put together by chance: ``python -m tests.compose [--seed N] [--count M]``.

Each seed makes one legal pipeline of transformers, unions, column transformers and ensembles over a data
set of the tables. It has to conform as a row of the tables does; where it doesn't, the whole command judges
it, which tells ties. What native can't fit itself is passed over.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import sys
import traceback
from collections import Counter
from dataclasses import dataclass
from multiprocessing.connection import Connection

import numpy as np
from sklearn.base import clone

from onnxpipe.core.registry import discover
from onnxpipe.errors import Refusal
from onnxpipe.services.natives import native
from tests import datasets
from tests.harness import DTYPES, Case, conform
from tests.inhouse import Inhouse
from tests.random_parts import Maker
from tests.rigs.sklearn import in_dtype
from tests.sweep import SECONDS, WAIT, outcome


@dataclass(frozen=True, slots=True)
class Found:
    """What became of a pipeline: equal, tie, illegal, refused or FAILED, and what was told."""

    verdict: str
    told: str = ""


def made(seed: int) -> Case:
    """The pipeline of a seed."""
    estimator, data = Maker(np.random.default_rng(seed)).pipeline()
    return Case(estimator, data=data)


def tried(case: Case, dtype: str) -> Found:
    """A pipeline in one precision."""
    rows, target = datasets.load(case.data)
    try:
        fitted = clone(case.estimator)
        fitted.fit(rows) if target is None else fitted.fit(rows, target)
        asked = next(m for m in case.methods if hasattr(fitted, m))
        getattr(fitted, asked)(in_dtype(rows[:2], dtype))
    except Exception as error:
        return Found("illegal", f"{type(error).__name__}: {error}")
    try:
        conform(case, dtype)
        return Found("equal")
    except Refusal as error:
        return Found("refused", f"{type(error).__name__}: {error.what}")
    except Exception as error:
        first = f"{type(error).__name__}: {error}".replace(str(case), "").split(" on ")[0][:300]
        where = traceback.extract_tb(error.__traceback__)[-1]
    judged = outcome(case, dtype)
    if judged.verdict == "EQUAL":
        return Found("tie", first)
    return Found(
        "FAILED", f"{first} ({where.filename}:{where.lineno}); judged {judged.verdict}: {judged.told}"
    )


def forked(case: Case, dtype: str) -> Found:
    """``tried`` in a process of its own, which may end or take too long."""
    ours, theirs = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(target=_tell, args=(case, dtype, theirs))
    child.start()
    theirs.close()
    try:
        return Found(*ours.recv()) if ours.poll(WAIT) else Found("FAILED", f"no answer in {WAIT} s")
    except EOFError:
        return Found("FAILED", "the process ended")
    finally:
        child.kill()
        child.join()


def _tell(case: Case, dtype: str, pipe: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    setattr(native, "Process", Inhouse)  # noqa: B010
    found = tried(case, dtype)
    pipe.send((found.verdict, found.told))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--count", type=int, default=1, help="how many seeds")
    given = parser.parse_args()
    discover("onnxpipe.adapters.sklearn")
    counts: Counter[str] = Counter()
    for seed in range(given.seed, given.seed + given.count):
        case = made(seed)
        for dtype in DTYPES:
            found = forked(case, dtype)
            counts[found.verdict] += 1
            if found.verdict != "equal":
                told = " ".join(found.told.split())[:1200]
                print(f"{seed:6} {found.verdict:8} {dtype:7} {case} {told}", flush=True)
            if found.verdict == "illegal":
                break
    print(", ".join(f"{n} {verdict}" for verdict, n in sorted(counts.items())))
    return 1 if counts["FAILED"] else 0


if __name__ == "__main__":
    sys.exit(main())
