"""One harness for all converters: a case is fitted, saved, read back, converted, run and compared.

A case is a row of a table in ``tests/cases``. What a row buys is ``conform`` below.
"""

from __future__ import annotations

import importlib
import inspect
import pickle
import pkgutil
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pandas as pd
import sklearn
from packaging.version import Version

import onnxpipe
from onnxpipe.check.compare import Tolerance, compare
from onnxpipe.core.options import Options
from onnxpipe.core.registry import find
from onnxpipe.services.convert import conversion
from tests import datasets

warnings.filterwarnings("ignore")
DTYPES = ("native", "float32")
METHODS = ("predict", "predict_proba", "decision_function", "transform", "score_samples")


def plain(estimator: Any) -> str:
    """An estimator on one line, without addresses: the same in every run."""
    return re.sub(r" at 0x\w+", "", " ".join(repr(estimator).split()))


def newest(kind: Any, **parameters: Any) -> Any:
    """An estimator with those of its parameters that the installed version has."""
    known = inspect.signature(kind).parameters
    return kind(**{name: value for name, value in parameters.items() if name in known})


@dataclass(frozen=True)
class Case:
    """One row: an unfitted estimator, the data it is fitted on, and what to expect.

    ``data`` names a function of ``tests.datasets`` (default: what the estimator's kind needs).
    ``rtol`` loosens the comparison, ``refused`` expects a refusal whose text contains it,
    ``skip`` names dtypes not tried, ``huge`` is a smaller value to try in one column where native
    answers the usual one with rounding noise; each needs its ``reason``. ``since`` is the version
    of the framework that brought what the row tries: under an older one it isn't collected.
    """

    estimator: Any
    data: str = ""
    methods: tuple[str, ...] = METHODS
    options: Mapping[str, Any] = field(default_factory=dict)
    rtol: float | None = None
    refused: str = ""
    skip: tuple[str, ...] = ()
    huge: float = 1e30
    reason: str = ""
    since: str = ""

    def __post_init__(self) -> None:
        departs = self.rtol is not None or self.skip or self.refused or self.huge != 1e30
        if departs and not self.reason:
            raise ValueError(f"{self} departs from the rule without a reason")

    def __str__(self) -> str:
        return f"{plain(self.estimator)}[{self.data}]"

    @property
    def kind(self) -> str:
        module, name = type(self.estimator).__module__, type(self.estimator).__qualname__
        parts = module.split(".")
        cut = next((i for i, part in enumerate(parts) if part.startswith("_")), len(parts))
        return ".".join([*parts[:cut], name])


def cases(prefix: str) -> list[Case]:
    """The rows of ``tests/cases/<prefix>_*.py`` that the installed framework can fit."""
    home = importlib.import_module("tests.cases")
    names = sorted(m.name for m in pkgutil.iter_modules(home.__path__) if m.name.startswith(prefix))
    rows = [case for name in names for case in importlib.import_module(f"tests.cases.{name}").CASES]
    return [case for case in rows if not case.since or installed(case.since)]


def installed(version: str) -> bool:
    """Whether scikit-learn is at least of this version ("1.8")."""
    return Version(sklearn.__version__) >= Version(version)


def conform(case: Case, dtype: str) -> None:
    """Assert all a row buys: see the calls."""
    rows, target = datasets.load(case.data or datasets.fitting(case.estimator))
    estimator = pickle.loads(pickle.dumps(case.estimator))
    estimator.fit(rows) if target is None else estimator.fit(rows, target)
    rows = in_dtype(rows, dtype)
    wanted = tuple(m for m in case.methods if _answers(estimator, m))
    options = {"dtype": dtype, "outputs": wanted, **case.options}
    sample = sampled(rows)
    made = conversion(estimator, Options(**options), sample=sample)
    again = onnxpipe.convert(estimator, sample=sample, **options)
    assert made.model.SerializeToString() == again.SerializeToString()
    onnx.checker.check_model(made.model, full_check=True)
    session = open_session(made.model)
    plain = rows
    rows = stacked(rows, edge_rows(made.plan.root, rows))
    assert_equal(case, estimator, session, rows, wanted)
    for n in (1, 2):
        assert_equal(case, estimator, session, head(rows, n), wanted)
    _assert_zero_rows(session, estimator, plain, wanted)
    for row in hostile_rows(plain, case.huge):
        assert_same_or_both_refuse(case, estimator, session, row, wanted)


