"""A branch computes nothing that nobody reads."""

from __future__ import annotations

import numpy as np

from onnxpipe.core.passes import pruning
from tests.graphs import graph, run

TEXT = """g (float[N] x) => (float[N] y) <float[1] one = {1}> {
  s = ReduceSum <keepdims = 0> (x)
  odd = IsNaN(s)
  unread, y, inside = If (odd) <
    then_branch = a () => (float[N] ta, float[N] tb, float[N] tc) <float[1] two = {2}> {
      t = Add(x, two)
      ta = Neg(t)
      tb = Abs(x)
      tc = Identity(x)
    },
    else_branch = b () => (float[N] ea, float[N] eb, float[N] ec) {
      ea = Exp(x)
      eb = Add(x, one)
      ec = Neg(eb)
    }
  >
}"""


def test_what_no_one_reads_of_a_branch_is_never_computed() -> None:
    rows = {"x": np.array([1, -2], np.float32)}
    plain = graph(TEXT)
    wanted = run(plain, rows)
    made = pruning.finish(plain, ()).model
    (node,) = (node for node in made.graph.node if node.op_type == "If")
    assert list(node.output) == ["y"]
    inside = {branch.g.name: [each.op_type for each in branch.g.node] for branch in node.attribute}
    assert inside == {"a": ["Abs"], "b": ["Add"]}
    assert not any(branch.g.initializer for branch in node.attribute)
    np.testing.assert_array_equal(run(made, rows)["y"], wanted["y"])
