"""Naive Bayes classifiers. Formulas: sklearn/naive_bayes.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from onnxpipe.blocks import classes, densities, linear, numeric, terms
from onnxpipe.core.guards import require
from onnxpipe.core.ops import Var, cast, const, dtype_of, op, promote
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import Answers, converts


def posterior(stage: Stage, joint: Var, largest: float = np.inf) -> Answers:
    """Label and probabilities from the joint log-likelihoods ``[N, k]``, none of them above ``largest``."""
    return {
        "predict": classes.most_likely(joint, stage.classes_),
        "predict_proba": densities.normalised(joint, largest),
    }


@converts("sklearn.naive_bayes.GaussianNB")
def gaussian_nb(stage: Stage, x: Var) -> Answers:
    """``log prior - (sum(log(2 pi var)) + sum((x - theta)**2 / var)) / 2``."""
    variances = stage.state["var_" if "var_" in stage.state else "sigma_"]  # sigma_ until 1.0
    constant = np.log(stage.class_prior_) - 0.5 * np.sum(np.log(2.0 * np.pi * variances), axis=1)
    norms = densities.diagonal_norms(x, stage.theta_, variances)
    return posterior(stage, norms * np.array(-0.5, dtype_of(norms)) + constant)


@converts("sklearn.naive_bayes.MultinomialNB")
def multinomial_nb(stage: Stage, x: Var) -> Answers:
    """``x @ feature_log_prob.T + log prior``."""
    return posterior(stage, linear.affine(x, stage.feature_log_prob_, stage.class_log_prior_))


@converts("sklearn.naive_bayes.ComplementNB")
def complement_nb(stage: Stage, x: Var) -> Answers:
    """``x @ feature_log_prob.T``; the prior counts where there is only one class."""
    prior = stage.class_log_prior_ if len(stage.classes_) == 1 else 0.0
    return posterior(stage, linear.affine(x, stage.feature_log_prob_, prior))


def _thresholds(stage: Stage) -> Mapping[int, Any]:
    return {} if stage.binarize is None else {i: [stage.binarize] for i in range(stage.n_features_in_)}


@converts("sklearn.naive_bayes.BernoulliNB", edges=_thresholds)
def bernoulli_nb(stage: Stage, x: Var) -> Answers:
    """``x @ (log p - log(1 - p)).T + log prior + sum(log(1 - p))`` for ``x`` binarised to 0 and 1."""
    if stage.binarize is not None:
        x = _above(x, stage.binarize)
    log_no = np.log(1 - np.exp(stage.feature_log_prob_))
    constant = stage.class_log_prior_ + log_no.sum(axis=1)
    weights = stage.feature_log_prob_ - log_no
    largest = (
        np.abs(weights).sum(axis=1).max() + np.abs(constant).max() if stage.binarize is not None else np.inf
    )
    return posterior(stage, linear.affine(x, weights, constant), largest)


def _above(x: Var, threshold: float) -> Var:
    """1 where ``x`` is above the threshold, else 0."""

    def step(values: Var) -> Var:
        return cast(op.greater(*promote(values, threshold)), dtype_of(x))

    return terms.each(x, step) if threshold >= 0 else step(x)


def _categories(stage: Stage) -> Mapping[int, Any]:
    return {i: np.arange(size) for i, size in enumerate(stage.n_categories_)}


@converts("sklearn.naive_bayes.CategoricalNB", edges=_categories)
def categorical_nb(stage: Stage, x: Var) -> Answers:
    """The log-probability of each column's category, summed, and the log prior.

    Native truncates to integers, refuses negative ones and fails on those never seen.
    """
    sizes = numeric.beside(x, stage.n_categories_, dtype_of(x))
    known = op.greater(x, const(-1, dtype_of(x))) & op.less(x, sizes)
    index = require(stage.context, cast(x, np.int64), known)
    if stage.options.on_invalid != "raise":
        index = op.where(known, index, const(0))
    first, *others = stage.feature_log_prob_
    tables = [first + stage.class_log_prior_[:, None], *others]
    largest = sum(float(np.abs(table).max()) for table in tables)
    return posterior(stage, densities.table_sums(index, tables), largest)
