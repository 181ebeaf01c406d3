"""Rows for Keras's normalising layers."""

from tests.harness import Case
from tests.rigs.keras import layer, on

CASES = [
    Case(on((6,), layer("BatchNormalization"))),
    Case(on((4, 3, 6), layer("BatchNormalization", axis=1, epsilon=0.1))),
    Case(on((4, 6), layer("BatchNormalization", center=False))),
    Case(on((6,), layer("BatchNormalization", scale=False), suffix=".h5")),
    Case(on((6,), layer("BatchNormalization", renorm=True)), since="3.14"),
    Case(on((6,), layer("LayerNormalization"))),
    Case(on((4, 6), layer("LayerNormalization", axis=[1, 2]))),
    Case(on((4, 6), layer("LayerNormalization", axis=1, center=False))),
    Case(on((4, 6), layer("LayerNormalization", scale=False, epsilon=0.1))),
    Case(on((6,), layer("LayerNormalization", rms_scaling=True))),
    Case(on((6,), layer("RMSNormalization"))),
    Case(on((4, 6), layer("RMSNormalization", axis=[1, 2]))),
    Case(on((6,), layer("GroupNormalization", groups=3))),
    Case(on((4, 5, 6), layer("GroupNormalization", groups=2))),
    Case(on((6, 5, 4), layer("GroupNormalization", groups=3, axis=1, scale=False))),
    Case(on((4, 5, 6), layer("GroupNormalization", groups=-1))),
    Case(on((6,), layer("UnitNormalization"))),
    Case(on((4, 6), layer("UnitNormalization", axis=[1, 2]))),
    Case(on((6,), layer("SpectralNormalization", layer("Dense", 3)))),
]
