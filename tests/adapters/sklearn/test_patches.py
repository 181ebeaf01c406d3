"""Images: sizes asked for, sizes refused, and answers that don't go row by row."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.feature_extraction.image import PatchExtractor

import onnxpipe
from onnxpipe.errors import Inexact, NativeFailed
from tests.harness import open_session

pytestmark = pytest.mark.usefixtures("inhouse")

IMAGES = np.random.default_rng(0).normal(size=(3, 5, 4))


def test_any_size_goes_in_and_one_below_a_patch_is_refused() -> None:
    session = open_session(onnxpipe.convert(PatchExtractor(patch_size=(3, 2))))
    for images in (IMAGES, IMAGES[:, :3]):
        expected = PatchExtractor(patch_size=(3, 2)).transform(images)
        assert np.array_equal(session.run(None, {"X": images})[0], expected)
    with pytest.raises(Exception, match="out of data bounds"):
        session.run(None, {"X": IMAGES[:, :2]})


def test_the_number_of_channels_must_be_known() -> None:
    with pytest.raises(Inexact, match="channels"):
        onnxpipe.convert(
            PatchExtractor(patch_size=(3, 2)), inputs={"X": ("float64", (None, None, None, None))}
        )


def test_several_rows_per_image_are_not_compared() -> None:
    kind = PatchExtractor(patch_size=(3, 2))
    model = onnxpipe.convert(kind, sample={"X": IMAGES})
    with pytest.raises(NativeFailed, match="row by row"):
        onnxpipe.verify(model, kind)
