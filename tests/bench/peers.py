"""Every estimator of the suite beside skl2onnx: who converts it, who is right, who is faster.

One row of ``tests/cases`` for each estimator. ``python -m tests.bench.peers NAME...`` prints those
whose name contains one of the words; ``make bench`` records all of them.
"""

from __future__ import annotations

import pickle
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from onnxpipe.check.compare import Tolerance, compare
from onnxpipe.core.options import Options
from onnxpipe.services.convert import conversion
from tests import datasets
from tests.bench import peer
from tests.bench.measure import duel
from tests.harness import METHODS, Case, cases
from tests.rigs.sklearn import answers, edge_rows, in_dtype, native_answers, normalised, sampled, stacked

DTYPES = ("float32", "float64")
LIMITS = {"float32": 1.0, "float64": 1.3}
COUNTS = (1, 10_000)
LOOSE = Tolerance(rtol=1e-5)
"""What skl2onnx is held to; our own graphs are held to the judge's rule."""


@dataclass
class Beside:
    """One estimator: verdicts by (tool, dtype), ratios (ours / skl2onnx) by (dtype, rows)."""

    kind: str
    verdicts: dict[tuple[str, str], str] = field(default_factory=dict)
    ratios: dict[tuple[str, int], float] = field(default_factory=dict)
    against: dict[str, str] = field(default_factory=dict)
    errors: dict[tuple[str, str], str] = field(default_factory=dict)

    def slow(self) -> list[tuple[str, int]]:
        """Where our graph takes longer than the limit allows."""
        return [key for key, ratio in self.ratios.items() if ratio > LIMITS[key[0]]]


def representatives() -> dict[str, dict[str, Case]]:
    """By estimator and precision, the first row that is neither a refusal nor skipped there.

    Rows that ask only some methods stand in where there is no other.
    """
    first: dict[str, dict[str, Case]] = {}
    for case in sorted(cases("sklearn"), key=lambda case: case.methods != METHODS):
        for dtype in DTYPES:
            name = "native" if dtype == "float64" else dtype
            if not case.refused and name not in case.skip:
                first.setdefault(case.kind, {}).setdefault(dtype, case)
    return dict(sorted(first.items()))


def measured(words: list[str], seconds: float = 0.4) -> Iterator[Beside]:
    """The estimators whose name contains one of the words, each measured."""
    for kind, chosen in representatives().items():
        if not words or any(word in kind for word in words):
            found = Beside(kind)
            for dtype, case in chosen.items():
                _measure(found, case, dtype, seconds)
            yield found


def _measure(found: Beside, case: Case, dtype: str, seconds: float) -> None:
    """One estimator in one precision, judged and timed.

    A float64 graph without a counterpart is held against skl2onnx's float32 graph.
    """
    rows, target = datasets.load(case.data or datasets.fitting(case.estimator))
    estimator = pickle.loads(pickle.dumps(case.estimator))
    estimator.fit(rows) if target is None else estimator.fit(rows, target)
    against, theirs = dtype, _theirs(found, estimator, in_dtype(rows, dtype), dtype)
    if theirs is None and dtype == "float64":
        against, theirs = "float32", _theirs(None, estimator, in_dtype(rows, "float32"), "float32")
    ours = _ours(found, (estimator, case.rtol), in_dtype(rows, dtype), dtype, theirs[1] if theirs else ())
    if ours and theirs:
        found.against[dtype] = against
        for count in COUNTS:
            found.ratios[dtype, count] = _ratio(ours, theirs[0], rows, (dtype, against), count, seconds)


def _ours(
    found: Beside, judged: tuple[Any, float | None], rows: Any, dtype: str, outputs: tuple[str, ...]
) -> peer.Graph | None:
    """Our graph with these outputs (default: ours), its verdict noted, at its row's tolerance."""
    estimator, rtol = judged
    try:
        wanted = "native" if dtype == "float64" else dtype
        made = conversion(estimator, Options(dtype=wanted, outputs=outputs), sample=sampled(rows))
        graph = peer.Graph(made.model.SerializeToString())
        names = tuple(output.name for output in graph.session.get_outputs())
        wanted_rows = stacked(rows, edge_rows(made.plan.root, rows))
        native = normalised(native_answers(estimator, _methods(names), wanted_rows))
        verdicts = compare(native, answers(graph.session, wanted_rows), {"": Tolerance(rtol=rtol)})
        found.verdicts["ours", dtype] = "equal" if all(v.equal for v in verdicts) else "wrong"
        return graph
    except Exception as error:
        found.verdicts["ours", dtype] = f"crash: {type(error).__name__}"
        found.errors["ours", dtype] = str(error)[:300]
        return None


