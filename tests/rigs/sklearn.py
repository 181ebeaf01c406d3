"""scikit-learn in the harness: estimators fitted here, converted live, asked by their methods."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import onnxruntime as ort
import pandas as pd
import sklearn
from packaging.version import Version

from onnxpipe.core.plan import Plan
from onnxpipe.core.record import public_name
from onnxpipe.core.registry import find
from tests import datasets
from tests.harness import Case


def kinds(case: Case) -> tuple[str, ...]:
    """The estimator's public name."""
    kind = type(case.estimator)
    return (public_name(kind.__module__, kind.__qualname__),)


def trial(case: Case, dtype: str) -> Fitted:
    """The case fitted on its dataset."""
    return Fitted(case, dtype)


def installed(version: str) -> bool:
    """Whether scikit-learn is at least of this version ("1.8")."""
    return Version(sklearn.__version__) >= Version(version)


class Fitted:
    """An estimator fitted on its dataset."""

    def __init__(self, case: Case, dtype: str) -> None:
        rows, target = datasets.load(case.data or datasets.fitting(case.estimator))
        self.case = case
        self.source = pickle.loads(pickle.dumps(case.estimator))
        self.source.fit(rows) if target is None else self.source.fit(rows, target)
        self.rows = in_dtype(rows, dtype)
        self.sample = sampled(self.rows)
        self.wanted = tuple(m for m in case.methods if _answers(self.source, m))

    def edges(self, plan: Plan) -> Any:
        return stacked(self.rows, edge_rows(plan.root, self.rows))

    def hostile(self, plan: Plan) -> Sequence[Any]:
        return hostile_rows(self.rows, self.case.huge)

    def head(self, rows: Any, n: int) -> Any:
        return head(rows, n)

    def feeds(self, session: ort.InferenceSession, rows: Any) -> dict[str, Any]:
        return feeds(session, rows)

    def natively(self, batches: Sequence[Any], doubtful: Sequence[int]) -> Iterator[Mapping[str, Any] | None]:
        for i, rows in enumerate(batches):
            try:
                yield normalised(native_answers(self.source, self.wanted, unshared(rows)))
            except Exception:
                if i < 3:  # its own rows: the reason is worth more than the fact
                    raise
                yield None


def unshared(rows: Any) -> Any:
    """A matrix of its own: IterativeImputer fills a single row in place."""
    return rows.copy() if isinstance(rows, np.ndarray) else rows


def sampled(rows: Any) -> dict[str, Any] | None:
    """The rows as a sample that tells dtypes: by column, or ``X`` for a matrix of one dtype."""
    if isinstance(rows, list) and isinstance(rows[0], dict):
        return {key: listed(rows, key)[:, 0] for key in dict.fromkeys(key for row in rows for key in row)}
    if isinstance(rows, pd.DataFrame):
        return {c: rows[c].to_numpy() for c in rows.columns}
    return {"X": rows} if isinstance(rows, np.ndarray) and rows.dtype != object else None


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
