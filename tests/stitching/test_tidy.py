"""Tidying changes no answer, and taps follow."""

from __future__ import annotations

from collections.abc import Callable
from time import process_time

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from onnx import helper

from onnxpipe.core.fragment import Fragment, Tap
from onnxpipe.stitching import tidy
from tests.graphs import graph, run

ROWS = np.array([[1.0, -2.0], [3.0, 0.5]], "f4")
MESSY = """g (float[N,2] x, float[N,2] extra) => (float[N,2] y, float[N,2] z)
  <float[2] w = {1, 2}, float[2] same = {1, 2}, float[2] other = {-0.0, 2}, float[2] idle = {9, 9}> {
  a = Identity(x)
  cast = Cast <to = 1> (a)
  b = Add(cast, w)
  c = Identity(b)
  unused = Mul(c, idle)
  d = Identity(c)
  e = Add(d, same)
  y = Identity(e)
  z = Identity(x)
  f = Mul(extra, other)
}"""
TAPS = (
    Tap("one", "k", (("x", 2),), {"transform": ("c",), "gone": ("unused",)}),
    Tap("two", "k", (("d", 2),), {"predict": ("e",)}),
    Tap("idle", "k", (("x", 2),), {"predict": ("f",)}),
)
PASSES = [tidy.tidy, tidy.sort, tidy.drop_unused]


def ops(fragment: Fragment) -> list[str]:
    return [node.op_type for node in fragment.model.graph.node]


@pytest.mark.parametrize("step", PASSES)
def test_a_pass_changes_no_answer_and_not_its_argument(step: Callable[[Fragment], Fragment]) -> None:
    fragment = Fragment(graph(MESSY), TAPS)
    before = fragment.model.SerializeToString()
    made = step(fragment)
    onnx.checker.check_model(made.model, full_check=True)
    feeds = {"x": ROWS, "extra": ROWS}
    for name, value in run(fragment.model, feeds).items():
        np.testing.assert_array_equal(run(made.model, feeds)[name], value)
    assert fragment.model.SerializeToString() == before
    values = {n for node in made.model.graph.node for n in node.output} | {"x"}
    assert all({name for name, _ in tap.inputs} <= values for tap in made.taps)
    assert all(set(names) <= values for tap in made.taps for names in tap.answers.values())


def test_what_is_left() -> None:
    made = tidy.tidy(Fragment(graph(MESSY), TAPS))
    assert ops(made) == ["Add", "Add", "Identity"]
    assert [t.name for t in made.model.graph.initializer] == ["w"]
    assert [port.name for port in made.signature.inputs] == ["x", "extra"]
    assert made.taps == (
        Tap("one", "k", (("x", 2),), {"transform": ("b",)}),
        Tap("two", "k", (("b", 2),), {"predict": ("y",)}),
    )


def test_unused_nodes_and_their_functions_and_domains() -> None:
    body = """g (float[N,2] x) => (float[N,2] y) { y = Neg(x) idle = own.F(x) }
      <domain: "own", opset_import: ["" : 21]> F (v) => (u) { u = Abs(v) }"""
    made = tidy.drop_unused(Fragment(graph(body, domains={"own": 1})))
    assert ops(made) == ["Neg"]
    assert not made.model.functions
    assert [entry.domain for entry in made.model.opset_import] == [""]


def test_minus_zero_is_no_zero() -> None:
    body = (
        "g (float[N,2] x) => (float[N,2] y) <float a = {0}, float b = {-0.0}> { c = Add(x, a) y = Mul(c, b) }"
    )
    assert len(tidy.tidy(Fragment(graph(body))).model.graph.initializer) == 2


def test_copies_in_branches() -> None:
    body = """g (float[N,2] x, bool up) => (float[N,2] y) {
      a = Neg(x)
      y = If(up) <then_branch = t () => (float[N,2] s) { b = Identity(a) c = Abs(b) s = Identity(c) },
                  else_branch = e () => (float[N,2] s) { s = Identity(a) }>
    }"""
    model = graph(body)
    made = tidy.tidy(Fragment(model)).model
    onnx.checker.check_model(made, full_check=True)
    for up in (True, False):
        feeds = {"x": ROWS, "up": np.array(up)}
        np.testing.assert_array_equal(run(made, feeds)["y"], run(model, feeds)["y"])
    branches = {a.name: [n.op_type for n in a.g.node] for n in made.graph.node for a in n.attribute}
    assert branches == {"then_branch": ["Abs"], "else_branch": ["Identity"]}


def test_unsorted_nodes() -> None:
    model = graph("g (float[N,2] x) => (float[N,2] y) { a = Neg(x) b = Abs(a) y = Exp(b) }")
    nodes = list(model.graph.node)[::-1]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    assert ops(tidy.sort(Fragment(model))) == ["Neg", "Abs", "Exp"]


UNARY = {name: f"{name}({{0}})" for name in ("Neg", "Abs", "Identity", "Relu", "Floor")}
UNARY |= {"one": "Mul({0}, p)", "same": "Mul({0}, q)", "zero": "Add({0}, z)", "float": "Cast <to = 1> ({0})"}
UNARY["up"] = """If(up) <then_branch = t () => (float[N,2] s) {{ i = Identity({0}) s = Neg(i) }},
    else_branch = e () => (float[N,2] s) {{ s = Identity({0}) }}>"""