def _methods(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(m for name in names for m in METHODS if name == m or name[:-2] == m))


def _theirs(
    found: Beside | None, estimator: Any, rows: Any, dtype: str
) -> tuple[peer.Graph, tuple[str, ...]] | None:
    """skl2onnx's graph and the methods its outputs stand for, its verdict noted; None without one."""
    noted, key = found or Beside(""), ("skl2onnx", dtype)
    try:
        graph = peer.Graph(peer.converted(estimator, rows, dtype))
        edges = edge_rows(conversion(estimator, Options(), sample=sampled(rows)).plan.root, rows)
        outputs = _meanings(estimator, rows, graph)
        right = _is_right(estimator, rows, graph, outputs)
        there = edges is None or _is_right(estimator, stacked(rows, edges), graph, outputs)
        noted.verdicts[key] = "wrong" if not right else "equal" if there else "wrong at edges"
        return graph, outputs
    except peer.NotSupported:
        noted.verdicts[key] = "not supported"
    except Exception as error:
        noted.verdicts[key] = f"crash: {type(error).__name__}"
        noted.errors[key] = str(error)[:300]
    return None


def _meanings(estimator: Any, rows: Any, graph: peer.Graph) -> tuple[str, ...]:
    """The method that each of the peer's outputs is nearest to, of those not taken yet."""
    native = native_answers(estimator, tuple(m for m in METHODS if _has(estimator, m)), rows)
    taken: list[str] = []
    for answer in graph.answers(rows):
        left = [name for name in native if name not in taken]
        taken.append(min(left, key=lambda name: _distance(native[name], _plain(answer, native[name]))))
    return _methods(tuple(taken))


def _has(estimator: Any, method: str) -> bool:
    try:
        return callable(getattr(estimator, method, None))
    except Exception:
        return False


def _distance(native: Any, answer: Any) -> float:
    """How far an answer is from native's: none where it is equal, without end where it is no such thing."""
    if native.shape != answer.shape or (native.dtype.kind in "OU") != (answer.dtype.kind in "OU"):
        return np.inf
    if native.dtype.kind in "OU":
        return float(np.mean(native.astype(str) != answer.astype(str)))
    return float(np.median(np.abs(native.astype(float) - answer.astype(float)))) if native.size else 0.0


def _is_right(estimator: Any, rows: Any, graph: peer.Graph, outputs: tuple[str, ...]) -> bool:
    """Whether the peer's answers are native's, in whatever float type it gives them."""
    native = normalised(native_answers(estimator, outputs, rows))
    answers = graph.answers(rows)
    got = {n: _plain(a, native[n]) for n, a in zip(native, answers, strict=False)}
    return len(got) == len(native) and all(v.equal for v in compare(native, got, {"": LOOSE}))


def _plain(answer: Any, native: Any) -> Any:
    """The peer's answer in native's dtype, a lone column as native has it."""
    answer = np.asarray(answer)
    if answer.size == native.size and answer.shape != native.shape and 1 in (answer.ndim, native.ndim):
        answer = answer.reshape(native.shape)
    same = (answer.dtype.kind in "OU") == (native.dtype.kind in "OU")
    return answer.astype(native.dtype) if same and native.dtype.kind != "U" else answer


def _ratio(
    ours: peer.Graph, theirs: peer.Graph, rows: Any, dtypes: tuple[str, str], count: int, seconds: float
) -> float:
    """Our processor time over theirs on ``count`` rows drawn from the row's data."""
    places = np.random.default_rng(0).integers(0, len(rows), count)
    drawn = rows.iloc[places] if isinstance(rows, (pd.DataFrame, pd.Series)) else rows[places]
    calls = [
        partial(graph.session.run, None, graph.feeds(in_dtype(drawn, dtype)))
        for graph, dtype in zip((ours, theirs), dtypes, strict=True)
    ]
    return duel(calls[0], calls[1], seconds, time.thread_time).ratio  # sessions here have one thread


def line(found: Beside) -> str:
    """One line of the table."""
    cells = [found.kind.removeprefix("sklearn.")]
    cells += [found.verdicts.get((tool, dtype), "") for dtype in DTYPES for tool in ("ours", "skl2onnx")]
    for dtype in DTYPES:
        for count in COUNTS:
            ratio = found.ratios.get((dtype, count))
            mark = "†" if found.against.get(dtype) not in (None, dtype) else ""
            text = "" if ratio is None else f"{ratio:.2f}{mark}"
            cells.append(f"**{text}**" if (dtype, count) in found.slow() else text)
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    for each in measured(sys.argv[1:]):
        print(line(each), flush=True)
        for key, error in each.errors.items():
            print("   ", *key, error)
