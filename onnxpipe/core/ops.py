"""The operators graphs are written in: spox at opset 21 and ml 5, with numpy's arithmetic.

``op`` and ``ml`` are spox's operator modules. Importing this module gives ``Var`` the operators
``+ - * / - & | ^ ~`` with numpy's promotion rules (NEP 50: Python scalars are weak, arrays and
numpy scalars are strong), so that a converter reads like the formula it implements and computes
in the precision the native code computes in. Write the ``Var`` first where an array is the other
operand: ``x * scale``, not ``scale * x``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import spox.opset.ai.onnx.ml.v5 as ml
import spox.opset.ai.onnx.v21 as op
from numpy.typing import NDArray
from spox import Tensor, Var, _future, argument
from spox._graph import initializer

from onnxpipe.core import inference
from onnxpipe.errors import BadInput

__all__ = [
    "Tensor",
    "Var",
    "alike",
    "any_of",
    "argument",
    "as_many",
    "before_widening",
    "cast",
    "concat",
    "const",
    "dtype_of",
    "filled",
    "is_string",
    "ml",
    "op",
    "promote",
    "ranked",
    "shape_of",
    "shaped",
    "take_columns",
]

Array = NDArray[Any]
Operand = Var | Array | np.generic | float | int | bool

inference.remember()
_future.set_value_prop_backend(_future.ValuePropBackend.NONE)
# Sizes that depend on rows are unknown to shape inference; that is no reason to warn.
_future.set_type_warning_level(_future.TypeWarningLevel.NONE)

_PROPAGATED = 64
"""Elements up to which a constant's value takes part in shape inference.

Shapes and axes are tiny. Without a limit every node that reads a large constant would copy it
into the one-node model that infers its type."""


def const(value: Any, dtype: Any = None) -> Var:
    """A constant of the given value, as an initializer; text becomes a string tensor.

    Raises BadInput for dates: what they count is told of inputs alone.
    """
    array = np.asarray(value, dtype)
    if array.dtype.kind in "mM":
        raise BadInput(
            f"there are {array.dtype} among the labels, which no graph answers",
            remedy="Fit on labels that are text or numbers.",
        )
    if array.dtype.kind in "OST":
        array = array.astype(str) if array.size else np.zeros(array.shape, "U1")
    var = initializer(np.ascontiguousarray(array).reshape(array.shape))
    if array.size > _PROPAGATED:
        var._value = None
    return var


def dtype_of(x: Var) -> np.dtype[Any]:
    """The element type of a tensor (``str`` for strings)."""
    return x.unwrap_tensor().dtype


def is_string(x: Var) -> bool:
    """Whether a tensor holds text."""
    return dtype_of(x).kind == "U"


def shape_of(x: Var) -> tuple[Any, ...]:
    """The static shape of a tensor: ints, symbols and None.

    Raises TypeError where not even the rank is known.
    """
    shape = x.unwrap_tensor().shape
    if shape is None:
        raise TypeError(f"the rank of {x} is unknown")
    return tuple(shape)


def cast(x: Var, dtype: Any) -> Var:
    """``x`` as ``dtype``; no node where it already is."""
    target = np.dtype(dtype)
    return x if dtype_of(x) == target else op.cast(x, to=target)


def concat(parts: Sequence[Var], axis: int) -> Var:
    """The parts side by side along an axis; no node for a single one."""
    return parts[0] if len(parts) == 1 else op.concat(list(parts), axis=axis)


def before_widening(x: Var, target: Any) -> Var:
    """What ``x`` was cast from, where casting that to ``target`` directly gives the same; else ``x``.

    Widening loses nothing, so narrowing again may skip it.
    """
    if x._op.op_type.identifier != "Cast":
        return x
    source = x._op.inputs.get_var_infos()["input"]
    narrow = source.unwrap_tensor().dtype
    lossless = narrow.kind in "bf" and np.can_cast(narrow, dtype_of(x)) and np.can_cast(narrow, target)
    return Var(source) if lossless else x


def take_columns(x: Var, indices: Sequence[int] | Array) -> Var:
    """Columns of ``x`` ``[N, d]`` by position, ``[N, len(indices)]``; no node for all in order."""
    wanted = [int(i) for i in indices]
    if len(wanted) == _width(x) and wanted == list(range(len(wanted))):
        return x
    if not wanted or dtype_of(x).kind == "b" or len(shape_of(x)) != 2:
        return op.gather(x, const(wanted, np.int64), axis=1)
    # Within rows, onnxruntime's Gather is ten times as slow; but this operator knows no truths.
    return ml.array_feature_extractor(x, const(wanted, np.int64))


def _width(x: Var) -> int:
    width = shape_of(x)[1]
    return width if isinstance(width, int) else -1


def ranked(x: Var, k: Var, *, largest: bool = True) -> tuple[Var, Var]:
    """The ``k`` highest (or lowest) of each row of ``x`` ``[N, d]``, best first, and where: ``[N, k]`` each.

    A row is put below and cut off again: up to 1.31.0, onnxruntime's TopK takes the process down
    where there are no rows.
    """
    found = op.top_k(op.pad(x, const([0, 0, 1, 0])), k, axis=1, largest=int(largest))
    values, places = (op.slice(part, const([0]), const([-1]), const([0])) for part in found)
    return as_many(values, x), as_many(places, x)


def alike(y: Var, x: Var) -> Var:
    """``y``, known to have the type of ``x``, which shape inference couldn't follow."""
    y._var_info.type = x.unwrap_tensor()
    return y


