"""Estimators inside others: what a meta-estimator needs to know of those it hands its rows to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from onnxpipe.core.apply import apply, floating
from onnxpipe.core.guards import guarded
from onnxpipe.core.plan import Stage
from onnxpipe.core.record import Record
from onnxpipe.core.registry import Answers, columns, find
from onnxpipe.core.table import Check, Table

METHODS = ("predict", "predict_proba", "decision_function", "transform", "score_samples")
"""The methods that meta-estimators hand on."""


def inner(stage: Stage, name: str) -> Stage:
    """The fitted estimator that an attribute holds, at ``path/name``."""
    return stage.child(name, stage.get(name))


def members(stage: Stage, name: str = "estimators_") -> list[Stage]:
    """The fitted estimators that an attribute lists, at ``path/name[i]``."""
    return [stage.child(f"{name}[{i}]", record) for i, record in enumerate(getattr(stage, name))]


def shared(stage: Stage, x: Table, inner: Sequence[Stage]) -> Table:
    """The rows that every one of some estimators gets, checked once where one refuses NaN and infinity.

    Those that round rows to float32 first, or take columns apart, check for themselves all the same.
    """
    found = [converter for each in inner if (converter := find(each.kind)) is not None]
    plain = x.risky and not any(c.takes_table or c.dtype is not None for c in found)
    checks = [c.check(each) for c, each in zip(found, inner, strict=False)] if plain else []
    if Check.NONFINITE not in checks or x.has_strings:
        return x
    checked = guarded(stage.context, floating(x), Check.NONFINITE)
    return Table.of(checked, finite=True).kept(x.stored)


def all_by(inner: Sequence[Stage], convert: Callable[..., Any]) -> bool:
    """Whether a converter is that of every estimator."""
    return all((found := find(each.kind)) is not None and found.convert is convert for each in inner)


def answered(stage: Stage, x: Table, names: Iterable[str] = METHODS) -> Answers:
    """What a stage answers to those methods that it has."""
    answers = apply(stage, x)
    return {name: answers[name] for name in names if name in answers}


def columns_of(name: str) -> Callable[[Stage], Sequence[str]]:
    """The ``columns`` hook of an estimator whose rows all go to the one in attribute ``name``."""
    return lambda stage: columns(inner(stage, name)) or () if _holds(stage, name) else ()


def edges_of(name: str) -> Callable[[Stage], Mapping[int, Any]]:
    """The ``edges`` hook of an estimator whose rows all go to the one in attribute ``name``."""

    def edges(stage: Stage) -> Mapping[int, Any]:
        converter = find(stage.get(name).kind) if _holds(stage, name) else None
        return converter.edges(inner(stage, name)) if converter and converter.edges else {}

    return edges


def columns_of_first(stage: Stage) -> Sequence[str]:
    """The ``columns`` hook of an estimator whose rows all go to every one of ``estimators_``."""
    return columns(members(stage)[0]) or ()


def edges_of_all(stage: Stage) -> Mapping[int, Any]:
    """The ``edges`` hook of an estimator whose rows all go to every one of ``estimators_``."""
    found: dict[int, list[Any]] = {}
    for member in members(stage):
        converter = find(member.kind)
        for column, values in (converter.edges(member) if converter and converter.edges else {}).items():
            found.setdefault(column, []).append(np.asarray(values))
    return {column: np.concatenate(values) for column, values in found.items()}


def check_of(stage: Stage, name: str) -> Check:
    """What a meta-estimator refuses that allows NaN where the one in attribute ``name`` does.

    Where NaN is allowed so is infinity: scikit-learn then leaves the check to the estimator.
    """
    converter = find(stage.get(name).kind) if _holds(stage, name) else None
    strict = converter is None or converter.check(inner(stage, name)) is Check.NONFINITE
    return Check.NONFINITE if strict else Check.NOTHING


def _holds(stage: Stage, name: str) -> bool:
    return isinstance(stage.get(name), Record)
