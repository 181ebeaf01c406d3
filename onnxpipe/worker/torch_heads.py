"""Attention without an axis of heads, in exported programs: it gets one, of a single head.

torch.onnx (2.13) translates ``scaled_dot_product_attention`` of four axes alone.
"""

from __future__ import annotations

from typing import Any, Callable


def given(program: Any) -> None:
    """Give every attention of ``[N, L, d]`` in a program an axis of one head, and take it off its answer."""
    import torch

    aten = torch.ops.aten
    for node in list(program.graph.nodes):
        if node.target is aten.scaled_dot_product_attention.default and node.meta["val"].dim() == 3:
            _with_head(program.graph, node, aten)
    program.graph.lint()


def _with_head(graph: Any, node: Any, aten: Any) -> None:
    def call(function: Any, value: Any, run: Callable[[Any], Any]) -> Any:
        made = graph.call_function(function, (value, 1))
        made.meta.update({**value.meta, "val": run(value.meta["val"])})
        return made

    def headed(value: Any) -> Any:
        """A tensor ``[N, L, d]``, or a mask for each of ``N``, with the axis; any other argument as it is."""
        if not hasattr(value, "meta") or value.meta["val"].dim() != 3:
            return value
        return call(aten.unsqueeze.default, value, lambda tensor: tensor.unsqueeze(1))

    with graph.inserting_before(node):
        node.args = tuple(map(headed, node.args))
        node.kwargs = {name: headed(value) for name, value in node.kwargs.items()}
    users = list(node.users)
    node.meta["val"] = node.meta["val"].unsqueeze(1)
    with graph.inserting_after(node):
        made = call(aten.squeeze.dim, node, lambda tensor: tensor.squeeze(1))
    for user in users:
        user.replace_input_with(node, made)
