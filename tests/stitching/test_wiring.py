"""Which edges are made, fitted or refused, and what the joined graph's ends are called."""

from __future__ import annotations

import numpy as np
import pytest

from onnxpipe.core.fragment import Fragment
from onnxpipe.errors import BadManifest
from onnxpipe.stitching.merge import merge
from onnxpipe.stitching.parts import Part
from tests.graphs import graph, joined, run

ROWS = np.array([[1.0, -2.0], [3.0, 0.5], [-0.0, 4.0]], "f4")
ONE_TWO = np.array([1, 2], "f4")
PLUS = "g (float[N,2] x) => (float[N,2] y) <float[2] w = {1, 2}> { y = Add(x, w) }"
TIMES = "g (float[N,2] x) => (float[N,2] y) <float[2] w = {3, 4}> { y = Mul(x, w) }"


def test_widening_is_put_in_and_said() -> None:
    wide = "g (double[N,2] x) => (double[N,2] z) { z = Neg(x) }"
    made = joined(graph(PLUS), graph(wide))
    assert "a.y -> b.x: put in a cast to float64" in made.notes
    np.testing.assert_array_equal(run(made.fragment.model, {"x": ROWS})["z"], -(ROWS + ONE_TWO))


@pytest.mark.parametrize(
    ("gives", "takes", "note"),
    [
        ("float[N]", "float[N,1]", "an axis"),
        ("float[N]", "float[N,k]", "an axis"),
        ("float[N,1]", "float[N]", "no axis"),
        ("int32[N]", "int64[N]", "int64"),
        ("int32[N]", "double[N,1]", "float64"),
        ("uint8[N]", "int64[N]", None),
        ("float[N]", "float[M]", ""),
    ],
)
def test_edges_that_fit(gives: str, takes: str, note: str | None) -> None:
    models = [graph(f"g ({gives} x) => ({gives} y) {{ y = Identity(x) }}")]
    models += [graph(f"g ({takes} y) => ({takes} z) {{ z = Identity(y) }}")]
    if note is None:
        with pytest.raises(BadManifest):
            joined(*models)
        return
    made = joined(*models)
    assert note in " ".join(made.notes)
    kind = {"float": "f4", "int32": "i4"}[gives.partition("[")[0]]
    rows = np.arange(3).astype(kind)
    rows = rows[:, None] if gives.endswith(",1]") else rows
    np.testing.assert_array_equal(run(made.fragment.model, {"x": rows})["z"].ravel(), np.arange(3))


@pytest.mark.parametrize(
    ("gives", "takes", "says"),
    [
        ("double[N,2]", "float[N,2]", "float64 into float32 changes values"),
        ("string[N,2]", "int64[N,2]", "string into int64"),
        ("int64[N,2]", "string[N,2]", "int64 into string"),
        ("int64[N,2]", "double[N,2]", "int64 into float64"),
        ("int64[N,2]", "int32[N,2]", "int64 into int32"),
        ("bool[N,2]", "int64[N,2]", "bool into int64"),
        ("float[N,2]", "float[N,3]", r"\[N, 2\] into \[N, 3\]"),
        ("float[N]", "float[N,4]", r"\[N\] into \[N, 4\]"),
        ("float[N,8,8,3]", "float[N,3,8,8]", "transpose:perm"),
        ("float[N,H,W,3]", "float[N,3,H,W]", "transpose:perm"),
    ],
)
def test_edges_that_change_meaning(gives: str, takes: str, says: str) -> None:
    first = graph(f"g ({gives} x) => ({gives} y) {{ y = Identity(x) }}")
    second = graph(f"g ({takes} y) => ({takes} z) {{ z = Identity(y) }}")
    with pytest.raises(BadManifest, match=says) as caught:
        joined(first, second)
    assert "a.y doesn't fit b.y" in caught.value.what


TWO = "g (float[N,2] p, float[N,2] q) => (float[N,2] s, float[N,2] t) { s = Add(p, q) t = Sub(p, q) }"


def test_wires_and_outputs_by_name() -> None:
    models = [graph(TWO), graph(PLUS), graph(TWO)]
    wires = ["a.t=b.x", "b.y=c.p", "a.s=c.q"]
    made = joined(*models, wires=wires, outputs=["diff=c.t", "a.s", "raw=a.s", "y"]).fragment.model
    p, q = ROWS, ROWS[::-1].copy()
    got = run(made, {"p": p, "q": q})
    np.testing.assert_array_equal(got["diff"], (p - q + [1, 2]) - (p + q))
    np.testing.assert_array_equal(got["s"], p + q)
    np.testing.assert_array_equal(got["raw"], p + q)
    np.testing.assert_array_equal(got["y"], p - q + [1, 2])
    assert list(got) == ["diff", "s", "raw", "y"]


