"""Whatever parts are joined, the joined graph answers what they answer one after another."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from onnxpipe.stitching.merge import merge
from tests.graphs import graph, joined, part, run

X3 = np.random.default_rng(0).normal(size=(2, 3, 4)).astype("f4")
ROWS = np.array([[1.0, -2.0], [3.0, 0.5], [-0.0, 4.0]], "f4")


STEPS = {
    "Neg": "Neg(x)",
    "Abs": "Abs(x)",
    "Relu": "Relu(x)",
    "Softmax": "Softmax(x)",
    "Identity": "Identity(x)",
    "Double": "Add(x, x)",
}


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(STEPS)), st.sampled_from([11, 13, 17, 21, 22])),
        min_size=1,
        max_size=4,
    )
)
def test_any_chain_answers_as_its_parts(chain: list[tuple[str, int]]) -> None:
    made = [
        graph(f"g (float[N,3,4] x) => (float[N,3,4] x{i}) {{ x{i} = {STEPS[op]} }}", opset=opset)
        for i, (op, opset) in enumerate(chain)
    ]
    value = X3
    for i, model in enumerate(made):
        value = run(model, {"x": value})[f"x{i}"]
    got = run(joined(*made).fragment.model, {"x": X3})
    np.testing.assert_array_equal(got[f"x{len(chain) - 1}"], value)


PLACE = st.integers(0, 9)
TWO = {"Add": np.add, "Sub": np.subtract, "Max": np.maximum}


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(
            st.sampled_from(sorted(TWO)), st.integers(0, 9), st.integers(0, 9), st.sampled_from([13, 21])
        ),
        min_size=2,
        max_size=6,
    )
)
def test_any_dag_answers_as_its_parts(steps: list[tuple[str, int, int, int]]) -> None:
    """Each part reads two of the graph's input and all that came before: fan-out, fan-in, twice the same."""
    values, sources, parts, wires = [ROWS], ["input.x"], [], []
    for i, (op, first, second, opset) in enumerate(steps):
        body = f"g (float[N,2] l, float[N,2] r) => (float[N,2] y) {{ t = {op}(l, r) y = Identity(t) }}"
        parts.append(part(f"p{i}", graph(body, opset=opset)))
        picked = [place % len(values) for place in (first, second)]
        wires += [f"{sources[place]}=p{i}.{side}" for place, side in zip(picked, "lr", strict=True)]
        values.append(TWO[op](*(values[place] for place in picked)))
        sources.append(f"p{i}.y")
    outputs = [f"o{i}=p{i}.y" for i in range(len(steps))]
    got = run(merge(parts, wires, outputs).fragment.model, {"x": ROWS})
    for i, value in enumerate(values[1:]):
        np.testing.assert_array_equal(got[f"o{i}"], value)