def sampled(rows: Any) -> dict[str, Any] | None:
    """The rows as a sample that tells dtypes: by column, or ``X`` for a matrix of one dtype."""
    if isinstance(rows, list) and isinstance(rows[0], dict):
        return {key: listed(rows, key)[:, 0] for key in dict.fromkeys(key for row in rows for key in row)}
    if isinstance(rows, pd.DataFrame):
        return {c: rows[c].to_numpy() for c in rows.columns}
    return {"X": rows} if isinstance(rows, np.ndarray) and rows.dtype != object else None


def open_session(model: onnx.ModelProto) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    return ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def _answers(estimator: Any, method: str) -> bool:
    try:
        return callable(getattr(estimator, method, None))
    except Exception:
        return False


def in_dtype(rows: Any, dtype: str) -> Any:
    """Float columns in the dtype the graph is asked for."""
    if dtype == "native":
        return rows
    if isinstance(rows, pd.DataFrame):
        floats = {c: dtype for c in rows.columns if rows[c].dtype.kind == "f"}
        return rows.astype(floats)
    if isinstance(rows, list) and isinstance(rows[0], dict):
        floats = np.dtype(dtype).type
        return [{k: floats(v) if isinstance(v, float) else v for k, v in row.items()} for row in rows]
    return rows.astype(dtype) if getattr(rows, "dtype", np.dtype(object)).kind == "f" else rows


def head(rows: Any, n: int) -> Any:
    return rows.iloc[:n] if isinstance(rows, (pd.DataFrame, pd.Series)) else rows[:n]


def stacked(rows: Any, more: Any) -> Any:
    if more is None:
        return rows
    if isinstance(rows, pd.DataFrame):
        return pd.concat([rows, more], ignore_index=True)
    return np.concatenate([rows, more])


def feeds(session: ort.InferenceSession, rows: Any) -> dict[str, Any]:
    """Rows as the graph wants them: one [N, 1] per column, or X."""
    fed = {}
    for port in session.get_inputs():
        if isinstance(rows, pd.DataFrame):
            column = rows[port.name].to_numpy()[:, None]
        elif isinstance(rows, list):
            column = listed(rows, port.name)
        elif port.name == "X":
            column = np.asarray(rows)
            column = column[:, None] if column.ndim == 1 else column
        else:
            column = np.asarray(rows, dtype=object)[:, [int(port.name[1:])]]
        fed[port.name] = _typed(column, port.type)
    return fed


def listed(rows: list[Any], name: str) -> Any:
    """One key of rows that are dictionaries ``[N, 1]``, or as ``X`` rows that are lists of text, padded."""
    if name != "X":
        values = [row.get(name, np.nan) for row in rows]
        is_text = any(isinstance(value, str) for value in values)
        return np.array(values, object if is_text or not rows else None)[:, None]
    width = max(map(len, rows), default=1)
    return np.array([[*row, *[""] * (width - len(row))] for row in rows], object).reshape(len(rows), width)


def answers(session: ort.InferenceSession, rows: Any) -> dict[str, Any]:
    """What the graph answers, by output name."""
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds(session, rows)), strict=True))


def _typed(column: Any, kind: str) -> Any:
    if kind != "tensor(string)":
        name = kind.removeprefix("tensor(").removesuffix(")")
        return column.astype({"double": "float64", "float": "float32"}.get(name, name))
    return np.where(pd.isna(column), "", column).astype(object)


def native_answers(estimator: Any, wanted: tuple[str, ...], rows: Any) -> dict[str, Any]:
    """What native answers, by output name; a list becomes one numbered output per element."""
    found: dict[str, Any] = {}
    for method in wanted:
        answer = getattr(estimator, method)(rows)
        if hasattr(estimator, "ridge_alpha") and answer.ndim == 1:
            answer = answer[None]  # SparsePCA answers a lone row without its axis
        if isinstance(answer, list) and len(answer) and isinstance(answer[0], np.ndarray):
            found |= {f"{method}_{i}": part for i, part in enumerate(answer)}
        else:
            found[method] = native(answer)
    return found


def native(answer: Any) -> Any:
    """One native answer as a dense array."""
    answer = answer.toarray() if hasattr(answer, "toarray") else answer
    return np.asarray(answer)


def assert_equal(case: Case, estimator: Any, session: Any, rows: Any, wanted: tuple[str, ...]) -> None:
    expected = native_answers(estimator, wanted, rows)
    got = answers(session, rows)
    for verdict in compare(normalised(expected), got, {"": Tolerance(rtol=case.rtol)}):
        assert verdict.equal, f"{case}: {verdict}"


