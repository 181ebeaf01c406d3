"""Missing texts, which travel as texts: where that can't be told, and what to do about it."""

from __future__ import annotations

import numpy as np

from onnxpipe.check.rows import Rows
from onnxpipe.services.judging.judge import ABSENT, Judged


def on_gaps(given: Rows | None, judged: Judged, missing: str) -> tuple[str, ...]:
    """What to do about missing texts of the user's that the original refuses and the graph can't tell."""
    texts = [value for value in (given or {}).values() if value.dtype.kind == "O"]
    gaps = [(value == ABSENT).reshape(len(value), -1).any(axis=1) for value in texts]
    alone = judged.native_refused & ~judged.graph_refused
    count = int(np.sum(np.logical_or.reduce(gaps) & alone[: len(gaps[0])])) if gaps else 0
    told = (
        f"{count} of your rows have a missing text, which the original refuses and the graph takes for "
        f"{missing!r}: fill it, or name a text that stands for it (--missing-string), which is then refused"
    )
    return (told,) if count else ()
