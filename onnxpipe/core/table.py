"""What flows between stages: columns side by side, of one or several dtypes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from onnxpipe.core.ops import Var, before_widening, cast, concat, dtype_of, is_string, shape_of, take_columns
from onnxpipe.core.stored import Stored
from onnxpipe.core.units import is_unit
from onnxpipe.errors import BadInput

NONE = "None"
"""The note of columns in which a missing value is None, which scikit-learn tells from NaN."""


class Check(IntEnum):
    """What native refuses in a matrix, from nothing to all that isn't finite."""

    NOTHING = 0
    INFINITE = 1
    NONFINITE = 2


class Due(NamedTuple):
    """The check that is left to make of a matrix, and how native stores it."""

    check: Check
    stored: Stored


@dataclass(frozen=True, slots=True)
class Block:
    """Neighbouring columns of one dtype: ``var`` ``[N, width]``, None where they are never read.

    ``finite`` says that neither NaN nor infinity can occur; ``owes`` is the check that stages
    so far have left to a later one (see ``registry.Converter.carries``). ``note`` is what the sample told
    of an input: the type that its data frame really computes in, that its missing values are None, or the
    unit of dates that integers count.
    ``stored`` is whether native has zeros in here, or leaves them out.
    """

    var: Var | None
    width: int
    names: tuple[str, ...] | None = None
    finite: bool = False
    owes: Check = Check.NOTHING
    note: str = ""
    stored: Stored = Stored.DENSE

    @property
    def risky(self) -> bool:
        """Whether a NaN or an infinity can be in here."""
        return self.var is not None and not self.finite and dtype_of(self.var).kind == "f"

    def read(self) -> Var:
        """The columns. Raises BadInput where the artefact said that nothing reads them."""
        if self.var is None:
            raise BadInput(
                f"column {', '.join(self.names or ('?',))} has no known type",
                remedy="Name it: --input NAME=float64 or --input NAME=string",
            )
        return self.var

    def take(self, indices: Sequence[int]) -> Block:
        names = tuple(self.names[i] for i in indices) if self.names else None
        var = None if self.var is None else take_columns(self.var, indices)
        return replace(self, var=var, width=len(indices), names=names)


