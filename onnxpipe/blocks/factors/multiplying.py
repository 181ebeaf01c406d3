"""Weights of fitted non-negative components by multiplicative updates, for any beta-divergence.

Formulas: sklearn/decomposition/_nmf.py, with the components held fixed. Stopping rules look at the
whole batch there, and so they do here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks import numeric
from onnxpipe.blocks.factors.factorising import Penalty, Stop
from onnxpipe.core.loops import iterated
from onnxpipe.core.ops import Var, cast, const, dtype_of, filled, op

Array = NDArray[Any]

_LEAST = np.finfo(np.float32).eps
"""What native puts in place of denominators and products next to 0."""
_ROUND = 10
"""Updates between two looks at the error."""


class _Round(NamedTuple):
    """``sums`` ``[1, k]`` is the denominator that native keeps from round to round for a beta of 1."""

    weights: Var
    sums: Var
    error: Var


class Multiplicative(NamedTuple):
    """The multiplicative update for one beta-divergence between rows and their approximation."""

    parts: Array
    beta: float
    penalty: Penalty

    @property
    def gamma(self) -> float:
        """The exponent that makes the update descend (Févotte and Idier, 2011)."""
        if self.beta < 1:
            return 1 / (2 - self.beta)
        return 1 / (self.beta - 1) if self.beta > 2 else 1.0

    def start(self, x: Var) -> Var:
        """Equal weights ``[N, k]``, as large as the batch's mean suggests."""
        mean = op.reduce_mean(x, keepdims=0) / const(len(self.parts), dtype_of(x))
        return filled(x, dtype_of(x).type(1), len(self.parts)) * op.sqrt(mean)

    def sums(self) -> Var:
        return const(self.parts.sum(axis=1)[None])

    def updated(self, x: Var, weights: Var, sums: Var) -> tuple[Var, Var]:
        """The weights after one update, and ``sums`` as native leaves it: ``_multiplicative_update_w``."""
        numerator, denominator = self._ratio(x, weights, sums)
        if self.penalty.l1 > 0:
            denominator = denominator + const(self.penalty.l1, dtype_of(denominator))
        kept = denominator
        if self.penalty.l2 > 0:
            denominator = denominator + weights * const(self.penalty.l2, dtype_of(weights))
        zero, least = (const(value, dtype_of(denominator)) for value in (0, _LEAST))
        denominator = op.where(op.equal(denominator, zero), least, denominator)
        # Without a quadratic penalty native mends the very array that it keeps.
        kept = kept if self.penalty.l2 > 0 else denominator
        delta = numerator / denominator
        delta = op.pow(delta, const(self.gamma, dtype_of(delta))) if self.gamma != 1 else delta
        return numeric.inplace(weights, weights * delta), kept if self.beta == 1 else sums

    def _ratio(self, x: Var, weights: Var, sums: Var) -> tuple[Var, Var]:
        back = np.ascontiguousarray(self.parts.T)
        if self.beta == 2:
            return _product(x, back), _product(weights, self.parts @ self.parts.T)
        fit = _product(weights, self.parts)
        safe = _floored(fit) if self.beta < 2 else fit
        if self.beta == 1:
            return _product(x / safe, back), sums
        if self.beta == 0:
            inverse = const(1, dtype_of(safe)) / safe
            shares = inverse * inverse * x
        else:
            shares = op.pow(safe, const(self.beta - 2, dtype_of(safe))) * x
        below = _floored(fit) if self.beta < 1 else fit
        return _product(shares, back), _product(op.pow(below, const(self.beta - 1, dtype_of(below))), back)

    def divergence(self, x: Var, weights: Var) -> Var:
        """The root of twice the divergence, a scalar: ``_beta_divergence``."""
        fit, beta = _product(weights, self.parts), self.beta
        like = dtype_of(fit)
        if beta == 2:
            return op.sqrt(op.reduce_sum_square(x - fit, keepdims=0))
        used, safe = op.greater(x, const(_LEAST, dtype_of(x))), _floored(fit)

        def total(values: Var) -> Var:
            return op.reduce_sum(op.where(used, values, const(0, dtype_of(values))), keepdims=0)

        ratio = op.where(used, x / safe, const(1, like))
        if beta == 1:
            whole = op.reduce_sum(
                op.gemm(op.reduce_sum(weights, const([0])), self.sums(), transB=1), keepdims=0
            )
            result = total(x * op.log(ratio)) + whole - total(x)
        elif beta == 0:
            size = cast(op.size(x), like)
            result = total(ratio) - size - total(op.log(ratio))
        else:
            power = [op.pow(safe, const(beta - 1, like)), op.pow(x, const(beta, dtype_of(x)))]
            whole = op.reduce_sum(op.pow(fit, const(beta, like)), keepdims=0)
            result = total(power[1]) - const(beta, like) * total(x * power[0]) + const(beta - 1, like) * whole
            result = result / const(beta * (beta - 1), like)
        return op.sqrt(const(2, like) * op.max([result, const(0, like)]))


