"""Graphs of peers put where nodes stand for them: names, functions, captures, versions."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
import spox
from onnx import TensorProto, helper, parser
from sklearn.tree import DecisionTreeClassifier

import onnxpipe
from onnxpipe.core import foreign
from onnxpipe.core.build import stamped
from onnxpipe.core.fragment import Fragment
from onnxpipe.core.ops import Tensor, Var, argument, op
from onnxpipe.core.options import Options
from onnxpipe.core.passes import pruning
from onnxpipe.core.signature import Port
from onnxpipe.errors import BadManifest
from onnxpipe.stitching.splice import splice
from tests.graphs import run

ROWS = np.array([[1.0, -2.0], [3.0, 4.0]])


def host(*parts: str) -> Fragment:
    """A graph that negates what the parts answer one after another."""
    x = argument(Tensor(np.float64, ("N", 2)))
    y: Var = x
    for part in parts:
        (y,) = foreign.call(part, {"a": y}, [Port("b", "float64", ("N", 2))])
        y._var_info._rename(f"{part}:answer")
    model = spox.build({"x": x}, {"y": op.neg(y)})
    return pruning.finish(stamped(model, Options()), ())


def part(text: str, opset: int = 21) -> onnx.ModelProto:
    return parser.parse_model(f'<ir_version: 9, opset_import: ["": {opset}, "local": 1]>\n{text}')


DOUBLE = "g (double[N, 2] a) => (double[N, 2] b) { t = Add(a, a) b = Add(t, a) }"


def answers(fragment: Fragment) -> Any:
    onnx.checker.check_model(fragment.model, full_check=True)
    return run(fragment.model, {"x": ROWS})["y"]


def test_a_part_answers_in_the_place_of_its_node() -> None:
    made = splice(host("one"), {"one": part(DOUBLE)})
    np.testing.assert_array_equal(answers(made), -3 * ROWS)
    assert not any(entry.domain == foreign.DOMAIN for entry in made.model.opset_import)


def test_two_parts_with_the_same_names_do_not_touch_each_other() -> None:
    made = splice(host("one", "two"), {"one": part(DOUBLE), "two": part(DOUBLE)})
    np.testing.assert_array_equal(answers(made), -9 * ROWS)
    names = [name for node in made.model.graph.node for name in node.output]
    assert len(names) == len(set(names)) and {"one:t", "two:t"} <= set(names)


def test_functions_of_one_name_keep_their_own_bodies() -> None:
    body = """g (double[N, 2] a) => (double[N, 2] b) {{ b = local.f(a) }}
    <domain: "local", opset_import: ["": 21]> f (x) => (y) {{ y = {}(x, x) }}"""
    made = splice(host("one", "two"), {"one": part(body.format("Add")), "two": part(body.format("Mul"))})
    np.testing.assert_array_equal(answers(made), -((2 * ROWS) ** 2))
    assert len(made.model.functions) == 2


def test_a_branch_may_read_the_parts_input() -> None:
    text = """g (double[N, 2] a) => (double[N, 2] b) {
      yes = Constant<value = bool {1}>()
      b = If(yes) <then_branch = g1 () => (double[N, 2] t) { t = Add(a, a) },
                   else_branch = g2 () => (double[N, 2] e) { e = Identity(a) }>
    }"""
    np.testing.assert_array_equal(answers(splice(host("one"), {"one": part(text)})), -2 * ROWS)


def test_a_part_that_passes_its_input_on_is_no_node() -> None:
    made = splice(host("one"), {"one": part("g (double[N, 2] a) => (double[N, 2] b) { b = Identity(a) }")})
    np.testing.assert_array_equal(answers(made), -ROWS)
    assert [node.op_type for node in made.model.graph.node] == ["Neg"]


def test_a_part_of_an_older_opset_means_what_it_meant() -> None:
    # Below opset 13, Softmax takes everything from an axis on as one.
    text = """g (double[N, 2] a) => (double[N, 2] b) {
      axes = Constant<value = int64[2] {0, 2}>()
      t = Unsqueeze<axes = [1]>(a)  s = Softmax<axis = 1>(t)  b = Squeeze<axes = [1]>(s)
    }"""
    made = splice(host("one"), {"one": part(text, opset=11)})
    odds = np.exp(ROWS - ROWS.max(axis=1, keepdims=True))
    np.testing.assert_allclose(answers(made), -odds / odds.sum(axis=1, keepdims=True))


def test_trees_that_no_operator_version_holds_together_are_refused() -> None:
    node = helper.make_node("TreeEnsembleRegressor", ["a"], ["s"], domain="ai.onnx.ml")
    graph = helper.make_graph(
        [node, helper.make_node("Cast", ["s"], ["b"], to=TensorProto.DOUBLE)], "g",
        [helper.make_tensor_value_info("a", TensorProto.DOUBLE, [None, 2])],
        [helper.make_tensor_value_info("b", TensorProto.DOUBLE, [None, 2])],
    )  # fmt: skip
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 3)]
    trees = helper.make_model(graph, opset_imports=opsets)
    ours = onnxpipe.convert(DecisionTreeClassifier(max_depth=1).fit(ROWS, [0, 1]))
    with pytest.raises(BadManifest, match="no equal"):
        splice(Fragment(ours), {"one": trees})
