"""Programs of JAX, as it traces them (jaxprs), step by step into a graph of ONNX."""

from __future__ import annotations

import sys
from typing import Any, Dict, Iterator, List, Sequence

import numpy as np

main = sys.modules["_onnxpipe_main"]
graphs = main.sibling("jaxpr_graph")

INLINE = {"jit": "jaxpr", "pjit": "jaxpr", "closed_call": "call_jaxpr", "core_call": "call_jaxpr",
          "custom_jvp_call": "call_jaxpr", "custom_vjp_call": "call_jaxpr", "checkpoint": "jaxpr",
          "remat2": "jaxpr"}  # fmt: skip
"""Steps that are programs themselves, and what they call them."""
INSIDE = {"scan": ("jaxpr",), "cond": ("branches",), "while": ("cond_jaxpr", "body_jaxpr")}
"""Steps that run programs, and what they call them."""
LARGEST = 2**20
"""Numbers that a step on known arrays may answer to be worked out at once."""


def table() -> Dict[str, Any]:
    """Translations by primitive: functions of the graph, the equation and its values."""
    found = {}  # type: Dict[str, Any]
    for name in (
        "jaxpr_operators",
        "jaxpr_shapes",
        "jaxpr_places",
        "jaxpr_scatters",
        "jaxpr_windows",
        "jaxpr_loops",
    ):
        found.update(main.sibling(name).TABLE)
    return found


def run(graph: Any, closed: Any, given: Sequence[Any]) -> List[Any]:
    """The values that a program, closed or without constants, answers to values."""
    jaxpr = getattr(closed, "jaxpr", closed)
    consts = [np.asarray(each) for each in getattr(closed, "consts", ())]
    known = dict(zip([*jaxpr.constvars, *jaxpr.invars], [*consts, *given]))  # type: Dict[Any, Any]

    def read(atom: Any) -> Any:
        return np.asarray(atom.val, atom.aval.dtype) if hasattr(atom, "val") else known[atom]

    for equation in jaxpr.eqns:
        found = step(graph, equation, [read(atom) for atom in equation.invars])
        known.update(zip(equation.outvars, found))
    return [read(atom) for atom in jaxpr.outvars]


def step(graph: Any, equation: Any, values: Sequence[Any]) -> List[Any]:
    """What one equation answers."""
    name = equation.primitive.name
    if name in INLINE:
        return run(graph, equation.params[INLINE[name]], values)
    if is_known(equation, values):
        found = equation.primitive.bind(*values, **equation.params)
        many = found if equation.primitive.multiple_results else [found]
        return [np.asarray(each) for each in many]
    if name not in INSIDE and all(0 in var.aval.shape for var in equation.outvars) and is_plain(equation):
        # onnxruntime (1.31) takes an Expand to a constant shape with a 0 in it away.
        return [np.zeros(var.aval.shape, var.aval.dtype) for var in equation.outvars]
    made = table()[name](graph, equation, *values)
    return made if isinstance(made, list) else [made]


def is_known(equation: Any, values: Sequence[Any]) -> bool:
    """Whether an equation's answers can be worked out now."""
    if equation.primitive.name in (*INSIDE, "dim_as_value") or any(isinstance(v, str) for v in values):
        return False
    shapes = [var.aval.shape for var in equation.outvars]
    return is_plain(equation) and all(np.prod(shape, dtype=np.int64) <= LARGEST for shape in shapes)


def is_plain(equation: Any) -> bool:
    """Whether the sizes of an equation's answers are numbers."""
    return all(isinstance(size, int) for var in equation.outvars for size in var.aval.shape)


def untranslated(closed: Any) -> Iterator[str]:
    """The primitives in a program that there is no translation for."""
    known = table()
    for equation in getattr(closed, "jaxpr", closed).eqns:
        name = equation.primitive.name
        inner = [equation.params[INLINE[name]]] if name in INLINE else []
        if name in INSIDE:
            held = [equation.params[called] for called in INSIDE[name]]
            inner = [each for some in held for each in (some if isinstance(some, tuple) else [some])]
        elif name not in INLINE and name not in known:
            yield name
        for each in inner:
            yield from untranslated(each)
