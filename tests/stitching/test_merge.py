"""Joined graphs answer what their parts answer one after another."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import onnxpipe
from onnxpipe.errors import BadManifest
from tests import datasets
from tests.graphs import graph, joined, run, staged

ROWS = np.array([[1.0, -2.0], [3.0, 0.5], [-0.0, 4.0]], "f4")
ONE_TWO = np.array([1, 2], "f4")
PLUS = "g (float[N,2] x) => (float[N,2] y) <float[2] w = {1, 2}> { y = Add(x, w) }"
TIMES = "g (float[N,2] x) => (float[N,2] y) <float[2] w = {3, 4}> { y = Mul(x, w) }"


def assert_as_staged(models: list[onnx.ModelProto], feeds: dict[str, Any]) -> onnx.ModelProto:
    made = joined(*models).fragment.model
    before = staged(models, feeds)
    for name, value in run(made, feeds).items():
        np.testing.assert_array_equal(value, before[name])
    return made


IF = """g (float[N,2] x, bool up) => (float[N,2] z) <float[1] w = {%s}> {
  y = Add(x, w)
  z = If(up) <then_branch = t () => (float[N,2] s) { s = Mul(y, w) },
              else_branch = e () => (float[N,2] s) { s = Sub(x, w) }>
}"""
LOOP = """g (float[N,2] x) => (float[N,2] z) <int64 n = {3}, bool go = {1}, float[1] w = {%s}> {
  z = Loop(n, go, x) <body = b (int64 i, bool c, float[N,2] v) => (bool d, float[N,2] u) {
    d = Identity(c)
    u = Add(v, w)
  }>
}"""
SCAN = """g (float[N,2] x) => (float[N,2] z) <float[1] w = {%s}, float[2] start = {0, 0}> {
  last, z = Scan <num_scan_inputs = 1, body = b (float[2] s, float[2] row) => (float[2] t, float[2] o) {
    t = Add(s, row)
    o = Mul(t, w)
  }> (start, x)
}"""


@pytest.mark.parametrize("body", [LOOP, SCAN], ids=["Loop", "Scan"])
def test_bodies_keep_what_they_capture(body: str) -> None:
    assert_as_staged([graph(body % 2), graph(body % 5)], {"x": ROWS})


@pytest.mark.parametrize("up", [True, False])
def test_branches_keep_what_they_capture(up: bool) -> None:
    first, second = (
        graph(IF % 2),
        graph((IF % 5).replace("float[N,2] x", "float[N,2] z0").replace("x,", "z0,")),
    )
    made = joined(first, second, wires=["a.z=b.z0", "input.up=a.up", "input.up=b.up"]).fragment.model
    feeds = {"x": ROWS, "up": np.array(up)}
    middle = run(first, feeds)["z"]
    np.testing.assert_array_equal(run(made, feeds)["z"], run(second, {"z0": middle, "up": np.array(up)})["z"])
    assert [value.name for value in made.graph.input] == ["x", "up"]


def test_equal_names_and_constants() -> None:
    made = assert_as_staged([graph(PLUS), graph(TIMES), graph(PLUS)], {"x": ROWS})
    assert len(made.graph.initializer) == 2
    assert [node.op_type for node in made.graph.node] == ["Add", "Mul", "Add"]


FUNCTION = """g (float[N,2] x) => (float[N,2] y) { y = own.F(x) }
  <domain: "own", opset_import: ["" : 21]> F (v) => (u) { w = Constant <value = float[1] {%s}> ()
  u = Add(v, w) }"""


def test_functions_of_one_name() -> None:
    one, two = (graph(FUNCTION % v, domains={"own": 1}) for v in (2, 5))
    made = assert_as_staged([one, two, one], {"x": ROWS})
    assert sorted(f.name for f in made.functions) == ["F", "F_b"]


def test_a_function_does_not_stand_in_for_an_operator_of_the_runtime() -> None:
    function = graph(FUNCTION % 2, domains={"own": 1})
    operator = graph("g (float[N,2] y) => (float[N,2] z) { z = own.F(y) }", domains={"own": 1})
    made = joined(function, operator).fragment.model
    assert [f.name for f in made.functions] == ["F_a"]
    assert [node.op_type for node in made.graph.node] == ["F_a", "F"]


def test_sizes_of_one_name_stay_two_unless_they_meet() -> None:
    rows = "g (float[N,k] x) => (float[m,k] y) <bool[2] keep = {1, 0}> { y = Compress <axis = 0> (x, keep) }"
    cols = "g (float[m,k] v) => (float[k,m] z) { z = Transpose <perm = [1, 0]> (v) }"
    made = joined(graph(rows), graph(cols)).fragment.model
    sizes = [d.dim_param for d in made.graph.output[0].type.tensor_type.shape.dim]
    assert sizes == ["k", "m"]
    other = "g (float[N,j] v, float[k,N] u) => (float[j,N] z, float[k,N] w) { z = Transpose(v) w = Neg(u) }"
    made = joined(graph(rows), graph(other), wires=["a.y=b.v"]).fragment.model
    shapes = {v.name: [d.dim_param for d in v.type.tensor_type.shape.dim] for v in made.graph.output}
    assert shapes == {"z": ["k", "m"], "w": ["b.k", "m"]}


def test_rows_that_were_picked_are_no_batch() -> None:
    rows = "g (float[N,2] x) => (float[m,2] y) <bool[2] keep = {1, 0}> { y = Compress <axis = 0> (x, keep) }"
    made = joined(graph(rows), graph(PLUS), outputs=["b.y", "a.y2=b.y"]).fragment.model
    sizes = [v.type.tensor_type.shape.dim[0].dim_param for v in (made.graph.input[0], made.graph.output[0])]
    assert sizes == ["N", "m"]


def test_a_fixed_batch_makes_all_fixed() -> None:
    made = joined(graph(PLUS), graph("g (float[1,2] y) => (float[1,2] z) { z = Neg(y) }")).fragment.model
    assert made.graph.input[0].type.tensor_type.shape.dim[0].dim_value == 1


def test_saved_pipelines_and_taps() -> None:
    rows, target = datasets.load("labels")
    scale = StandardScaler().fit(rows)
    pipe = make_pipeline(StandardScaler(), LogisticRegression()).fit(scale.transform(rows), target)
    models = [onnxpipe.convert(scale), onnxpipe.convert(pipe)]
    made = joined(*models)
    got = run(made.fragment.model, {"X": rows})
    np.testing.assert_array_equal(got["predict"], pipe.predict(scale.transform(rows)))
    np.testing.assert_allclose(got["predict_proba"], pipe.predict_proba(scale.transform(rows)), rtol=1e-9)
    values = {n for node in made.fragment.model.graph.node for n in node.output} | {"X"}
    assert {tap.path.partition("/")[0] for tap in made.fragment.taps} == {"a", "b"}
    for tap in made.fragment.taps:
        assert {name for name, _ in tap.inputs} <= values
        assert {name for names in tap.answers.values() for name in names} <= values
    stages = {p.value for node in made.fragment.model.graph.node for p in node.metadata_props}
    assert "b/Pipeline/logisticregression" in stages
    keys = {p.key for p in made.fragment.model.metadata_props}
    assert {"io.onnxpipe.parts.a.framework", "io.onnxpipe.parts.b.classes"} <= keys


def noted(body: str, **told: str) -> onnx.ModelProto:
    """A graph with entries of ours in its metadata."""
    model: onnx.ModelProto = graph(body)
    for key, value in told.items():
        model.metadata_props.add(key=f"io.onnxpipe.{key}", value=value)
    return model


def test_the_whole_knows_what_its_inputs_are() -> None:
    days = "g (int64[N,1] day, string[N,1] word, float[N,k] x) => (float[N,k] y) { y = Neg(x) }"
    first = noted(days, units='{"day": "datetime64[D]"}', sizes='{"k": 7}', missing_string="NA", single="a,b")
    other = noted("g (float[M,j] y, string[M,1] text) => (float[M,j] z) { z = Abs(y) }", missing_string="NA")
    made = joined(first, other).fragment
    assert {port.name: port.unit for port in made.signature.inputs}["day"] == "datetime64[D]"
    told = {prop.key.removeprefix("io.onnxpipe."): prop.value for prop in made.model.metadata_props}
    assert (told["sizes"], told["missing_string"], told["single"]) == ('{"k": 7}', "NA", "a/a,a/b")
    assert told["parts.a.missing_string"] == "NA"
    plain = noted("g (float[M,j] y, string[M,1] text) => (float[M,j] z) { z = Abs(y) }")
    with pytest.raises(BadManifest, match="'NA' in a, '' in b"):
        joined(first, plain)


def test_skl2onnx_export_between_ours() -> None:
    from skl2onnx import to_onnx

    rows, target = datasets.load("classes")
    rows = rows.astype("f4")
    scale, forest = StandardScaler().fit(rows), RandomForestClassifier(5, random_state=0)
    forest.fit(scale.transform(rows), target)
    foreign = to_onnx(forest, rows, options={"zipmap": False})
    assert [entry.domain for entry in foreign.opset_import].count("") == 2
    ours = onnxpipe.convert(scale, dtype="float32")
    made = joined(ours, foreign).fragment.model
    got = run(made, {"X": rows})
    np.testing.assert_array_equal(
        got["label"], run(foreign, {"X": run(ours, {"X": rows})["transform"]})["label"]
    )
    assert {entry.domain: entry.version for entry in made.opset_import} == {"": 22, "ai.onnx.ml": 1}


@pytest.mark.slow
@pytest.mark.xdist_group("torch")
@pytest.mark.filterwarnings("ignore")
def test_what_torch_exports_with_branches_may_be_a_part_twice() -> None:
    torch = pytest.importorskip("torch")

    class Net(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.up, self.down = torch.nn.Linear(4, 3), torch.nn.Linear(4, 3)

        def forward(self, x: Any) -> Any:
            made = torch.cond(x.sum() > 0, self.up.forward, self.down.forward, (x,))
            return torch.nn.functional.gelu(made)

    torch.manual_seed(0)
    net, x = Net().eval(), torch.randn(5, 4)
    exported = torch.onnx.export(
        net, (x,), dynamo=True, optimize=False, opset_version=18, verbose=False, input_names=["x"],
        output_names=["y"], dynamic_shapes=({0: torch.export.Dim.DYNAMIC},),
    ).model_proto  # fmt: skip
    assert "If" in {node.op_type for node in exported.graph.node}
    between = graph(
        "g (float[N,3] y) => (float[N,4] x) <float[3,4] w = {1,2,3,4,5,6,7,8,9,1,2,3}> { x = MatMul(y, w) }"
    )
    whole = onnxpipe.stitch([exported, between, exported, "softmax"])
    weights = torch.tensor([[1.0, 2, 3, 4], [5, 6, 7, 8], [9, 1, 2, 3]])
    for rows in (x, -x, x[:1], x[:0]):
        (got,) = run(whole, {"x": rows.numpy()}).values()
        native = torch.softmax(net(net(rows) @ weights), 1).detach().numpy()
        np.testing.assert_allclose(got, native, rtol=1e-5, atol=1e-6)


def test_constants_that_double_as_inputs() -> None:
    old = graph("g (float[N,2] x) => (float[N,2] y) <float[2] w = {1, 2}> { y = Add(x, w) }", opset=13, ir=7)
    old.graph.input.append(helper.make_tensor_value_info("w", TensorProto.FLOAT, [2]))
    made = joined(old, graph(TIMES)).fragment.model
    assert [value.name for value in made.graph.input] == ["x"]
    np.testing.assert_array_equal(run(made, {"x": ROWS})["y"], (ROWS + ONE_TWO) * [3, 4])


def test_same_bytes_and_parts_untouched() -> None:
    models = [graph(LOOP % 2), graph(IF % 3), graph(TIMES)]
    before = [model.SerializeToString() for model in models]
    wires = ["a.z=b.x", "b.z=c.x"]
    one, two = (joined(*models, wires=wires).fragment.model.SerializeToString() for _ in range(2))
    assert one == two
    assert before == [model.SerializeToString() for model in models]
