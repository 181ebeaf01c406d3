"""What operations between layers are given: tensors, arrays and numbers, in one dtype as Keras has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from onnxpipe.adapters.keras.calls import Value
from onnxpipe.core.ops import Var, cast, const, dtype_of, shape_of
from onnxpipe.core.plan import Stage

_FLOAT = np.dtype(np.float32)


def operands(stage: Stage, *given: Any, floating: bool = False) -> list[Var]:
    """All in their common dtype; whole numbers as floats if ``floating``. Raises Unsupported for others.

    Python's numbers give way to tensors, whole ones also to floats: keras.src.backend.common.dtypes.
    """
    held = [each.var if isinstance(each, Value) else each for each in given]
    if not all(isinstance(each, Var | np.ndarray | bool | int | float) for each in held):
        raise stage.unsupported(f"is given {next(type(e).__name__ for e in held if not _is_known(e))}s")
    kinds = [dtype_of(e) if isinstance(e, Var) else e.dtype for e in held if isinstance(e, Var | np.ndarray)]
    target = _common(kinds, [each for each in held if isinstance(each, int | float)])
    target = _FLOAT if floating and target.kind != "f" else target
    if target.kind not in "fiub":
        raise stage.unsupported(f"computes with {target}")
    return [cast(each, target) if isinstance(each, Var) else const(each, target) for each in held]


def _is_known(each: Any) -> bool:
    return isinstance(each, Var | np.ndarray | int | float)


def _common(kinds: Sequence[np.dtype[Any]], numbers: Sequence[float]) -> np.dtype[Any]:
    floats = [kind for kind in kinds if kind.kind == "f"]
    if floats:
        return np.result_type(*floats)
    if any(isinstance(number, float) for number in numbers) or not kinds:
        return _FLOAT
    whole = any(not isinstance(number, bool) for number in numbers)
    common = np.result_type(*kinds)
    return np.dtype(np.int32) if common.kind == "b" and whole else common


def operand(stage: Stage, given: Any, floating: bool = False) -> Var:
    """One of them."""
    return operands(stage, given, floating=floating)[0]


def axes_within(stage: Stage, x: Var, told: Any = ...) -> list[int]:
    """The axes that an operation is told, counted from the front. Raises Unsupported where rows would mix."""
    told = stage.get("axis") if told is ... else told
    if told is None:
        raise stage.unsupported("mixes rows with each other")
    axes = [int(each) % len(shape_of(x)) for each in (told if isinstance(told, Sequence) else [told])]
    if 0 in axes:
        raise stage.unsupported("mixes rows with each other")
    return axes


def size_of(stage: Stage, x: Var, axis: int) -> int:
    """How long an axis is. Raises Unsupported where that is open."""
    size = shape_of(x)[axis]
    if not isinstance(size, int):
        raise stage.unsupported("takes an axis apart whose length is open")
    return size
