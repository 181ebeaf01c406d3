"""Constants beside columns have the columns' rank."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import spox
from onnx import numpy_helper

from onnxpipe.core.ops import Tensor, Var, argument, const, op
from onnxpipe.core.passes import broadcasting
from tests.graphs import run


def graph(made: Var, x: Var) -> onnx.ModelProto:
    broadcasting.align([made])
    return spox.build({"x": x}, {"y": made})


@pytest.mark.parametrize(
    ("shape", "rank"), [(("N", 1), 2), (("N", 3, 1), 3), (("N", 2), 0), (("N",), 0)], ids=str
)
def test_a_single_constant_has_the_rank_of_the_column_beside_it(
    shape: tuple[str | int, ...], rank: int
) -> None:
    x, half = argument(Tensor(np.float64, shape)), const(0.5)
    clipped = op.where(op.less(x, half), half, op.min([x, const([2.0])]))
    model = graph(clipped, x)
    ranks = {numpy_helper.to_array(each).ndim for each in model.graph.initializer}
    assert ranks == ({rank} if rank else {0, 1})
    rows = np.linspace(-1, 3, 12).reshape([-1, *shape[1:]])
    np.testing.assert_array_equal(run(model, {"x": rows})["y"], np.clip(rows, 0.5, 2))


def test_each_constant_is_lifted_once() -> None:
    x, half = argument(Tensor(np.float64, ("N", 1))), const(0.5)
    model = graph(op.add(op.add(x, half), half), x)
    assert len(model.graph.initializer) == 1
