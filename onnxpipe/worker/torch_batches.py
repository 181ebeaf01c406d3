"""Exported programs with a fixed batch: opened for any number of rows, and asked for it part by part."""

from __future__ import annotations

import inspect
import sys
from typing import Any, Callable, Dict, List, Mapping

import numpy as np

main = sys.modules["_onnxpipe_main"]

Ask = Callable[[Mapping[str, Any]], Dict[str, Any]]


def placeholders(model: Any) -> List[Any]:
    """What stands for the inputs in a program's graph; weights come before."""
    placed = [node for node in model.program.graph.nodes if node.op == "placeholder"]
    return placed[len(placed) - len(model.inputs) :]


def fixed(model: Any) -> int:
    """The number of rows that an exported program takes, where it takes no other; else 0."""
    shapes = [getattr(node.meta.get("val"), "shape", None) for node in placeholders(model)]
    sizes = [shape[0] if len(shape) else 0 for shape in shapes if shape is not None]
    same = sizes and all(isinstance(size, int) and size == sizes[0] for size in sizes)
    return int(sizes[0]) if same else 0


def in_parts(ask: Ask, rows: Mapping[str, Any], size: int) -> Dict[str, Any]:
    """The answers to rows of a program that takes so many at once, the last part filled up with its last row.

    Raises ValueError where it doesn't answer row by row.
    """
    total = len(next(iter(rows.values())))
    filled = {name: np.zeros((size, *value.shape[1:]), value.dtype) for name, value in rows.items()}
    parts = []
    for start in range(0, max(total, 1), size):
        part = {name: value[start : start + size] for name, value in rows.items()}
        if total:
            filled = {name: np.concatenate([v, v[-1:].repeat(size - len(v), 0)]) for name, v in part.items()}
        parts.append(ask(filled))
    if any(np.shape(value)[:1] != (size,) for part in parts for value in part.values()):
        raise ValueError("its batch is fixed at %d, and it doesn't answer row by row" % size)
    return {name: np.concatenate([part[name] for part in parts])[:total] for name in parts[0]}


def opened(model: Any) -> Any:
    """The program traced again with an open batch. Raises what torch says where it can't be opened.

    Whether it then answers as the fixed one does is left to the judge.
    """
    import torch

    size = fixed(model)
    again = model.program.module(check_guards=False)
    unbound(again.graph, size)
    again.recompile()
    shapes = [node.meta["val"].shape if name else () for node, name in zip(placeholders(model), model.inputs)]
    examples = [
        torch.zeros((size + 1, *shape[1:]), dtype=node.meta["val"].dtype) if name else held
        for shape, node, name, held in zip(shapes, placeholders(model), model.inputs, model.fixed)
    ]
    axes = [{0: torch.export.Dim.DYNAMIC} if name else None for name in model.inputs]
    spec = model.program.call_spec.in_spec
    args, kwargs = model.pytree.tree_unflatten(examples, spec)
    open_args, open_kwargs = model.pytree.tree_unflatten(axes, spec)
    shown = {**dict(zip(names_of(again), open_args)), **open_kwargs}
    made = torch.export.export(again, args, kwargs, dynamic_shapes=shown)
    found = type(model)(made)
    found.inputs, found.outputs = model.inputs, model.outputs
    return found


def names_of(module: Any) -> List[str]:
    """The names of a module's arguments, in order."""
    return list(inspect.signature(module.forward).parameters)


def unbound(graph: Any, size: int) -> None:
    """Have sizes that were written down for the batch follow it.

    They are the first size of what is reshaped and has as many rows, and the second of the states that
    recurrent layers begin with (``[layers, batch, hidden]``).
    """
    import torch

    aten = torch.ops.aten
    shaped = (aten.view.default, aten.reshape.default, aten.expand.default)
    placed = [node for node in graph.nodes if node.op == "placeholder"]
    with graph.inserting_after(placed[-1]):
        rows = graph.call_function(aten.sym_size.int, (placed[0], 0))
    for node in graph.nodes:
        if node.target in shaped and node.args[1] and node.args[1][0] == size and first_size(node) == size:
            node.args = (node.args[0], [rows, *node.args[1][1:]], *node.args[2:])
        elif node.target == aten.zeros.default and all(map(is_recurrent, node.users)):
            layers, _, hidden = node.args[0]
            node.args = ([layers, rows, hidden], *node.args[1:])


def first_size(node: Any) -> Any:
    """The first size of what a node reshapes, None where it isn't known."""
    shape: Any = getattr(node.args[0].meta.get("val"), "shape", ())
    return shape[0] if len(shape) else None


def is_recurrent(node: Any) -> bool:
    """Whether a node is a recurrent layer."""
    name = str(node.target)
    return name.startswith(("aten.lstm.", "aten.gru.", "aten.rnn_"))
