"""What the package registers with onnxpipe: a converter and a translation."""

from __future__ import annotations

from onnxpipe import converts, translates
from onnxpipe.core.ops import Var, const, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.table import Check


@converts("acme.Unknown", refuses=Check.NOTHING)
def running_total(stage: Stage, x: Var) -> Var:
    """Each column plus those before it."""
    return op.cumsum(x, const(1))


@translates("acme.halved")
def halved(stage: Stage, x: Var, times: int = 1) -> Var:
    """Every value halved some times."""
    return x / 2.0**times


@translates("acme.rounded")
def rounded(stage: Stage, x: Var) -> Var:
    """Every value rounded, and wrongly: half a step too far."""
    return op.round(x + 0.5)
