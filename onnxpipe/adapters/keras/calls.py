"""How a layer is called: on which values, with which masks; how its converter gets them.

A converter's second parameter says what it wants:

- ``x: Var``: the tensor of the first argument;
- ``x: Value``: the same with its mask;
- ``xs: Values``: the tensors of a first argument that is a list;
- ``call: Call``: every argument, positional and by keyword.

It returns one tensor or several, nested as Keras nests them. A ``Var`` inherits the mask of the first
argument where the layer supports masks; a ``Value`` says itself which mask it has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from onnxpipe.adapters.keras import halves
from onnxpipe.adapters.keras.layers import is_layer
from onnxpipe.core.apply import at, converter_of, recorded
from onnxpipe.core.ops import Var, cast, dtype_of, shape_of
from onnxpipe.core.plan import Stage
from onnxpipe.core.table import Block, Table
from onnxpipe.errors import Unreadable


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor ``[N, ...]`` and, where one goes along, the mask bool ``[N, T]`` of the steps that count."""

    var: Var
    mask: Var | None = None


Values = Sequence[Value]
"""A list of tensors as one argument."""


@dataclass(frozen=True, slots=True)
class Call:
    """The arguments of one call: values, constants, and lists and dictionaries of either."""

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)

    def get(self, place: int, name: str, default: Any = None) -> Any:
        """An argument by position or by name."""
        return self.args[place] if place < len(self.args) else self.kwargs.get(name, default)

    @property
    def first(self) -> Any:
        """The first argument. Raises Unreadable where there is none."""
        found = self.args[0] if self.args else next(iter(self.kwargs.values()), None)
        if found is None:
            raise Unreadable("a layer is called on nothing")
        return found

    def mapped(self, function: Callable[[Value], Value]) -> Call:
        """The same call with every value in it replaced."""
        kwargs = {name: mapped(value, function) for name, value in self.kwargs.items()}
        return Call(tuple(mapped(value, function) for value in self.args), kwargs)


def mapped(held: Any, function: Callable[[Value], Value]) -> Any:
    """Nested lists and dictionaries with every value replaced."""
    if isinstance(held, Value):
        return function(held)
    if isinstance(held, (list, tuple)):
        return type(held)(mapped(each, function) for each in held)
    return {k: mapped(v, function) for k, v in held.items()} if isinstance(held, dict) else held


def flat(held: Any) -> Iterator[Any]:
    """What nested lists and dictionaries hold, in Keras's order: dictionaries by sorted keys."""
    if isinstance(held, (list, tuple)):
        for each in held:
            yield from flat(each)
    elif isinstance(held, dict):
        for key in sorted(held):
            yield from flat(held[key])
    else:
        yield held


_FORGETFUL = (
    *("Flatten", "Reshape", "Permute", "RepeatVector", "Embedding", "EinsumDense", "RMSNormalization"),
    *("SpectralNormalization", "Attention", "AdditiveAttention", "Resizing", "CenterCrop", "Discretization"),
    *("CategoryEncoding", "Hashing", "HashedCrossing", "IntegerLookup", "StringLookup", "TextVectorization"),
)
_SPATIAL = ("1D", "2D", "3D", "1DTranspose", "2DTranspose", "3DTranspose")


def keeps_mask(kind: str) -> bool:
    """Whether a layer passes on the mask of its input: ``supports_masking`` of Keras's layers."""
    name = kind.rpartition(".")[2]
    spatial = name.endswith(_SPATIAL) and not name.startswith(("Spatial", "ConvLSTM"))
    return is_layer(kind) and name not in _FORGETFUL and (not spatial or name == "GlobalAveragePooling1D")


def apply(stage: Stage, call: Call) -> Any:
    """What a layer answers, nested as Keras nests it. Raises Unsupported for a kind without converter."""
    converter = converter_of(stage)
    with at(stage):
        if call.kwargs.get("training") is True:
            raise stage.unsupported("is told to train while it answers")
        half = _is_half(stage, call)
        if half:
            stage = halves.halved(stage) if is_layer(stage.kind) else stage
            call = call.mapped(lambda value: replace(value, var=halves.widened(value.var)))
        elif is_layer(stage.kind) and stage.kind not in halves.MODELS:
            call = call.mapped(_caster(stage))
        result = converter.convert(stage, _wanted(stage, converter.takes, call))
    attached = next((v.mask for v in flat(call.first) if isinstance(v, Value)), None)
    mask = attached if keeps_mask(stage.kind) else None
    answer = _as_values(result, mask)
    if half:
        answer = mapped(answer, lambda value: replace(value, var=halves.narrowed(value.var)))
    given = [v.var for v in flat([*call.args, *call.kwargs.values()]) if isinstance(v, Value)]
    table = Table(tuple(Block(var, _width(var)) for var in given))
    recorded(stage, table, {f"output_{i}": value.var for i, value in enumerate(flat(answer))})
    return answer


