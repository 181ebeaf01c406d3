"""The stages of a saved pipeline as its records nest, convertible or not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from onnxpipe.core.plan import Stage
from onnxpipe.core.record import Record

_MANY = 8
"""Members of one ensemble from which on only the first is listed."""


_STEPS = ("steps", "transformers_", "transformer_list")
"""Where estimators stand because of the place, whatever they say of themselves."""

_COVARIANCES = (
    *("EmpiricalCovariance", "GraphicalLasso", "GraphicalLassoCV", "LedoitWolf", "MinCovDet", "OAS"),
    "ShrunkCovariance",
)
_KEPT = (
    "sklearn.preprocessing.LabelBinarizer",
    "sklearn.preprocessing.LabelEncoder",
    "sklearn.neighbors.NearestNeighbors",
    *(f"sklearn.covariance.{name}" for name in _COVARIANCES),
)
"""What estimators keep to remember their labels or rows, or were fitted with; rows never pass through it."""


def is_estimator(record: Record) -> bool:
    """Whether a record is a public estimator: scikit-learn stamps each with its version."""
    tail = record.kind.rpartition(".")[2]
    return not (tail.startswith("_") or record.kind in _KEPT) and (
        "_sklearn_version" in record.fields or "n_features_in_" in record.fields
    )


def root_stage(root: Record) -> Stage:
    """The stage of an estimator that stands alone, at the path of its own name."""
    return Stage(root.kind, root.kind.rpartition(".")[2], root.fields)


def stages(root: Record) -> tuple[Stage, ...]:
    """Every estimator in another one, outer before inner, at the paths that converters use."""
    return tuple(_stages(root_stage(root), root, set()))


def _stages(stage: Stage, record: Record, seen: set[int]) -> Iterator[Stage]:
    seen.add(id(record))
    yield stage
    for name, inner in _members(record):
        if id(inner) not in seen:
            yield from _stages(stage.child(name, inner), inner, seen)


def _members(record: Record) -> Iterator[tuple[str, Record]]:
    """(name, estimator) of what an estimator holds; a fitted ``x_`` stands for its template ``x``."""
    for name, value in record.fields.items():
        if f"{name}_" in record.fields:
            continue
        found = list(_steps(value) if name in _STEPS else _named(name, value))
        yield from found[:1] if len(found) > _MANY else found


def _steps(value: Any) -> Iterator[tuple[str, Record]]:
    return ((str(name), step) for name, step, *_ in value if isinstance(step, Record))


def _named(name: str, value: Any) -> Iterator[tuple[str, Record]]:
    if isinstance(value, Record):
        if is_estimator(value):
            yield name, value
    elif isinstance(value, tuple) and len(value) > 1 and isinstance(value[0], str):
        yield from _named(value[0], value[1])
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _named(str(key), inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _named(name, inner)
