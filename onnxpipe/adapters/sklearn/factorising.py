"""Rows as non-negative mixtures of fitted parts. Formulas: sklearn/decomposition/_nmf.py and _lda.py."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks.factors import factorising, multiplying, topics
from onnxpipe.core.guards import guarded, refuse
from onnxpipe.core.ops import Var, cast, const, dtype_of, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts
from onnxpipe.core.table import Check
from onnxpipe.core.wild import below, beyond, either

Array = NDArray[Any]

_LOSSES = {"frobenius": 2.0, "kullback-leibler": 1.0, "itakura-saito": 0.0}


_WILD = either(below(0.0), beyond(1e6))
"""MiniBatchNMF is not made for numbers below 0, and it stops for all rows at once."""


@converts("sklearn.decomposition.NMF", wild=beyond(1e6))  # it stops for all rows at once
def nmf(stage: Stage, x: Var) -> Var:
    """The weights of the fitted components, by the solver that fitted them. Raises Inexact, Unsupported."""
    _refuse_other_dtype(stage, x)
    x = _positive(stage, x, strictly=_beta(stage) <= 0)
    stop = factorising.Stop(int(stage.max_iter), float(stage.tol))
    if stage.solver == "mu":
        return multiplying.multiplied(x, _update(stage), stop)
    return factorising.descended(x, stage.components_, _penalty(stage), stop, _orders(stage))


@converts("sklearn.decomposition.MiniBatchNMF", wild=_WILD)
def mini_batch_nmf(stage: Stage, x: Var) -> Var:
    """The weights of the fitted components, by multiplicative updates of all rows."""
    limit = stage.max_iter if stage.transform_max_iter is None else stage.transform_max_iter
    stop = factorising.Stop(int(limit), float(stage.tol))
    return multiplying.multiplied_until_still(x, _update(stage), stop)


def _refuse_other_dtype(stage: Stage, x: Var) -> None:
    fitted = stage.components_.dtype
    if dtype_of(x) != fitted:
        raise stage.inexact(
            f"was fitted in {fitted}, and scikit-learn transforms no {dtype_of(x)} rows with it",
            f"Convert it with --dtype {fitted}.",
        )


def _positive(stage: Stage, x: Var, *, strictly: bool = False) -> Var:
    """``x``, refusing rows with a number below 0, or ``strictly`` also those with a 0."""
    zero = const(0, dtype_of(x))
    bad = op.less_or_equal(x, zero) if strictly else op.less(x, zero)
    return refuse(stage.context, x, bad)


def _beta(stage: Stage) -> float:
    return float(_LOSSES.get(stage.beta_loss, stage.beta_loss))


def _update(stage: Stage) -> multiplying.Multiplicative:
    return multiplying.Multiplicative(stage.components_, _beta(stage), _penalty(stage))


def _penalty(stage: Stage) -> factorising.Penalty:
    scale = stage.components_.shape[1] * stage.alpha_W
    return factorising.Penalty(scale * stage.l1_ratio, scale * (1.0 - stage.l1_ratio))


def _orders(stage: Stage) -> Array | None:
    """The orders in which ``shuffle`` takes the components ``[max_iter, k]``, drawn anew from the seed."""
    if not stage.shuffle:
        return None
    if not isinstance(stage.random_state, int):
        raise stage.unsupported("shuffles with no fixed seed, so that no two answers of its own agree")
    random = np.random.RandomState(stage.random_state)
    return np.array([random.permutation(len(stage.components_)) for _ in range(int(stage.max_iter))])


@converts("sklearn.decomposition.LatentDirichletAllocation")
def latent_dirichlet_allocation(stage: Stage, x: Var, due: Check) -> Var:
    """The share of every topic in each document, in the dtype of the fitted topics."""
    x = guarded(stage.context, cast(x, stage.components_.dtype), due)
    x = _positive(stage, x)
    stop = topics.Stop(int(stage.max_doc_update_iter), float(stage.mean_change_tol))
    mixed = topics.distribution(x, stage.exp_dirichlet_component_, stage.doc_topic_prior_, stop)
    return mixed / op.reduce_sum(mixed, const([1]))