def normalised(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Native answers with missing text as the empty string, as graphs carry it."""
    out = {}
    for name, value in answers.items():
        if value.dtype.kind == "O" and any(isinstance(v, str) for v in value.ravel()):
            value = np.where(pd.isna(value), "", value)
        elif value.dtype.kind == "O":
            value = value.astype(np.float64)
        out[name] = value
    return out


def _assert_zero_rows(session: Any, estimator: Any, rows: Any, wanted: tuple[str, ...]) -> None:
    expected = list(native_answers(estimator, wanted, head(rows, 2)).values())
    for want, got in zip(expected, session.run(None, feeds(session, head(rows, 0))), strict=True):
        batch = (
            want.shape.index(2) if 2 in want.shape else 0
        )  # not the first axis where members' answers are stacked
        assert got.shape == (*want.shape[:batch], 0, *want.shape[batch + 1 :])


def assert_same_or_both_refuse(
    case: Case, estimator: Any, session: Any, row: Any, wanted: tuple[str, ...]
) -> None:
    try:
        expected = native_answers(estimator, wanted, row)
    except Exception:
        expected = None
    try:
        got = answers(session, row)
    except Exception:
        got = None
    assert (expected is None) == (got is None), (
        f"{case}: native {'refuses' if expected is None else 'answers'}, the graph does not, on {row!r}"
    )
    if expected is not None:
        for verdict in compare(normalised(expected), got, {"": Tolerance(rtol=case.rtol)}):
            assert verdict.equal, f"{case}: {verdict} on {row!r}"


def edge_rows(root: Any, rows: Any) -> Any:
    """Rows exactly on, one ulp below and one ulp above every value where the estimator's answer changes."""
    converter = find(root.kind)
    if converter is None or converter.edges is None:
        return None
    made = []
    rng = np.random.default_rng(0)
    for column, values in converter.edges(root).items():
        for value in _neighbours(values, rows, column):
            made.append((column, value))
    if not made or isinstance(rows, list):
        return None
    base = rng.integers(0, len(rows), len(made))
    if isinstance(rows, pd.DataFrame):
        frame = rows.iloc[base].reset_index(drop=True).copy()
        for i, (column, value) in enumerate(made):
            frame.iloc[i, column] = value
        return frame
    out = rows[base].copy()
    for i, (column, value) in enumerate(made):
        out[i if rows.ndim == 1 else (i, column)] = value
    return out


def _neighbours(values: Any, rows: Any, column: int) -> list[Any]:
    array = np.asarray(values)
    if array.dtype.kind in "OUS":
        return [value for value in array if isinstance(value, str)]
    dtype = rows.iloc[:, column].dtype if isinstance(rows, pd.DataFrame) else rows.dtype
    if dtype.kind != "f":
        held = array[np.isfinite(array)]
        return list(np.unique([np.floor(held), np.ceil(held)]).astype(dtype))
    exact = np.unique(array[np.isfinite(array)]).astype(dtype)
    return [*np.nextafter(exact, dtype.type(-np.inf)), *exact, *np.nextafter(exact, dtype.type(np.inf))]


def hostile_rows(rows: Any, huge: float = 1e30) -> list[Any]:
    """One row each with NaN, infinities, huge values or unseen or missing text in one column."""
    frame = isinstance(rows, pd.DataFrame)
    if not frame and getattr(rows, "ndim", 1) != 2:
        return []
    made = []
    for column in range(rows.shape[1])[:6]:
        held = rows.iloc[:, column].to_numpy() if frame else rows[:, column]
        text = held.dtype.kind in "OU" and all(isinstance(v, str) or pd.isna(v) for v in held)
        for value in (
            [*_ODD, huge] if held.dtype.kind == "f" else [_blank(rows), "unseen", "Zoë"] if text else []
        ):
            row = head(rows, 1).copy()
            if frame:
                row = row.astype({c: object for c in row.columns if row[c].dtype == "category"})
                row.iloc[0, column] = value
            else:
                row[0, column] = value
            made.append(row)
    return made


_ODD = [np.nan, np.inf, -np.inf, -0.0]


def _blank(rows: Any) -> Any:
    """What a missing text is in these rows: the first missing value in them, else the empty text."""
    values = np.asarray(rows, dtype=object).ravel()
    return next((value for value in values if pd.isna(value)), "")
