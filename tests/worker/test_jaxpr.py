"""Steps of JAX as operators of ONNX: functions asked of both, on several rows, one, none and odd ones."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from onnx import helper

os.environ.setdefault("JAX_PLATFORMS", "cpu")
pytest.importorskip("jax", reason="jax isn't installed")

import jax
import jax.numpy as jnp
from jax import lax

from tests.inhouse import program
from tests.rigs import tensorflow as rig

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("jax")]
WIDTH = 5
ODD = np.array([[np.nan, 1, -1, 0, 2], [0.5, np.inf, 3, -0.0, 1e-30], [1, 2, -np.inf, 4, -90]], np.float32)
KERNEL = np.arange(6, dtype=np.float32).reshape(3, 1, 2) / 7

FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "smooth": lambda x: jax.nn.silu(x) + jax.nn.softplus(x) + jax.nn.celu(x) + jax.nn.log_sigmoid(x),
    "erfc": lambda x: jax.nn.gelu(x, approximate=False) + jax.scipy.special.erfc(x),
    "erfc far out": lambda x: jax.scipy.special.erfc(x * 3),
    "near zero": lambda x: jnp.stack([jnp.log1p(jnp.abs(x) * 1e-9), jnp.expm1(x * 1e-9)], 1) * 1e9,
    "rounding": lambda x: jnp.sign(x) + jnp.floor(x) + jnp.round(x) + jnp.ceil(x) + x**3,
    "roots": lambda x: jnp.sqrt(jnp.abs(x)) + lax.rsqrt(jnp.abs(x) + 1) + jnp.cbrt(x) + jnp.exp2(x),
    "angles": lambda x: jnp.arctan(x) + jnp.tanh(x) + jnp.arcsinh(x),
    "remainders": lambda x: jnp.mod(x, 2.0) + jnp.fmod(x, 3.0) + jnp.clip(x, -1, 1) + jnp.nan_to_num(x),
    "whole numbers": lambda x: (jnp.floor(x * 4).astype(jnp.int32) // 3) % 5,
    "casts that don't fit": lambda x: (x * 3e9).astype(jnp.int32),
    "truth values": lambda x: jnp.where(x > 0, x > 1, ~(x < -1)).astype(jnp.float32),
    "any and all": lambda x: jnp.any(x > 0, -1) & jnp.all(x < 2, -1) | (jnp.argmin(x, -1) == 2),
    "spread": lambda x: jnp.var(x, axis=-1) + jnp.median(x, axis=-1) + jnp.prod(x, axis=-1),
    "extremes": lambda x: jnp.max(x, -1) - jnp.min(x, -1) + jnp.argmax(x, -1),
    "log of a sum": lambda x: jax.scipy.special.logsumexp(x, axis=-1),
    "softmax of some": lambda x: jax.nn.softmax(x, where=x > 0, axis=-1),
    "sums on the way": lambda x: jnp.cumsum(x, -1) + lax.cumsum(x, axis=1, reverse=True),
    "order": lambda x: jnp.sort(x, -1)[:, ::-1] + jnp.take_along_axis(x, jnp.argsort(x, -1), -1),
    "the greatest": lambda x: lax.top_k(x, 3)[0] + lax.top_k(x, 3)[1],
    "columns": lambda x: x[:, jnp.array([3, 1, 0])] + x[:, 1:4],
    "places of two axes": lambda x: jnp.take(x, jnp.array([[0, 1], [2, 3]]), axis=1),
    "places filled": lambda x: jnp.take(jnp.arange(7.0), whole(x), mode="fill"),
    "places clipped": lambda x: jnp.take(jnp.arange(7.0), whole(x), mode="clip"),
    "a slice from a computed place": lambda x: lax.dynamic_slice_in_dim(x, jnp.int32(9), 2, axis=1),
    "rearranged": lambda x: jnp.roll(jnp.flip(jnp.repeat(jnp.tile(x, (1, 2)), 2, 1), 1), 3, axis=1),
    "padded": lambda x: (
        jnp.pad(x, ((0, 0), (1, 2)), constant_values=7) + jnp.pad(x, ((0, 0), (3, 0)), "edge")
    ),
    "sizes of the batch": lambda x: (x.reshape(x.shape[0] * WIDTH) * x.shape[0]).reshape(-1, WIDTH),
    "numbers of rows": lambda x: x - jnp.arange(x.shape[0], dtype=jnp.float32)[:, None],
    "products": lambda x: jnp.einsum("bi,bj->bij", x, x) @ jnp.tril(jnp.ones((WIDTH, WIDTH))),
    "several axes": lambda x: jnp.tensordot(x[:, :4].reshape(-1, 2, 2), jnp.ones((2, 2, 3)), axes=2),
    "row by row": lambda x: jax.vmap(lambda row: jnp.dot(row, row) * row)(x),
    "convolution": lambda x: lax.conv_general_dilated(
        x[..., None], KERNEL, (2,), [(3, -1)], rhs_dilation=(2,), dimension_numbers=("NWC", "WIO", "NWC")
    ),
    "transposed": lambda x: lax.conv_transpose(x[..., None], KERNEL, (2,), "SAME"),
    "pools": lambda x: (
        lax.reduce_window(x, -jnp.inf, lax.max, (1, 2), (1, 2), ((0, 0), (1, 0)))
        + lax.reduce_window(x, jnp.inf, lax.min, (1, 2), (1, 2), ((0, 0), (1, 0)))
        + lax.reduce_window(x, 0.0, lax.add, (1, 2), (1, 2), ((0, 0), (1, 0)))
    ),
    "a loop": lambda x: lax.fori_loop(0, 3, lambda i, held: held * 0.5 + i, x),
    "steps back": lambda x: lax.scan(lambda c, t: (c + t, c * t), x[:, 0], x.T, reverse=True)[1],
    "a branch": lambda x: lax.cond(jnp.sum(x) > 0, lambda y: y * 2, lambda y: y - 1, x),
    "a loop till something is so": lambda x: lax.while_loop(
        lambda held: jnp.any(held[1] < 9),
        lambda held: (held[0] * 0.5, held[1] + 2),
        (x, jnp.int32(x.shape[0])),
    )[0],
    "products on the way": lambda x: jnp.cumprod(x, -1) + lax.cumprod(x, axis=1, reverse=True),
    "the greatest so far": lambda x: lax.cummax(x, axis=1) - lax.cummin(x, axis=1, reverse=True),
    "products of rows on the way": lambda x: jnp.cumprod(jnp.floor(x).astype(jnp.int32), 1),
    "a column put": lambda x: x.at[:, 2].set(7.0) + x.at[:, -1].add(x[:, 0]),
    "columns put": lambda x: (
        x.at[:, jnp.array([0, 3])].multiply(2.0) + x.at[:, jnp.array([4, 1])].max(0.5) + x.at[:, 0].min(0.0)
    ),
    "columns put outside": lambda x: (
        x.at[:, jnp.array([1, 9])].set(3.0) + x.at[:, jnp.array([1, 9])].add(3.0, mode="clip")
    ),
    "small probabilities": lambda x: jnp.log(jax.nn.sigmoid(jnp.abs(x) - 70)),
    "branches": lambda x: lax.switch(x.shape[0] % 3, [lambda y: y * 2, lambda y: -y, lambda y: y + 9], x),
}


def whole(x: Any) -> Any:
    return jnp.clip(jnp.nan_to_num(x) * 3, -9, 9).astype(jnp.int32)


def session(function: Callable[[Any], Any]) -> ort.InferenceSession:
    """What a function of ``[N, WIDTH]`` is as a graph."""
    graphs, steps = (program().sibling(name) for name in ("jaxpr_graph", "jaxpr_steps"))
    (rows,) = jax.export.symbolic_shape("N")
    closed = jax.make_jaxpr(lambda x: [function(x)])(jax.ShapeDtypeStruct((rows, WIDTH), np.float32))
    assert list(steps.untranslated(closed)) == []
    graph = graphs.Graph()
    graph.known["N"] = graph.op("Shape", "x", start=0, end=1)
    found = [graph.op("Identity", each) for each in steps.run(graph, closed, ["x"])]
    made = graph.finished(
        [graphs.port("x", np.float32, ["N", WIDTH])],
        [graphs.port(found[0], closed.jaxpr.outvars[0].aval.dtype)],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    return ort.InferenceSession(model.SerializeToString())


def test_a_loop_that_each_row_ends_is_refused() -> None:
    halved = jax.vmap(lambda row: lax.while_loop(lambda r: jnp.sum(r) > 1, lambda r: r * 0.5, row))
    with pytest.raises(program().NoConverter, match="mapped over rows"):
        session(halved)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_answers_as_in_jax(name: str) -> None:
    function = FUNCTIONS[name]
    graph = session(function)
    plain = np.random.default_rng(1).normal(size=(4, WIDTH)).astype(np.float32) * 2
    for rows in (plain, plain[:1], plain[:0], ODD):
        rig.same(graph.run(None, {"x": rows})[0], np.asarray(function(jnp.asarray(rows))))
