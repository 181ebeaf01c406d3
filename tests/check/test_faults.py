"""The judge is judged: planted faults are found, put down to their stage and shrunk; good pairs pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import onnx
import pytest
from onnx import numpy_helper

import onnxpipe
from onnxpipe.services.convert import adapter_of, artefact_of
from tests.faults import FAULTS, PIPELINES, Fault, columns, fitted, planted
from tests.faults.benching import Bench, Remembering
from tests.faults.planting import at, attribute, up

pytestmark = pytest.mark.usefixtures("inhouse")


@pytest.fixture(scope="module")
def bench() -> Iterator[Callable[[str], Bench]]:
    """The bench of a pipeline, made where a test asks for it."""
    made: dict[str, Bench] = {}

    def of(name: str) -> Bench:
        if name not in made:
            pipeline, rows = fitted(name)
            artefact = artefact_of(pipeline)
            kinds = ("native", "float32") if name in WITH_FLOAT32 else ("native",)
            models = {d: onnxpipe.convert(pipeline, sample=columns(rows), dtype=d) for d in kinds}
            made[name] = Bench(Remembering(artefact, adapter_of(artefact)), models, rows)
        return made[name]

    yield of
    for each in made.values():
        each.native.close()


WITH_FLOAT32 = ("mixed", "tree", "bins", "linear")
PAIRS = [(name, dtype) for name in PIPELINES for dtype in ("native", "float32")[: 1 + (name in WITH_FLOAT32)]]


def grouped(name: str) -> Any:
    """Tests of one pipeline share a worker, and so a process."""
    return pytest.mark.xdist_group(f"faults {name}")


@pytest.mark.parametrize("with_rows", [True, False], ids=["rows", "no rows"])
@pytest.mark.parametrize(
    ("name", "dtype"), [pytest.param(*pair, marks=grouped(pair[0]), id=" ".join(pair)) for pair in PAIRS]
)
def test_a_correct_pair_passes(bench: Callable[[str], Bench], name: str, dtype: str, with_rows: bool) -> None:
    made = bench(name)
    report = made.judged(made.models[dtype], rows=with_rows)
    assert report, str(report)


@pytest.mark.parametrize("fault", [pytest.param(f, marks=grouped(f.pipeline), id=f.name) for f in FAULTS])
def test_a_fault_is_found_localised_and_shrunk(
    bench: Callable[[str], Bench], fault: Fault, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = bench(fault.pipeline)
    broken = planted(fault, made.models[fault.dtype])
    report = made.judged(broken)
    assert not report
    assert report.culprit is not None, str(report)
    assert report.culprit.path == fault.stage, str(report)
    found = report.counterexample
    assert found is not None
    monkeypatch.chdir(tmp_path)
    assert not passes(found.test, made.models[fault.dtype], broken)
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


def negated_zero(model: onnx.ModelProto) -> None:
    """The sign of a zero in the factors of a product."""
    for node in model.graph.node:
        if node.op_type == "Mul":
            tensor = next(t for t in model.graph.initializer if t.name == node.input[1])
            tensor.CopyFrom(numpy_helper.from_array(-numpy_helper.to_array(tensor), tensor.name))


EQUIVALENT = {
    "linear": negated_zero,
    # LightGBM's zero, 1e-35: behind a scaler numbers near 0 are 1e-17 apart, and none is that small.
    "lightgbm": attribute("Pipeline/lgbmclassifier", "TreeEnsemble", "nodes_splits", at(0, up)),
}


@pytest.mark.parametrize("name", [pytest.param(name, marks=grouped(name)) for name in EQUIVALENT])
def test_a_fault_that_changes_no_answer_is_none(bench: Callable[[str], Bench], name: str) -> None:
    """No row tells it from the original, and it isn't called a fault."""
    made, same = bench(name), onnx.ModelProto()
    same.CopyFrom(made.models["native"])
    EQUIVALENT[name](same)
    assert same.SerializeToString() != made.models["native"].SerializeToString()
    assert made.judged(same)


@grouped("linear")
def test_labels_alone_are_tried_between_classes(bench: Callable[[str], Bench]) -> None:
    """A weight off by a millionth changes a label only where two classes nearly tie."""
    made = bench("linear")
    model = onnxpipe.convert(fitted("linear")[0], outputs=("predict",))
    nudged = onnx.ModelProto()
    nudged.CopyFrom(model)
    tensor = next(t for t in nudged.graph.initializer if numpy_helper.to_array(t).shape == (4, 3))
    weights = numpy_helper.to_array(tensor).copy()
    weights[0] *= 1 + 1e-5
    tensor.CopyFrom(numpy_helper.from_array(weights, tensor.name))
    assert made.judged(model)
    report = made.judged(nudged)
    assert not report
    assert report.culprit is not None and report.culprit.path.endswith("logisticregression")
