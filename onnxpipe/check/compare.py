"""Comparing two answers to the same rows, output by output, with a tolerance that fits its kind."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.check.rows import is_ragged, widened
from onnxpipe.check.ulps import steps

Array = NDArray[Any]
Answers = Mapping[str, Array]

CHANCE = "neighbour_ties"
"""The name of the evidence that a row's nearest neighbours are a matter of chance."""
RTOL_DOUBLE = 1e-9
"""Where native and the graph both compute in float64."""
RTOL_SINGLE = 1e-5
"""Where either computes in float32."""

RTOL_HALF = 2.0**-8
"""Where a stage computes in float16: four of its steps."""

_ROUNDING = 64
"""Rounding steps that a sum of terms as large as the whole output may be off by."""

_KEPT = 5000
"""Of how many rows at fault it is told which they are."""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Relative and absolute tolerance; None means the default for the dtypes at hand."""

    rtol: float | None = None
    atol: float | None = None


def single(tolerances: Mapping[str, Tolerance]) -> dict[str, Tolerance]:
    """The tolerances for a graph that computes in float32 on its way, whatever it answers in."""
    return _unless_told(tolerances, RTOL_SINGLE)


def half(tolerances: Mapping[str, Tolerance]) -> dict[str, Tolerance]:
    """The tolerances for a graph that computes in float16 on its way, whatever it answers in."""
    return _unless_told(tolerances, RTOL_HALF)


def _unless_told(tolerances: Mapping[str, Tolerance], rtol: float) -> dict[str, Tolerance]:
    given = {"": Tolerance(), **tolerances}
    return {n: Tolerance(rtol if each.rtol is None else each.rtol, each.atol) for n, each in given.items()}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the comparison of one output found.

    ``differing`` rows differ beyond tolerance, ``ties`` differ only in the label of a proven tie;
    ``worst`` is the largest error in units of the tolerance, at ``worst_row``; ``ulps`` count the
    float values by how many steps of their precision they are off (see ``ULPS``);
    ``failure`` says why values could not be compared at all (rows, shape or dtype).
    """

    output: str
    rows: int
    differing: int = 0
    ties: int = 0
    worst: float = 0.0
    worst_row: int | None = None
    worst_pair: tuple[Any, Any] | None = None
    rows_at_fault: tuple[int, ...] = ()
    failure: str = ""
    ulps: tuple[int, ...] = ()

    @property
    def equal(self) -> bool:
        return not self.failure and self.differing == 0

    @property
    def ppm(self) -> float:
        """Differing rows per million compared."""
        return 1e6 * self.differing / self.rows if self.rows else 0.0

    @property
    def upper95(self) -> float:
        """The 95 % upper bound on the rate of differing rows, when none of ``rows`` differ.

        Clopper and Pearson (1934), one-sided with zero successes: ``1 - 0.05 ** (1 / rows)``.
        """
        return -math.expm1(math.log(0.05) / self.rows) if self.rows else 1.0


def compare(
    native: Answers,
    graph: Answers,
    tolerances: Mapping[str, Tolerance] | None = None,
    *,
    evidence: Answers | None = None,
    moved: Answers | None = None,
) -> tuple[Verdict, ...]:
    """One verdict per output of ``native``, in its order; "" in ``tolerances`` is for all.

    ``evidence`` are native answers that aren't compared but may prove a tie; under ``CHANCE``, bool
    ``[N]``, the rows in which all of native's answer hangs on one. ``moved`` are the rows,
    bool ``[N]`` by output, in which native's answer moves as far with the rounding inside it: ties.
    """
    tolerances = tolerances or {}
    proof = dict(evidence or {})
    chance = proof.pop(CHANCE, None)
    default = tolerances.get("", Tolerance())
    verdicts = []
    for name, expected in native.items():
        if name not in graph:
            verdicts.append(Verdict(name, len(expected), failure="the graph has no such output"))
            continue
        tied = _ties(name, {**proof, **native}) if expected.dtype.kind in "OUSiub" else None
        if chance is not None:
            tied = chance if tied is None else tied | chance
        tolerance = tolerances.get(name, default)
        if moved and name in moved:
            tied = moved[name] if tied is None else tied | moved[name]
        verdicts.append(compare_output(name, expected, graph[name], tolerance, tied))
    return tuple(verdicts)


