"""Listening in on nested estimators while the whole pipeline runs."""

from __future__ import annotations

import contextlib
import hashlib
import re
from typing import Any, Callable, Dict, List, Mapping, Optional

import numpy as np

METHODS = (
    "transform",
    "predict",
    "predict_proba",
    "decision_function",
    "score_samples",
    "predict_log_proba",
    "kneighbors",
)
_ATTRIBUTE = re.compile(r"(\w+)((?:\[\d+\])*)$")


class Arrived(Exception):
    """Raised inside a pipeline as soon as the stage waited for has its input."""


def named(estimator: Any) -> Dict[str, Any]:
    """The fitted estimators that an estimator holds by name."""
    pairs: List[Any] = []
    for attribute in ("steps", "transformers_", "transformer_list"):
        pairs += [pair[:2] for pair in getattr(estimator, attribute, None) or []]
    return {str(name): inner for name, inner in pairs if not isinstance(inner, str)}


def resolve(root: Any, path: str) -> Any:
    """The estimator at ``Root/step/attribute_[0]``, None where the path leads to none.

    A step's name may itself hold a slash: the longest name that fits is taken.
    """
    here, parts = root, path.split("/")[1:]
    while parts:
        steps = named(here)
        for size in range(len(parts), 0, -1):
            name = "/".join(parts[:size])
            inner = steps[name] if name in steps else attribute(here, name) if size == 1 else None
            if inner is not None:
                here, parts = inner, parts[size:]
                break
        else:
            return None
    return here


def attribute(estimator: Any, text: str) -> Any:
    """``best_estimator_``, ``estimators_[0][1]``: the attribute, None where there is none."""
    match = _ATTRIBUTE.match(text)
    if match is None:
        return None
    value = getattr(estimator, match.group(1), None)
    for index in re.findall(r"\d+", match.group(2)):
        value = value[int(index)] if value is not None and int(index) < len(value) else None
    return value


class Recorder:
    """Notes the first input and the first answers of the stages at some paths.

    A context manager: inside it the estimators' methods are wrapped on the instances.
    ``inputs`` and ``answers`` are by path; ``refused`` is the innermost stage that raised first.
    """

    def __init__(self, root: Any, paths: List[str], stop_at: Optional[str] = None) -> None:
        found = {path: resolve(root, path) for path in paths}
        self.stages = {path: inner for path, inner in found.items() if inner is not None}
        self.inputs = {}  # type: Dict[str, Dict[str, Any]]
        self.answers = {path: {} for path in self.stages}  # type: Dict[str, Dict[str, Any]]
        self.refused, self.stop_at = "", stop_at
        self._wrapped, self.raw = [], {}  # type: List[Any], Dict[str, Any]

    def noted(self, X: Any) -> Any:
        """What is kept of what a stage got."""
        return columns(X)

    def __enter__(self) -> "Recorder":
        for path, estimator in self.stages.items():
            for method in METHODS:
                bound = callable_of(estimator, method)
                if bound is not None:
                    self._wrapped.append((estimator, method, estimator.__dict__.get(method)))
                    estimator.__dict__[method] = self._listening(path, method, bound)
        return self

    def __exit__(self, *_: Any) -> None:
        for estimator, method, before in reversed(self._wrapped):
            if before is None:
                del estimator.__dict__[method]
            else:
                estimator.__dict__[method] = before

    def complete(self, wanted: Mapping[str, List[str]]) -> None:
        """Ask stages for the answers that nobody asked them for while the pipeline ran."""
        for path, X in list(self.raw.items()):
            for name in wanted.get(path, ()):
                ask = getattr(self.stages[path], re.sub(r"_\d+$", "", name), None)
                if name not in self.answers[path] and ask is not None:
                    with contextlib.suppress(Exception):
                        ask(X)

    def _listening(self, path: str, method: str, bound: Callable[..., Any]) -> Callable[..., Any]:
        def call(X: Any, *args: Any, **kwargs: Any) -> Any:
            if path not in self.inputs:
                self.inputs[path], self.raw[path] = self.noted(X), X
            if path == self.stop_at:
                raise Arrived()
            try:
                answer = bound(X, *args, **kwargs)
            except Arrived:
                raise
            except Exception:
                self.refused = self.refused or path
                raise
            if method not in self.answers[path]:
                self.answers[path].update(outputs(method, answer))
            return answer

        return call


