"""scikit-learn's own answers: the saved estimator loaded and asked."""

from __future__ import annotations

import contextlib
import re
import sys
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Tuple

import numpy as np

recording = sys.modules["_onnxpipe_recording"]
main = sys.modules["_onnxpipe_main"]
boosters = main.sibling("boosters")
chance = main.sibling("chance")
behaviour = main.sibling("probing").behaviour

_INNER = ("best_estimator_", "estimator_", "regressor_", "final_estimator_")
_HIDDEN = ("_preprocessor",)


def load(path: str, format: str, names: List[str]) -> Any:
    """The estimator in a pickle, joblib or skops file."""
    import sklearn  # a missing scikit-learn is told apart from a damaged file

    del sklearn
    if format == "skops":
        import skops.io

        return skops.io.load(path, trusted=names)
    import joblib

    found = boosters.adapted(joblib.load(path))
    if "skorch" in sys.modules:
        main.sibling("torch_native").settled(sys.modules["torch"])
    return found


def versions() -> Dict[str, str]:
    """Versions of the packages that take part in an answer."""
    found = {}
    for name in ("sklearn", "scipy", "pandas", "xgboost", "lightgbm", "skorch", "torch"):
        module = sys.modules.get(name)
        if module is not None:
            found[name] = str(getattr(module, "__version__", "?"))
    return found


def part(model: Any, path: str) -> Any:
    """The fitted estimator at a stage's path, None where the path leads to none."""
    return recording.resolve(model, path)


def answers(model: Any, rows: Mapping[str, Any], methods: List[str], optional: List[str]) -> Dict[str, Any]:
    """The estimator's answers by output name; ``optional`` methods only where it has them.

    Raises whatever the estimator raises on rows it refuses.
    """
    import joblib

    found: Dict[str, Any] = {}
    with joblib.parallel_backend("sequential"):
        for method in dict.fromkeys(re.sub(r"_\d+$", "", name) for name in methods + optional):
            if method == chance.NEIGHBOUR_TIES:
                found.update(chance.neighbour_ties(model, table(model, rows)))
                continue
            ask = getattr(model, method, None) or boosters.margin(model, method)
            if ask is None:
                if method in optional:
                    continue
                raise main.MissingMethod("this %s has no method %s" % (type(model).__name__, method))
            answer = ask(table(model, rows))
            found.update(recording.outputs(method, alone(model, answer) if method == "transform" else answer))
    return found


def alone(model: Any, answer: Any) -> Any:
    """Rows in the shape that they have whatever rows they come with: ``[N, k]``.

    SparsePCA answers a lone row as ``[k]``: its ridge regression drops the axis. LabelBinarizer has two
    columns for two classes where there are three different labels among the rows, else the second.
    """
    last = model.steps[-1][1] if hasattr(model, "steps") else model
    if hasattr(last, "ridge_alpha") and getattr(answer, "ndim", 2) == 1:
        return answer[None]
    return answer[:, [-1]] if type(last).__name__ == "LabelBinarizer" and len(last.classes_) == 2 else answer


def caller(model: Any, rows: Mapping[str, Any], methods: List[str]) -> Callable[[], None]:
    """A call of these methods on rows that are in the estimator's own form already."""
    known = list(dict.fromkeys(re.sub(r"_\d+$", "", name) for name in methods))
    if not all(hasattr(model, name) for name in known):
        raise main.MissingMethod("this %s has no method %s" % (type(model).__name__, " or ".join(known)))
    own = table(model, rows)

    def call() -> None:
        for name in known:
            getattr(model, name)(own)

    return call


def arrive(model: Any, rows: Mapping[str, Any], path: str) -> Dict[str, Any]:
    """The columns that arrive at the stage at a path."""
    import joblib

    recorder = recording.Recorder(model, [path], path)
    with recorder, joblib.parallel_backend("sequential"), contextlib.suppress(recording.Arrived):
        run(model, rows)
    found: Dict[str, Any] = recorder.inputs.get(path, {})
    return found


def stages(
    model: Any, rows: Mapping[str, Any], wanted: Mapping[str, List[str]]
) -> Tuple[List[Dict[str, Any]], str]:
    """What each stage got and answered, and the stage that refused the rows (or "")."""
    import joblib

    with recording.Recorder(model, list(wanted)) as recorder, joblib.parallel_backend("sequential"):
        try:
            run(model, rows, wanted.get(type(model).__name__, ()))
        except Exception:
            recorder.refused = recorder.refused or type(model).__name__
        recorder.complete(wanted)
    records = [
        {"path": p, "inputs": x, "answers": recording.wanted_of(recorder.answers[p], wanted[p])}
        for p, x in recorder.inputs.items()
    ]
    return records, recorder.refused


def run(model: Any, rows: Mapping[str, Any], methods: Any = ()) -> None:
    """Let rows pass through the whole estimator: by these methods, else by the first it has."""
    chosen = [m for m in methods if callable(getattr(model, m, None))]
    chosen = chosen or [m for m in recording.METHODS if callable(getattr(model, m, None))][:1]
    for method in chosen:
        getattr(model, method)(table(model, rows))