FOREIGN = {
    "If": """z = Cast <to = 1> (x)  s = ReduceMax <keepdims = 0> (z)  zero = Constant <value = float {0}> ()
        up = Greater(s, zero)
        y = If(up) <then_branch = t () => (float[N,2] r) { r = Mul(z, w) },
                    else_branch = e () => (float[N,2] r) <float[1] w = {-2}> { r = Add(z, w) }>""",
    "Loop": """n = Constant <value = int64 {3}> ()  go = Constant <value = bool {1}> ()
        y = Loop(n, go, x) <body = b (int64 i, bool c, float[N,2] v) => (bool d, float[N,2] u) {
          d = Identity(c)  s = Add(v, w)  u = Sub(s, x) }>""",
    "Scan": """start = Constant <value = float[2] {0, 0}> ()
        last, y = Scan <num_scan_inputs = 1, body = b (float[2] s, float[2] row) => (float[2] t, float[2] o) {
          t = Add(s, row)  o = Mul(t, w) }> (start, x)""",
    "nested": """n = Constant <value = int64 {2}> ()  go = Constant <value = bool {1}> ()
        y = Loop(n, go, x) <body = b (int64 i, bool c, float[N,2] v) => (bool d, float[N,2] u) {
          d = Identity(c)  first = Cast <to = 9> (i)
          u = If(first) <then_branch = t () => (float[N,2] r) { s = Mul(v, w)  r = Add(s, x) },
                         else_branch = e () => (float[N,2] r) { r = Sub(v, w) }> }>""",
    "function": "y = own.F(x)",
    "twice": "s = own.G(x)  y = own.F(s)",
    "sequence": """s = SplitToSequence <axis = 1, keepdims = 1> (x)  r = SequenceErase(s)
        e = SequenceInsert(r, x)  c = ConcatFromSequence <axis = 1> (e)
        b = Constant <value = int64[1] {1}> ()
        e3 = Constant <value = int64[1] {3}> ()  y = Slice(c, b, e3, b)""",
    "from a sequence": "y = ConcatFromSequence <axis = 1> (x)",
    "scaler": "y = ai.onnx.ml.Scaler <offset = [1.0], scale = [0.5]> (x)",
    "double": "t = Constant <value = float[1] {2}> ()  y = Mul(x, t)",
}
"""Bodies from ``x`` to ``y``, float ``[N, 2]``, that read an initializer ``w``; all use the same names."""
LISTED = "g (float[N,2] x) => (seq(float[N,1]) y) { y = SplitToSequence <axis = 1, keepdims = 1> (x) }"
FUNCTIONS = """<domain: "own", opset_import: ["" : %d]>
  F (v) => (u) { c = Constant <value = float[1] {%d}> ()  u = Add(v, c) }
  <domain: "own", opset_import: ["" : %d, "own" : 1]> G (v) => (u) { c = own.F(v)  u = Mul(c, v) }"""
PART = st.tuples(
    st.sampled_from(sorted(FOREIGN)), st.sampled_from([13, 17, 21]), st.sampled_from([1, 3]),
    st.integers(1, 3), st.integers(0, 9),
)  # fmt: skip


def foreign(kind: str, opset: int, ml: int, number: int) -> onnx.ModelProto:
    """A part under other people's versions; functions of one name have another body for each number."""
    domains = {"own": 1} if kind in ("function", "twice") else {"ai.onnx.ml": ml} if kind == "scaler" else {}
    given = "seq(float[N,1]) x" if kind == "from a sequence" else "float[N,2] x"
    body = f"g ({given}) => (float[N,2] y) <float[1] w = {{{number}}}> {{ {FOREIGN[kind]} }}"
    functions = FUNCTIONS % (opset, number, opset) if "own" in domains else ""
    made: onnx.ModelProto = graph(f"{body} {functions}", opset=opset, ir=8, domains=domains)
    return made


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@example([(kind, (13, 17, 21)[i % 3], 1 + i % 2 * 2, 1 + i % 3, i) for i, kind in enumerate(FOREIGN)])
@example([("twice", 21, 1, 1, 0), ("twice", 21, 1, 2, 1), ("twice", 13, 1, 1, 1), ("function", 17, 1, 2, 0)])
@given(st.lists(PART, min_size=2, max_size=5))
def test_any_models_of_others_answer_as_by_themselves(drawn: list[tuple[str, int, int, int, int]]) -> None:
    """Each reads the graph's input or an earlier part, whichever is drawn."""
    values, sources, wires, parts = [ROWS], ["input.x"], [], []
    for i, (kind, *how, place) in enumerate(drawn):
        model, source = foreign(kind, *how), sources[place % len(values)]
        value: Any = values[place % len(values)]
        if kind == "from a sequence":
            parts.append(part(f"s{i}", graph(LISTED)))
            wires.append(f"{source}=s{i}.x")
            source, value = f"s{i}.y", run(parts[-1].fragment.model, {"x": value})["y"]
        parts.append(part(f"p{i}", model))
        wires.append(f"{source}=p{i}.x")
        values.append(run(model, {"x": value})["y"])
        sources.append(f"p{i}.y")
    outputs = [f"o{i}=p{i}.y" for i in range(len(drawn))]
    got: dict[str, Any] = run(merge(parts, wires, outputs).fragment.model, {"x": ROWS})
    for i, value in enumerate(values[1:]):
        np.testing.assert_array_equal(got[f"o{i}"], value)
