"""Which topics documents are about, by variational inference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks.special import psi
from onnxpipe.core.loops import iterated
from onnxpipe.core.ops import Var, any_of, const, dtype_of, filled, op

Array = NDArray[Any]


class Stop(NamedTuple):
    """When a document is done: after ``limit`` rounds, or once its topics change by less on average."""

    limit: int
    change: float


class _Documents(NamedTuple):
    topics: Var
    weights: Var
    open: Var


class Start(NamedTuple):
    """Where inference starts: each topic's weight, what is added to every word's share, which digamma."""

    weights: Any = 1.0
    least: float | None = None
    digamma: Callable[[Var], Var] = psi


def distribution(x: Var, words: Array, prior: Any, stop: Stop, start: Start | None = None) -> Var:
    """The topics ``[N, k]`` of documents by word counts ``x`` ``[N, d]``, unnormalised.

    ``words`` ``[k, d]`` is ``exp(E[log(beta)])``; ``prior`` is of each topic or of all. Formula:
    ``_update_doc_distribution`` in sklearn/decomposition/_lda.py; words that a document lacks add nothing.
    """
    start = start or Start(least=float(np.finfo(dtype_of(x)).eps))
    like, topics, columns = dtype_of(x), len(words), const(words.T)
    first = filled(x, like.type(0), topics) + const(start.weights, like)

    def step(_: Var, state: _Documents) -> tuple[_Documents, Var]:
        phi = op.gemm(state.weights, const(words)) + const(start.least, like)
        found = state.weights * op.gemm(x / phi, columns) + const(prior, like)
        change = op.reduce_sum(op.abs(state.topics - found), const([1])) / const(topics, like)
        done = op.not_(op.greater(change, const(stop.change, like)))
        mixed = op.where(state.open, found, state.topics)
        weights = op.where(state.open, _weights(found, start), state.weights)
        still = op.and_(state.open, op.not_(done))
        return _Documents(mixed, weights, still), any_of(still)

    return iterated(_Documents(first, _weights(first, start), filled(x, True, 1)), stop.limit, step).topics


def _weights(topics: Var, start: Start) -> Var:
    """``exp(E[log(theta)])`` ``[N, k]``."""
    return op.exp(start.digamma(topics) - start.digamma(op.reduce_sum(topics, const([1]))))
