"""Spark ML beside onnxmltools: who converts a row of the suite, and whose answers are Spark's.

``python -m tests.bench.spark_peers WORD...`` prints the rows that contain one of the words, without any
all of them; ``make bench`` records the first row of each class.
"""

from __future__ import annotations

import sys
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from onnxpipe.check.compare import Tolerance, compare
from onnxpipe.core.options import Options
from onnxpipe.errors import Refusal
from onnxpipe.services.convert import conversion
from tests.harness import Case, attempt, cases, open_session
from tests.rigs import spark as rig

VERDICTS = ("right", "lacks columns", "wrong", "crashes", "refuses")
LOOSE = Tolerance(rtol=1e-4, atol=1e-5)
"""What onnxmltools, which computes in float32, is held to; ours is held to the judge's rule."""


@dataclass(frozen=True)
class Beside:
    """One row: the class it is about, and a verdict on either side."""

    kind: str
    row: str
    ours: str
    theirs: str
    why: str = ""


def chosen(words: Sequence[str], every: bool) -> list[Case]:
    """The rows that contain one of the words; without words the first of each class, or every row."""
    rows = cases("spark")
    if words:
        return [case for case in rows if any(word in f"{case.kind} {case}" for word in words)]
    return rows if every else list({about(case): case for case in reversed(rows)}.values())[::-1]


def about(case: Case) -> str:
    """The class that a row is about: its own, or one in a pipeline that no row is about by itself."""
    alone = {each.kind for each in cases("spark")}
    inner = [kind for kind in rig.kinds(case) if ".evaluation." not in kind]
    return next((kind for kind in inner if kind not in alone), case.kind)


def measured(rows: Sequence[Case]) -> Iterator[Beside]:
    """Each row converted and asked by both."""
    for case in rows:
        kind = about(case).removeprefix("pyspark.ml.")
        trial = rig.trial(case, "native")
        own, trial.rows = trial.rows, {n: _exact(v) for n, v in trial.rows.items()}
        try:
            names, told = _answers(trial)
        except Exception:  # a category that rounding made another
            trial.rows = own
            names, told = _answers(trial)
        theirs, why = _theirs(trial, told)
        yield Beside(kind, str(case), _ours(case, trial, names, told), theirs, why)


def _exact(column: Any) -> Any:
    """Doubles that float32 holds too, so that its rounding of the input is nobody's fault."""
    return column.astype(np.float32).astype(np.float64) if column.dtype.kind == "f" else column


def _answers(trial: Any) -> tuple[list[str], Mapping[str, Any]]:
    """The columns that the last stage adds, and Spark's answers in them."""
    native, session = rig.native(), rig.session()
    *before, last = native.steps(trial.model)
    given = native.through(before, native.frame(session, trial.model, trial.rows))
    names = [name for name in native.through([last], given).columns if name not in given.columns]
    return names, native.answers((trial.model, session), trial.rows, names, [])


def _ours(case: Case, trial: Any, names: Sequence[str], told: Mapping[str, Any]) -> str:
    try:
        options = Options(**{"outputs": tuple(names), **case.options})
        made = conversion(trial.source, options, sample=trial.rows)
    except Refusal:
        return "refuses"
    got = attempt(open_session(made.model), trial, trial.rows)
    plain = {n: np.where(np.equal(v, None), "", v) if v.dtype == object else v for n, v in told.items()}
    equal = got is not None and all(v.equal for v in compare(plain, got, {"": Tolerance(rtol=case.rtol)}))
    return "right" if equal else "wrong"


def _theirs(trial: Any, told: Mapping[str, Any]) -> tuple[str, str]:
    """onnxmltools's verdict, and what it said where it has no graph that runs."""
    try:
        opened = open_session(_converted(trial))
        fed = {port.name: _fed(trial.rows[port.name], port.type) for port in opened.get_inputs()}
        names = [output.name for output in opened.get_outputs()]
        got = dict(zip(names, opened.run(names, fed), strict=True))
    except Exception as error:
        said = (str(error).strip().splitlines() or [""])[0][:160]
        return ("refuses" if _said_so(error) else "crashes"), f"{type(error).__name__}: {said}"
    there = {n: v for n, v in told.items() if n in got}
    if not there or not all(_alike(v, np.asarray(got[n])) for n, v in there.items()):
        return "wrong", ""
    return ("right" if len(there) == len(told) else "lacks columns"), ""


