"""Steps of JAX that run programs inside: loops and branches."""

from __future__ import annotations

import sys
from typing import Any, Callable, List, Sequence

import numpy as np

main = sys.modules["_onnxpipe_main"]
graphs, shapes = main.sibling("jaxpr_graph"), main.sibling("jaxpr_shapes")


def body(g: Any, closed: Any, known: Sequence[Any]) -> Any:
    """The graph of a program inside: its first arguments are known outside, the rest are its inputs."""
    inner = graphs.Graph(g)
    rest = [(inner.name(), var.aval) for var in closed.jaxpr.invars[len(known) :]]
    outs = main.sibling("jaxpr_steps").run(inner, closed, [*known, *(name for name, _ in rest)])
    named = [inner.op("Identity", out) for out in outs]
    ports = [graphs.port(name, aval.dtype) for name, aval in rest]
    told = [graphs.port(n, var.aval.dtype) for n, var in zip(named, closed.jaxpr.outvars)]
    return inner, ports, told


def scan(g: Any, e: Any, *given: Any) -> List[Any]:
    """One step after the other: what is carried on, and an answer of each."""
    told = e.params
    closed, consts, carried = told["jaxpr"], told["num_consts"], told["num_carry"]
    inner, ports, outs = body(g, closed, given[:consts])
    rest = [g.fed(each) for each in given[consts:]]
    if len(rest) == carried:  # nothing to go through: only so many steps
        count = g.op("Squeeze", g.size(told["length"]), np.array([0], np.int64))
        rest.append(g.op("Range", np.array(0, np.int64), count, np.array(1, np.int64)))
        ports.append(graphs.port(inner.name(), np.int64))
    scanned, back = len(rest) - carried, int(told["reverse"])
    found: List[Any] = g.ops(
        "Scan", len(outs), *rest, body=inner.finished(ports, outs), num_scan_inputs=scanned,
        scan_input_directions=[back] * scanned,
        **({"scan_output_directions": [back] * (len(outs) - carried)} if len(outs) > carried else {}),
    )  # fmt: skip
    return found


def branched(g: Any, e: Any, which: Any, *given: Any) -> List[Any]:
    """One of several programs."""
    return chosen(g, e.params["branches"], g.cast(which, np.int32), given)


def chosen(g: Any, branches: Sequence[Any], which: Any, known: Sequence[Any], first: int = 0) -> List[Any]:
    """The program of the number ``which``; the first and last stand for what is below and above."""
    here = g.op("LessOrEqual", which, np.array(first, np.int32))
    then, _, outs = body(g, branches[first], known)
    if first + 2 == len(branches):
        other, _, told = body(g, branches[-1], known)
    else:
        other = graphs.Graph(g)
        made = chosen(other, branches, which, known, first + 1)
        told = [graphs.port(n, v.aval.dtype) for n, v in zip(made, branches[0].jaxpr.outvars)]
    found: List[Any] = g.ops(
        "If", len(outs), here, then_branch=then.finished([], outs), else_branch=other.finished([], told)
    )
    return found


def looped(g: Any, e: Any, *given: Any) -> List[Any]:
    """A program as long as another one says so. Raises NoConverter where that says it row by row."""
    told, run = e.params, main.sibling("jaxpr_steps").run
    if told["cond_jaxpr"].out_avals[0].shape:
        raise main.NoConverter("JAX's while_loop is mapped over rows, each of which ends by itself")
    first, second = told["cond_nconsts"], told["cond_nconsts"] + told["body_nconsts"]
    checks, known, start = given[:first], given[first:second], given[second:]
    inner = graphs.Graph(g)
    rest = [(inner.name(), var.aval) for var in told["body_jaxpr"].jaxpr.invars[second - first :]]
    made = run(inner, told["body_jaxpr"], [*known, *(name for name, _ in rest)])
    outs = [inner.op("Identity", out) for out in (*run(inner, told["cond_jaxpr"], [*checks, *made]), *made)]
    ports = [graphs.port(inner.name(), np.int64, []), graphs.port(inner.name(), np.bool_, [])]
    ports += [graphs.port(name, aval.dtype) for name, aval in rest]
    ends = [graphs.port(outs[0], np.bool_, [])]
    ends += [graphs.port(name, aval.dtype) for name, (_, aval) in zip(outs[1:], rest)]
    begins = run(g, told["cond_jaxpr"], [*checks, *start])
    found: List[Any] = g.ops("Loop", len(start), "", *begins, *start, body=inner.finished(ports, ends))
    return found


def running(kind: str, usual: Callable[[Any], Any]) -> Callable[..., Any]:
    """The translation of a step that goes on with what it has so far, beginning with a number of a dtype."""

    def step(g: Any, e: Any, x: Any) -> Any:
        axis, back, aval = e.params["axis"], int(e.params["reverse"]), e.invars[0].aval
        sizes = g.sizes([size for i, size in enumerate(aval.shape) if i != axis])
        start = g.op("Expand", np.array(usual(np.dtype(aval.dtype)), aval.dtype), sizes)
        inner = graphs.Graph(g)
        names = [inner.name(), inner.name()]
        made = inner.op(kind, *names)
        outs = [graphs.port(inner.op("Identity", made), aval.dtype) for _ in range(2)]
        body = inner.finished([graphs.port(name, aval.dtype) for name in names], outs)
        # onnxruntime's Scan (1.31) along another axis than the first ends the process on no rows.
        order = [axis, *(i for i in range(len(aval.shape)) if i != axis)]
        ways = {"scan_input_directions": [back], "scan_output_directions": [back]}
        turned = shapes.turned(g, x, order)
        found = g.ops("Scan", 2, start, turned, body=body, num_scan_inputs=1, **ways)[1]
        return shapes.turned(g, found, [order.index(i) for i in range(len(order))])

    return step


def lowest(dtype: Any) -> Any:
    """What is less than all else."""
    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min


def highest(dtype: Any) -> Any:
    """What is more than all else."""
    return np.inf if dtype.kind == "f" else np.iinfo(dtype).max


TABLE = {
    "scan": scan, "cond": branched, "while": looped, "cumprod": running("Mul", lambda dtype: 1),
    "cummax": running("Max", lowest), "cummin": running("Min", highest),
}  # fmt: skip
