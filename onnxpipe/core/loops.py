"""Loops in a graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import spox.opset.ai.onnx.v21 as op
from spox import Tensor, Var
from spox._attributes import AttrGraph, AttrInt64
from spox._graph import subgraph
from spox._type_system import Type
from spox._var import unwrap_vars


def fold(start: Var, inputs: Sequence[Var], step: Callable[..., Var]) -> Var:
    """``start`` after ``state = step(state, *slices)`` for every slice along the first axis of ``inputs``.

    Written on spox's node class: its ``scan`` (0.18) takes the state for one of the inputs and
    cuts its shape.
    """
    slices = [Tensor(x.unwrap_tensor().dtype, (x.unwrap_tensor().shape or ())[1:]) for x in inputs]
    types: list[Type] = [start.unwrap_type(), *slices]
    body = subgraph(types, lambda *arguments: (step(*arguments),))
    node = op._Scan(
        op._Scan.Attributes(
            body=AttrGraph(body, name="body"),
            num_scan_inputs=AttrInt64(len(inputs), name="num_scan_inputs"),
            scan_input_axes=None,
            scan_input_directions=None,
            scan_output_axes=None,
            scan_output_directions=None,
        ),
        op._Scan.Inputs(initial_state_and_scan_inputs=unwrap_vars([start, *inputs])),
        out_variadic=1,
    )
    outputs: Any = node.get_output_vars(input_prop_values={})
    state: Var = outputs.final_state_and_scan_outputs[0]
    return state


def repeated(start: Var, limit: int, step: Callable[[Var], tuple[Var, Var]]) -> Var:
    """``start`` after ``state, again = step(state)`` up to ``limit`` times, ending once ``again`` is false.

    ``again`` is a bool scalar. Written on spox's node class: its ``loop`` gives the body's counter a shape
    that the standard doesn't.
    """
    types: list[Type] = [Tensor(np.int64, ()), Tensor(np.bool_, ()), start.unwrap_type()]

    def body(count: Var, going: Var, state: Var) -> tuple[Var, Var]:
        after, again = step(state)
        return again, after

    node = op._Loop(
        op._Loop.Attributes(body=AttrGraph(subgraph(types, body), name="body")),
        op._Loop.Inputs(
            M=unwrap_vars(op.constant(value=np.array(limit))),
            cond=unwrap_vars(op.constant(value=np.array(True))),
            v_initial=unwrap_vars([start]),
        ),
        out_variadic=1,
    )
    outputs: Any = node.get_output_vars(input_prop_values={})
    state: Var = outputs.v_final_and_scan_outputs[0]
    return state
