"""From raw scores to predictions: ConvertOutput in src/objective/*.hpp of LightGBM."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from onnxpipe.blocks import linear, numeric
from onnxpipe.core.ops import Var, const, dtype_of, op
from onnxpipe.core.plan import Stage

Link = Callable[[Var], Var]

_NAMES = {
    "same": "regression regression_l1 huber fair quantile mape lambdarank rank_xendcg custom none",
    "exp": "poisson gamma tweedie",
    "sigmoid": "binary multiclassova cross_entropy",
    "softmax": "multiclass",
    "softplus": "cross_entropy_lambda",
}
_LINKS: Mapping[str, Link] = {
    "same": lambda raw: raw,
    "exp": op.exp,
    "sigmoid": linear.expit,
    "softmax": linear.softmax,
    "softplus": lambda raw: numeric.log1p(op.exp(raw)),
}
_LINK_OF = {name: link for link, names in _NAMES.items() for name in names.split()}


def predictions(stage: Stage, raw: Var) -> Var:
    """What the objective makes of raw scores ``[N, k]``. Raises Unsupported for one that isn't known."""
    name, *options = str(stage.get("objective", "custom")).split()
    if name not in _LINK_OF:
        raise stage.unsupported(f"has the objective {name!r:.60}, whose predictions we don't know")
    if "sqrt" in options:
        return op.sign(raw) * raw * raw
    said = dict(option.partition(":")[::2] for option in options)
    slope = float(said.get("sigmoid", 1))
    scaled = raw if slope == 1 else raw * const(np.float64(slope), dtype_of(raw))
    return _LINKS[_LINK_OF[name]](scaled)
