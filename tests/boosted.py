"""Rows of boosting libraries, and saved boosters held against the library."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from onnxpipe.check.compare import compare
from onnxpipe.core.options import Options
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import find
from onnxpipe.services.convert import conversion
from tests.harness import Case, open_session
from tests.rigs.sklearn import hostile_rows


class Boosted(Case):
    """A row whose estimator is shown without the dozens of parameters that are as they always are."""

    def __str__(self) -> str:
        estimator = self.estimator
        usual = type(estimator)().get_params()
        changed = {k: v for k, v in estimator.get_params().items() if repr(usual.get(k)) != repr(v)}
        shown = ", ".join(f"{name}={value}" for name, value in sorted(changed.items()))
        return f"{type(estimator).__name__}({shown})[{self.data}]"


def matrix(seed: int = 0, n: int = 400, missing: float = 0.1, categories: int = 0) -> Any:
    """Four columns with gaps; the last one of categories if there are to be any."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n, 4)) * [1, 10, 0.1, 3]
    if categories:
        rows[:, 3] = rng.integers(0, categories, n)
    rows[rng.random(rows.shape) < missing] = np.nan
    return rows


def target(rows: Any) -> Any:
    """A number that hangs on every column and on their gaps."""
    full = np.nan_to_num(rows, nan=0.3)
    return full @ [1, 0.2, 3, 0.5] + np.sin(3 * full[:, 0]) + (full[:, 3] % 3 == 1)


def edge_rows(stage: Stage, rows: Any) -> Any:
    """Rows on, one ulp below and one ulp above each value at which the answer changes, in the rows' dtype."""
    converter = find(stage.kind)
    assert converter is not None and converter.edges is not None
    made = []
    rng = np.random.default_rng(0)
    for column, values in converter.edges(stage).items():
        exact = np.unique(np.asarray(values)).astype(rows.dtype)
        for value in np.unique(
            [exact, *(np.nextafter(exact, rows.dtype.type(e)) for e in (-np.inf, np.inf))]
        ):
            row = rows[rng.integers(len(rows))].copy()
            row[column] = value
            made.append(row)
    return np.array(made).reshape(-1, rows.shape[1])


Ask = Callable[[Any], Mapping[str, Any]]


def conform(path: Path, rows: Any, ask: Ask, *, dtype: str = "native", has_edges: bool = True) -> None:
    """Assert that a saved booster's graph is sound and answers as the library (``ask``) everywhere."""
    outputs = tuple(ask(rows[:2]))
    options = Options(dtype=dtype, outputs=outputs)
    made, again = conversion(path, options), conversion(path, options)
    assert made.model.SerializeToString() == again.model.SerializeToString()
    onnx.checker.check_model(made.model, full_check=True)
    session = open_session(made.model)
    edges = edge_rows(made.plan.root, rows)
    assert bool(len(edges)) == has_edges
    odd = np.concatenate(hostile_rows(rows))
    for batch in (rows, rows[:1], rows[:2], odd, *([edges] if has_edges else [])):
        got = dict(zip(outputs, session.run(list(outputs), typed(session, batch)), strict=True))
        for verdict in compare(ask(batch), got):
            assert verdict.equal, f"{path.name}: {verdict}"
    none = session.run(list(outputs), typed(session, rows[:0]))
    assert [got.shape for got in none] == [(0, *want.shape[1:]) for want in ask(rows[:2]).values()]


def typed(session: Any, rows: Any) -> dict[str, Any]:
    """Rows in the dtype of a session's one input."""
    kinds = {"tensor(float)": np.float32, "tensor(double)": np.float64}
    return {"X": rows.astype(kinds[session.get_inputs()[0].type])}
