"""Which topics documents are about, by variational inference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks.special import psi
from onnxpipe.core.frame import Terms
from onnxpipe.core.loops import iterated
from onnxpipe.core.ops import Var, any_of, cast, const, dtype_of, filled, op

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


class _Words(NamedTuple):
    """Documents' counts ``[N, L]``; how likely topics' weights ``[N, k]`` make each; shares by topic."""

    counts: Var
    likely: Callable[[Var], Var]
    by_topic: Callable[[Var], Var]


def distribution(x: Var | Terms, words: Array, prior: Any, stop: Stop, start: Start | None = None) -> Var:
    """The topics ``[N, k]`` of documents by word counts ``x`` ``[N, d]``, or terms of it, unnormalised.

    ``words`` ``[k, d]`` is ``exp(E[log(beta)])``; ``prior`` is of each topic or of all. Formula:
    ``_update_doc_distribution`` in sklearn/decomposition/_lda.py; words that a document lacks add nothing.
    """
    held = _few(x, words) if isinstance(x, Terms) else _all(x, words)
    like, topics = dtype_of(held.counts), len(words)
    start = start or Start(least=float(np.finfo(like).eps))
    first = filled(held.counts, like.type(0), topics) + const(start.weights, like)

    def step(_: Var, state: _Documents) -> tuple[_Documents, Var]:
        phi = held.likely(state.weights) + const(start.least, like)
        found = state.weights * held.by_topic(held.counts / phi) + const(prior, like)
        # native adds the changes up in float64, in whichever precision they are
        change = op.reduce_sum(cast(op.abs(state.topics - found), np.float64), const([1]))
        done = op.not_(op.greater(op.div(change, const(float(topics))), const(float(stop.change))))
        mixed = op.where(state.open, found, state.topics)
        weights = op.where(state.open, _weights(found, start), state.weights)
        still = op.and_(state.open, op.not_(done))
        return _Documents(mixed, weights, still), any_of(still)

    return iterated(
        _Documents(first, _weights(first, start), filled(held.counts, True, 1)), stop.limit, step
    ).topics


def _all(x: Var, words: Array) -> _Words:
    columns = const(words.T)
    return _Words(x, lambda weights: op.gemm(weights, const(words)), lambda shares: op.gemm(shares, columns))


def _few(x: Terms, words: Array) -> _Words:
    """Of each document the words that it has, ``[N, L, k]``, not all there are."""
    found = op.gather(const(np.ascontiguousarray(words.T)), x.places, axis=0)

    def summed(each: Var, axis: int, over: int) -> Var:
        return op.reduce_sum(op.mul(found, op.unsqueeze(each, const([axis]))), const([over]), keepdims=0)

    return _Words(x.values, lambda weights: summed(weights, 1, 2), lambda shares: summed(shares, 2, 1))


def _weights(topics: Var, start: Start) -> Var:
    """``exp(E[log(theta)])`` ``[N, k]``, the exponential of float64 kept in the dtype of ``topics``."""
    expected = start.digamma(topics) - start.digamma(op.reduce_sum(topics, const([1])))
    return cast(op.exp(cast(expected, np.float64)), dtype_of(topics))
