"""Loops whose rounds would compute the same again and again: what moves out, and what stays."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import parser
from sklearn.datasets import load_digits
from sklearn.decomposition import NMF

from onnxpipe import convert
from onnxpipe.core.passes.hoisting import hoist
from tests.graphs import run

LOOP = """
<ir_version: 10, opset_import: ["": 21]>
g (float[2,2] x, int64 rounds) => (float[2,2] y) {
    yes = Constant <value = bool {1}> ()
    y = Loop (rounds, yes, x) <body = body (int64 i, bool more, float[2,2] state)
        => (bool on, float[2,2] next) {
            on = Identity (more)
            square = MatMul (x, x)
            half = Div (square, two)
            %s
        } >
}
"""


def looping(last: str) -> onnx.ModelProto:
    model = parser.parse_model(LOOP % last)
    two = onnx.numpy_helper.from_array(np.array(2, np.float32), "two")
    body(model).initializer.append(two)
    return model


def body(model: onnx.ModelProto) -> onnx.GraphProto:
    loop = next(node for node in model.graph.node if node.op_type == "Loop")
    return onnx.helper.get_attribute_value(loop.attribute[0])  # type: ignore[no-any-return]


@pytest.mark.parametrize("rounds", [0, 1, 5])
@pytest.mark.parametrize(
    ("last", "left"),
    [
        ("next = Add (state, half)", ["Identity", "Add"]),
        ("twice = Add (state, state) next = Add (twice, half)", ["Identity", "Add", "Add"]),
        ("next = Sub (half, two)", ["Identity", "Sub"]),  # an answer of the body's own stays there
    ],
)
def test_what_hangs_on_no_round_is_computed_before(last: str, left: list[str], rounds: int) -> None:
    plain, moved = looping(last), looping(last)
    hoist(moved.graph)
    onnx.checker.check_model(moved, full_check=True)
    assert [node.op_type for node in body(moved).node] == left
    assert {"MatMul", "Div"} <= {node.op_type for node in moved.graph.node}
    fed = {"x": np.array([[1, 2], [3, 4]], np.float32), "rounds": np.array(rounds)}
    np.testing.assert_array_equal(run(plain, fed)["y"], run(moved, fed)["y"])


def test_a_solver_multiplies_what_is_given_once() -> None:
    x = load_digits().data[:60]
    model = convert(NMF(3, random_state=0, max_iter=500).fit(x))
    for node in model.graph.node:
        inner = [each for a in node.attribute if a.HasField("g") for each in a.g.node]
        assert all("X" not in each.input for each in inner)
