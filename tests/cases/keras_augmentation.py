"""Rows for Keras's layers that augment images, in training alone."""

from tests.harness import Case
from tests.rigs.keras import layer, on

IMAGE = (6, 6, 3)
PLAIN = ("AugMix", "CutMix", "MixUp", "RandAugment", "RandomFlip", "RandomElasticTransform", "RandomErasing")
FACTORS = (
    *("RandomBrightness", "RandomColorDegeneration", "RandomContrast", "RandomGrayscale", "RandomHue"),
    *(
        "RandomInvert",
        "RandomPerspective",
        "RandomRotation",
        "RandomSaturation",
        "RandomSharpness",
        "RandomZoom",
    ),
)

CASES = [
    *(Case(on(IMAGE, layer(name))) for name in PLAIN),
    *(Case(on(IMAGE, layer(name, 0.5))) for name in FACTORS),
    Case(on(IMAGE, layer("RandomPosterization", 4))),
    Case(on(IMAGE, layer("Solarization"))),
    Case(on(IMAGE, layer("MaxNumBoundingBoxes", 3))),
    Case(on(IMAGE, layer("RandomColorJitter", brightness_factor=0.2))),
    Case(on(IMAGE, layer("RandomGaussianBlur", sigma=1.0))),
    Case(on(IMAGE, layer("RandomShear", 0.2, 0.2))),
    Case(on(IMAGE, layer("RandomTranslation", 0.2, 0.2))),
    Case(
        on(IMAGE, layer("RandomFlip"), dtype="uint8"),
        refused="whole numbers", reason="some versions answer floats, some don't",
    ),
]  # fmt: skip
