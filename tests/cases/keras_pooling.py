"""Rows for Keras's pools, and for layers that cut, pad or repeat places."""

from tests.harness import Case
from tests.rigs.keras import layer, on

SHAPES = {"1D": (9, 4), "2D": (8, 7, 4), "3D": (5, 6, 4, 2)}
MOVES = (
    {"pool_size": 2},
    {"pool_size": 2, "padding": "same"},
    {"pool_size": 3, "strides": 2, "padding": "same"},
)
POOLS = [(f"{kind}Pooling{axes}", shape) for kind in ("Max", "Average") for axes, shape in SHAPES.items()]
GLOBAL = [(f"Global{name}", shape) for name, shape in POOLS]

CASES = [
    *(Case(on(shape, layer(name, **move))) for name, shape in POOLS for move in MOVES),
    Case(on((None, 4), layer("AveragePooling1D", 3, strides=2, padding="same"))),
    *(Case(on(shape, layer(name, **more))) for name, shape in GLOBAL for more in ({}, {"keepdims": True})),
    Case(on((4, 9), layer("GlobalAveragePooling1D", data_format="channels_first"))),
    Case(on((4,), layer("Embedding", 5, 3, mask_zero=True), layer("GlobalAveragePooling1D"), dtype="int32")),
    Case(on((9, 4), layer("ZeroPadding1D", 2))),
    Case(on((9, 4), layer("ZeroPadding1D", (1, 3)))),
    Case(on((8, 7, 4), layer("ZeroPadding2D", ((1, 0), (2, 3))))),
    Case(on((8, 7, 4), layer("ZeroPadding2D", (1, 2), data_format="channels_first"))),
    Case(on((5, 6, 4, 2), layer("ZeroPadding3D", 1))),
    Case(on((9, 4), layer("Cropping1D", (1, 3)))),
    Case(on((8, 7, 4), layer("Cropping2D", ((1, 0), (2, 3))))),
    Case(on((8, 7, 4), layer("Cropping2D", 1, data_format="channels_first"))),
    Case(on((5, 6, 4, 2), layer("Cropping3D", 1))),
    Case(on((9, 4), layer("UpSampling1D", 3))),
    Case(on((8, 7, 4), layer("UpSampling2D", (2, 3)))),
    Case(on((8, 7, 4), layer("UpSampling2D", 2, interpolation="bilinear"))),
    Case(on((8, 7, 4), layer("UpSampling2D", 2, data_format="channels_first"))),
    Case(on((5, 6, 4, 2), layer("UpSampling3D", 2))),
    Case(on((7, 3), layer("AdaptiveAveragePooling1D", 3))),
    Case(on((7, 9, 3), layer("AdaptiveAveragePooling2D", (3, 4)))),
    Case(on((3, 7, 9), layer("AdaptiveAveragePooling2D", 2, data_format="channels_first"))),
    Case(on((4, 5, 3, 2), layer("AdaptiveAveragePooling3D", 2))),
    Case(on((7, 3), layer("AdaptiveMaxPooling1D", 3))),
    Case(on((7, 9, 3), layer("AdaptiveMaxPooling2D", 4))),
    Case(on((4, 5, 3, 2), layer("AdaptiveMaxPooling3D", (2, 3, 1)))),
]  # fmt: skip
