"""Rows that are tried, and what the original can be asked to find them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from onnxpipe.check.edges.boundary import Arrive
from onnxpipe.check.edges.deciding import Answer
from onnxpipe.check.rows import Rows, joined, length


@dataclass(frozen=True, slots=True)
class Original:
    """What the original can be asked: what arrives per stage path, and its answers.

    ``loose`` says that answers are compared more loosely than float64 rounds. ``alike`` tells of stages by
    their paths, all at once, a word that is the same where the same arrives of rows; of some maybe none.
    """

    arrive: Mapping[str, Arrive]
    answer: Answer | None = None
    loose: bool = False
    alike: Callable[[Rows, Sequence[str]], Mapping[str, str]] | None = None


@dataclass(frozen=True, slots=True)
class Probes:
    """Rows and, for each, where it is from: ``data``, ``edge``, ``special`` or ``drawn``, and a note."""

    rows: Rows
    origins: tuple[str, ...]
    notes: tuple[str, ...]

    @classmethod
    def of(cls, rows: Rows, origin: str, notes: Sequence[str] = ()) -> Probes:
        n = length(rows)
        return cls(rows, (origin,) * n, tuple(notes) or ("",) * n)

    @classmethod
    def join(cls, parts: Sequence[Probes]) -> Probes:
        return cls(
            joined([p.rows for p in parts]),
            tuple(o for p in parts for o in p.origins),
            tuple(n for p in parts for n in p.notes),
        )

    def __len__(self) -> int:
        return len(self.origins)


NONE = Probes({}, (), ())
"""No rows."""
