"""Other sizes of the axes that a graph leaves open besides the batch: asked of both sides as well."""

from __future__ import annotations

from collections.abc import Iterator

import onnx

from onnxpipe.check.probes import Original, probes
from onnxpipe.check.rows import take
from onnxpipe.core.signature import sized, sizes_of
from onnxpipe.services.judging.judge import Judge

_ROWS = 3


def failures(judge: Judge, model: onnx.ModelProto, seed: int) -> Iterator[str]:
    """What differs when one open axis is shorter or longer than usual, and the original answers."""
    usual = sizes_of(model)
    for symbol, size in usual.items():
        for other in sorted({max(1, size // 2), size + 1, 2 * size + 1} - {size}):
            signature = sized(model, {**usual, symbol: other})
            rows = take(probes(signature, None, (), Original({}), budget=0, seed=seed).rows, slice(0, _ROWS))
            judged = judge(rows)
            if (judged.wrong & ~judged.native_refused).any():
                reasons = "; ".join(dict.fromkeys(why for side, why in judged.reasons.values()))
                yield f"{symbol} of {other} instead of {size}: {reasons or 'other answers'}"
