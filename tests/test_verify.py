"""The judge is judged: planted faults are found, put down to their stage and shrunk; good pairs pass."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import onnx
import pandas as pd
import pytest

import onnxpipe
from onnxpipe.check.report import Report
from onnxpipe.services.convert import adapter_of, artefact_of
from onnxpipe.services.native import Native
from onnxpipe.services.trial import Trial
from tests.faults import FAULTS, PIPELINES, Fault, fitted, planted

BUDGET = 500
Bench = tuple[Native, dict[str, onnx.ModelProto], Any]


def sample(rows: Any) -> Any:
    return {c: rows[c].to_numpy() for c in rows.columns} if isinstance(rows, pd.DataFrame) else None


@pytest.fixture(scope="module")
def benches() -> Iterator[dict[str, Bench]]:
    """Per pipeline one worker, the models by dtype, and the rows it was fitted on."""
    made: dict[str, Bench] = {}
    for name in PIPELINES:
        pipeline, rows = fitted(name)
        artefact = artefact_of(pipeline)
        models = {d: onnxpipe.convert(pipeline, sample=sample(rows), dtype=d) for d in ("native", "float32")}
        made[name] = (Native(artefact, adapter_of(artefact)), models, rows)
    yield made
    for native, _, _ in made.values():
        native.close()


def judged(model: onnx.ModelProto, native: Native, rows: Any, budget: int = BUDGET) -> Report:
    return Trial(model, native, {}, {}).report(rows, budget=budget, seed=0, model="model.onnx")


@pytest.mark.parametrize("dtype", ["native", "float32"])
@pytest.mark.parametrize("with_rows", [True, False], ids=["rows", "no rows"])
@pytest.mark.parametrize("name", PIPELINES)
def test_a_correct_pair_passes(benches: dict[str, Bench], name: str, with_rows: bool, dtype: str) -> None:
    native, models, rows = benches[name]
    report = judged(models[dtype], native, rows if with_rows else None)
    assert report, str(report)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_found_localised_and_shrunk(
    benches: dict[str, Bench], fault: Fault, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    native, models, rows = benches[fault.pipeline]
    broken = planted(fault, models[fault.dtype])
    report = judged(broken, native, rows)
    assert not report
    assert report.culprit is not None, str(report)
    assert report.culprit.path == fault.stage, str(report)
    found = report.counterexample
    assert found is not None
    monkeypatch.chdir(tmp_path)
    assert not passes(found.test, models[fault.dtype], broken)
    if fault.cells is not None:
        assert len(found.cells) <= fault.cells, str(report)


def passes(test: str, good: onnx.ModelProto, broken: onnx.ModelProto) -> bool:
    """Whether a pasted test passes on the broken model; on the good one it has to."""
    space: dict[str, Any] = {}
    exec(test, space)
    onnx.save(good, "model.onnx")
    space["test_counterexample"]()
    onnx.save(broken, "model.onnx")
    try:
        space["test_counterexample"]()
    except BaseException:
        return False
    return True