def test_inputs_of_one_name_stay_two_unless_wired_as_one() -> None:
    models = [graph(PLUS), graph(TIMES), graph(TWO)]
    wires = ["a.y=c.p", "b.y=c.q"]
    with pytest.raises(BadManifest, match="two wires feed"):
        joined(*models, wires=[*wires, "a.y=c.q"])
    chained = joined(*models, wires=wires).fragment.model
    assert [value.name for value in chained.graph.input] == ["x"]
    two = joined(*models, wires=[*wires, "input.other=b.x"]).fragment.model
    assert [value.name for value in two.graph.input] == ["x", "other"]
    one = joined(*models, wires=[*wires, "input.x=a.x", "input.x=b.x"]).fragment.model
    np.testing.assert_array_equal(run(one, {"x": ROWS})["s"], (ROWS + ONE_TWO) + ROWS * [3, 4])


def test_an_input_may_go_out_and_names_may_hold_anything() -> None:
    model = graph(
        'g (float[N,2] "a=b.c", float[N,2] q) => (float[N,2] "a=b.c d") { "a=b.c d" = Identity("a=b.c") }'
    )
    made = joined(graph(PLUS), model, wires=["a.y=b.a=b.c"], outputs=["both=a=b.c d", "y"]).fragment.model
    got = run(made, {"x": ROWS, "q": ROWS})
    np.testing.assert_array_equal(got["both"], ROWS + ONE_TWO)
    np.testing.assert_array_equal(got["y"], ROWS + ONE_TWO)


@pytest.mark.parametrize(
    ("wires", "outputs", "says"),
    [
        (["a.y"], [], "a wire reads SOURCE=TARGET"),
        (["a.z=b.x"], [], "no part has an output a.z"),
        (["a.y=b.z"], [], "no part has an input b.z"),
        (["b.y=a.x"], [], "b doesn't come before a"),
        (["a.y=b.x", "y=b.x"], [], "y is an output of several parts"),
        (["a.y=x"], [], "x is an input of several parts"),
        ([], ["y"], "y is an output of several parts"),
        ([], ["nothing"], "no part has an output nothing"),
        ([], ["a.y", "b.y"], "y is another output already"),
        ([], ["x=a.y"], "x is an input already"),
    ],
)
def test_wiring_that_does_not_hold(wires: list[str], outputs: list[str], says: str) -> None:
    with pytest.raises(BadManifest, match=says):
        joined(graph(PLUS), graph(TIMES), wires=wires, outputs=outputs)


def test_parts_that_nothing_connects() -> None:
    with pytest.raises(BadManifest, match="nothing connects b to a") as caught:
        joined(graph(TWO), graph(PLUS))
    assert "--wire a.s=b.x" in caught.value.remedy


NHWC = "g (float[N,8,h,3] x) => (float[N,8,h,3] y) { y = Neg(x) }"
NCHW = "g (float[M,3,8,w] v) => (float[M,3,8,w] z) { z = Abs(v) }"


@pytest.mark.parametrize("declared", [True, False])
def test_axes_change_places_only_where_both_layouts_are_declared(declared: bool) -> None:
    layouts = ({"y": "nhwc"}, {"v": "nchw"}) if declared else ({"y": "nhwc"}, {})
    made_of = zip("ab", (NHWC, NCHW), layouts, strict=True)
    parts = [Part(name, Fragment.of(graph(body)), layouts=told) for name, body, told in made_of]
    if not declared:
        with pytest.raises(BadManifest, match="transpose"):
            merge(parts)
        return
    made = merge(parts)
    assert "a.y -> b.v: put in a transpose by 0, 3, 1, 2" in made.notes
    x = np.random.default_rng(0).normal(size=(2, 8, 5, 3)).astype("f4")
    np.testing.assert_array_equal(run(made.fragment.model, {"x": x})["z"], np.abs(x).transpose(0, 3, 1, 2))
    assert str(made.fragment.signature.outputs[0]) == "z: float32[N, 3, 8, h]"


def test_a_layout_of_nothing_is_refused() -> None:
    with pytest.raises(BadManifest, match=r"a\.q can't be laid out nhwc: it isn't one of x, y"):
        Part("a", Fragment.of(graph(NHWC)), layouts={"q": "nhwc"})
    with pytest.raises(BadManifest, match="it has 4 axes"):
        Part("a", Fragment.of(graph(NHWC)), layouts={"x": "hwc"})
