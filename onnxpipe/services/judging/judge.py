"""Both sides asked the same rows, and their answers compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from onnxpipe.check import moves
from onnxpipe.check.compare import CHANCE, Tolerance, Verdict, compare
from onnxpipe.check.rows import Rows, length, stacked, take
from onnxpipe.check.runtimes.graph import Graph, GraphRefused, Runtime
from onnxpipe.core.fragment import metadata
from onnxpipe.errors import NativeFailed, NativeRefused
from onnxpipe.services.judging.matching import Names, is_foreign
from onnxpipe.services.natives.native import Native

Array = NDArray[Any]
Answers = Mapping[str, Array]

ABSENT = "\0onnxpipe-absent"
"""Marks missing text in the user's rows, so that it isn't taken for a text that says the same."""
_EVIDENCE = ("predict_proba", "decision_function", CHANCE)
"""Answers that may prove a tie between labels, or between neighbours."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Both sides' answers to some rows; masks ``[N]`` say who refused, ``wrong`` marks mismatches."""

    verdicts: tuple[Verdict, ...]
    native_refused: NDArray[np.bool_]
    graph_refused: NDArray[np.bool_]
    wrong: NDArray[np.bool_]
    reasons: Mapping[int, tuple[str, str]]
    native: Answers
    graph: Answers

    @property
    def answered(self) -> NDArray[np.bool_]:
        return ~(self.native_refused | self.graph_refused)


class Judge:
    """A graph, its original, and the rules to compare them by."""

    def __init__(
        self, model: onnx.ModelProto, native: Native,
        tolerances: Mapping[str, Tolerance], names: Names, runtime: Runtime = "onnxruntime",
    ) -> None:  # fmt: skip
        self.native, self.tolerances = native, tolerances
        self.graph = Graph(model, runtime=runtime)
        self.foreign = is_foreign(model)
        self.facts = metadata(model)
        self.missing = self.facts.get("missing_string", "")
        self.outputs = [name for name in self.graph.outputs if name != "invalid"]
        self.source_names = {name: names.outputs.get(name, name) for name in self.outputs}
        self.input_names = names.inputs

    def __call__(self, rows: Rows, natively: Rows | None = None, literal: Any = True) -> Judged:
        """Both sides on the same rows. ``natively``: the rows as the original gets them;
        ``literal`` marks rows in which a missing text may also be read as the text it travels as.
        """
        natively = natively or self.as_native(rows)
        total = length(rows)
        asked = [self.source_names[name] for name in self.outputs]
        evidence = [e for e in _EVIDENCE if e not in asked and ("predict" in asked or e == CHANCE)]
        got, graph_reasons = self.graph.each(rows)
        told, native_reasons = self.native.each(natively, asked, evidence, tuple(graph_reasons))
        native_no, graph_no = _mask(native_reasons, total), _mask(graph_reasons, total)
        _refuse_other_lengths(told, total - int(native_no.sum()))
        told, native_no = self._read_literally(rows, told, native_no, graph_no, literal, asked, evidence)
        graph_no |= self._marked(got, graph_no, native_no, total)
        reasons = {
            int(i): ("native", native_reasons.get(int(i), "")) if native_no[i]
            else ("the graph", graph_reasons.get(int(i), "marked invalid"))
            for i in np.flatnonzero(native_no | graph_no)
        }  # fmt: skip
        raised = _mask(graph_reasons, total)
        judged = self._compared(told, got, native_no, graph_no, raised, reasons)
        moved = self._moved(natively, judged, asked)
        return self._compared(told, got, native_no, graph_no, raised, reasons, moved) if moved else judged

    def _moved(self, natively: Rows, judged: Judged, asked: Sequence[str]) -> Answers:
        """By output the rows that differ by no more than the original does as it rounds otherwise inside."""
        if not judged.wrong[judged.answered].any() or any(v.failure for v in judged.verdicts):
            return {}
        answered = np.flatnonzero(judged.answered)

        def ask(places: Array) -> Answers:
            try:
                told = self.native.answers(take(natively, answered[places]), asked, [moves.NAME])
            except NativeRefused:
                return {}
            keys = {name: f"{moves.NAME}_{self.source_names[name]}" for name in judged.native}
            return {name: told[key] for name, key in keys.items() if key in told}

        return moves.ties(judged.native, judged.graph, self.tolerances, ask)

    def _compared(
        self, told: Answers, got: Answers, native_no: Array, graph_no: Array, raised: Array,
        reasons: Mapping[int, tuple[str, str]], moved: Answers | None = None,
    ) -> Judged:  # fmt: skip
        both = ~(native_no | graph_no)
        mine = {name: _only(told[self.source_names[name]], both[~native_no]) for name in self._answered(told)}
        proof = {e: _only(told[e], both[~native_no]) for e in _EVIDENCE if e in told}
        ours = {
            name: _only(got[name], both[~raised]) if len(got[name]) == (~raised).sum() else got[name]
            for name in mine if name in got
        }  # fmt: skip
        if self.foreign:
            mine = {name: _as_typed(value, ours.get(name)) for name, value in mine.items()}
        if self.facts.get("on_invalid") == "nan":
            mine = {name: _blankable(value, ours.get(name)) for name, value in mine.items()}
        verdicts = compare(mine, ours, self.tolerances, evidence=proof, moved=moved) if both.any() else ()
        places = np.flatnonzero(both)
        wrong = native_no ^ graph_no
        for verdict in verdicts:
            wrong[places if verdict.failure else places[list(verdict.rows_at_fault)]] = True
        return Judged(verdicts, native_no, graph_no, wrong, reasons, mine, ours)

    def _answered(self, told: Answers) -> list[str]:
        return [name for name in self.outputs if self.source_names[name] in told]

    def _read_literally(
        self, rows: Rows, told: Answers, native_no: Array, graph_no: Array, literal: Any,
        asked: Sequence[str], evidence: Sequence[str],
    ) -> tuple[Answers, Array]:  # fmt: skip
        """Native's answers with those rows added that it only answers with the text itself.

        A missing text travels as a text (the empty one); a stage that knows no missing text, such
        as a vectoriser, rightly answers to that text.
        """
        again = np.flatnonzero(native_no & ~graph_no & literal & self._has_gaps(rows))
        if not len(again):
            return told, native_no
        more, refused = self.native.each(take(rows, again), asked, evidence)
        won = again[~_mask(refused, len(again))]
        if not len(won):
            return told, native_no
        first = np.flatnonzero(~native_no)
        order = np.argsort(np.concatenate([first, won]), kind="stable")
        parts = {n: [told[n], v] if len(first) else [v] for n, v in more.items()}
        native_no = native_no.copy()
        native_no[won] = False
        return {name: stacked(p)[order] for name, p in parts.items()}, native_no

    def _has_gaps(self, rows: Rows) -> Array:
        found = np.zeros(length(rows), bool)
        for value in rows.values():
            if value.dtype.kind == "O":
                found |= (value == self.missing).reshape(len(value), -1).any(axis=1)
        return found

    def _marked(self, got: Answers, graph_no: Array, native_no: Array, total: int) -> Array:
        """Rows the graph refuses without raising: flagged, or blank where native refuses."""
        marked = np.zeros(total, bool)
        if "invalid" in got:
            marked[~graph_no] = got["invalid"].reshape(-1)
        elif self.facts.get("on_invalid") == "nan" and got:
            blank = np.logical_and.reduce([_blank(got[name]) for name in self.outputs])
            marked[~graph_no] = blank
            marked &= native_no
        return marked

    def as_fed(self, given: Rows) -> dict[str, Array]:
        """The user's rows as the graph gets them: missing text is the text it travels as."""
        return {
            name: np.where(value == ABSENT, self.missing, value) if value.dtype.kind == "O" else value
            for name, value in given.items()
        }

    def as_native(self, rows: Rows, given: Rows | None = None, count: int = 0) -> dict[str, Array]:
        """The rows as the original gets them: missing text is None.

        The first ``count`` rows are the user's (``given``), whose own reading of missing text stays.
        """
        natively = {}
        units = {port.name: port.unit for port in self.graph.signature.inputs}
        for name, value in rows.items():
            value = value.astype(units[name]) if units.get(name) else value
            if value.dtype.kind == "O":
                value = np.where(value == self.missing, None, value)  # type: ignore[call-overload]
                if given is not None:
                    value[:count] = np.where(given[name] == ABSENT, None, given[name])  # type: ignore[call-overload]
            natively[self.input_names.get(name, name)] = value
        return natively

    def native_answers(self, row: Rows) -> Answers:
        """The original's answers by the model's output names, empty where it refuses the row."""
        try:
            told = self.native.answers(self.as_native(row), list(self.source_names.values()))
        except NativeRefused:
            return {}
        return {name: told[source] for name, source in self.source_names.items()}

    def told(self, rows: Rows) -> Answers:
        """The original's answers by its own names, NaN (None among text) in rows that it refuses."""
        return self.native.filled(self.as_native(rows), [self.source_names[name] for name in self.outputs])

    def graph_answers(self, row: Rows) -> Answers:
        try:
            return self.graph.run(row, self.outputs)
        except GraphRefused:
            return {}

    def fails(self, rows: Rows) -> NDArray[np.bool_]:
        """Which rows show a difference."""
        return self(rows).wrong


