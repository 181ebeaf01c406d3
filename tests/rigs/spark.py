"""Spark in the harness: one local session fits and saves all cases, and answers through the worker's code."""

from __future__ import annotations

import inspect
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pyspark
import pytest
from packaging.version import Version

from onnxpipe.adapters.spark import columns, inputs
from onnxpipe.core.options import Options
from onnxpipe.core.plan import Plan
from onnxpipe.core.record import public_name
from onnxpipe.core.registry import discover, find
from onnxpipe.services.convert import conversion
from tests.harness import Case, attempt, cases, open_session
from tests.inhouse import program
from tests.rigs import spark_data


@dataclass(frozen=True)
class Lazy:
    """A stage yet to be made: pyspark can't make one without a session."""

    stage: type
    parameters: Mapping[str, Any]
    framework = "spark"

    def __repr__(self) -> str:
        told = ", ".join(f"{k}={v!r}" for k, v in self.parameters.items() if k not in _PLACES)
        return f"{self.stage.__name__}({told})"

    def made(self) -> Any:
        """The stage itself, in the session there is; some parameters can't be given when it is made."""
        known = inspect.signature(self.stage.__init__).parameters
        given = {name: _made(value) for name, value in self.parameters.items()}
        stage = self.stage(**{name: value for name, value in given.items() if name in known})
        for name, value in given.items():
            if name not in known:
                stage.set(stage.getParam(name), value)
        return stage


_PLACES = ("inputCol", "outputCol", "inputCols", "outputCols")


def lazy(stage: type, **parameters: Any) -> Lazy:
    """A pyspark stage with these parameters; without an input column it reads ``features``."""
    known = inspect.signature(stage.__init__).parameters
    usual = {"inputCol": "features", "outputCol": "out"}
    places = {k: v for k, v in usual.items() if k in known and not {k, f"{k}s"} & parameters.keys()}
    return Lazy(stage, {**places, **parameters})


def _made(value: Any) -> Any:
    if isinstance(value, Lazy):
        return value.made()
    return [_made(each) for each in value] if isinstance(value, list) else value


def kinds(case: Case) -> tuple[str, ...]:
    """The public names of the models that a case's stages become, the stages of pipelines included."""
    return tuple(_kinds(case.estimator))


def _kinds(stage: Lazy) -> Iterator[str]:
    name = f"{public_name(stage.stage.__module__, stage.stage.__qualname__)}"
    if name.endswith(".pipeline.Pipeline"):
        yield "pyspark.ml.PipelineModel"
    elif name.endswith(".LDA"):
        distributed = stage.parameters.get("optimizer") == "em"
        yield f"pyspark.ml.clustering.{'Distributed' if distributed else 'Local'}LDAModel"
    else:
        yield model_of(stage.stage)
    for value in stage.parameters.values():
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, Lazy):
                yield from _kinds(inner)


def model_of(stage: type) -> str:
    """The public name of the model that a stage becomes; a transformer's is its own."""
    if stage.__name__ == "QuantileDiscretizer":
        return "pyspark.ml.feature.Bucketizer"
    name = re.sub(r"Classifier$", "Classification", re.sub(r"Regressor$", "Regression", stage.__name__))
    known = vars(sys.modules[stage.__module__])
    models = (f"{each}Model" for each in (name, stage.__name__))
    return f"{stage.__module__}.{next((each for each in models if each in known), stage.__name__)}"


@cache
def native() -> Any:
    """The worker's module that asks Spark, in this process. Skips the test where there is no Java."""
    return program().sibling("spark_native")


def main() -> Any:
    """The worker's main module, in this process."""
    return program()


@cache
def session() -> Any:
    """The one session of a test run. Skips the test where there is no Java."""
    try:
        return native().session()
    except ModuleNotFoundError as error:
        pytest.skip(str(error))


