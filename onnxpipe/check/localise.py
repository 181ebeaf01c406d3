"""Which stage introduces a difference, and which ones merely pass it on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from onnxpipe.check import rows as table
from onnxpipe.check.compare import Tolerance, Verdict, compare_output
from onnxpipe.check.pieces import Pieces, typed, whole
from onnxpipe.check.rows import Rows
from onnxpipe.check.runtimes.graph import Graph, GraphRefused, names_in, tapped
from onnxpipe.core.fragment import Fragment, Tap
from onnxpipe.errors import OnnxpipeError

Array = NDArray[Any]
Record = tuple[Sequence[Array], Mapping[str, Array]]
"""What a stage natively got (arrays side by side) and answered, by method."""
Ask = Callable[[Rows, Mapping[str, Sequence[str]]], tuple[Mapping[str, Any], str]]
"""Rows and methods wanted per stage path, to records per path and the stage that refused, or ""."""


@dataclass(frozen=True, slots=True)
class StageFinding:
    """How one stage fares on the rows at fault.

    ``differs``: its answers in the graph aren't native's; ``introduces``: not even on native's own
    input of the stage; None where it can't be fed alone. ``worst`` is the largest error in units
    of the tolerance.
    """

    path: str
    kind: str
    differs: bool = False
    introduces: bool | None = None
    worst: float = 0.0
    detail: str = ""

    @property
    def status(self) -> str:
        if self.introduces:
            return "introduces"
        return "propagates" if self.differs else "equal"


def localise(model: onnx.ModelProto, rows: Rows, ask: Ask, tolerance: Tolerance) -> tuple[StageFinding, ...]:
    """One finding per stage that can be looked at, in the order in which the graph computes them.

    Empty for a graph without taps (one that we didn't make) and where native can't be asked.
    """
    taps = [tap for tap in Fragment.of(model).taps if tap.answers]
    if not taps:
        return ()
    try:
        records, refused = ask(rows, {tap.path: list(tap.answers) for tap in taps})
    except OnnxpipeError:
        return ()
    running = _running(model, taps, rows)
    alone = Pieces(model)
    found = [
        _finding(tap, records[tap.path], running, alone, refused, tolerance)
        for tap in taps
        if tap.path in records
    ]
    return _first_blamed(found)


def culprit(findings: Sequence[StageFinding]) -> StageFinding | None:
    """The first stage that introduces a difference, else the first that differs."""
    introducing = [f for f in findings if f.introduces]
    return next(iter(introducing or [f for f in findings if f.differs]), None)


def _first_blamed(findings: Sequence[StageFinding]) -> tuple[StageFinding, ...]:
    """The findings, the first that differs as introducing where it couldn't be fed alone: nothing before
    it differs.
    """
    first = next((i for i, f in enumerate(findings) if f.differs), None)
    if first is None or findings[first].introduces is not None:
        return tuple(findings)
    detail = findings[first].detail or "the first that differs; it couldn't be run alone"
    blamed = replace(findings[first], introduces=True, detail=detail)
    return (*findings[:first], blamed, *findings[first + 1 :])


def _running(model: onnx.ModelProto, taps: Sequence[Tap], rows: Rows) -> Mapping[str, Array]:
    """Every tapped value while the whole graph runs; none where it refuses the rows."""
    wanted = sorted({value for tap in taps for value in tap.values} & names_in(model))
    try:
        return Graph(tapped(model, wanted)).run(rows, wanted)
    except (GraphRefused, OnnxpipeError):
        return {}


def _finding(
    tap: Tap, record: Any, running: Mapping[str, Array], alone: Pieces, refused: str, tolerance: Tolerance
) -> StageFinding:  # fmt: skip
    inputs, native = record
    whole = _judged(tap, native, running, tolerance, alone.outputs)
    detail = "native refuses the rows here" if refused == tap.path else ""
    try:
        separate = alone.run(tap, inputs)
        verdicts = None if separate is None else _judged(tap, native, separate, tolerance, alone.outputs)
        introduces = None if verdicts is None else not all(v.equal for v in verdicts)
        if separate is not None and refused == tap.path:
            introduces, detail = True, "native refuses these rows, the graph answers"
    except GraphRefused as error:
        verdicts, introduces = None, refused != tap.path
        detail = f"the graph refuses these rows: {error}"
    differs = introduces is True or any(not v.equal for v in whole)
    both = [*whole, *(verdicts or ())]
    worst = max((np.inf if v.failure else v.worst for v in both), default=0.0)
    detail = detail or next((v.failure for v in both if v.failure), "")
    return StageFinding(tap.path, tap.kind, differs, introduces, float(worst), detail)


def _judged(
    tap: Tap,
    native: Mapping[str, Array],
    values: Mapping[str, Array],
    tolerance: Tolerance,
    outputs: set[str],
) -> list[Verdict]:
    """Verdicts on the answers that both sides have."""
    found = []
    for method, names in tap.answers.items():
        parts = [part for name in names if (part := whole(tap, name, values)) is not None]
        if method in native and len(parts) == len(names):
            ours = _side_by_side(parts)
            pair = _alike(native[method], ours, outputs.issuperset(names))
            found.append(compare_output(method, *pair, tolerance))
    return found


def _side_by_side(parts: Sequence[Array]) -> Array:
    if len(parts) == 1:
        return parts[0]
    text = any(part.dtype.kind == "O" for part in parts)
    return np.concatenate([part.astype(object) if text else part for part in parts], axis=1)


def _alike(native: Array, ours: Array, final: bool) -> tuple[Array, Array]:
    """Both in one dtype: between stages a graph may hold integers where native holds floats.

    What the graph answers in the end (``final``) has to be of native's dtype.
    """
    if final:
        return native, ours
    if native.dtype.kind == "O" or ours.dtype.kind == "O":
        return typed(native, np.dtype(object)), typed(ours, np.dtype(object))
    if native.dtype != ours.dtype:
        single = np.float32 in (native.dtype, ours.dtype)
        common = np.float32 if single else np.float64
        return native.astype(common), ours.astype(common)
    return native, ours


def head(rows: Rows, n: int) -> dict[str, Array]:
    """The first rows."""
    return table.take(rows, slice(0, n))
