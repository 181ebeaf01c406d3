"""Files of images looked over before they are decoded: whether they are whole, and of a kind that is known.

onnxruntime-extensions 0.15 takes the process down for files that are neither JPEG nor PNG, and never comes
back from a JPEG that libjpeg gives up on. So a JPEG's markers and tables are checked here as libjpeg
checks them (ITU-T T.81, annex B; jdmarker.c, jdhuff.c, jdphuff.c). What is wrong in the compressed pixels
it passes over, and PNG's decoder fails as it should.
"""

from __future__ import annotations

import numpy as np

from onnxpipe.blocks.extensions import decoded
from onnxpipe.blocks.imaging import jpeg_segments
from onnxpipe.blocks.imaging.jpeg_segments import Walk
from onnxpipe.core.guards import unless
from onnxpipe.core.loops import iterated
from onnxpipe.core.ops import Var, cast, const, op

_PNG = (0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52)
_JPEG = (0xFF, 0xD8, 0xFF)
_SEGMENTS = 2000
"""More segments than any file has."""


def pixels(data: Var, largest: int) -> Var:
    """uint8 ``[H, W, 3]`` of the uint8 bytes ``[n]`` of a JPEG (grey or in colours) or a PNG.

    Other files, broken ones, and those of more than ``largest`` pixels are refused.
    """
    numbers = op.concat([cast(data, np.int64), const(np.zeros(jpeg_segments.MARGIN, np.int64))], axis=0)
    png = _begins(numbers, _PNG)
    (fine,) = op.if_(
        png,
        then_branch=lambda: [_few(_word(numbers, 16), _word(numbers, 20), largest)],
        else_branch=lambda: [_whole_jpeg(numbers, op.squeeze(op.shape(data)), largest)],
    )
    made = decoded(unless(data, op.not_(fine)))
    return op.expand(made, const([1, 1, 3]))  # a grey JPEG comes with one channel


def _begins(numbers: Var, mark: tuple[int, ...]) -> Var:
    first = op.slice(numbers, const([0]), const([len(mark)]))
    return cast(op.reduce_min(cast(op.equal(first, const(mark)), np.int64), keepdims=0), np.bool_)


def _word(numbers: Var, at: int) -> Var:
    """Four bytes as a number, the highest first."""
    four = op.slice(numbers, const([at]), const([at + 4]))
    return op.reduce_sum(op.mul(four, const([1 << 24, 1 << 16, 1 << 8, 1])), keepdims=0)


def _few(height: Var, width: Var, largest: int) -> Var:
    count = op.mul(height, width)
    return op.and_(op.greater(count, const(0)), op.less_or_equal(count, const(largest)))


def _whole_jpeg(numbers: Var, size: Var, largest: int) -> Var:
    """bool scalar: whether libjpeg decodes a file up to its end."""
    before, after = (op.slice(numbers, const([i]), const([end])) for i, end in ((0, -1), (1, _END)))
    stuffed = op.or_(op.less(after, const(0xD0)), op.greater(after, const(0xD7)))
    marks = op.and_(op.equal(before, const(0xFF)), op.and_(stuffed, _not(after, (0, 0xFF))))
    file = jpeg_segments.File(numbers, size, op.squeeze(op.non_zero(marks), const([0])))
    start = Walk(_begins(numbers, _JPEG), *(const(value) for value in (2, 0, 0, 0, 0, 0, 0)))
    walked = iterated(start, _SEGMENTS, lambda count, walk: jpeg_segments.step(file, walk))
    tall, wide = (jpeg_segments.pair(numbers, op.add(walked.frame, const(i))) for i in (1, 3))
    return op.and_(op.and_(walked.fine, op.equal(walked.at, size)), _few(tall, wide, largest))


_END = np.iinfo(np.int64).max


def _not(x: Var, values: tuple[int, ...]) -> Var:
    first, second = (op.not_(op.equal(x, const(value))) for value in values)
    return op.and_(first, second)
