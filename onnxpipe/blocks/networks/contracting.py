"""Products of rows with weights, summed as an equation of letters says.

ONNX has Einsum, but onnxruntime 1.23's ends the process on zero rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.core.ops import Var, const, op


def contracted(x: Var, weights: NDArray[Any], equation: str) -> Var:
    """``einsum(equation, x, weights)`` for an equation ``rows,weights->answer`` without ``...``.

    ``x`` is ``[N, ...]``; its first letter must be the answer's first. Raises ValueError for an
    equation that names a letter twice in one place, or of which that isn't true.
    """
    given, named, wanted = _parts(equation)
    alone = [c for c in given if c not in named and c not in wanted]
    if alone:
        x = op.reduce_sum(x, const([given.index(c) for c in alone]), keepdims=0)
    given = [c for c in given if c not in alone]
    weights = weights.sum(axis=tuple(i for i, c in enumerate(named) if c not in given and c not in wanted))
    named = [c for c in named if c in given or c in wanted]
    summed = [c for c in given if c in named and c not in wanted]
    both = [c for c in given if c in named and c in wanted]
    made = [c for c in named if c not in given]
    # Rows last of what stays: zero of them can't be broadcast against.
    kept = [c for c in given if c not in named]
    kept = [*kept[1:], kept[0]] if both else kept
    sizes = dict(zip(named, weights.shape, strict=True))
    matrices = np.transpose(weights, [named.index(c) for c in (*both, *summed, *made)]).reshape(
        *(sizes[c] for c in both),
        *(1 for _ in kept[1:] if both),
        _product(sizes, summed),
        _product(sizes, made),
    )
    x, leading = _moved(x, given, [*both, *kept, *summed]), [0] * len([*both, *kept])
    rows = op.reshape(x, const([*leading, _product(sizes, summed)]))
    answer = op.reshape(op.matmul(rows, const(matrices)), const([*leading, *(sizes[c] for c in made)]))
    return _moved(answer, [*both, *kept, *made], wanted)


def _parts(equation: str) -> tuple[list[str], list[str], list[str]]:
    """The letters of the rows, of the weights and of the answer."""
    terms, _, answer = equation.partition("->")
    given, named, wanted = [list(part.strip()) for part in (*terms.split(","), answer)]
    if any(len(set(part)) < len(part) for part in (given, named, wanted)):
        raise ValueError(f"{equation} names a letter twice")
    if given[:1] != wanted[:1] or given[0] in named or set(wanted) - {*given, *named}:
        raise ValueError(f"{equation} doesn't keep rows apart")
    return given, named, wanted


def _product(sizes: dict[str, int], letters: Sequence[str]) -> int:
    return int(np.prod([sizes[c] for c in letters], dtype=np.int64))


def _moved(x: Var, held: Sequence[str], wanted: Sequence[str]) -> Var:
    """``x`` with its axes, named by letters, in another order."""
    return x if list(held) == list(wanted) else op.transpose(x, perm=[held.index(c) for c in wanted])
