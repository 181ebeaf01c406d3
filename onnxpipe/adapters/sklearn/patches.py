"""Images to patches. Formulas: sklearn/feature_extraction/image.py."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from onnxpipe.blocks.imaging.images import patches
from onnxpipe.core.guards import guarded
from onnxpipe.core.ops import cast, shape_of
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import IMAGES, Answers, converts
from onnxpipe.core.table import Check, Table


def _images(stage: Stage) -> Sequence[str]:
    return (IMAGES,)


@converts("sklearn.feature_extraction.image.PatchExtractor", columns=_images)
def patch_extractor(stage: Stage, x: Table) -> Answers:
    """Every patch of every image, in reading order, as float64."""
    if stage.max_patches is not None:
        raise stage.unsupported("draws its patches at random (max_patches)")
    if stage.patch_size is None:
        raise stage.unsupported("takes its patch_size from the images at hand")
    if stage.options.on_invalid != "raise":
        raise stage.inexact("answers several rows per image", "--on-invalid raise")
    images = x.blocks[0].read()
    if len(shape_of(images)) == 4 and not isinstance(shape_of(images)[3], int):
        raise stage.inexact("must know how many channels there are", "--input X=float64[N,H,W,3]")
    height, width = (int(size) for size in stage.patch_size)
    checked = guarded(stage.context, images, Check.NONFINITE)
    return {"transform": cast(patches(checked, height, width), np.float64)}