def _refuse_other_lengths(told: Answers, rows: int) -> None:
    """Raise NativeFailed where the original answers more or fewer rows than it got."""
    for name, values in told.items():
        if len(values) != rows:
            raise NativeFailed(f"{name} has {len(values)} rows for {rows}: they can't be compared row by row")


def _mask(reasons: Mapping[int, str], total: int) -> Array:
    mask = np.zeros(total, bool)
    mask[list(reasons)] = True
    return mask


def _only(values: Array, mask: Array) -> Array:
    return np.asarray(values[mask])


def _blank(values: Array) -> Array:
    """Rows ``[N]`` that hold nothing but NaN or the empty string."""
    flat = values.reshape(len(values), -1)
    return np.asarray((flat == "" if values.dtype.kind == "O" else np.isnan(flat)).all(axis=1))


def _as_typed(native: Array, graph: Array | None) -> Array:
    """Numbers in the type and with the axes of length 1 that another exporter's graph has them in."""
    if graph is None or native.dtype.kind != np.asarray(graph).dtype.kind or native.dtype.kind not in "fiu":
        return native if graph is None or native.size != np.size(graph) else native.reshape(np.shape(graph))
    return (native.reshape(graph.shape) if native.size == graph.size else native).astype(graph.dtype)


def _blankable(native: Array, graph: Array | None) -> Array:
    """Integer labels as floats, where the graph has them so to leave room for NaN."""
    if graph is not None and graph.dtype.kind == "f" and native.dtype.kind in "iub":
        return native.astype(graph.dtype)
    return native
