"""What is done to an image, as its parameters say it, and the presets of those that are usual."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from onnxpipe.components.parameters import Floats, Size
from onnxpipe.components.resizers import Choice, one_of
from onnxpipe.errors import BadManifest

COLORS = ("rgb", "bgr", "gray")
LAYOUTS = ("hwc", "chw", "nhwc", "nchw")


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is done to an image, in this order: colour, resize or letterbox, pad, crop, numbers, layout."""

    preset: str = ""
    input: str = "pixels"
    channels: int = 3
    batch: bool = False
    color: str = "rgb"
    resize: Size | None = None
    interpolation: str = "bilinear"
    library: str = "pillow"
    version: str = ""
    antialias: bool = False
    ties: bool = False
    letterbox: bool = False
    pad: Size | None = None
    fill: int = 0
    crop: Size | None = None
    divisor: float = 1.0
    scale: float = 1.0
    offset: float = 0.0
    mean: Floats = ()
    std: Floats = ()
    axes: str = ""
    layout: str = ""

    @property
    def choice(self) -> Choice:
        return Choice(self.library, self.interpolation, self.version, self.antialias, self.ties)

    @property
    def numeric(self) -> bool:
        """Whether pixels become float32."""
        return bool(self.mean or self.std) or (self.divisor, self.scale, self.offset) != (1.0, 1.0, 0.0)


_IMAGENET = Recipe(divisor=255.0, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
PRESETS: Mapping[str, Recipe] = {
    "torchvision": replace(_IMAGENET, layout="nchw"),
    "caffe": Recipe(color="bgr", mean=(103.939, 116.779, 123.68), layout="nhwc"),
    "tf": Recipe(divisor=127.5, offset=-1.0, layout="nhwc"),
    "torch": replace(_IMAGENET, layout="nhwc"),
    "mnist": Recipe(color="gray", divisor=255.0, mean=(0.1307,), std=(0.3081,), layout="nchw"),
    "emnist": Recipe(color="gray", divisor=255.0, mean=(0.1736,), std=(0.3317,), axes="wh", layout="nchw"),
}
"""torchvision's ImageNet weights, the modes of ``keras.applications.imagenet_utils.preprocess_input``, and
the usual MNIST and EMNIST statistics; EMNIST's pictures stand with their axes exchanged."""


def filled(recipe: Recipe) -> Recipe:
    """The recipe over its preset. Raises BadManifest for words that aren't choices."""
    one_of("input", recipe.input, ("pixels", "bytes", "sequence"))
    one_of("color", recipe.color, COLORS)
    if recipe.axes:
        one_of("axes", recipe.axes, ("hw", "wh"))
    if recipe.layout:
        one_of("layout", recipe.layout, LAYOUTS)
    if not recipe.preset:
        return recipe
    base = PRESETS[one_of("preset", recipe.preset, tuple(PRESETS))]
    plain = Recipe()
    names = [each.name for each in fields(Recipe)]
    return replace(base, **{n: getattr(recipe, n) for n in names if getattr(recipe, n) != getattr(plain, n)})


def square(size: Size) -> tuple[int, int]:
    return size.height, size.height if size.width is None else size.width


def layout_of(steps: Recipe, single: bool) -> str:
    """The layout asked for; by default images stay as they came: one stays one."""
    layout = steps.layout or ("hwc" if single else "nhwc")
    if not single and not layout.startswith("n"):
        raise BadManifest(f"a batch can't be laid out {layout}", remedy="Write nhwc or nchw.")
    return layout
