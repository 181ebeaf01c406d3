"""Every row of the tables as a user converts it: ``python -m tests.sweep [WORD...] [--share I/N]``.

The original is fitted, saved and converted with its own rows as the sample, and the proof has to end
without a false alarm and in time, on rows that are made up, too. Only the interpreter isn't started anew
for the original: each row is tried in a fork of one that has everything imported.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd

from onnxpipe.check.reports.report import Report
from onnxpipe.core.options import Options
from onnxpipe.core.registry import discover
from onnxpipe.errors import Refusal, Untrusted
from onnxpipe.services.convert import artefact_of
from onnxpipe.services.natives import native
from onnxpipe.services.natives.native import Where
from onnxpipe.services.release import Order, release
from tests.harness import DTYPES, Case, cases
from tests.inhouse import Inhouse

FRAMEWORKS = ("sklearn", "xgboost", "lightgbm")
SECONDS, WAIT, DEAR = 120, 1800, 20.0
"""Seconds of processor time and of waiting that a row gets, and of processor time that is a defect."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a row: EQUAL, DIFFERENT, unproved, refused or error, what was told, CPU seconds."""

    verdict: str
    told: str = ""
    seconds: float = 0.0

    @property
    def sound(self) -> bool:
        return self.verdict in ("EQUAL", "refused") and self.seconds <= DEAR


def outcome(case: Case, dtype: str, *, sampled: bool = True) -> Outcome:
    """What the command makes of a row, in this process."""
    trial = case.rig.trial(case, dtype)
    options = Options(**{"dtype": dtype, "outputs": trial.wanted, **case.options})
    with tempfile.TemporaryDirectory() as name:
        source = Path(name) / "saved.joblib"
        joblib.dump(trial.source, source)
        sample = saved(trial.rows, Path(name) / "rows") if sampled else None
        started = time.process_time()
        verdict, told = judged(Order(artefact_of(source), Path(name) / "model.onnx", options, sample))
        return Outcome(verdict, told, time.process_time() - started)


def judged(order: Order) -> tuple[str, str]:
    """The verdict on an order, and the first line that says why."""
    try:
        try:
            done = release(order)
        except Untrusted as error:
            done = release(Order(order.source, order.output, order.options, order.sample,
                                 where=Where(trust=error.names)))  # fmt: skip
    except Refusal as error:
        return "refused", f"{type(error).__name__}: {error.what}"
    except Exception as error:
        return "error", f"{type(error).__name__}: {error}"
    if done.report is None:
        return "unproved", done.reason
    return ("EQUAL", "") if done.report else ("DIFFERENT", different(done.report))


def different(report: Report) -> str:
    """Which outputs differ, in how many rows and how far beyond tolerance, and the plainest row."""
    told = [
        v.failure or f"{v.output}: {v.differing} of {v.rows}, {v.worst:.3g} times too far, {v.worst_pair}"
        for v in report.verdicts if not v.equal
    ]  # fmt: skip
    told += [f"{who} alone refuses row {row}: {why}" for row, who, why in report.refusals.examples]
    told += report.batches
    plain = report.counterexample
    return "; ".join([*told, f"{plain.origin}, {plain.row}" if plain else ""])


def saved(rows: Any, path: Path) -> Path | None:
    """The file a user has such rows in; None for those that no file of a table holds."""
    if isinstance(rows, pd.DataFrame):
        rows.to_parquet(path)
    elif isinstance(rows, list) and rows and isinstance(rows[0], dict):
        pd.DataFrame(rows).to_json(path, orient="records", lines=True)
    elif isinstance(rows, np.ndarray) and rows.dtype != object:
        with path.open("wb") as file:
            np.save(file, rows)
    elif isinstance(rows, np.ndarray) and rows.ndim == 1 and all(isinstance(v, str) for v in rows):
        pd.DataFrame({"X": rows}).to_parquet(path)
    else:
        return None
    return path


def forked(case: Case, dtype: str, sampled: bool) -> Outcome:
    """The outcome, or what ended the process that was to find it out."""
    ours, theirs = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(target=_tell, args=(case, dtype, sampled, theirs))
    child.start()
    theirs.close()
    try:
        return Outcome(*ours.recv()) if ours.poll(WAIT) else Outcome("error", f"no answer in {WAIT} s")
    except EOFError:
        child.join()
        return Outcome("error", f"the process ended with {child.exitcode}")
    finally:
        child.kill()
        child.join()


def _tell(case: Case, dtype: str, sampled: bool, pipe: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (6 << 30, 6 << 30))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    setattr(native, "Process", Inhouse)  # noqa: B010
    try:
        found = outcome(case, dtype, sampled=sampled)
    except Exception as error:
        found = Outcome("error", f"before converting: {type(error).__name__}: {error}")
    pipe.send((found.verdict, found.told, found.seconds))


def chosen(words: list[str], share: str) -> list[Case]:
    """The Ith of every N rows that name one of these words, the first row of each estimator first."""
    rows = [case for framework in FRAMEWORKS for case in cases(framework) if not case.refused]
    rows = [case for case in rows if not words or any(word in f"{case} {case.kind}" for word in words)]
    counts: Counter[str] = Counter()
    turns = []
    for case in rows:
        turns.append(counts[case.kind])
        counts[case.kind] += 1
    first, every = map(int, share.split("/"))
    return [rows[i] for i in np.argsort(turns, kind="stable")][first - 1 :: every]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="*")
    parser.add_argument("--share", default="1/1", metavar="I/N", help="the Ith of every N rows")
    parser.add_argument("--dtype", choices=DTYPES, help="one precision alone")
    parser.add_argument("--no-sample", action="store_true", help="without rows of the user's")
    given = parser.parse_args()
    discover("onnxpipe.adapters.sklearn")
    counts: Counter[str] = Counter()
    unsound = 0
    for case in chosen(given.words, given.share):
        for dtype in (given.dtype,) if given.dtype else DTYPES:
            if dtype in case.skip:
                continue
            found = forked(case, dtype, not given.no_sample)
            counts[found.verdict] += 1
            unsound += not found.sound
            told = " ".join(found.told.split())[:500]
            print(f"{found.verdict:9} {found.seconds:6.1f} {dtype:7} {case} {told}", flush=True)
    print(", ".join(f"{n} {verdict}" for verdict, n in sorted(counts.items())), f"; {unsound} unsound")
    return 1 if unsound else 0


if __name__ == "__main__":
    sys.exit(main())
