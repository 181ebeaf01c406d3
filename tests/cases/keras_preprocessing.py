"""Rows for Keras's layers that prepare numbers and words."""

from typing import Any

import numpy as np

from tests.harness import Case
from tests.rigs.keras import layer, net, on

WORDS = ["red", "green", "blue", "Zoë"]
MODES = ("int", "one_hot", "multi_hot", "count")
ENDS = [-0.5, 0.0, 0.75]


def adapted(keras: Any) -> Any:
    """Statistics and vocabularies learnt from data, kept beside the configuration."""
    number, word = keras.Input((3,), name="number"), keras.Input((1,), name="word", dtype="string")
    scaled, looked = keras.layers.Normalization(), keras.layers.StringLookup(output_mode="one_hot")
    scaled.adapt(np.random.default_rng(0).normal(2, 3, (50, 3)))
    looked.adapt(np.array([["red"], ["red"], ["blue"], ["Zoë"]]))
    joined = keras.layers.Concatenate()([scaled(number), looked(word)])
    return keras.Model([number, word], keras.layers.Dense(2)(joined))


def binned(keras: Any) -> Any:
    bins = keras.layers.Discretization(num_bins=4)
    bins.adapt(np.random.default_rng(0).normal(size=(100, 1)))
    return keras.Sequential([keras.Input((3,)), bins])


def weighed(keras: Any) -> Any:
    index, weights = keras.Input((3,), name="index", dtype="int32"), keras.Input((3,), name="weights")
    encoding = keras.layers.CategoryEncoding(4, output_mode="count")
    return keras.Model([index, weights], encoding(index, count_weights=weights))


CASES = [
    Case(on((4,), layer("Rescaling", 1 / 255, offset=-0.5))),
    Case(on((4, 3), layer("Rescaling", 0.5), dtype="uint8")),
    Case(on((3,), layer("Normalization", mean=[1.0, 2.0, 0.0], variance=[4.0, 0.5, 0.0]))),
    Case(on((3,), layer("Normalization", axis=None, mean=3.0, variance=2.0))),
    Case(on((4, 3), layer("Normalization", mean=2.0, variance=9.0, invert=True))),
    *(Case(on((1,), layer("Discretization", ENDS, output_mode=mode))) for mode in MODES),
    *(Case(on((3,), layer("Discretization", ENDS, output_mode=mode))) for mode in MODES),
    *(Case(on((3,), layer("StringLookup", vocabulary=WORDS, output_mode=m), dtype="string")) for m in MODES),
    Case(on((3,), layer("StringLookup", vocabulary=WORDS, mask_token=""), dtype="string")),
    Case(on((3,), layer("StringLookup", vocabulary=WORDS, invert=True), dtype="int64", highest=7)),
    *(Case(on((1,), layer("IntegerLookup", vocabulary=[2, 7], output_mode=m), dtype="int64")) for m in MODES),
    Case(on((3,), layer("IntegerLookup", vocabulary=[2, 0, 7], mask_token=1), dtype="int64")),
    *(Case(on((3,), layer("CategoryEncoding", 4, output_mode=m), dtype="int32")) for m in MODES[1:]),
    Case(net(adapted, "keras.layers.Normalization", "keras.layers.StringLookup")),
    Case(net(binned, "keras.layers.Discretization")),
    Case(net(weighed, "keras.layers.CategoryEncoding")),
]  # fmt: skip
