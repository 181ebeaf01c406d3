"""Models of different operator versions meet without a change of meaning, or not at all."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from sklearn.ensemble import RandomForestClassifier

import onnxpipe
from onnxpipe.errors import BadManifest
from onnxpipe.stitching import opsets
from tests import datasets
from tests.graphs import graph, joined, run

X3 = np.random.default_rng(0).normal(size=(2, 3, 4)).astype("f4")
SOFTMAX = "g (float[N,3,4] x) => (float[N,3,4] y) { y = Softmax(x) }"
IN_BRANCH = """g (float[N,3,4] x) => (float[N,3,4] y) <bool up = {1}> {
  y = If(up) <then_branch = t () => (float[N,3,4] s) { s = Softmax(x) },
              else_branch = e () => (float[N,3,4] s) { s = Identity(x) }>
}"""
IN_FUNCTION = """g (float[N,3,4] x) => (float[N,3,4] y) { y = own.F(x) }
  <domain: "own", opset_import: ["" : 11]> F (v) => (u) { u = Softmax(v) }"""


@pytest.mark.parametrize("body", [SOFTMAX, IN_BRANCH, IN_FUNCTION], ids=["plain", "branch", "function"])
def test_old_softmax_keeps_its_meaning(body: str) -> None:
    old = graph(body, opset=11, ir=8, domains={"own": 1} if "own" in body else None)
    made = joined(old, graph("g (float[N,3,4] y) => (float[N,3,4] z) { z = Neg(y) }"))
    assert opsets.imports(made.fragment.model)[""] == 21
    assert "a: converted from opset 11 to 21" in made.notes
    expected = -run(old, {"x": X3})["y"]
    np.testing.assert_allclose(run(made.fragment.model, {"x": X3})["z"], expected, rtol=1e-6)
    new = run(graph(SOFTMAX), {"x": X3})["y"]
    assert np.abs(new + expected).max() > 0.1


def encoder(takes: str, gives: str, *, ml: int, **attributes: Any) -> onnx.ModelProto:
    """A LabelEncoder from int64 ``takes`` to string ``gives`` at a version of ai.onnx.ml."""
    node = helper.make_node("LabelEncoder", [takes], [gives], domain="ai.onnx.ml", **attributes)
    inputs = [helper.make_tensor_value_info(takes, TensorProto.INT64, ["N"])]
    outputs = [helper.make_tensor_value_info(gives, TensorProto.STRING, ["N"])]
    ids = [helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", ml)]
    return helper.make_model(
        helper.make_graph([node], "g", inputs, outputs), opset_imports=ids, ir_version=10
    )


def test_ml_versions_meet_where_nothing_changes() -> None:
    from skl2onnx import to_onnx

    rows, target = datasets.load("classes")
    rows = rows.astype("f4")
    trees = to_onnx(
        RandomForestClassifier(2, random_state=0).fit(rows, target), rows, options={"zipmap": False}
    )
    names = encoder("label", "name", ml=4, keys_int64s=[0, 1, 2], values_strings=["a", "b", "c"])
    made = joined(trees, names).fragment.model
    assert opsets.imports(made)["ai.onnx.ml"] == 4
    got = run(made, {"X": rows})["name"]
    np.testing.assert_array_equal(got, np.array(["a", "b", "c"])[run(trees, {"X": rows})["label"]])


def test_ml_versions_without_common_meaning() -> None:
    old = encoder("l", "m", ml=1, classes_strings=["a", "b"])
    new = encoder("p", "q", ml=5, keys_int64s=[0], values_strings=["a"])
    with pytest.raises(BadManifest, match=r"its LabelEncoder of ai\.onnx\.ml 1 has no equal in version 5"):
        joined(old, new, wires=["input.l=a.l", "input.l=b.p"])


def test_trees_of_two_generations() -> None:
    from skl2onnx import to_onnx

    rows, target = datasets.load("classes")
    rows = rows.astype("f4")
    forest = RandomForestClassifier(2, random_state=0).fit(rows, target)
    old = to_onnx(forest, rows, options={"zipmap": False})
    with pytest.raises(BadManifest, match="its TreeEnsembleClassifier") as caught:
        joined(old, onnxpipe.convert(forest, dtype="float32"), wires=["input.X=a.X", "input.X=b.X"])
    assert caught.value.where == "a"
    assert "onnxpipe" in caught.value.remedy


def test_a_custom_domain_in_two_versions() -> None:
    body = "g (float[N,2] x) => (float[N,2] y) { y = own.F(x) }"
    with pytest.raises(BadManifest, match="version 2 of own"):
        joined(graph(body, domains={"own": 1}), graph(body, domains={"own": 2}))
