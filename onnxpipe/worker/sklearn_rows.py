"""Rows as a scikit-learn estimator was fitted on them: a data frame, a matrix, texts or dictionaries."""

from __future__ import annotations

import re
import sys
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple

import numpy as np

recording = sys.modules["_onnxpipe_recording"]
main = sys.modules["_onnxpipe_main"]
boosters, frames = main.sibling("boosters"), main.sibling("sklearn_frames")

_INNER = ("best_estimator_", "estimator_", "regressor_", "final_estimator_")
_HIDDEN = ("_preprocessor",)


def table(model: Any, rows: Mapping[str, Any]) -> Any:
    """The rows as the estimator was fitted on them: a data frame, a matrix, texts or dictionaries."""
    if boosters.is_adapted(model):
        return model.table(rows)
    if hasattr(first_leaf(model), "module_"):
        named = main.sibling("skorch_export").arguments(first_leaf(model))
        if len(named) > 1:
            return {name: np.array(value) for name, value in rows.items()}
    names = fitted_names(model)
    if names is not None:
        return boosters.framed(
            first_leaf(model), frames.frame(as_fitted(model, columns(names, rows, absent(model))))
        )
    leaf = type(first_leaf(model)).__name__
    if leaf == "DictVectorizer" or getattr(first_leaf(model), "input_type", "") == "dict":
        return [dict(present(row)) for row in records(rows)]
    matrix = joined(model, rows)
    if leaf in ("MultiLabelBinarizer", "FeatureHasher"):
        # Where the empty text is a label, another one stands for what is missing and comes as None.
        padding = "" not in list(getattr(first_leaf(model), "classes_", ()))
        return [[v for v in row if v is not None and not (padding and v == "")] for row in matrix]
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


def columns(names: List[str], rows: Mapping[str, Any], gap: Any) -> Dict[str, Any]:
    """The fitted columns ``[N]``; those that aren't given are missing throughout."""
    if list(rows) == ["X"] and rows["X"].ndim == 2 and rows["X"].shape[1] == len(names):
        rows = {name: rows["X"][:, i] for i, name in enumerate(names)}
    n = length(rows)
    return {
        name: gaps_as(gap, rows[name].reshape(n)) if name in rows else np.full(n, np.nan) for name in names
    }


def as_fitted(model: Any, held: Dict[str, Any]) -> Dict[str, Any]:
    """The columns, those as objects in which an encoder knows numbers or truths as objects."""
    names = list(held)
    for place, known in object_categories(innermost(model)):
        if place < len(names) and held[names[place]].dtype.kind in "biuf":
            value = held[names[place]].astype(object)
            gone = value != value
            value[gone.astype(bool)] = None if any(each is None for each in known) else np.nan
            held[names[place]] = value
    return held


def innermost(model: Any) -> Any:
    """What sees the rows first, also within estimators that hand them on to another."""
    leaf = first_leaf(model)
    held = [vars(leaf).get(name) for name in _INNER + _HIDDEN if hasattr(leaf, "__dict__")]
    return next((innermost(inner) for inner in held if hasattr(inner, "__dict__")), leaf)


def object_categories(first: Any) -> Iterator[Tuple[int, List[Any]]]:
    """Places of columns and the categories of an encoder that sees them first, where those are objects."""
    parts = [(range(len(getattr(first, "categories_", ()))), first)]
    places = getattr(first, "_transformer_to_input_indices", {})
    parts += [
        (places.get(name, ()), first_leaf(part[0])) for name, *part in getattr(first, "transformers_", ())
    ]
    for where, inner in parts:
        for place, values in zip(where, getattr(inner, "categories_", ())):
            if np.asarray(values).dtype == object:
                yield int(place), np.ravel(values).tolist()


def absent(model: Any) -> Any:
    """What a missing text was when the estimator was fitted: None where a stage knows None, else NaN."""
    for inner in estimators(model):
        # Of dates a list has None for NaT, which says nothing of text.
        texts = [values for values in getattr(inner, "categories_", ()) if np.asarray(values).dtype == object]
        known = [v for values in texts for v in np.ravel(values).tolist()]
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
