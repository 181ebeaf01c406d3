"""Loops in a graph, written on spox's node classes.

Its ``scan`` (0.18) takes the state for one of the inputs and cuts its shape; its ``loop`` gives the
body's counter a shape that the standard doesn't.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
import spox.opset.ai.onnx.v21 as op
from spox import Tensor, Var
from spox._attributes import AttrGraph, AttrInt64
from spox._graph import subgraph
from spox._type_system import Type
from spox._var import unwrap_vars

S = TypeVar("S", bound=tuple[Var, ...])
"""A NamedTuple of tensors: what a loop carries from one round to the next, each of one shape throughout."""


def fold(start: Var, inputs: Sequence[Var], step: Callable[..., Var]) -> Var:
    """``start`` after ``state = step(state, *slices)`` for every slice along the first axis of ``inputs``."""
    return _scan((start,), inputs, lambda state, *slices: (step(state, *slices),), 1)[0]


def folded(start: S, inputs: Sequence[Var], step: Callable[..., S]) -> S:
    """``fold`` for a state of several tensors: ``state = step(state, *slices)``."""
    count = len(start)
    return _like(start, _scan(start, inputs, lambda *a: step(_like(start, a[:count]), *a[count:]), count))


def traced(start: Var, inputs: Sequence[Var], step: Callable[..., tuple[Var, Var]]) -> Var:
    """What ``state, out = step(state, *slices)`` puts out for every slice along the first axis, stacked."""
    return _scan((start,), inputs, step, 2)[1]


def followed(start: Sequence[Var], inputs: Sequence[Var], step: Callable[..., Sequence[Var]]) -> list[Var]:
    """The state after ``(*state, out) = step(*state, *slices)`` for every slice along the first axis of
    ``inputs``, then every ``out``, stacked.
    """
    return _scan(start, inputs, step, len(start) + 1)


def mapped(function: Callable[..., Var], *inputs: Var) -> Var:
    """``function`` of the inputs' slices along their first axes, stacked."""
    return _scan((), inputs, lambda *parts: (function(*parts),), 1)[0]


def of_each(function: Callable[[Var], Var], sequence: Var) -> Var:
    """``function`` of every tensor of a sequence, all of one shape, stacked along a new first axis."""

    def body(count: Var, going: Var) -> tuple[Var, ...]:
        return op.identity(going), function(op.sequence_at(sequence, count))

    return _loop((), op.sequence_length(sequence), body, 1)[0]


def _scan(
    start: Sequence[Var], inputs: Sequence[Var], body: Callable[..., Sequence[Var]], count: int
) -> list[Var]:
    slices = [Tensor(x.unwrap_tensor().dtype, (x.unwrap_tensor().shape or ())[1:]) for x in inputs]
    types: list[Type] = [*(each.unwrap_type() for each in start), *slices]
    graph = subgraph(types, lambda *arguments: tuple(body(*arguments)))
    node = op._Scan(
        op._Scan.Attributes(
            body=AttrGraph(graph, name="body"),
            num_scan_inputs=AttrInt64(len(inputs), name="num_scan_inputs"),
            scan_input_axes=None,
            scan_input_directions=None,
            scan_output_axes=None,
            scan_output_directions=None,
        ),
        op._Scan.Inputs(initial_state_and_scan_inputs=unwrap_vars([*start, *inputs])),
        out_variadic=count,
    )
    outputs: Any = node.get_output_vars(input_prop_values={})
    return list(outputs.final_state_and_scan_outputs)


def repeated(start: Var, limit: int, step: Callable[[Var], tuple[Var, Var]]) -> Var:
    """``start`` after ``state, again = step(state)`` up to ``limit`` times, ending once ``again`` is false.

    ``again`` is a bool scalar.
    """

    def body(count: Var, going: Var, state: Var) -> tuple[Var, Var]:
        after, again = step(state)
        return again, after

    return _loop((start,), op.constant(value=np.array(limit)), body)[0]


def iterated(start: S, limit: int | Var, step: Callable[[Var, S], tuple[S, Var]]) -> S:
    """``repeated`` for a state of several tensors: ``state, again = step(count, state)``.

    ``count``, an int64 scalar, starts at 0; ``limit`` may be computed from rows.
    """

    def body(count: Var, going: Var, *state: Var) -> tuple[Var, ...]:
        after, again = step(count, _like(start, state))
        return again, *after

    trips = limit if isinstance(limit, Var) else op.constant(value=np.array(limit))
    return _like(start, _loop(start, trips, body))


def logged(
    start: S, limit: int, step: Callable[[Var, S], tuple[S, Var, tuple[Var, ...]]], count: int
) -> list[Var]:
    """What ``state, again, outs = step(count, state)`` puts out, ``count`` values a round, each stacked along
    a new first axis; rounds as in ``iterated``.
    """

    def body(number: Var, going: Var, *state: Var) -> tuple[Var, ...]:
        after, again, outs = step(number, _like(start, state))
        return again, *after, *outs

    return _loop(start, op.constant(value=np.array(limit)), body, count)[len(start) :]


def _loop(start: Sequence[Var], trips: Var, body: Callable[..., Sequence[Var]], outs: int = 0) -> list[Var]:
    types: list[Type] = [Tensor(np.int64, ()), Tensor(np.bool_, ()), *(each.unwrap_type() for each in start)]
    node = op._Loop(
        op._Loop.Attributes(body=AttrGraph(subgraph(types, body), name="body")),
        op._Loop.Inputs(
            M=unwrap_vars(trips),
            cond=unwrap_vars(op.constant(value=np.array(True))),
            v_initial=unwrap_vars(list(start)),
        ),
        out_variadic=len(start) + outs,
    )
    outputs: Any = node.get_output_vars(input_prop_values={})
    return list(outputs.v_final_and_scan_outputs)


def _like(start: S, values: Sequence[Var]) -> S:
    for known, value in zip(start, values, strict=True):
        value._var_info.type = known.unwrap_type()  # shape inference often loses it
    made: Any = type(start)
    state: S = made(*values)
    return state
