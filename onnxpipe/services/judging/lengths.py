"""Other sizes of the axes that a graph leaves open besides the batch: asked of both sides as well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import onnx

from onnxpipe.check.edges.pictures import SIZES
from onnxpipe.check.edges.probes import Original, probes
from onnxpipe.check.rows import take
from onnxpipe.core.signature import Signature, sized, sizes_of
from onnxpipe.services.judging.judge import Judge

_ROWS = 3


def failures(judge: Judge, model: onnx.ModelProto, seed: int) -> Iterator[str]:
    """What differs when open axes are shorter or longer than usual, and the original answers."""
    usual = sizes_of(model)
    for told, sizes in (*_lengths(usual), *_images(Signature.of(model), usual)):
        signature = sized(model, {**usual, **sizes})
        rows = take(probes(signature, None, (), Original({}), budget=0, seed=seed).rows, slice(0, _ROWS))
        judged = judge(rows)
        if (judged.wrong & ~judged.native_refused).any():
            reasons = "; ".join(dict.fromkeys(why for side, why in judged.reasons.values()))
            yield f"{told}: {reasons or 'other answers'}"


Tried = Iterator[tuple[str, Mapping[str, int]]]
"""What is told of other sizes, and the sizes by symbol."""


def _lengths(usual: Mapping[str, int]) -> Tried:
    """Half as long as usual, and more than that."""
    for symbol, size in usual.items():
        for other in sorted({max(1, size // 2), size + 1, 2 * size + 1} - {size}):
            yield f"{symbol} of {other} instead of {size}", {symbol: other}


def _images(signature: Signature, usual: Mapping[str, int]) -> Tried:
    """Odd heights and widths of batches of images, whose usual ones aren't known."""
    for port in signature.inputs:
        axes = [dim for dim in port.shape[1:] if not isinstance(dim, int) and dim not in usual]
        if len(port.shape) == 4 and len(axes) == 2:
            for size in SIZES:
                found = {str(axis): length for axis, length in zip(axes, size, strict=True)}
                yield " and ".join(f"{axis} of {length}" for axis, length in found.items()), found
