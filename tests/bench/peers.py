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
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from onnxpipe.check.compare import Tolerance, compare
from onnxpipe.check.precision import fitting
from onnxpipe.core.options import Options
from onnxpipe.services.convert import conversion
from tests import datasets
from tests.bench import peer
from tests.bench.measure import duel
from tests.harness import METHODS, Case, cases
from tests.inhouse import program
from tests.rigs.sklearn import answers, edge_rows, in_dtype, native_answers, normalised, sampled, stacked

DTYPES = ("float32", "float64")
chance = program().sibling("chance")
COUNTS = (1, 10_000)


class Setting(NamedTuple):
    """What estimators are fitted on and asked, and the ratio that is the limit."""

    trained: str
    asked: str
    limit: float


SETTINGS = {
    "float32": Setting("float32", "float32", 1.0),
    "narrowed": Setting("float64", "float32", 1.0),
    "float64": Setting("float64", "float64", 1.3),
}
"""What is fitted on float64 computes in float64 if asked float32, too: scikit-learn, so our graph."""
LOOSE = Tolerance(rtol=1e-5)
"""What skl2onnx is held to; our own graphs are held to the judge's rule."""


@dataclass
class Beside:
    """One estimator: verdicts by (tool, setting), ratios (ours / skl2onnx) by (setting, rows).

    ``alike`` holds the ratios to skl2onnx's graph made to refuse and to shape as ours does.
    """

    kind: str
    verdicts: dict[tuple[str, str], str] = field(default_factory=dict)
    ratios: dict[tuple[str, int], float] = field(default_factory=dict)
    alike: dict[tuple[str, int], float] = field(default_factory=dict)
    against: dict[str, str] = field(default_factory=dict)
    errors: dict[tuple[str, str], str] = field(default_factory=dict)

    def slow(self) -> list[tuple[str, int]]:
        """Where our graph takes longer than the limit allows."""
        return [key for key, ratio in self.ratios.items() if ratio > SETTINGS[key[0]].limit]


def representatives() -> dict[str, dict[str, Case]]:
    """By estimator and precision asked, the first row that is neither a refusal nor skipped there.

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
            for name, setting in SETTINGS.items():
                if setting.asked in chosen:
                    _measure(found, chosen[setting.asked], name, seconds)
            yield found


def _measure(found: Beside, case: Case, name: str, seconds: float) -> None:
    """One estimator in one setting, judged and timed.

    A float64 graph without a counterpart is held against skl2onnx's float32 graph.
    """
    dtype = SETTINGS[name].asked
    rows, target = datasets.load(case.data or datasets.fitting(case.estimator))
    estimator = _fitted(case, in_dtype(rows, SETTINGS[name].trained), target)
    if estimator is None or not _answering(estimator, in_dtype(rows, dtype)):
        return
    against, theirs = dtype, _theirs(found, estimator, in_dtype(rows, dtype), name)
    if theirs is None and dtype == "float64":
        against, theirs = "float32", _theirs(None, estimator, in_dtype(rows, "float32"), "float32")
    ours = _ours(found, (estimator, case.rtol), in_dtype(rows, dtype), name, theirs[1] if theirs else ())
    if ours is None or theirs is None:
        return
    found.against[name] = against
    alike = theirs[0].like(ours, in_dtype(rows, dtype)) if against == dtype else None
    for count in COUNTS:
        found.ratios[name, count] = _ratio(ours, theirs[0], rows, (dtype, against), count, seconds)
        if alike is not None:
            found.alike[name, count] = _ratio(ours, alike, rows, (dtype, dtype), count, seconds)


def _fitted(case: Case, rows: Any, target: Any) -> Any:
    """A copy of a row's estimator, fitted; None where it takes no such rows."""
    estimator = pickle.loads(pickle.dumps(case.estimator))
    try:
        return estimator.fit(rows) if target is None else estimator.fit(rows, target)
    except (TypeError, ValueError):
        return None


def _answering(estimator: Any, rows: Any) -> bool:
    """Whether the original answers such rows: k-means that was fitted on float64 doesn't take float32."""
    try:
        return bool(native_answers(estimator, tuple(m for m in METHODS if _has(estimator, m)), rows))
    except (TypeError, ValueError):
        return False


def _ours(
    found: Beside, judged: tuple[Any, float | None], rows: Any, name: str, outputs: tuple[str, ...]
) -> peer.Graph | None:
    """Our graph with these outputs (default: ours), its verdict noted, at its row's tolerance."""
    (estimator, rtol), dtype = judged, SETTINGS[name].asked
    try:
        wanted = "native" if dtype == "float64" else dtype
        made = conversion(estimator, Options(dtype=wanted, outputs=outputs), sample=sampled(rows))
        graph = peer.Graph(made.model.SerializeToString())
        names = tuple(output.name for output in graph.session.get_outputs())
        wanted_rows = stacked(rows, edge_rows(made.plan.root, rows))
        native = normalised(native_answers(estimator, _methods(names), wanted_rows))
        tolerances = fitting({"": Tolerance(rtol=rtol)}, made.model)
        ties = chance.neighbour_ties(estimator, wanted_rows)
        verdicts = compare(native, answers(graph.session, wanted_rows), tolerances, evidence=ties)
        found.verdicts["ours", name] = "equal" if all(v.equal for v in verdicts) else "wrong"
        return graph
    except Exception as error:
        found.verdicts["ours", name] = f"crash: {type(error).__name__}"
        found.errors["ours", name] = str(error)[:300]
        return None


def _methods(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(m for name in names for m in METHODS if name == m or name[:-2] == m))


def _theirs(
    found: Beside | None, estimator: Any, rows: Any, name: str
) -> tuple[peer.Graph, tuple[str, ...]] | None:
    """skl2onnx's graph and the methods its outputs stand for, its verdict noted; None without one."""
    noted, key = found or Beside(""), ("skl2onnx", name)
    try:
        graph = peer.Graph(peer.converted(estimator, rows, SETTINGS[name].asked))
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
    ties = chance.neighbour_ties(estimator, rows)
    return len(got) == len(native) and all(v.equal for v in compare(native, got, {"": LOOSE}, evidence=ties))


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
    cells += [found.verdicts.get((tool, name), "") for name in SETTINGS for tool in ("ours", "skl2onnx")]
    for key in ((name, count) for name in SETTINGS for count in COUNTS):
        mark = "†" if found.against.get(key[0]) not in (None, SETTINGS[key[0]].asked) else ""
        text = f"{found.ratios[key]:.2f}{mark}" if key in found.ratios else ""
        like = f" ({found.alike[key]:.2f})" if key in found.alike else ""
        cells.append((f"**{text}**" if key in found.slow() else text) + like)
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    for each in measured(sys.argv[1:]):
        print(line(each), flush=True)
        for key, error in each.errors.items():
            print("   ", *key, error)
