"""Rows for Keras's layers that bring images to another size."""

from tests.harness import Case
from tests.rigs.keras import layer, on

IMAGE = (7, 9, 3)
KINDS = ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5", "area")
RATIOS = ("crop_to_aspect_ratio", "pad_to_aspect_ratio")
EVENED = "ContrastLimitedAdaptiveHistogramEqualization"
TILED = (
    ((7, 9, 3), {"tile_grid_size": (2, 4), "value_range": (-2, 2), "clip_limit": 20}),
    ((8, 8, 1), {"value_range": (-1, 1), "clip_limit": 0}),
    ((2, 9, 8), {"tile_grid_size": (3, 2), "value_range": (-3, 1), "data_format": "channels_first"}),
)


def resized(
    *size: int, shape: tuple[int | None, ...] = IMAGE, dtype: str = "float32", **more: object
) -> Case:
    return Case(on(shape, layer("Resizing", *size, **more), dtype=dtype, highest=256))


CASES = [
    *(resized(*size, interpolation=kind) for kind in KINDS for size in ((5, 4), (13, 11))),
    *(resized(4, 5, interpolation=kind, antialias=True) for kind in KINDS),
    *(resized(5, 10, **{ratio: True}) for ratio in RATIOS),
    *(resized(10, 6, shape=(8, 5, 1), **{ratio: True}) for ratio in RATIOS),
    resized(5, 5, pad_to_aspect_ratio=True, fill_value=2.0, interpolation="nearest"),
    resized(6, 4, shape=(None, None, 3)),
    resized(6, 4, shape=(None, None, 3), crop_to_aspect_ratio=True, interpolation="bicubic"),
    resized(5, 4, shape=(3, 7, 9), data_format="channels_first"),
    *(resized(5, 12, dtype="uint8", interpolation=kind) for kind in ("bilinear", "bicubic", "nearest")),
    *(Case(on(IMAGE, layer("CenterCrop", *size))) for size in ((4, 5), (7, 2), (9, 4), (3, 12), (8, 10))),
    *(Case(on((None, None, 2), layer("CenterCrop", *size))) for size in ((3, 2), (6, 3))),
    Case(on((3, 7, 9), layer("CenterCrop", 4, 4, data_format="channels_first"))),
    Case(on(IMAGE, layer("CenterCrop", 4, 5), dtype="uint8")),
    Case(on(IMAGE, layer("RandomCrop", 4, 5))),
    Case(on(IMAGE, layer("AutoContrast"))),
    Case(on(IMAGE, layer("AutoContrast", value_range=(-1, 1)))),
    *(Case(on(shape, layer(EVENED, **more), highest=256)) for shape, more in TILED),
    Case(on(IMAGE, layer(EVENED), dtype="uint8"), refused="whole numbers", reason="cut to whole numbers"),
    *(Case(on(IMAGE, layer("UpSampling2D", 2, interpolation=kind))) for kind in ("bicubic", "lanczos3")),
]
