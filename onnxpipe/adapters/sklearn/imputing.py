"""Imputers with one value per column. Formulas: sklearn/impute/_base.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.sklearn import categories
from onnxpipe.blocks import missing
from onnxpipe.core.apply import floating
from onnxpipe.core.guards import guarded, refuse
from onnxpipe.core.ops import Var, cast, concat, dtype_of, is_string, take_columns
from onnxpipe.core.plan import Stage
from onnxpipe.core.record import Record
from onnxpipe.core.registry import ANY, converts
from onnxpipe.core.table import NONE, Check, Table
from onnxpipe.core.units import is_unit

Array = NDArray[Any]


def _marks_nan(stage: Stage) -> bool:
    """Whether NaN is the missing value (pandas.NA is NaN by the time a graph sees it)."""
    marker = stage.get("missing_values", np.nan)
    return not isinstance(marker, str) and (not np.isscalar(marker) or bool(marker != marker))


def refused_unless_missing(stage: Stage) -> Check:
    """What an imputer of numbers refuses: NaN is welcome where it marks what is missing."""
    return Check.INFINITE if _marks_nan(stage) else Check.NONFINITE


def with_indicators(stage: Stage, filled: Var, gone: Var) -> Var:
    """``filled`` with the columns of ``gone`` behind it that the fitted indicator, if any, tells of."""
    indicator = stage.get("indicator_")
    if not isinstance(indicator, Record) or not len(indicator.get("features_")):
        return filled
    return concat([filled, cast(take_columns(gone, indicator.get("features_")), dtype_of(filled))], 1)


def _marker(stage: Stage, x: Var) -> Any:
    """What stands for a missing value in ``x``."""
    marker = stage.get("missing_values", np.nan)
    if is_string(x):
        return marker if isinstance(marker, str) else stage.options.missing_string
    return np.nan if _marks_nan(stage) else marker


def _check(stage: Stage, x: Table) -> Check:
    if x.has_strings or not x.risky:
        return Check.NOTHING
    return max(x.owes, refused_unless_missing(stage))


def _imputer_columns(stage: Stage) -> Sequence[str]:
    """Text where the statistic is text; integers where only integers can have been seen."""
    fitted = np.dtype(stage.get("_fit_dtype", stage.statistics_.dtype))
    if fitted.kind in "iu" and not _marks_nan(stage):
        return [fitted.name] * len(stage.statistics_)
    if fitted.kind != "O" or stage.strategy in ("mean", "median"):
        return [ANY] * len(stage.statistics_)
    text = [isinstance(value, str) for value in stage.statistics_]
    empty = [categories.is_nan_or_none(value) for value in stage.statistics_]
    # Beside text, columns that were empty are text as well.
    return ["string" if a or (b and any(text)) else ANY for a, b in zip(text, empty, strict=True)]


def _refuse_odd(stage: Stage, x: Table) -> None:
    """Raise Unsupported for truth values, and for None where only NaN is replaced, as natively.

    Truth values beside numbers are numbers, but for arrays of objects.
    """
    truths = {dtype_of(block.read()).kind == "b" for block in x.blocks}
    if truths == {True} or (True in truths and np.dtype(stage.get("_fit_dtype", object)).kind == "O"):
        raise stage.unsupported("gets truth values, which SimpleImputer itself only takes as objects")
    if any(is_unit(block.note) for block in x.blocks):
        raise stage.unsupported("gets dates, which it only puts a mean into: fill them before")
    marker = stage.get("missing_values", np.nan)
    if isinstance(marker, float) and marker != marker and any(block.note == NONE for block in x.blocks):
        raise stage.unsupported(
            "replaces NaN, but missing values are None in the sample: it leaves those alone. "
            "Set missing_values=None and fit again"
        )


def _is_dropped(stage: Stage) -> NDArray[np.bool_]:
    """bool ``[d]``: the columns that were empty when fitted and aren't kept (always, before 1.2)."""
    if stage.get("keep_empty_features", False):
        return np.zeros(len(stage.statistics_), bool)
    return np.array([categories.is_nan_or_none(value) for value in stage.statistics_], bool)


