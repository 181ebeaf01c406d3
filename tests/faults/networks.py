"""Faults in networks of Keras and PyTorch, in a Spark pipeline and in a joined graph: all in files.

A pipeline is made into a folder: its source, what to convert or to join, and how many rows to make.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tests.faults.planting import Fault, at, attribute, constant, doubled, off, operator, up

SAVED = Path(__file__).parents[2] / "fixtures" / "spark_textbook_4_3" / "saved"


class Filed(NamedTuple):
    """How to save a pipeline into a folder, which framework's tests it belongs to, and rows to make."""

    save: Callable[[Path], Path]
    group: str
    rows: int = 200


def keras(folder: Path) -> Path:
    """Numbers, text and ages into a dense network."""
    from tests.rigs.keras import native

    module = native().keras()
    layers, put = module.layers, module.Input
    module.utils.set_random_seed(0)
    x, city, age = put((3,), name="x"), put((1,), name="city", dtype="string"), put((1,), name="age")
    numbers = layers.Normalization(mean=[0.0, 1, 2], variance=[1.0, 4, 9], name="norm")(x)
    words = layers.StringLookup(vocabulary=["Oslo", "Zürich"], output_mode="one_hot", name="words")(city)
    ages = layers.Discretization(bin_boundaries=[18.0, 30.5], output_mode="one_hot", name="bins")(age)
    joined = layers.Concatenate(name="all")([numbers, words, ages])
    hidden = layers.Dense(6, activation="relu", name="hidden")(joined)
    batch = layers.BatchNormalization(name="batch")
    scores = layers.Dense(3, activation="softmax", name="scores")(batch(hidden))
    batch.set_weights([np.linspace(a, b, 6) for a, b in ((0.5, 2), (-1, 1), (0, 1), (0.5, 1.5))])
    path = folder / "net.keras"
    module.Model([x, city, age], scores, name="functional").save(path)
    return path


def convolved(folder: Path) -> Path:
    """A small picture into convolutions."""
    from tests.rigs.keras import native

    module = native().keras()
    layers = module.layers
    module.utils.set_random_seed(0)
    net = module.Sequential(
        [
            module.Input((6, 6, 1), name="x"),
            layers.Conv2D(2, 3, activation="tanh", name="first"),
            layers.Conv2D(2, 2, activation="tanh", name="second"),
            layers.GlobalAveragePooling2D(name="pool"),
        ],
        name="convolved",
    )
    path = folder / "convolved.keras"
    net.save(path)
    return path


def torch(folder: Path) -> Path:
    """A network of modules in modules as an exported program."""
    import torch

    nn = torch.nn
    torch.manual_seed(0)
    body = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ELU(), nn.Dropout(), nn.Flatten())
    net = nn.Sequential(body, nn.Linear(32, 6), nn.Tanh(), nn.Linear(6, 3)).eval()
    rows = ({0: torch.export.Dim("n")},)
    path = folder / "net.pt2"
    torch.export.save(torch.export.export(net, (torch.randn(2, 1, 6, 6),), dynamic_shapes=rows), path)
    return path


PIPELINES = {
    "keras": Filed(keras, "keras"),
    "convolved": Filed(convolved, "keras", 40),
    "torch": Filed(torch, "torch", 40),
    "spark": Filed(lambda _: SAVED, "spark", 60),
}

NORM, LOOKUP, BINS = "functional/norm", "functional/words", "functional/bins"
HIDDEN, BATCH, SCORES = "functional/hidden", "functional/batch", "functional/scores"
S_IMPUTER, S_INDEXER = "PipelineModel/1_ImputerModel", "PipelineModel/2_StringIndexerModel"
S_HOT, S_SCALER = "PipelineModel/3_OneHotEncoderModel", "PipelineModel/5_StandardScalerModel"
S_LOGISTIC = "PipelineModel/6_LogisticRegressionModel"


def _rolled(values: Any) -> Any:
    return [*values[1:], values[0]]


FAULTS = [
    Fault(
        "Keras mean off by 1e-3", "parameter", "keras", NORM, constant(NORM, "Sub", 1, at((0, 1), off(1e-3)))
    ),
    Fault(
        "words of a lookup in another order", "category", "keras", LOOKUP,
        attribute(LOOKUP, "LabelEncoder", "values_int64s", _rolled),
    ),
    Fault(
        "a lookup takes unseen text for a word", "unseen", "keras", LOOKUP,
        attribute(LOOKUP, "LabelEncoder", "default_int64", lambda _: 1),
    ),
    Fault(
        "Keras bin edge 1 float32 ulp up", "threshold", "keras", BINS, constant(BINS, "Less", 1, at(1, up))
    ),
    Fault(
        "Keras bins compare <= instead of <", "comparison", "keras", BINS,
        operator(BINS, "Less", "LessOrEqual"),
    ),
    Fault("an activation left out", "activation", "keras", HIDDEN, operator(HIDDEN, "Relu", "Identity")),
    Fault(
        "factor of a normalised batch off by 1e-3", "normalisation", "keras", BATCH,
        constant(BATCH, "Mul", 1, at((0, 5), off(1e-3))),
    ),
    Fault(
        "kernel off by 1e-2", "parameter", "keras", SCORES,
        constant(SCORES, "MatMul", 1, at((5, 0), off(1e-2))),
    ),
    Fault(
        "convolution's bias of the other channel", "swapped columns", "convolved", "convolved/second",
        constant("convolved/second", "Conv", 1, lambda a: a[::-1].copy()),
    ),
    Fault(
        "torch's convolution off by 1e-2", "parameter", "torch", "network/0/0",
        constant("network/0/0", "Conv", 1, at((0, 0, 1, 1), off(1e-2))),
    ),
    Fault(
        "torch's ELU with another alpha", "activation", "torch", "network/0/1",
        attribute("network/0/1", "Elu", "alpha", lambda _: 1.01),
    ),
    Fault(
        "torch's bias left out", "parameter", "torch", "network/1",
        constant("network/1", "Gemm", 2, np.zeros_like),
    ),
    Fault(
        "torch's weights of other classes", "class", "torch", "network/3",
        constant("network/3", "Gemm", 1, lambda a: a[::-1].copy()),
    ),
    Fault(
        "Spark's imputed value off by 1e-6", "imputation", "spark", S_IMPUTER,
        constant(S_IMPUTER, "Where", 1, off(1e-6)),
    ),
    Fault(
        "Spark's labels in another order", "category", "spark", S_INDEXER,
        attribute(S_INDEXER, "LabelEncoder", "values_int64s", _rolled),
    ),
    Fault(
        "Spark's one-hot of other columns", "swapped columns", "spark", S_HOT,
        constant(S_HOT, "Equal", 1, lambda a: a[::-1].copy()),
    ),
    Fault(
        "Spark's factor off by 1e-6", "parameter", "spark", S_SCALER,
        constant(S_SCALER, "Mul", 1, at(1, off(1e-6))),
    ),
    Fault(
        "Spark's intercept doubled", "parameter", "spark", S_LOGISTIC,
        constant(S_LOGISTIC, "Gemm", 2, at(0, doubled)),
    ),
]  # fmt: skip
