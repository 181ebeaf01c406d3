"""Rows for Keras's layers of plain arithmetic and shape."""

from tests.harness import Case
from tests.rigs.keras import layer, on

CASES = [
    Case(on((4,), layer("Dense", 3))),
    Case(on((4,), layer("Dense", 3, use_bias=False))),
    Case(on((2, 4), layer("Dense", 3, activation="relu"))),
    Case(on((4,), layer("Dense", 3), suffix=".h5")),
]