@dataclass(frozen=True, slots=True)
class Table:
    """Blocks side by side. Methods return new tables; no method writes a node it doesn't need."""

    blocks: tuple[Block, ...]

    @classmethod
    def of(cls, var: Var, *, finite: bool = False, owes: Check = Check.NOTHING) -> Table:
        """One block of the columns of ``var`` ``[N, d]`` (d static)."""
        width = shape_of(var)[1]
        if not isinstance(width, int):
            raise TypeError(f"the width of {var} must be static")
        return cls((Block(var, width, finite=finite, owes=owes),))

    @classmethod
    def join(cls, tables: Iterable[Table]) -> Table:
        """The columns of all tables, in order."""
        return cls(tuple(block for table in tables for block in table.blocks if block.width))

    @property
    def width(self) -> int:
        return sum(block.width for block in self.blocks)

    @property
    def names(self) -> tuple[str, ...] | None:
        """Column names, None unless every block has them."""
        if any(block.names is None for block in self.blocks):
            return None
        return tuple(name for block in self.blocks for name in block.names or ())

    @property
    def has_strings(self) -> bool:
        return any(block.var is not None and is_string(block.var) for block in self.blocks)

    @property
    def has_dates(self) -> bool:
        """Whether integers count dates in here."""
        return any(is_unit(block.note) for block in self.blocks)

    @property
    def risky(self) -> bool:
        return any(block.risky for block in self.blocks)

    @property
    def owes(self) -> Check:
        return max((block.owes for block in self.blocks), default=Check.NOTHING)

    @property
    def stored(self) -> Stored:
        return max((block.stored for block in self.blocks), default=Stored.DENSE)

    def kept(self, stored: Stored) -> Table:
        """The same columns, as native stores them."""
        if self.stored is stored:
            return self
        return Table(tuple(replace(block, stored=stored) for block in self.blocks))

    def named(self, names: Sequence[str]) -> Table:
        """The same columns under other names."""
        if len(names) != self.width:
            raise BadInput(f"{self.width} columns arrive where {len(names)} were fitted")
        edges = np.cumsum([0, *(block.width for block in self.blocks)])
        parts = zip(self.blocks, pairwise(edges), strict=True)
        return Table(tuple(replace(block, names=tuple(names[a:b])) for block, (a, b) in parts))

    def positions(self, names: Iterable[str]) -> list[int]:
        """Where the named columns stand. Raises BadInput for a name that isn't here."""
        places = {name: i for i, name in enumerate(self.names or ())}
        wanted = list(names)
        missing = [name for name in wanted if name not in places]
        if missing:
            raise BadInput(f"no column {', '.join(missing)} among {', '.join(places) or 'unnamed columns'}")
        return [places[name] for name in wanted]

    def take(self, indices: Sequence[int]) -> Table:
        """Columns by position, in the order given; runs within a block stay one block."""
        starts = np.cumsum([0, *(block.width for block in self.blocks)])
        owner = np.searchsorted(starts, np.asarray(indices, int), side="right") - 1
        blocks: list[Block] = []
        first = 0
        for last in range(1, len(indices) + 1):
            if last == len(indices) or owner[last] != owner[first]:
                block, start = self.blocks[owner[first]], int(starts[owner[first]])
                blocks.append(block.take([i - start for i in indices[first:last]]))
                first = last
        return Table(tuple(blocks))

    def columns(self) -> tuple[Table, ...]:
        """Each column as a table of its own."""
        return tuple(self.take([i]) for i in range(self.width))

    def dtype(self) -> np.dtype[Any]:
        """The dtype numpy would give these columns in one matrix (``str`` where any is text)."""
        if self.has_strings:
            return np.dtype(str)
        return np.result_type(*(dtype_of(block.read()) for block in self.blocks))

    def matrix(self, dtype: Any = None) -> Var:
        """All columns as one tensor ``[N, width]`` of ``dtype`` (default: the common one).

        Raises BadInput where text would have to become numbers.
        """
        target = np.dtype(dtype) if dtype is not None else self.dtype()
        if self.has_strings and target.kind != "U":
            names = [
                n for b in self.blocks if b.var is not None and is_string(b.var) for n in b.names or ("?",)
            ]
            raise BadInput(
                f"text column(s) {', '.join(names)} arrive where numbers are needed",
                remedy="Make numbers of them first; of dates that a file has as text, say so: "
                "--input NAME=datetime64[us]",
            )
        self._refuse_dates_beside_others()
        # Neighbours of one dtype are joined before they are cast: one Cast instead of many.
        runs: list[list[Var]] = []
        for block in self.blocks:
            var = before_widening(block.read(), target)
            if runs and dtype_of(runs[-1][0]) == dtype_of(var):
                runs[-1].append(var)
            else:
                runs.append([var])
        return concat([cast(concat(run, 1), target) for run in runs], 1)

    def _refuse_dates_beside_others(self) -> None:
        """Raise BadInput for dates that aren't alone in a matrix, or of several units."""
        if not self.has_dates or len({block.note for block in self.blocks}) == 1:
            return
        names = [n for b in self.blocks if is_unit(b.note) for n in b.names or ("?",)]
        raise BadInput(
            f"dates ({', '.join(names)}) stand in one matrix with other columns: numpy and pandas have no "
            "such matrix, and what polars makes of it depends on the gaps among them",
            remedy="Give dates a step of their own, or make numbers of them before: their year, month, or "
            "days since one.",
        )

    def promoted(self) -> Table:
        """The same columns cast to their common dtype, as numpy's hstack does; as they are beside text, and
        beside dates, with which numpy has none: data frames are put together so.
        """
        if self.has_strings or self.has_dates:
            return self
        target = self.dtype()
        return Table(tuple(replace(block, var=cast(block.read(), target)) for block in self.blocks))