def table(model: Any, rows: Mapping[str, Any]) -> Any:
    """The rows as the estimator was fitted on them: a data frame, a matrix, texts or dictionaries."""
    if boosters.is_adapted(model):
        return model.table(rows)
    names = fitted_names(model)
    if names is not None:
        return boosters.framed(first_leaf(model), frame(names, rows, absent(model)))
    leaf = type(first_leaf(model)).__name__
    if leaf == "DictVectorizer" or getattr(first_leaf(model), "input_type", "") == "dict":
        return [dict(present(row)) for row in records(rows)]
    matrix = joined(model, rows)
    if leaf in ("MultiLabelBinarizer", "FeatureHasher"):
        return [[v for v in row if v is not None and v != ""] for row in matrix]
    texts = not hasattr(first_leaf(model), "n_features_in_") and matrix.shape[1:] == (1,)
    texts = texts and not hasattr(first_leaf(model), "predict_nonlinearity")  # a net counts no columns
    return matrix[:, 0] if texts else matrix


def joined(model: Any, rows: Mapping[str, Any]) -> Any:
    """``X``, or the columns ``x0, x1, ...`` at their positions, absent ones missing."""
    if not all(re.match(r"x\d+$", name) for name in rows):
        # Copies: IterativeImputer fills a single row in place.
        parts = [np.array(value[:, None] if value.ndim == 1 else value) for value in rows.values()]
        return gaps_as(absent(model), parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1))
    width = getattr(model, "n_features_in_", 1 + max(int(name[1:]) for name in rows))
    matrix = np.full((length(rows), int(width)), np.nan, dtype=object)
    for name, value in rows.items():
        matrix[:, int(name[1:])] = gaps_as(absent(model), value).reshape(len(matrix))
    return matrix


def frame(names: List[str], rows: Mapping[str, Any], gap: Any) -> Any:
    """A data frame of the fitted columns; those that aren't given are missing throughout."""
    import pandas as pd

    if list(rows) == ["X"] and rows["X"].ndim == 2 and rows["X"].shape[1] == len(names):
        rows = {name: rows["X"][:, i] for i, name in enumerate(names)}
    n = length(rows)
    columns = {}
    for name in names:
        value = gaps_as(gap, rows[name].reshape(n)) if name in rows else np.full(n, np.nan)
        columns[name] = pd.Series(value, dtype=value.dtype)
    return pd.DataFrame(columns, columns=names)


def absent(model: Any) -> Any:
    """What a missing text was when the estimator was fitted: None where a stage knows None, else NaN."""
    for inner in estimators(model):
        known = [v for values in getattr(inner, "categories_", ()) for v in np.ravel(values).tolist()]
        if any(v is None for v in known) or getattr(inner, "missing_values", np.nan) is None:
            return None
    return np.nan


def estimators(model: Any) -> Iterator[Any]:
    """An estimator and those inside it, however deep."""
    yield model
    parts = list(recording.named(model).values()) + [vars(model).get(name) for name in _INNER + _HIDDEN]
    for inner in parts:
        if hasattr(inner, "__dict__"):
            yield from estimators(inner)


def gaps_as(gap: Any, value: Any) -> Any:
    """Missing text (None) as what it was in the rows that were fitted."""
    if value.dtype != object or gap is None:
        return value
    value = value.copy()
    value[np.array([v is None for v in value.ravel()], dtype=bool).reshape(value.shape)] = gap
    return value


def length(rows: Mapping[str, Any]) -> int:
    """How many rows there are."""
    return len(next(iter(rows.values())))


def records(rows: Mapping[str, Any]) -> List[Dict[str, Any]]:
    """Each row as a dictionary."""
    flat = {name: value.reshape(len(value)).tolist() for name, value in rows.items()}
    return [{name: value[i] for name, value in flat.items()} for i in range(length(rows))]


def present(row: Mapping[str, Any]) -> List[Tuple[str, Any]]:
    """The entries of a row that aren't missing."""
    return [(k, v) for k, v in row.items() if v is not None and v == v and v != ""]


def first_leaf(model: Any) -> Any:
    """The estimator that sees the rows first."""
    while True:
        steps = getattr(model, "steps", None) or getattr(model, "transformer_list", None) or ()
        inner = [s[1] for s in steps if s[1] is not None and not isinstance(s[1], str)]
        if not inner:
            return model
        model = inner[0]


def fitted_names(model: Any) -> Optional[List[str]]:
    """The column names the estimator was fitted on, None for a plain matrix."""
    try:
        own = getattr(model, "feature_names_in_", None)
    except Exception:
        own = None
    if own is not None:
        return [str(name) for name in own]
    leaf = first_leaf(model)
    if leaf is not model:
        return fitted_names(leaf)
    for name in _INNER:
        inner = model.__dict__.get(name)
        if inner is not None:
            return fitted_names(inner)
    return None
