"""What a fitted estimator answers to plain rows, and what it refuses: types for a graph that a peer made."""

from __future__ import annotations

import sys
from typing import Any, Dict, List, Mapping, Optional, Sequence

import numpy as np

recording = sys.modules["_onnxpipe_recording"]

Inputs = Sequence[Mapping[str, Any]]
"""``{"name", "dtype", "columns"}`` of each matrix that arrives, ``columns`` being its columns' names."""


def behaviour(estimator: Any, inputs: Inputs, wanted: Sequence[str]) -> Dict[str, Any]:
    """The types and shapes of the answers, and which values the estimator refuses.

    ``{"answers": {method: [dtype, shape without rows]}, "refuses": "nothing" | "infinite" | "nonfinite"}``;
    empty answers where it doesn't take such rows.
    """
    table = next((made for made in tables(estimator, inputs, 0.0) if accepted(estimator, wanted, made)), None)
    if table is None:
        return {"answers": {}, "refuses": "nothing"}
    found = {m: recording.outputs(m, getattr(estimator, m)(table)) for m in wanted if hasattr(estimator, m)}
    spec = {n: [kind(a), list(a.shape[1:])] for parts in found.values() for n, a in parts.items()}
    return {"answers": spec, "refuses": refused(estimator, inputs, wanted, type(table))}


def refused(estimator: Any, inputs: Inputs, wanted: Sequence[str], shape: type) -> str:
    """Whether the estimator refuses NaN, infinity or neither."""
    for value, name in ((np.nan, "nonfinite"), (np.inf, "infinite")):
        for table in tables(estimator, inputs, value):
            if isinstance(table, shape) and not accepted(estimator, wanted, table):
                return name
    return "nothing"


def accepted(estimator: Any, wanted: Sequence[str], table: Any) -> bool:
    """Whether the estimator answers."""
    try:
        for method in wanted[:1]:
            getattr(estimator, method)(table)
    except Exception:
        return False
    return True


def tables(estimator: Any, inputs: Inputs, value: float) -> List[Any]:
    """Two rows of one value, as a matrix and as a data frame; what the estimator was fitted on first."""
    parts = [filled(each, value) for each in inputs]
    matrix = parts[0] if len(parts) == 1 else np.concatenate([p.astype(object) for p in parts], axis=1)
    frame = framed(inputs, parts)
    made = [matrix] if frame is None else [matrix, frame]
    return made[::-1] if hasattr(estimator, "feature_names_in_") else made


def filled(each: Mapping[str, Any], value: float) -> Any:
    """``[2, d]`` of a value where the type has it, else of zeros or an empty text."""
    shape = (2, len(each["columns"]))
    if each["dtype"] == "string":
        return np.full(shape, "", dtype=object)
    return np.full(shape, value if each["dtype"].startswith("float") else 0, dtype=each["dtype"])


def framed(inputs: Inputs, parts: Sequence[Any]) -> Optional[Any]:
    """The parts side by side under their columns' names."""
    try:
        import pandas as pd
    except ImportError:
        return None
    named = [pd.DataFrame(part, columns=each["columns"]) for each, part in zip(inputs, parts)]
    return pd.concat(named, axis=1)


def kind(array: Any) -> str:
    """The dtype's name; text is ``string``."""
    return "string" if array.dtype.kind in "OUS" else str(array.dtype.name)
