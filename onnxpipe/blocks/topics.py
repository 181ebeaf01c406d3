"""Which topics documents are about, by variational inference."""

from __future__ import annotations

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


def distribution(x: Var, words: Array, prior: float, stop: Stop) -> Var:
    """The topics ``[N, k]`` of documents by word counts ``x`` ``[N, d]``, unnormalised.

    ``words`` ``[k, d]`` is ``exp(E[log(beta)])``. Formula: ``_update_doc_distribution`` in
    sklearn/decomposition/_lda.py; words that a document lacks add nothing.
    """
    like, eps = dtype_of(x), np.finfo(dtype_of(x)).eps
    topics, columns = len(words), const(words.T)
    start = filled(x, like.type(1), topics)

    def step(_: Var, state: _Documents) -> tuple[_Documents, Var]:
        phi = op.gemm(state.weights, const(words)) + const(eps, like)
        found = state.weights * op.gemm(x / phi, columns) + const(prior, like)
        change = op.reduce_sum(op.abs(state.topics - found), const([1])) / const(topics, like)
        done = op.less(change, const(stop.change, like))
        mixed = op.where(state.open, found, state.topics)
        weights = op.where(state.open, _weights(found), state.weights)
        still = op.and_(state.open, op.not_(done))
        return _Documents(mixed, weights, still), any_of(still)

    return iterated(_Documents(start, _weights(start), filled(x, True, 1)), stop.limit, step).topics


def _weights(topics: Var) -> Var:
    """``exp(E[log(theta)])`` ``[N, k]``."""
    return op.exp(psi(topics) - psi(op.reduce_sum(topics, const([1]))))