def _converted(trial: Any) -> Any:
    from onnxmltools.convert import convert_sparkml

    types = [(name, _type(trial.rows[name])) for name in _read(trial)]
    made = convert_sparkml(trial.model, "peer", types, spark_session=rig.session())
    for node in made.graph.node:  # the default locale isn't there on every machine
        if node.op_type == "StringNormalizer" and not any(a.name == "locale" for a in node.attribute):
            node.attribute.add(name="locale", type=3, s=b"C.UTF-8")
    return made


def _read(trial: Any) -> list[str]:
    """The columns of the rows that stages read; of stages that don't tell them all."""
    native = rig.native()
    read = [native.read(step) for step in native.steps(trial.model)]
    names = list(trial.rows) if [] in read else [name for each in read for name in each]
    return [name for name in dict.fromkeys(names) if name in trial.rows]


def _type(column: Any) -> Any:
    """A column's type, as onnxmltools's own helper has it: every number is a float."""
    from onnxmltools.convert.common.data_types import FloatTensorType, StringTensorType

    width = column.shape[1] if column.ndim == 2 else 1
    return (StringTensorType if column.dtype.kind == "O" else FloatTensorType)([None, width])


def _fed(column: Any, kind: str) -> Any:
    column = column[:, None] if column.ndim == 1 else column
    if kind == "tensor(string)":
        return np.where(np.equal(column, None), "", column).astype(object)
    return column.astype({"tensor(int64)": np.int64, "tensor(double)": np.float64}.get(kind, np.float32))


def _said_so(error: Exception) -> bool:
    """Whether an error is onnxmltools's own statement that it can't."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return "onnxmltools" in last.filename and str(last.line).startswith("raise")


def _alike(told: Any, got: Any) -> bool:
    """Whether an answer is Spark's, in whatever number type and with or without a last axis of 1."""
    if got.size != told.size or (got.dtype.kind in "OU") != (told.dtype.kind in "OU"):
        return False
    got = got.reshape(told.shape)
    got = got if told.dtype.kind in "OU" else got.astype(told.dtype)
    return all(verdict.equal for verdict in compare({"": told}, {"": got}, {"": LOOSE}))


def page(setting: str, found: Sequence[Beside]) -> str:
    """Totals over rows and over classes, then one line per row."""
    return "\n".join(
        [
            "# Spark ML, beside onnxmltools",
            "",
            setting,
            "",
            f"{len(found)} rows of the test suite, at least one for each class: fitted and saved by "
            "Spark, converted by both, asked the rows it was fitted on, which float32 holds exactly. "
            "Ours is held to the judge's rule (float64 within 1e-9, labels exactly), onnxmltools to "
            "1e-4. **lacks columns**: what is there is right, but columns that it adds are missing, "
            "mostly rawPrediction. **crashes**: an exception that isn't a refusal, while converting, "
            "loading or running.",
            "",
            "| | " + " | ".join(VERDICTS) + " |",
            "|---|" + "--:|" * len(VERDICTS),
            *(_totals(f"{who}, rows", [getattr(f, side) for f in found]) for who, side in _SIDES),
            *(_totals(f"{who}, classes", _by_class(found, side)) for who, side in _SIDES),
            "",
            "A class counts as its worst row does.",
            "",
            "| class | row | ours | onnxmltools |",
            "|---|---|---|---|",
            *(f"| {f.kind} | `{f.row.replace('|', chr(92) + '|')}` | {f.ours} | {f.theirs} |" for f in found),
            "",
        ]
    )


_SIDES = (("ours", "ours"), ("onnxmltools", "theirs"))


def _totals(who: str, verdicts: Sequence[str]) -> str:
    counts = Counter(verdicts)
    return f"| {who} | " + " | ".join(str(counts[verdict]) for verdict in VERDICTS) + " |"


def _by_class(found: Sequence[Beside], side: str) -> list[str]:
    """The worst verdict of each class, a wrong answer being worse than none."""
    order = ("right", "lacks columns", "refuses", "crashes", "wrong")
    return [
        max((getattr(f, side) for f in found if f.kind == kind), key=order.index)
        for kind in dict.fromkeys(f.kind for f in found)
    ]


def run(setting: str) -> tuple[str, bool]:
    """The page of the first row of each class, and whether none of ours is wrong."""
    found = list(told(chosen((), every=False)))
    return page(setting, found), all(each.ours != "wrong" for each in found)


def told(rows: Sequence[Case]) -> Iterator[Beside]:
    """The rows measured, each printed as it is known."""
    for each in measured(rows):
        print(each.kind, each.row, each.ours, each.theirs, each.why, sep=" | ", flush=True)
        yield each


if __name__ == "__main__":
    list(told(chosen(sys.argv[1:], every=True)))
