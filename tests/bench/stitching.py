"""Stitched graphs beside their parts, run one after another in sessions of their own; and tidying."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import onnx
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from onnxpipe import convert, stitch
from onnxpipe.core.fragment import Fragment
from onnxpipe.stitching import tidy
from tests.bench.measure import Row, session

TITLE = "Stitching"
TURNS, REPEATS = 41, 100


def rows() -> list[Row]:
    rng = np.random.default_rng(0)
    table, target = rng.normal(size=(1000, 20)), rng.integers(0, 3, 1000)
    scaler = StandardScaler().fit(table)
    quick = LogisticRegression().fit(scaler.transform(table), target)
    slow = RandomForestClassifier(100, random_state=0).fit(table, target)
    chain = [convert(scaler), convert(quick, outputs=["predict_proba"])]
    found = [joined(f"scaler and classifier, {n} rows", chain, table[:n]) for n in (1, 1000)]
    pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(table, target)
    found.append(cascaded(quick, slow, scaler.transform(table)))
    found.append(tidied("tidied: a stitched graph with copies, 1 row", padded(stitch(chain)), table[:1]))
    found.append(tidied("tidied: a pipeline with copies, 1 row", padded(convert(pipeline)), table[:1]))
    return found


def padded(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with a copy before each node that reads one value, for tidying to take away."""
    out = onnx.ModelProto()
    out.CopyFrom(model)
    del out.graph.node[:]
    for i, node in enumerate(model.graph.node):
        made = onnx.NodeProto()
        made.CopyFrom(node)
        if len(made.input) == 1:
            out.graph.node.append(onnx.helper.make_node("Identity", [made.input[0]], [f"copy{i}"]))
            made.input[0] = f"copy{i}"
        out.graph.node.append(made)
    return out


def joined(what: str, parts: list[onnx.ModelProto], table: Any) -> Row:
    """One graph against the sum of its parts."""
    ours = session(stitch(parts).SerializeToString())
    first, second = (session(part.SerializeToString()) for part in parts)

    def staged() -> Any:
        return second.run(None, {"X": first.run(None, {"X": table})[0]})[0]

    np.testing.assert_array_equal(ours.run(None, {"X": table})[0], staged())
    return against(what, lambda: ours.run(None, {"X": table}), staged, "its parts in turn")


def cascaded(quick: Any, slow: Any, table: Any) -> Row:
    """A cascade on rows its cheap member is sure of, against that member and the threshold in numpy."""
    members: Mapping[str, Any] = {"quick": convert(quick), "slow": convert(slow)}
    ours = session(stitch({**members, "answer": "cascade:at=0.01"}).SerializeToString())
    alone, feeds = session(members["quick"].SerializeToString()), {"X": table}

    def native() -> Any:
        labels, shares = alone.run(None, feeds)
        return labels, shares, (shares.max(axis=1) >= 0.01).all()

    np.testing.assert_array_equal(ours.run(None, feeds)[0], native()[0])
    what = "a cascade, 1000 rows that are all sure"
    return against(what, lambda: ours.run(None, feeds), native, "the cheap member and numpy")


def tidied(what: str, model: onnx.ModelProto, table: Any) -> Row:
    """A graph after tidying against the same before."""
    ours = session(tidy.tidy(Fragment(model)).model.SerializeToString())
    before = session(model.SerializeToString())
    return against(
        what, lambda: ours.run(None, {"X": table}), lambda: before.run(None, {"X": table}), "as it was", 1.05
    )


def against(
    what: str, ours: Callable[[], object], peer: Callable[[], object], named: str, limit: float = 1.0
) -> Row:
    """Both calls in turn, in CPU time of this thread: the sessions have no other, and a busy machine
    doesn't show in it.
    """
    calls = (ours, peer)
    turns = [[_once(call) for call in (calls if turn % 2 else calls[::-1])] for turn in range(TURNS)]
    pairs = [pair if turn % 2 else pair[::-1] for turn, pair in enumerate(turns)]
    mine, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    return Row(what, mine * 1e3, theirs * 1e3, "ms CPU", named, limit, ratio)


def _once(call: Callable[[], object]) -> float:
    """CPU seconds of one of many calls in a row, the first not counted."""
    call()
    start = time.thread_time()
    for _ in range(REPEATS):
        call()
    return (time.thread_time() - start) / REPEATS