class Fingerprints(Recorder):
    """Notes of what stages get a word alone, the same where the same arrives."""

    def noted(self, X: Any) -> Any:
        found = hashlib.sha256()
        for array in columns(X).values():
            content = str(array.tolist()).encode() if array.dtype.kind == "O" else array.tobytes()
            found.update(("%s %s " % (array.shape, array.dtype.str)).encode() + content)
        return found.hexdigest()


def callable_of(estimator: Any, method: str) -> Any:
    """The method where the estimator has it (a meta-estimator's may raise when looked up)."""
    try:
        bound = getattr(estimator, method, None)
    except Exception:
        return None
    return bound if callable(bound) and hasattr(estimator, "__dict__") else None


def outputs(method: str, answer: Any) -> Dict[str, Any]:
    """An answer as arrays by output name; a list becomes ``method_0``, ``method_1``, ..."""
    if isinstance(answer, (list, tuple)) and any(getattr(part, "ndim", 1) > 0 for part in answer):  # noqa: SIM102
        if all(hasattr(part, "shape") for part in answer):
            return {"%s_%d" % (method, i): dense(part) for i, part in enumerate(answer)}
    return {method: dense(answer)}


def dense(value: Any) -> Any:
    """An array of a matrix, sparse matrix, data frame or list; a copy, so that nobody changes it."""
    if hasattr(value, "toarray"):
        value = value.toarray()
    elif hasattr(value, "to_numpy"):
        value = counted(value, np.array(value.to_numpy()))
    return np.array(value)


def counted(frame: Any, array: Any) -> Any:
    """The objects that a data frame with dates among other columns is, with the counts of the dates."""
    if array.dtype != object or array.ndim != 2:
        return array
    for i in range(array.shape[1]):
        column = (frame.iloc[:, i] if hasattr(frame, "iloc") else frame[frame.columns[i]]).to_numpy()
        if column.dtype.kind in "mM":
            array[:, i] = column.astype(np.int64)
    return array


def columns(X: Any) -> Dict[str, Any]:
    """What a stage got as arrays of one dtype each, in column order: ``{"0": [N, d], ...}``."""
    dtypes = getattr(X, "dtypes", None)
    if hasattr(X, "iloc") and hasattr(X, "columns") and dtypes is not None and len(set(dtypes)) > 1:
        return {str(i): np.array(X.iloc[:, i].to_numpy())[:, None] for i in range(X.shape[1])}
    if isinstance(X, list) and X and isinstance(X[0], (dict, list, tuple)):
        return {}
    array = dense(X)
    return {"0": array[:, None] if array.ndim == 1 else array}


def unfolded(X: Any, names: List[str]) -> Dict[str, Any]:
    """Dictionaries, or texts of any number, as columns, one per key or place; None where there is none."""
    if not isinstance(X, list) or not X:
        return {}
    if all(isinstance(row, dict) for row in X):
        return {str(i): _column([row.get(name) for row in X]) for i, name in enumerate(names)}
    width = max(map(len, X))
    return {str(i): _column([row[i] if i < len(row) else None for row in X]) for i in range(width)}


def _column(values: List[Any]) -> Any:
    array = np.empty((len(values), 1), dtype=object)
    array[:, 0] = values
    return array


def wanted_of(record: Mapping[str, Any], methods: List[str]) -> Dict[str, Any]:
    """The answers among those asked for."""
    return {name: value for name, value in record.items() if name in methods}
