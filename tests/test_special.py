"""Special functions against SciPy's."""

from __future__ import annotations

import numpy as np
from scipy import special as scipy_special

from onnxpipe.blocks.special import digamma


def test_digamma() -> None:
    x = np.concatenate([np.logspace(-8, 8, 2001), [1.4616321449683623]])
    expected = scipy_special.digamma(x)
    assert np.max(np.abs(digamma(x) - expected) / np.maximum(1, np.abs(expected))) < 5e-15
