"""Images as arrays: height, width and, where there are any, channels last."""

from __future__ import annotations

from onnxpipe.core.ops import Var, const, op, shape_of


def patches(images: Var, height: int, width: int) -> Var:
    """Every patch of ``images`` ``[N, H, W]`` or ``[N, H, W, C]``, image by image in reading order.

    ``[N * patches, height, width]``, with C behind where there is more than one channel: sklearn's
    extract_patches_2d. Images smaller than a patch are an error.
    """
    coloured = len(shape_of(images)) == 4
    rows = op.gather(images, _windows(images, 1, height), axis=1)
    cells = op.gather(rows, _windows(images, 2, width), axis=3)
    ordered = op.transpose(cells, perm=[0, 1, 3, 2, 4, 5][: 6 if coloured else 5])
    channels = [shape_of(images)[3]] if coloured and shape_of(images)[3] != 1 else []
    return op.reshape(ordered, const([-1, height, width, *channels]))


def _windows(images: Var, axis: int, size: int) -> Var:
    """int64 ``[places, size]``: the positions that each window along an axis covers, one window at least if
    there is an image, so that one that doesn't fit reads past the end and fails.
    """
    count, length = (op.squeeze(op.shape(images, start=i, end=i + 1)) for i in (0, axis))
    places = op.max([op.sub(length, const(size - 1)), op.min([count, const(1)])])
    starts = op.unsqueeze(op.range(const(0), places, const(1)), const([1]))
    return op.add(starts, const([list(range(size))]))
