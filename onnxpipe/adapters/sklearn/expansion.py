"""Transformers that make more features of the given ones. Formulas: sklearn/preprocessing/_polynomial.py."""

from __future__ import annotations

import numpy as np

from onnxpipe.blocks import polynomials
from onnxpipe.core.ops import Var, take_columns
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts


@converts("sklearn.preprocessing.PolynomialFeatures")
def polynomial_features(stage: Stage, x: Var) -> Var:
    """All products of the features of degrees within the limits, behind a column of ones."""
    lowest, highest = (0, stage.degree) if np.ndim(stage.degree) == 0 else stage.degree
    if highest == 0:
        return polynomials.with_ones(take_columns(x, []))
    terms = polynomials.expanded(x, max(1, lowest), highest, stage.interaction_only)
    return polynomials.with_ones(terms) if stage.include_bias else terms