@cache
def _home() -> Path:
    """Where cases are saved; gone when the run ends."""
    import atexit

    folder = Path(tempfile.mkdtemp(prefix="onnxpipe-spark-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@dataclass(frozen=True)
class Saved:
    """A fitted model, its file, and the data frame it was fitted on."""

    model: Any
    path: Path
    given: Any

    @cached_property
    def adds(self) -> tuple[str, ...]:
        """Every column that the model adds."""
        after = native().through(native().steps(self.model), self.given)
        return tuple(name for name in after.columns if name not in self.given.columns)


_saved: dict[str, Saved] = {}


def _fitted(estimator: Lazy, data: str) -> Saved:
    """A stage fitted on a dataset and saved, once for all dtypes."""
    key = f"{estimator.stage} {estimator.parameters} {data}"
    if key not in _saved:
        given = _given(data)
        stage = estimator.made()
        model = stage.fit(given) if hasattr(stage, "fit") else stage
        path = Path(tempfile.mkdtemp(dir=_home())) / "saved"
        model.write().save(f"file://{path}")
        if estimator.stage.__module__ in _FORGETFUL or any(estimator is first for first in _firsts()):
            model = type(model).load(f"file://{path}")
        _saved[key] = Saved(model, path, given)
    return _saved[key]


_FORGETFUL = ("pyspark.ml.clustering", "pyspark.ml.recommendation")
"""Where a loaded model may answer otherwise than the fitted one: KMeans forgets its measure, and ALS joins
tables of a size that isn't known."""


@cache
def _firsts() -> list[Lazy]:
    """The first row of each kind, which is asked as its file gives it back."""
    return list({case.kind: case.estimator for case in reversed(cases("spark"))}.values())


@cache
def _given(data: str) -> Any:
    """A dataset as the data frame that stages are fitted on."""
    given = native().frame(session(), None, spark_data.load(data))
    for column, told in spark_data.ATTRIBUTES.get(data, {}).items():
        given = given.withMetadata(column, {"ml_attr": told})
    return given


def trial(case: Case, dtype: str) -> Fitted:
    """The case fitted and saved."""
    return Fitted(case, dtype)


def installed(version: str) -> bool:
    """Whether pyspark is at least of this version ("4.0")."""
    return Version(pyspark.__version__) >= Version(version)


class Fitted:
    """A model that Spark fitted and saved."""

    def __init__(self, case: Case, dtype: str) -> None:
        session()
        data = case.data or fitting(case.estimator)
        saved = _fitted(case.estimator, data)
        self.case, self.dtype, self.model, self.source = case, dtype, saved.model, saved.path
        self.rows = _in_dtype(spark_data.load(data), dtype)
        self.sample = self.rows
        self.wanted = () if case.refused else saved.adds

    def edges(self, plan: Plan) -> Any:
        """Its own rows alone: Spark may refuse an edge, so each is a batch of its own."""
        return self.rows

    def hostile(self, plan: Plan) -> Sequence[Any]:
        """Rows at the edges of stages, and rows with odd values in each column that is read."""
        names = [port.name for port in plan.inputs if port is not None]
        odd = [(n, j, value) for n in names for j, value in self._odd(n)]
        return [*_edge_rows(plan, self.rows), *(_with(self.rows, *each) for each in odd)]

    def _odd(self, name: str) -> Iterator[tuple[int, Any]]:
        """Odd values by places in a column; a missing text only where it can be told from an empty one."""
        if name != spark_data.FREE_TEXT:
            yield from _odd(self.rows[name], self.case)
        elif self.case.options.get("missing_string"):
            yield 0, None
        else:
            yield from ((0, text) for text in spark_data.ODD_TEXTS)

    def head(self, rows: Any, n: int) -> Any:
        return _take(rows, slice(0, n))

    def feeds(self, session: ort.InferenceSession, rows: Any) -> dict[str, Any]:
        gap = self.case.options.get("missing_string", "")
        return {port.name: _fed(rows[port.name], port.type, gap) for port in session.get_inputs()}

    def natively(self, batches: Sequence[Any], doubtful: Sequence[int]) -> Iterator[Mapping[str, Any] | None]:
        """The first three batches are its own rows, all others one row each: they are asked as one."""
        if self.dtype == "float32" and not self._reads_floats():
            yield from self._as_doubles(batches)
            return
        parts = [batches[0], *batches[3:]]
        joined = {name: np.concatenate([part[name] for part in parts]) for name in self.rows}
        own = _length(self.rows)
        apart = [own + i - 3 for i in doubtful if i >= 3]
        found, gone = native().each((self.model, session()), joined, list(self.wanted), [], apart)
        assert all(row >= own for row, _ in gone), f"{self.case}: Spark refuses its own rows: {gone[0][1]}"
        yield from (_clean(_take(found, slice(0, _length(part)))) for part in batches[:3])
        refused, answers = dict(gone), iter(range(own, len(joined[next(iter(joined))])))
        for row in range(own, own + len(batches) - 3):
            yield None if row in refused else _clean(_take(found, [next(answers)]))

    def _reads_floats(self) -> bool:
        """Whether it may read a column that Spark has floats for."""
        read = [native().read(step) for step in native().steps(self.model)]
        names = self.rows if [] in read else {name for each in read for name in each if name in self.rows}
        return any(self.rows[name].dtype.kind == "f" and _width(self.rows[name]) == 1 for name in names)

    def _as_doubles(self, batches: Sequence[Any]) -> Iterator[Mapping[str, Any] | None]:
        """What the graph for doubles answers: vectors of floats are doubles to Spark, and those the other
        run compares with it.
        """
        options = Options(**{"outputs": self.wanted, **self.case.options})
        doubles = {n: v.astype(np.float64) if v.dtype.kind == "f" else v for n, v in self.sample.items()}
        opened = open_session(conversion(self.source, options, sample=doubles).model)
        yield from (attempt(opened, self, batch) for batch in batches)


def _clean(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Answers with missing text as the empty text that graphs have in its place."""
    return {n: np.where(np.equal(v, None), "", v) if v.dtype == object else v for n, v in answers.items()}


def fitting(estimator: Lazy) -> str:
    """The dataset that a stage of its kind is fitted on."""
    if "inputCols" in estimator.parameters:
        return "frame"
    return "regression" if ".regression" in estimator.stage.__module__ else "vectors"


def _in_dtype(rows: Mapping[str, Any], dtype: str) -> dict[str, Any]:
    single = np.float32 if dtype == "float32" else np.float64
    return {n: v.astype(single) if v.dtype.kind == "f" else v for n, v in rows.items()}


def _take(rows: Mapping[str, Any], which: Any) -> dict[str, Any]:
    return {name: value[which] for name, value in rows.items()}


def _length(rows: Mapping[str, Any]) -> int:
    return len(next(iter(rows.values())))


_DTYPES = {"tensor(double)": "f8", "tensor(float)": "f4", "tensor(int64)": "i8", "tensor(bool)": "?"}


def _fed(column: Any, kind: str, gap: str) -> Any:
    column = column[:, None] if column.ndim == 1 else column
    if kind != "tensor(string)":
        return column.astype(_DTYPES[kind])
    return np.where(np.equal(column, None), gap if column.shape[1] == 1 else "", column).astype(object)


def _edge_rows(plan: Plan, rows: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """One row on, and one ulp to either side of, each edge of a stage whose columns are sources."""
    discover("onnxpipe.adapters.spark")
    rng = np.random.default_rng(0)
    for stage in inputs.leaves(plan.root):
        converter, names = find(stage.kind), columns.reads(stage)
        if converter is None or converter.edges is None:
            continue
        cells = [(name, j) for name in names if name in rows for j in range(_width(rows[name]))]
        for feature, values in converter.edges(stage).items():
            if feature < len(cells):
                name, j = cells[feature]
                for value in _around(values, rows[name]):
                    row = _take(rows, [int(rng.integers(_length(rows)))])
                    row[name][(0, j) if row[name].ndim == 2 else 0] = value
                    yield row


def _width(column: Any) -> int:
    return column.shape[1] if column.ndim == 2 else 1


def _around(values: Any, column: Any) -> list[Any]:
    array = np.asarray(values)
    if column.dtype.kind == "O":
        return [value for value in array.tolist() if isinstance(value, str)]
    if array.dtype.kind in "OU":
        return []
    if column.dtype.kind != "f":
        return (
            [v for v in np.unique(array) if np.isfinite(v) and v == int(v)]
            if column.dtype.kind == "i"
            else []
        )
    exact = np.unique(array[np.isfinite(array)]).astype(column.dtype)[:24]
    low, high = (np.nextafter(exact, column.dtype.type(side)) for side in (-np.inf, np.inf))
    return [*low, *exact, *high]


def _odd(column: Any, case: Case) -> Iterator[tuple[int, Any]]:
    if column.dtype.kind == "O":
        yield from ((0, value) for value in (None, "unseen", "Zoë"))
    if column.dtype.kind == "f":
        infinities = () if case.finite else (np.inf, -np.inf)
        for j in range(_width(column))[:4]:
            yield from ((j, value) for value in (np.nan, *infinities, -0.0, case.huge))


def _with(rows: Mapping[str, Any], name: str, j: int, value: Any) -> dict[str, Any]:
    row = _take(rows, [0])
    row[name][(0, j) if row[name].ndim == 2 else 0] = value
    return row
