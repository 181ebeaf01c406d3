"""What flows between stages that name what they read and add: the columns of a data frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from onnxpipe.core.ops import Var, shape_of
from onnxpipe.core.table import Block, Table
from onnxpipe.errors import BadInput


class Terms(NamedTuple):
    """The elements of long vectors that aren't 0: ``places`` int64 and ``values`` float64, ``[N, L]`` each.

    A place may occur several times in a row, and its values add up; what pads a row has the value 0.
    """

    places: Var
    values: Var


@dataclass(frozen=True, slots=True)
class Column:
    """One column: numbers, booleans or text ``[N, 1]``, vectors ``[N, d]``, or arrays ``[N, L]``.

    ``vector`` tells a vector of one element from a number. ``lengths`` int64 ``[N, 1]`` says how
    many elements of each array are real; the rest is padding on the right, which for text can't be
    told from elements that are empty. ``labels`` holds, for each element that is an index, the texts
    that it is an index of, and nothing for the others; it is empty where no element is one.
    ``terms`` are the same vectors written shorter, where they are long and mostly 0: a stage that can
    compute with them leaves ``var``, ``[N, d]`` numbers, unbuilt.
    """

    var: Var
    vector: bool = False
    lengths: Var | None = None
    labels: Sequence[Sequence[str]] = ()
    terms: Terms | None = None

    @property
    def width(self) -> int:
        """Elements per row, 0 where each row has its own number."""
        size: Any = shape_of(self.var)[1]
        return size if isinstance(size, int) and self.lengths is None else 0

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The column as blocks of a table: its values, and the lengths where it has any."""
        values = Block(self.var, self.width)
        return (values,) if self.lengths is None else (values, Block(self.lengths, 1))


Frame = Mapping[str, Column]
"""Columns by name. Stages make a new one: ``{**frame, **added}``."""
Columns = Sequence[Column]
"""The columns a stage reads, in the order in which it names them."""


def vector(var: Var) -> Column:
    """A column of vectors ``[N, d]``."""
    return Column(var, vector=True)


def held(frame: Frame, name: str) -> Column:
    """The column of a name, be its letters small or capital, as in SQL. Raises BadInput for none."""
    if name in frame:
        return frame[name]
    for other, column in frame.items():
        if other.casefold() == name.casefold():
            return column
    raise BadInput(f"there is no column {name} before it, only {', '.join(frame) or 'none'}")


def table_of(columns: Columns) -> Table:
    """Columns side by side, as a tap records what a stage got."""
    return Table(tuple(block for column in columns for block in column.blocks))