def _product(x: Var, matrix: Array) -> Var:
    """``x @ matrix`` in numpy's common dtype."""
    dtype = np.result_type(dtype_of(x), matrix)
    return op.gemm(cast(x, dtype), const(matrix, dtype))


def _floored(x: Var) -> Var:
    least = const(_LEAST, dtype_of(x))
    return op.where(op.less(x, least), least, x)


def multiplied(x: Var, update: Multiplicative, stop: Stop) -> Var:
    """Weights ``[N, k]`` by multiplicative updates.

    Ends once ten of them lower the error by less than ``tol`` of the first: ``_fit_multiplicative_update``.
    """
    weights = update.start(x)
    first = update.divergence(x, weights)

    def once(_: Var, state: _Round) -> tuple[_Round, Var]:
        after, sums = update.updated(x, state.weights, state.sums)
        if update.beta < 1:
            tiny = op.less(after, const(np.finfo(np.float64).eps, dtype_of(after)))
            after = op.where(tiny, const(0, dtype_of(after)), after)
        return state._replace(weights=after, sums=sums), const(True)

    def ten(_: Var, state: _Round) -> tuple[_Round, Var]:
        after = iterated(state, _ROUND, once)
        error = update.divergence(x, after.weights)
        gain = (state.error - error) / first
        return after._replace(error=error), op.not_(op.less(gain, const(stop.tol, dtype_of(gain))))

    state = _Round(weights, update.sums(), first)
    if stop.tol == 0:
        return iterated(state, stop.limit, once).weights
    return _to_the_end(state, stop, once, ten)


def _to_the_end(state: _Round, stop: Stop, once: Any, ten: Any) -> Var:
    """The weights after whole rounds of ten updates, then single ones if the last round was no end."""

    class Outer(NamedTuple):
        weights: Var
        sums: Var
        error: Var
        open: Var

    def step(number: Var, outer: Outer) -> tuple[Outer, Var]:
        after, again = ten(number, _Round(outer.weights, outer.sums, outer.error))
        return Outer(after.weights, after.sums, after.error, again), again

    last = iterated(Outer(state.weights, state.sums, state.error, const(True)), stop.limit // _ROUND, step)
    rest = cast(last.open, np.int64) * const(stop.limit % _ROUND)
    return iterated(_Round(last.weights, last.sums, last.error), rest, once).weights


class _Change(NamedTuple):
    weights: Var


def multiplied_until_still(x: Var, update: Multiplicative, stop: Stop) -> Var:
    """Weights ``[N, k]`` by multiplicative updates, of rows and parts of any dtype.

    Ends once an update changes them by at most ``tol`` of their size: ``MiniBatchNMF._solve_W``.
    """

    def step(_: Var, state: _Change) -> tuple[_Change, Var]:
        after, _sums = update.updated(x, state.weights, update.sums())
        change = _norm(after - state.weights) / _norm(after)
        still = op.less_or_equal(change, const(stop.tol, dtype_of(change)))
        return _Change(after), op.not_(still) if stop.tol > 0 else const(True)

    return iterated(_Change(update.start(x)), stop.limit, step).weights


def _norm(x: Var) -> Var:
    return op.sqrt(op.reduce_sum_square(x, keepdims=0))