def compare_output(
    name: str, native: Array, graph: Array, tolerance: Tolerance, tied: NDArray[np.bool_] | None = None
) -> Verdict:
    """The verdict on one output; ``tied`` ``[N]`` marks rows that may differ."""
    native, graph = _evened(np.asarray(native), np.asarray(graph))
    failure = _incomparable(native, graph)
    if failure:
        return Verdict(name, len(native) if native.ndim else 1, failure=failure)
    off = errors(native, graph, tolerance)
    per_row = off.reshape(len(off), -1).max(axis=1) if off.size else np.zeros(len(off))
    wrong = per_row > 1
    ties = wrong & tied if tied is not None else np.zeros_like(wrong)
    at_fault = np.flatnonzero(wrong & ~ties)
    if not off.size:
        return Verdict(name, len(per_row))
    worst = int(np.argmax(np.where(ties, 0, per_row)))
    column = int(np.argmax(off[worst])) if off.ndim > 1 else 0
    pair = (np.atleast_1d(native[worst]).ravel()[column], np.atleast_1d(graph[worst]).ravel()[column])
    return Verdict(
        name, len(native), len(at_fault), int(ties.sum()), float(per_row[worst]), worst, pair,
        tuple(int(i) for i in at_fault[:_KEPT]), ulps=steps(native, graph),
    )  # fmt: skip


def _evened(native: Array, graph: Array) -> tuple[Array, Array]:
    """Arrays of text, which end where their longest row does, in one width."""
    if not (is_ragged(native) and is_ragged(graph)):
        return native, graph
    width = max(native.shape[1], graph.shape[1])
    return widened(native, width), widened(graph, width)


def _incomparable(native: Array, graph: Array) -> str:
    if native.shape[:1] != graph.shape[:1]:
        return f"native answers {len(native)} rows, the graph {len(graph)}"
    if native.shape != graph.shape:
        return f"native answers shape {native.shape}, the graph {graph.shape}"
    if _family(native) != _family(graph):
        return f"native answers {native.dtype}, the graph {graph.dtype}"
    return ""


def _family(array: Array) -> str:
    """The dtype as ONNX sees it: text of any width is one type."""
    return "text" if array.dtype.kind in "OUST" else array.dtype.name


def errors(native: Array, graph: Array, tolerance: Tolerance) -> NDArray[np.float64]:
    """Per value, the error in units of the tolerance: at most 1 is equal, inf is a clash of kinds."""
    if native.dtype.kind != "f":
        return np.where(native == graph, 0.0, np.inf)
    both_double = native.dtype == graph.dtype == np.float64
    rtol = tolerance.rtol if tolerance.rtol is not None else RTOL_DOUBLE if both_double else RTOL_SINGLE
    a, b = native.astype(np.float64), graph.astype(np.float64)
    finite = np.isfinite(a) & np.isfinite(b)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    atol = tolerance.atol if tolerance.atol is not None else _rounding(a, rtol, native.dtype)
    with np.errstate(all="ignore"):
        errors = np.abs(a - b) / np.maximum(atol + rtol * np.abs(a), np.finfo(np.float64).tiny)
    return np.asarray(np.where(same, 0.0, np.where(finite, errors, np.inf)))


def _rounding(native: Array, rtol: float, dtype: np.dtype[Any]) -> Any:
    """The default atol: ``rtol`` of each column's own size, but no less than rounding in it or the whole.

    Columns of a table differ in scale, and the large ones must not hide a fault in the small ones; nor is
    what is left of large numbers that cancel out exact because the others are small.
    """
    whole = _magnitude(native)
    if native.ndim != 2 or native.shape[1] == 1:
        return rtol * whole
    telling = np.isfinite(native) & (native != 0)
    some, sizes = telling.any(axis=0), np.full(native.shape[1], whole)
    if some.any():  # of a million hashed words few are there
        sizes[some] = np.nanmedian(np.where(telling[:, some], np.abs(native[:, some]), np.nan), axis=0)
    step = _ROUNDING * np.finfo(dtype).eps
    return np.maximum(rtol * np.minimum(sizes, whole), step * np.maximum(sizes, whole))


def _magnitude(native: Array) -> float:
    """The typical size of an output: the median of its finite, non-zero magnitudes."""
    sizes = np.abs(native[np.isfinite(native) & (native != 0)])
    return float(np.median(sizes)) if sizes.size else 1.0


def _ties(name: str, native: Answers) -> NDArray[np.bool_] | None:
    """Rows where native's own two best scores are equal within float64 rounding: its label is arbitrary."""
    if name != "predict":
        return None
    scores = native.get("predict_proba", native.get("decision_function"))
    if scores is None or scores.dtype.kind != "f" or not scores.size:
        return None
    if scores.ndim == 1:
        return np.asarray(np.abs(scores) <= RTOL_DOUBLE * _magnitude(scores))
    best = np.sort(scores, axis=1)[:, -2:]
    return np.asarray((best[:, -1] - best[:, 0]) <= RTOL_DOUBLE * np.abs(best[:, -1]))
