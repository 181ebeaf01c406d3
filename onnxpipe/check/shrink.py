"""A failing row made as plain as it can be while it still fails, and printed as a test."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.check.rows import Rows, Slot, column, copied, joined, length, take

Array = NDArray[Any]
Fails = Callable[[Rows], NDArray[np.bool_]]
"""Which rows of a batch still show the difference."""

_PLAIN = (0.0, 1.0, -1.0)
_CANDIDATES, _CONFIRMED = 50, 5
"""Rows that are tried as the default, and how many of those that don't fail among others are tried alone."""


def shrink(
    row: Rows, default: Rows, cells: Sequence[Slot], fails: Fails
) -> tuple[dict[str, Array], tuple[Slot, ...]]:
    """The failing ``row`` (one row) with as many cells as possible at their ``default``, and those
    that can't be.

    Delta debugging (Zeller and Hildebrandt, 2002): halves first, then ever smaller groups, down
    to single cells; then each number that is left is tried as 0, 1, -1 and rounded.
    """
    best = copied(row)
    left = [slot for slot in cells if not _same(column(best, slot)[0], column(default, slot)[0])]
    size = max(1, len(left) // 2)
    while left:
        groups = [left[i : i + size] for i in range(0, len(left), size)]
        tried = [_reset(best, default, group) for group in groups]
        working = np.flatnonzero(fails(joined(tried)))
        if len(working):
            best = tried[working[0]]
            left = [slot for slot in left if slot not in groups[working[0]]]
        elif size == 1:
            break
        size = max(1, min(size // (1 if len(working) else 2), len(left) // 2))
    for slot in left:
        best = _fewer_words(_plainer(best, slot, fails), slot, fails)
    return best, tuple(left)


def fewer(rows: Rows, place: int, fails: Fails) -> dict[str, Array]:
    """As few of the rows as possible, the one at ``place`` first, while that one still fails.

    For differences that depend on the other rows of a batch; where they don't either, that one alone.
    """
    others = [i for i in range(length(rows)) if i != place]
    if not fails(take(rows, [place, *others]))[0]:
        others = []
    while len(others) > 1:
        half = len(others) // 2
        kept = [part for part in (others[:half], others[half:]) if fails(take(rows, [place, *part]))[0]]
        if not kept:
            break
        others = kept[0]
    return take(rows, [place, *others])


def default_row(rows: Rows, cells: Sequence[Slot], fails: Fails) -> dict[str, Array] | None:
    """A row that doesn't fail, made of the commonest text and middle number of each cell.

    Else the first row that doesn't fail; None where all do.
    """
    usual = copied(take(rows, [0]))
    for slot in cells:
        usual[slot.name][0, slot.column] = _usual(column(rows, slot))
    if not fails(usual)[0]:
        return usual
    passing = np.flatnonzero(~fails(take(rows, np.arange(min(length(rows), _CANDIDATES)))))
    alone = (take(rows, [i]) for i in passing[:_CONFIRMED])
    return next((candidate for candidate in alone if not fails(candidate)[0]), None)


def _usual(values: Array) -> Any:
    if values.dtype.kind == "O":
        texts, counts = np.unique(values.astype(str), return_counts=True)
        return str(texts[counts.argmax()])
    if values.dtype.kind == "b":
        return bool(values.mean() > 0.5)
    finite = values[np.isfinite(values)]
    return np.sort(finite)[len(finite) // 2] if len(finite) else values.dtype.type(0)


def _reset(row: Rows, default: Rows, group: Sequence[Slot]) -> dict[str, Array]:
    made = copied(row)
    for slot in group:
        made[slot.name][0, slot.column] = default[slot.name][0, slot.column]
    return made


def _plainer(row: dict[str, Array], slot: Slot, fails: Fails) -> dict[str, Array]:
    """The row with a plainer value at a cell that has to stay, where one still fails."""
    value = column(row, slot)[0]
    tried = [_with(row, slot, candidate) for candidate in _plain_values(value)]
    if not tried:
        return row
    working = np.flatnonzero(fails(joined(tried)))
    return tried[working[0]] if len(working) else row


def _fewer_words(row: dict[str, Array], slot: Slot, fails: Fails) -> dict[str, Array]:
    """The row without the words of a text cell that it also fails without, halves of them first."""
    value = column(row, slot)[0]
    words = value.split(" ") if isinstance(value, str) else []
    size = len(words) // 2
    while size and len(words) > 1:
        shorter = [words[:i] + words[i + size :] for i in range(0, len(words), size)]
        tried = [_with(row, slot, " ".join(each)) for each in shorter]
        working = np.flatnonzero(fails(joined(tried)))
        if len(working):
            row, words = tried[working[0]], shorter[working[0]]
        size = min(size, len(words) // 2) if len(working) else size // 2
    return row


def _with(row: Rows, slot: Slot, value: Any) -> dict[str, Array]:
    made = copied(row)
    made[slot.name][0, slot.column] = value
    return made


def _plain_values(value: Any) -> list[Any]:
    if isinstance(value, str):
        return [text for text in ("", "a", value[:1], value[: len(value) // 2]) if text != value]
    if isinstance(value, (bool, np.bool_)) or not np.isfinite(value):
        return []
    if np.asarray(value).dtype.kind in "iu":
        return _plain_integers(int(value), np.iinfo(value))
    rounded = [float(np.round(float(value), digits)) for digits in (0, 1, 2, 4)]
    options = dict.fromkeys([*_PLAIN, *rounded])
    return [option for option in options if option != value and abs(option) <= abs(value) + 1]


def _plain_integers(value: int, limits: Any) -> list[Any]:
    """0, 1, -1 and the value with fewer digits that aren't 0, as far as the type has them."""
    options = dict.fromkeys([0, 1, -1, *(round(value, -digits) for digits in (18, 9, 6, 4, 3, 2, 1))])
    held = (option for option in options if limits.min <= option <= limits.max)
    return [option for option in held if option != value and abs(option) <= max(1, abs(value))]


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, str) or isinstance(b, str):
        return bool(a == b)
    return bool(a == b and np.signbit(a) == np.signbit(b)) or bool(a != a and b != b)


def as_pytest(
    row: Rows, native: Mapping[str, Array] | None, *, model: str = "model.onnx", rtol: float = 1e-9,
    typed: Collection[str] = (),
) -> str:  # fmt: skip
    """A ready-to-paste test that fails as long as the graph answers this row differently.

    ``native`` None: the original refuses the row, so the session has to fail. ``typed`` are outputs
    whose dtype matters, too.
    """
    feeds = "".join(f"        {name!r}: {literal(value)},\n" for name, value in row.items())
    lines = [
        "import numpy as np", "import onnxruntime as ort",
        *(["import pytest"] if native is None else []), "", "",
        "def test_counterexample():",
        f"    session = ort.InferenceSession({model!r})",
        "    feeds = {", feeds.rstrip("\n"), "    }",
    ]  # fmt: skip
    if native is None:
        return (
            "\n".join([*lines, "    with pytest.raises(Exception):", "        session.run(None, feeds)"])
            + "\n"
        )
    for name, value in native.items():
        exact = value.dtype.kind != "f"
        check = "assert_array_equal" if exact else "assert_allclose"
        tail = "" if exact else f", rtol={rtol:g}"
        lines.append(f"    got = session.run([{name!r}], feeds)[0]")
        if name in typed:
            lines.append(f"    assert got.dtype == np.{value.dtype.name}")
        lines.append(f"    np.testing.{check}(got, {literal(value)}{tail})")
    return "\n".join(lines) + "\n"


def literal(value: Array) -> str:
    """An array as Python source that rebuilds it bit for bit."""
    dtype = "object" if value.dtype.kind in "OUST" else f"np.{value.dtype.name}"
    return f"np.array({_listed(value.tolist())}, dtype={dtype})"


def _listed(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_listed, value))}]"
    if isinstance(value, float) and not np.isfinite(value):
        return {"nan": "np.nan", "inf": "np.inf", "-inf": "-np.inf"}[str(value)]
    return repr(str(value) if isinstance(value, str) else value)
