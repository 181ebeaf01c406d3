"""Rows for Keras's convolutions."""

from tests.harness import Case
from tests.rigs.keras import layer, on

LINE, PLANE, SPACE = (9, 4), (8, 7, 4), (5, 6, 4, 2)
MOVES = ({}, {"padding": "same"}, {"strides": 2, "padding": "same"}, {"dilation_rate": 2, "padding": "same"})

CASES = [
    *(Case(on(LINE, layer("Conv1D", 3, 3, **move))) for move in (*MOVES, {"padding": "causal"})),
    Case(on(LINE, layer("Conv1D", 3, 2, padding="causal", dilation_rate=3, activation="relu"))),
    Case(on((None, 4), layer("Conv1D", 3, 3, strides=2, padding="same"))),
    *(Case(on(PLANE, layer("Conv2D", 6, (3, 2), **move))) for move in MOVES),
    Case(on(PLANE, layer("Conv2D", 6, 3, groups=2, use_bias=False))),
    Case(on((None, None, 3), layer("Conv2D", 4, 3, strides=2, padding="same"))),
    Case(on((None, None, 3), layer("Conv2D", 4, 3, padding="same", activation="softmax"))),
    *(Case(on(SPACE, layer("Conv3D", 3, 2, **move))) for move in MOVES[:3]),
    *(Case(on(LINE, layer("Conv1DTranspose", 3, 3, **move))) for move in MOVES[:3]),
    *(Case(on(PLANE, layer("Conv2DTranspose", 3, 3, **move))) for move in MOVES[:3]),
    Case(on(PLANE, layer("Conv2DTranspose", 3, 2, strides=3))),
    Case(on(PLANE, layer("Conv2DTranspose", 3, 2, strides=3, padding="same"))),
    Case(on(PLANE, layer("Conv2DTranspose", 3, 3, strides=2, padding="same", output_padding=1))),
    *(Case(on(SPACE, layer("Conv3DTranspose", 3, 2, **move))) for move in MOVES[:3]),
    *(Case(on(LINE, layer("DepthwiseConv1D", 3, depth_multiplier=2, **move))) for move in MOVES[:3]),
    *(Case(on(PLANE, layer("DepthwiseConv2D", 3, depth_multiplier=2, **move))) for move in MOVES),
    *(Case(on(LINE, layer("SeparableConv1D", 5, 3, **move))) for move in MOVES[:3]),
    *(Case(on(PLANE, layer("SeparableConv2D", 5, 3, **move, activation="relu"))) for move in MOVES[:3]),
]
