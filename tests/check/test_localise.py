"""Stages that introduce a difference are told from those that pass it on; graphs are cut to do so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import joblib
import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import onnxpipe
from onnxpipe.check.compare import Tolerance
from onnxpipe.check.localise import culprit, localise
from onnxpipe.check.runtimes.graph import Graph, GraphRefused, subgraph, tapped
from onnxpipe.core.fragment import Fragment
from onnxpipe.errors import NativeFailed, Unreadable
from tests import datasets
from tests.faults import held

pytestmark = pytest.mark.usefixtures("inhouse")

ROWS, TARGET = datasets.load("binary")
PIPELINE = make_pipeline(StandardScaler(), StandardScaler(), LogisticRegression()).fit(ROWS, TARGET)
MODEL = onnxpipe.convert(PIPELINE)
FIRST, SECOND, LAST = (
    f"Pipeline/{name}" for name in ("standardscaler-1", "standardscaler-2", "logisticregression")
)


def native(rows: Any, wanted: Any) -> Any:
    """What a worker would tell, asked of the pipeline itself."""
    x, records = rows["X"], {}
    for path, step in zip((FIRST, SECOND, LAST), (s for _, s in PIPELINE.steps), strict=True):
        methods = [m for m in wanted.get(path, ()) if hasattr(step, m)]
        records[path] = ([x], {m: getattr(step, m)(x) for m in methods})
        x = step.transform(x) if hasattr(step, "transform") else x
    return records, ""


def doubled(*names: str) -> onnx.ModelProto:
    model = onnx.ModelProto()
    model.CopyFrom(MODEL)
    for tensor in model.graph.initializer:
        if tensor.name in names:
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor) * 2 + 1, tensor.name))
    return model


def spread(path: str) -> str:
    node = next(n for n in MODEL.graph.node if n.op_type == "Div" and n.output[0].startswith(path))
    return held(MODEL, node.input[1])


@pytest.mark.parametrize(
    ("faulty", "statuses"),
    [
        ([], ["equal", "equal", "equal"]),
        ([FIRST], ["introduces", "propagates", "propagates"]),
        ([SECOND], ["equal", "introduces", "propagates"]),
        ([FIRST, SECOND], ["introduces", "introduces", "propagates"]),
    ],
)
def test_who_introduces_and_who_propagates(faulty: list[str], statuses: list[str]) -> None:
    model = doubled(*map(spread, faulty))
    found = {f.path: f for f in localise(model, {"X": ROWS[:5]}, native, Tolerance())}
    assert [found[path].status for path in (FIRST, SECOND, LAST)] == statuses
    blamed = culprit(list(found.values()))
    assert (blamed.path if blamed else None) == (faulty[0] if faulty else None)


def test_nothing_is_said_of_a_foreign_graph_or_a_silent_original() -> None:
    foreign = onnx.ModelProto()
    foreign.CopyFrom(MODEL)
    del foreign.metadata_props[:]
    assert localise(foreign, {"X": ROWS[:2]}, native, Tolerance()) == ()

    def silent(*_: Any) -> Any:
        raise NativeFailed("gone")

    assert localise(MODEL, {"X": ROWS[:2]}, silent, Tolerance()) == ()


def test_taps_show_values_between_stages() -> None:
    taps = {tap.path: tap for tap in Fragment.of(MODEL).taps}
    (name,) = taps[SECOND].answers["transform"]
    got = Graph(tapped(MODEL, [name, "nowhere", "predict"])).run({"X": ROWS}, [name])
    np.testing.assert_allclose(got[name], PIPELINE[:2].transform(ROWS), rtol=1e-12)


def test_a_piece_of_a_graph_runs_on_its_own() -> None:
    taps = {tap.path: tap for tap in Fragment.of(MODEL).taps}
    (source,), (target,) = taps[FIRST].answers["transform"], taps[SECOND].answers["transform"]
    piece = subgraph(MODEL, {source: ROWS}, [target])
    assert piece is not None
    got = Graph(piece).run({source: ROWS})
    np.testing.assert_allclose(got[target], PIPELINE.steps[1][1].transform(ROWS), rtol=1e-12)
    assert subgraph(MODEL, {}, [target]) is None


def test_refused_rows_do_not_hide_the_others() -> None:
    rows = ROWS[:9].copy()
    rows[4, 0] = np.nan
    graph = Graph(MODEL)
    with pytest.raises(GraphRefused):
        graph.run({"X": rows})
    told, refused = graph.each({"X": rows})
    assert list(refused) == [4]
    np.testing.assert_array_equal(told["predict"], PIPELINE.predict(np.delete(rows, 4, axis=0)))


def test_a_graph_that_cannot_be_opened_is_no_graph() -> None:
    broken = onnx.ModelProto()
    broken.CopyFrom(MODEL)
    broken.graph.node[0].op_type = "NoSuchOperator"
    with pytest.raises(Unreadable, match="can't open"):
        Graph(broken)


MANIFEST = """parts:
- {name: model, source: pipe.joblib}
- {name: best, component: sorted_probabilities, parameters: {top: 2}}
reference: whole:score
"""
WHOLE = """import joblib
import numpy as np

PIPE = joblib.load("pipe.joblib")


def score(rows):
    shares = PIPE.predict_proba(rows["X"])
    order = np.argsort(-shares, axis=1, kind="stable")[:, :2]
    best = {"labels": PIPE.classes_[order], "probabilities": np.take_along_axis(shares, order, 1)}
    return {**best, "model.predict_proba": shares, **{"best." + name: value for name, value in best.items()}}
"""


@pytest.mark.parametrize(("part", "kind"), [("model/Pipeline", "Concat"), ("best", "GatherElements")])
def test_a_joined_part_is_told_by_what_the_reference_says_of_it(
    part: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    joblib.dump(PIPELINE, "pipe.joblib")
    Path("whole.py").write_text(WHOLE)
    Path("pipeline.yaml").write_text(MANIFEST)
    model = onnxpipe.stitch("pipeline.yaml")
    assert onnxpipe.verify(model, "pipeline.yaml", ROWS, rows=0, trust=["whole.score"])
    node = next(n for n in model.graph.node if n.op_type == kind)
    value, node.output[0] = node.output[0], "faulty"
    model.graph.node.append(onnx.helper.make_node("Sqrt", ["faulty"], [value]))
    at = list(model.graph.node).index(node) + 1
    nodes = [*model.graph.node[:at], model.graph.node[-1], *model.graph.node[at:-1]]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    found = onnxpipe.verify(model, "pipeline.yaml", ROWS, rows=0, trust=["whole.score"])
    assert not found and found.culprit is not None and found.culprit.path == part
    assert found.culprit.status == "introduces"