def shaped(y: Var, *shape: Any) -> Var:
    """``y``, known to have this shape, which shape inference couldn't follow."""
    y._var_info.type = Tensor(dtype_of(y), shape)
    return y


def as_many(y: Var, x: Var) -> Var:
    """``y``, known to have as many rows as ``x``, which shape inference couldn't follow."""
    y._var_info.type = Tensor(dtype_of(y), (shape_of(x)[0], *shape_of(y)[1:]))
    return y


def promote(*operands: Operand, floating: bool = False) -> tuple[Var, ...]:
    """The operands as Vars of their common dtype under numpy's promotion rules.

    ``floating`` lifts integers and booleans to float64, as true division does.
    """
    weak = (bool, int, float)
    kinds = [x if isinstance(x, weak) and not isinstance(x, np.generic) else _dtype(x) for x in operands]
    target = np.result_type(*kinds)
    if floating and target.kind in "iub":
        target = np.dtype(np.float64)
    return tuple(cast(x, target) if isinstance(x, Var) else const(x, target) for x in operands)


def _dtype(x: Any) -> np.dtype[Any]:
    return dtype_of(x) if isinstance(x, Var) else np.asarray(x).dtype


class _NumpyArithmetic:
    """What ``Var``'s operators do: numpy's promotion, then one ONNX operator."""

    add = staticmethod(lambda a, b: op.add(*promote(a, b)))
    sub = staticmethod(lambda a, b: op.sub(*promote(a, b)))
    mul = staticmethod(lambda a, b: op.mul(*promote(a, b)))
    truediv = staticmethod(lambda a, b: op.div(*promote(a, b, floating=True)))
    neg: Callable[[Var], Var] = staticmethod(op.neg)
    and_ = staticmethod(lambda a, b: op.and_(*promote(a, b)))
    or_ = staticmethod(lambda a, b: op.or_(*promote(a, b)))
    xor = staticmethod(lambda a, b: op.xor(*promote(a, b)))
    not_: Callable[[Var], Var] = staticmethod(op.not_)


Var._operator_dispatcher = _NumpyArithmetic()
Var.__array_ufunc__ = None  # type: ignore[attr-defined]  # array op Var is left to Var


def batch_size(x: Var) -> Var:
    """The number of rows of ``x``, int64 ``[1]``."""
    return op.shape(x, start=0, end=1)


def filled(x: Var, value: Any, *shape: int) -> Var:
    """``value``, a numpy scalar, ``[N, *shape]`` for as many rows as ``x`` has."""
    full = op.expand(const(value), op.concat([batch_size(x), const(shape, np.int64)], axis=0))
    full._var_info.type = Tensor(dtype_of(full), (shape_of(x)[0], *shape))
    return full


def any_of(x: Var) -> Var:
    """bool scalar: whether anything in the bool ``x`` is true; false where there is nothing."""
    return op.greater(op.reduce_sum(cast(x, np.int64), keepdims=0), const(0))