def _imputer_edges(stage: Stage) -> Mapping[int, Any]:
    marker = stage.get("missing_values", np.nan)
    return {} if _marks_nan(stage) else {i: [marker] for i in range(len(stage.statistics_))}


class Group(NamedTuple):
    """The text columns or the number columns: positions, values and where they are missing ``[N, k]``.

    ``check`` is what native refuses in them, ``risky`` whether that can occur at all.
    """

    where: list[int]
    values: Var
    missing: Var
    check: Check
    risky: bool


def _groups(stage: Stage, x: Table) -> list[Group]:
    found = []
    for _, where in categories.split(categories.text_columns(x)):
        part = x.take(where)
        # Floats for mean and median (no text is), else as it is.
        as_it_is = stage.get("strategy") in ("most_frequent", "constant", None)
        if as_it_is:
            _refuse_odd(stage, part)
        values = part.matrix() if as_it_is else floating(part)
        gone = missing.is_missing(values, _marker(stage, values))
        found.append(Group(where, values, gone, _check(stage, part), part.risky))
    return found


@converts("sklearn.impute.SimpleImputer", columns=_imputer_columns, edges=_imputer_edges)
def simple_imputer(stage: Stage, x: Table) -> Table:
    """Missing values replaced by their column's statistic; indicators of what was missing behind."""
    groups, dropped = _groups(stage, x), _is_dropped(stage)
    kept = [i for group in groups for i in group.where if not dropped[i]]
    result = Table.join(_filled(stage, group) for group in groups).take(np.argsort(kept).tolist())
    indicator = stage.get("indicator_")
    if not isinstance(indicator, Record) or not len(indicator.get("features_")):
        return result
    found = _indicators(groups, indicator.get("features_"))
    return Table.join([result, Table.of(found if result.has_strings else cast(found, result.dtype()))])


def _filled(stage: Stage, group: Group) -> Table:
    """The kept columns of a group, filled."""
    dropped = _is_dropped(stage)[group.where]
    values, check, kept = group.values, group.check, np.flatnonzero(~dropped)
    if dropped.any():  # what they hold is checked all the same
        values, check = guarded(stage.context, values, check), Check.NOTHING
    fill = [stage.statistics_[group.where[i]] for i in kept]
    if any(isinstance(value, Record) for value in fill):
        raise stage.unsupported(f"fills with {next(v.kind for v in fill if isinstance(v, Record))} objects")
    values = take_columns(values, kept)
    if is_string(values) and not all(isinstance(value, str) for value in fill):
        raise stage.unsupported("fills a text column that was empty with a number")
    marker = _marker(stage, values)
    if missing.fillable(values, marker):
        values = missing.filled(values, take_columns(group.missing, kept), np.array(fill), marker)
    return Table.of(values, finite=not group.risky and not is_string(values), owes=check)


def _indicators(groups: Sequence[Group], features: Sequence[int]) -> Var:
    """bool ``[N, len(features)]``: where the given columns are missing."""
    where = np.argsort([i for group in groups for i in group.where])
    return take_columns(concat([group.missing for group in groups], 1), where[list(features)])


@converts("sklearn.impute.MissingIndicator")
def missing_indicator(stage: Stage, x: Table) -> Table:
    """bool: where the chosen features are missing; refuses missing values where none were fitted."""
    groups = [_guarded(stage, group) for group in _groups(stage, x)]
    features = [int(i) for i in stage.features_]
    found = _indicators(groups, features)
    others = [i for i in range(x.width) if i not in features]
    if stage.features == "missing-only" and stage.error_on_new and others:
        found = refuse(stage.context, found, _indicators(groups, others))
    return Table.of(found)


def _guarded(stage: Stage, group: Group) -> Group:
    """The group with its values checked before it is asked what is missing."""
    values = guarded(stage.context, group.values, group.check)
    return group._replace(values=values, missing=missing.is_missing(values, _marker(stage, values)))
