"""Steps of JAX that run programs inside: loops and branches."""

from __future__ import annotations

import sys
from typing import Any, List, Sequence

import numpy as np

main = sys.modules["_onnxpipe_main"]
graphs = main.sibling("jaxpr_graph")


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


TABLE = {"scan": scan, "cond": branched}
