"""Rows for images that become patches."""

from sklearn.feature_extraction.image import PatchExtractor

from tests.harness import Case

CASES = [
    Case(PatchExtractor(patch_size=(3, 4)), data="images"),
    Case(PatchExtractor(patch_size=(7, 6)), data="images"),
    Case(PatchExtractor(patch_size=(1, 1)), data="images"),
    Case(PatchExtractor(patch_size=(3, 4)), data="colour_images"),
    Case(PatchExtractor(patch_size=(4, 3)), data="byte_images"),
    Case(PatchExtractor(), data="images", refused="patch_size", reason="depends on the rows"),
    Case(
        PatchExtractor(patch_size=(3, 4), max_patches=2), data="images", refused="at random", reason="random"
    ),
]
