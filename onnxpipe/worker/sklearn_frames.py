"""Columns as the data frame that an estimator was fitted on: pandas' or, where days are counted, polars'."""

from __future__ import annotations

from typing import Any, Mapping

import numpy as np

_DAYS = np.dtype("M8[D]")
"""What polars counts dates in, and pandas has no room for."""


def frame(columns: Mapping[str, Any]) -> Any:
    """A data frame of the columns ``[N]``, in their order."""
    of_polars = any(value.dtype == _DAYS for value in columns.values())
    return _of_polars(columns) if of_polars else _of_pandas(columns)


def _of_pandas(columns: Mapping[str, Any]) -> Any:
    import pandas as pd

    held = {name: pd.Series(value, dtype=value.dtype) for name, value in columns.items()}
    return pd.DataFrame(held, columns=list(columns))


def _of_polars(columns: Mapping[str, Any]) -> Any:
    import polars as pl

    return pl.DataFrame({name: pl.Series(name, _known(value)) for name, value in columns.items()})


def _known(value: Any) -> Any:
    """A column as polars takes it: missing text is None there, and it knows no seconds."""
    if value.dtype.kind == "O":
        return [None if isinstance(cell, float) else cell for cell in value.tolist()]
    in_seconds = value.dtype.kind in "mM" and value.dtype.str.endswith("[s]")
    return value.astype(value.dtype.str.replace("[s]", "[ms]")) if in_seconds else value
