"""Layers that do something in training alone: at inference what comes in goes out."""

from __future__ import annotations

from onnxpipe.core.ops import Var, dtype_of
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts


@converts(
    "keras.layers.ActivityRegularization", "keras.layers.AlphaDropout", "keras.layers.Dropout",
    "keras.layers.GaussianDropout", "keras.layers.GaussianNoise", "keras.layers.Identity",
    "keras.layers.SpatialDropout1D", "keras.layers.SpatialDropout2D", "keras.layers.SpatialDropout3D",
)  # fmt: skip
def identity(stage: Stage, x: Var) -> Var:
    return x


_AUGMENTING = (
    *("AugMix", "CutMix", "MaxNumBoundingBoxes", "MixUp", "RandAugment", "RandomBrightness"),
    *("RandomColorDegeneration", "Solarization"),
    *("RandomColorJitter", "RandomContrast", "RandomCrop", "RandomElasticTransform", "RandomErasing"),
    *("RandomFlip", "RandomGaussianBlur", "RandomGrayscale", "RandomHue", "RandomInvert"),
    *("RandomPerspective", "RandomPosterization", "RandomRotation", "RandomSaturation"),
    *("RandomSharpness", "RandomShear", "RandomTranslation", "RandomZoom"),
)


@converts(*(f"keras.layers.{name}" for name in _AUGMENTING))
def augmentation(stage: Stage, x: Var) -> Var:
    """Images as they are: augmentation ends with training."""
    if dtype_of(x).kind != "f":
        raise stage.unsupported("takes images of whole numbers, which some versions make floats of")
    return x
