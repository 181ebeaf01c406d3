"""Which classes a native load of a Keras model may look up: exact names only.

Keras's own loader (``safe_mode=True``) makes objects of the classes that the configuration names and
never runs the bytecode of a Lambda.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from onnxpipe.adapters.keras.layers import PUBLIC, public
from onnxpipe.core.registry import discover, find, kinds

_MODULES = r"keras\.src\.(ops\.(core|image|linalg|math|nn|numpy)|activations\.activations)"
_OPERATION = re.compile(_MODULES + r"\.[A-Z]\w*")
_INERT = (
    "__keras_tensor__",
    "__tensor__",
    "__numpy__",
    "__tuple__",
    "__bytes__",
    "__ellipsis__",
    "__slice__",
)
"""What configurations hold besides objects: tensors, arrays and constants, as JSON."""


def untrusted(names: Iterable[str], allowed: Iterable[str] = ()) -> tuple[str, ...]:
    """The names, sorted, that neither the registry, nor the list, nor the user allows."""
    discover("onnxpipe.adapters.keras")
    known = frozenset(kinds()) | CLASSES | frozenset(allowed)
    return tuple(sorted(n for n in set(names) if n not in known and not _OPERATION.fullmatch(n)))


def names_in(config: Any) -> Iterator[str]:
    """The dotted name of every class that a configuration asks for; how it was compiled is never loaded."""
    discover("onnxpipe.adapters.keras")
    todo = [config]
    while todo:
        held = todo.pop()
        if isinstance(held, list):
            todo += held
        elif isinstance(held, Mapping):
            todo += [value for key, value in held.items() if key != "compile_config"]
            if isinstance(held.get("class_name"), str):
                yield from _name(held)


def _name(held: Mapping[str, Any]) -> Iterator[str]:
    """A class's name; the older formats tell no module of Keras's own ones."""
    name, module = str(held["class_name"]), public(held.get("module")) or None
    if name in _INERT or (name == "function" and module == "builtins"):
        return
    if module is None and ">" not in name and name != "__lambda__":
        found = [f"keras.{home}.{PUBLIC.get(name, name)}" for home in _HOMES]
        yield next((each for each in found if each in CLASSES or each == _LAMBDA or find(each)), name)
    elif str(module).startswith("keras.src.models.") or str(module).startswith("keras.src.engine."):
        yield f"keras.{name}"
    else:
        yield f"{module}.{name}" if module else name


def _names(package: str, names: str) -> set[str]:
    return {f"keras.{package}.{name}" for name in names.split()}


_HOMES = ("layers", "initializers", "regularizers", "constraints", "ops", "activations")
_LAMBDA = "keras.layers.Lambda"
CLASSES: frozenset[str] = frozenset().union(
    {"keras.Sequential", "keras.Functional", "keras.Model", "keras.DTypePolicy"},
    {"keras.dtype_policies.DTypePolicy", "keras.mixed_precision.Policy", "Functional", "Sequential", "Model"},
    {"builtins.slice"},
    _names(
        "layers",
        "Activation ActivityRegularization AdaptiveAveragePooling1D AdaptiveAveragePooling2D "
        "AdaptiveAveragePooling3D AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D Add "
        "AdditiveAttention AlphaDropout Attention AugMix AutoContrast Average AveragePooling1D "
        "AveragePooling2D AveragePooling3D BatchNormalization Bidirectional CategoryEncoding CenterCrop "
        "ContrastLimitedAdaptiveHistogramEqualization "
        "Concatenate Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D Conv3DTranspose ConvLSTM1D "
        "ConvLSTM2D ConvLSTM3D Cropping1D Cropping2D Cropping3D CutMix Dense DepthwiseConv1D "
        "DepthwiseConv2D Discretization Dot Dropout ELU EinsumDense Embedding Equalization Flatten GRU "
        "GRUCell GaussianDropout GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D "
        "GlobalAveragePooling3D GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D "
        "GroupNormalization GroupQueryAttention HashedCrossing Hashing Identity InputLayer IntegerLookup "
        "LSTM LSTMCell LayerNormalization LeakyReLU Masking MaxNumBoundingBoxes MaxPooling1D MaxPooling2D "
        "MaxPooling3D Maximum MelSpectrogram Minimum MixUp MultiHeadAttention Multiply Normalization PReLU "
        "Permute Pipeline RMSNormalization RNN RandAugment RandomBrightness RandomColorDegeneration "
        "RandomColorJitter RandomContrast RandomCrop RandomElasticTransform RandomErasing RandomFlip "
        "RandomGaussianBlur RandomGrayscale RandomHue RandomInvert RandomPerspective RandomPosterization "
        "RandomRotation RandomSaturation RandomSharpness RandomShear RandomTranslation RandomZoom ReLU "
        "RepeatVector Rescaling Reshape Resizing ReversibleEmbedding STFTSpectrogram SeparableConv1D "
        "SeparableConv2D SimpleRNN SimpleRNNCell Softmax Solarization SpatialDropout1D SpatialDropout2D "
        "SpatialDropout3D SpectralNormalization StackedRNNCells StringLookup Subtract TextVectorization "
        "TimeDistributed UnitNormalization UpSampling1D UpSampling2D UpSampling3D ZeroPadding1D "
        "ZeroPadding2D ZeroPadding3D",
    ),
    _names(
        "initializers",
        "Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity IdentityInitializer LecunNormal "
        "LecunUniform Ones Orthogonal OrthogonalInitializer RandomNormal RandomUniform STFT "
        "STFTInitializer TruncatedNormal VarianceScaling Zeros",
    ),
    _names("regularizers", "L1 L1L2 L2 OrthogonalRegularizer"),
    _names("constraints", "MaxNorm MinMaxNorm NonNeg UnitNorm"),
)
"""Keras's own layers (but those that run what the file holds), initializers, regularizers and constraints."""
