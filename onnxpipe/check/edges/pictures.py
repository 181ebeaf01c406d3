"""Whole arrays that graphs of images and the like trip over: one colour, both ends, a lone point, odd sizes.

A row of a table is tried cell by cell; of an image no cell says much, so that it is tried as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.check.rows import Rows, length, take
from onnxpipe.core.signature import Port, Signature, numpy_dtype

Array = NDArray[Any]
Rng = np.random.Generator

SIZES = ((1, 1), (1, 7), (9, 1), (2, 3), (3, 64), (31, 30))
"""Heights and widths: a point, lines, less than any window, a strip, an odd and an even one."""
_USUAL = (12, 15)
_BRIGHT = 255


def is_picture(port: Port) -> bool:
    """Whether an input holds more than a table's cells in a row, and no text."""
    return len(port.shape) > 2 and not port.is_string and not port.is_sequence


def patterns(shape: Sequence[int], dtype: str, rng: Rng) -> Iterator[tuple[str, Array]]:
    """Arrays of a shape by what they show: all at one end, ends in turns, a lone point, a ramp, no colour."""
    kind = numpy_dtype(dtype)
    low, high = _ends(kind)
    turns = np.indices(shape).sum(axis=0) % 2
    yield f"all {low}", np.full(shape, low, kind)
    yield f"all {high}", np.full(shape, high, kind)
    yield f"{low} and {high} in turns", np.where(turns, high, low).astype(kind)
    for name, place in (("first", 0), ("last", -1)):
        point = np.full(shape, low, kind)
        point.reshape(-1)[place] = high
        yield f"{high} in the {name} place alone", point
    if kind.kind == "b":
        return
    yield "a ramp", np.linspace(low, high, turns.size).reshape(shape).astype(kind)
    yield "the same in all channels", _alike(shape, kind, rng)
    if kind.kind == "f":
        yield "all 0", np.zeros(shape, kind)
        yield "all 1", np.ones(shape, kind)


def _ends(kind: np.dtype[Any]) -> tuple[Any, Any]:
    """The least and the most that pixels of a type are."""
    if kind.kind == "b":
        return False, True
    if kind.kind == "f":
        return -_BRIGHT, _BRIGHT
    return 0, min(_BRIGHT, np.iinfo(kind).max)


def _alike(shape: Sequence[int], kind: np.dtype[Any], rng: Rng) -> Array:
    """Whole numbers that are the same along the last axis, as in a grey image of several channels.

    Of others, what is centred along that axis would be rounding alone.
    """
    levels = rng.integers(0, _ends(kind)[1], (*shape[:-1], 1), endpoint=True)
    return np.broadcast_to(levels, shape).astype(kind)


def pictured(signature: Signature, base: Rows, limit: int, rng: Rng) -> tuple[Rows, list[str]] | None:
    """Base rows with a whole input replaced, ``limit`` at most, and what each shows; None without one."""
    made: dict[str, list[Array]] = {name: [] for name in base}
    notes: list[str] = []
    for port in filter(is_picture, signature.inputs):
        shape = base[port.name].shape[1:]
        for note, value in patterns(shape, port.dtype, rng):
            row = take(base, rng.integers(0, length(base), 1))
            for name in made:
                made[name].append(value[None] if name == port.name else row[name])
            notes.append(f"{port.name}: {note}")
    if not notes or limit < 1:
        return None
    return {name: np.concatenate(rows[:limit]) for name, rows in made.items()}, notes[:limit]


def items(port: Port, rng: Rng) -> Iterator[tuple[str, Array]]:
    """Images ``[H, W]`` or ``[H, W, C]`` for a graph that takes one at a time, by what they are.

    Those of open height and width have odd sizes, too; every size is full of noise, the usual one
    shows all patterns.
    """
    rest = [dim if isinstance(dim, int) else 3 for dim in port.shape[2:]]
    usual = [dim if isinstance(dim, int) else _USUAL[i] for i, dim in enumerate(port.shape[:2])]
    yield from patterns((*usual, *rest), port.dtype, rng)
    for size in SIZES:
        if all(not isinstance(a, int) or a == b for a, b in zip(port.shape[:2], size, strict=True)):
            yield f"{size[0]} by {size[1]}", noise((*size, *rest), port.dtype, rng)


def noise(shape: Sequence[int], dtype: str, rng: Rng) -> Array:
    """Anything between the ends of pixels."""
    low, high = _ends(kind := numpy_dtype(dtype))
    return np.asarray((low + (high - low) * rng.random(shape)).astype(kind))