def _is_half(stage: Stage, call: Call) -> bool:
    """Whether a layer's policy, or all that an operation is given, is float16."""
    if is_layer(stage.kind):
        return halves.is_half(stage)
    given = [v.var for v in flat([*call.args, *call.kwargs.values()]) if isinstance(v, Value)]
    floats = [dtype_of(var) for var in given if dtype_of(var).kind == "f"]
    return bool(floats) and all(dtype.itemsize == 2 for dtype in floats)


def _caster(stage: Stage) -> Callable[[Value], Value]:
    """How a layer's own precision takes its arguments: floats as its floats, all else as it is."""
    dtype = precision(stage)

    def casted(value: Value) -> Value:
        isn_t = dtype_of(value.var).kind != "f" or dtype is None
        return value if isn_t else replace(value, var=cast(value.var, dtype))

    return casted


_WHOLE = ("string", "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")


def precision(stage: Stage) -> np.dtype[Any] | None:
    """The float type that a layer computes in. Raises Unsupported for one that isn't known.

    A file that tells none, as of a SpatialDropout, is loaded with Keras's usual one.
    """
    name = halves.policy(stage) or "float32"
    if name == "float64" and not _is_known_in_double(stage):
        raise stage.unsupported("computes in float64, in which this layer wasn't compared with Keras's")
    if name in ("float32", "float64"):
        return np.dtype(str(name))
    if isinstance(name, str) and name not in (*_WHOLE, *halves.POLICIES):
        refusal = stage.unsupported(f"computes in {name}, which a graph doesn't round as TensorFlow does")
        refusal.remedy = f"In float32 it can: {_AGAIN.format(name)}; again.set_weights(model.get_weights())"
        raise refusal
    return None


_AGAIN = "again = keras.models.model_from_json(model.to_json().replace('{}', 'float32'))"


def floats(stage: Stage) -> np.dtype[Any]:
    """The float type that a layer makes of whole numbers."""
    return precision(stage) or np.dtype(np.float32)


_DOUBLE = frozenset([
    "Activation", "ActivityRegularization", "AdaptiveAveragePooling2D", "Add", "AdditiveAttention",
    "AlphaDropout", "Attention", "Average", "BatchNormalization", "Bidirectional", "CenterCrop",
    "Concatenate", "Cropping1D", "Dense", "Dot", "Dropout", "EinsumDense", "Embedding", "Flatten", "GRU",
    "GaussianNoise", "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalMaxPooling1D",
    "GroupNormalization", "GroupQueryAttention", "Identity", "LSTM", "LayerNormalization", "Masking",
    "MaxPooling1D", "MaxPooling2D", "Maximum", "Minimum", "MultiHeadAttention", "Multiply",
    "Normalization", "PReLU", "Permute", "RMSNormalization", "ReLU", "RepeatVector", "Rescaling",
    "Reshape", "Resizing", "SimpleRNN", "Softmax", "SpectralNormalization",
    "Subtract", "TimeDistributed", "UnitNormalization", "ZeroPadding1D", "ZeroPadding2D",
])  # fmt: skip
"""Layers whose answers in double precision are compared with Keras's in the tests."""


def _is_known_in_double(stage: Stage) -> bool:
    """Whether a layer isn't Keras's own, or is one of those."""
    home, _, name = stage.kind.rpartition(".")
    return home != "keras.layers" or name in _DOUBLE


def _wanted(stage: Stage, takes: Any, call: Call) -> Any:
    """The arguments in the form that a converter takes them in."""
    if takes is Call:
        return call
    first = call.first
    if takes == Values:
        return list(flat(first))
    if not isinstance(first, Value):
        raise stage.unsupported("is called on several tensors where one is expected")
    if takes is Var:
        return first.var
    explicit = call.kwargs.get("mask")
    return replace(first, mask=explicit.var) if isinstance(explicit, Value) else first


def _as_values(result: Any, mask: Var | None) -> Any:
    if isinstance(result, Var):
        return Value(result, mask)
    if isinstance(result, (list, tuple)):
        return [_as_values(each, mask) for each in result]
    return {k: _as_values(v, mask) for k, v in result.items()} if isinstance(result, dict) else result


def _width(var: Var) -> int:
    """Elements per row of a matrix, 0 where the rank or the row is another."""
    shape = shape_of(var)
    return shape[1] if len(shape) == 2 and isinstance(shape[1], int) else 0