UNARY["high"] = "Clip({0}, , p)"
UNARY["loop"] = """Loop(n, yes, {0}) <body = t (int64 i, bool go, float[N,2] s) => (bool on, float[N,2] r)
    <float k = {{3}}> {{ on = Identity(go) a = Identity(s) idle = Neg(a)
      b = Add(a, k) c = Sub(b, {0}) r = Identity(c) }}>"""
UNARY["scan"] = """Scan <num_scan_inputs = 1, scan_input_axes = [1], scan_output_axes = [1],
    body = t (float[N] s) => (float[N] r) {{
      c = Mul(s, p) d = Mul(s, q) e = Max(c, d) r = Identity(e) }}> ({0})"""
UNARY["text"] = "{1}a = Equal(word, same) {1}b = Identity({1}a); Where({1}b, {0}, p)"
UNARY["texts"] = """{1}a = Cast <to = 8> ({0}) {1}b = Identity({1}a) {1}c = StringConcat({1}b, word)
    {1}d = Equal({1}c, {1}a); Where({1}d, p, {0})"""
UNARY["nested"] = """If(up) <then_branch = t () => (float[N,2] s) {{ i = Identity({0}) s = If(no)
      <then_branch = u () => (float[N,2] w) {{ w = Identity(i) }},
       else_branch = v () => (float[N,2] w) {{ j = Add(i, p) w = Identity(j) }}> }},
    else_branch = e () => (float[N,2] s) <float p = {{5}}> {{ s = Mul({0}, p) }}>"""
BINARY = {"add": "Add({0}, {1})", "sub": "Sub({0}, {1})", "max": "Max({0}, {1})"}
STEP = st.tuples(st.sampled_from([*UNARY, *BINARY]), st.integers(0, 7), st.integers(0, 7))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@example([(name, i, i) for i, name in enumerate(UNARY)], {1, len(UNARY)})
@example([(name, 0, 0) for name in UNARY], {len(UNARY) - 4, len(UNARY)})
@given(st.lists(STEP, min_size=1, max_size=8), st.sets(st.integers(1, 8), min_size=1, max_size=3))
def test_random_graphs_answer_the_same_bits_and_have_no_more_nodes(
    steps: list[tuple[str, int, int]], given_out: set[int]
) -> None:
    lines = []
    for i, (name, first, second) in enumerate(steps):
        before = f"t{i}" if name in UNARY else f"v{second % (i + 1)}"
        first_lines, _, last = (UNARY | BINARY)[name].format(f"v{first % (i + 1)}", before).rpartition(";")
        lines.append(f"{first_lines} v{i + 1} = {last}")
    outs = sorted({place for place in given_out if place <= len(steps)} or {len(steps)})
    told = ", ".join(f"float[N,2] v{place}" for place in outs)
    model = graph(
        f"g (float[N,2] v0, bool up) => ({told}) <float p = {{3}}, float q = {{3}}, float z = {{-0.0}}, "
        'int64 n = {2}, bool yes = {1}, bool no = {0}, string word = {"a"}, string same = {"a"}> '
        f"{{ {' '.join(lines)} }}"
    )
    before = model.SerializeToString()
    made = tidy.tidy(Fragment(model)).model
    assert model.SerializeToString() == before
    onnx.checker.check_model(made, full_check=True)
    assert nodes_in(made.graph) <= nodes_in(model.graph)
    for up in (True, False):
        feeds = {"v0": np.array([[1.5, -0.0], [np.nan, np.inf]], "f4"), "up": np.array(up)}
        wanted, got = run(model, feeds), run(made, feeds)
        assert {name: value.tobytes() for name, value in got.items()} == {
            name: value.tobytes() for name, value in wanted.items()
        }


def nodes_in(whole: onnx.GraphProto) -> int:
    """How many nodes a graph has, its bodies' included."""
    inner = (a.g for node in whole.node for a in node.attribute if a.HasField("g"))
    return len(whole.node) + sum(map(nodes_in, inner))


def chain(length: int) -> Fragment:
    """``length`` copies and negations, one after another."""
    nodes = [
        helper.make_node("Neg" if i % 2 else "Identity", [f"v{i}" if i else "x"], [f"v{i + 1}"])
        for i in range(length)
    ]
    x = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["N", 2])
    y = helper.make_tensor_value_info(f"v{length}", onnx.TensorProto.FLOAT, ["N", 2])
    return Fragment(helper.make_model(helper.make_graph(nodes, "g", [x], [y])))


def seconds(length: int) -> float:
    fragment, best = chain(length), float("inf")
    for _ in range(5):
        start = process_time()
        assert len(tidy.tidy(fragment).model.graph.node) == length // 2
        best = min(best, process_time() - start)
    return best


def test_cost_is_linear() -> None:
    assert seconds(8000) < 24 * seconds(1000)  # 8 where it is linear, 64 where it is quadratic
