"""Who converts what: the converters by public dotted name, found without a list to edit."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from typing import Any, TypeVar, get_type_hints

import numpy as np

from onnxpipe.core.ops import Var
from onnxpipe.core.plan import Stage
from onnxpipe.core.table import Check, Due, Table
from onnxpipe.core.wild import Wild
from onnxpipe.errors import BadPlugin, UnsupportedStage

ANY = ""
"""A column whose dtype the artefact doesn't tell: float64 unless the sample or the user says else."""
UNREAD = "-"
"""A column that was fitted on but is never read."""
OPEN = "?"
"""Alone: columns by whatever names the sample or the user gives."""
IMAGES = "[]"
"""Alone: images; ``X`` ``[N, H, W]`` or ``[N, H, W, C]``, as the sample or the user says."""

RAGGED = "*"
"""After a dtype, alone: rows of any length, padded on the right to a matrix ``[N, L]``."""

Answers = Mapping[str, Var | Table]
"""What a stage answers: values by method name (``transform``, ``predict``, ...)."""

Convert = Callable[..., Any]
Columns = Callable[[Stage], Sequence[str]]
Edges = Callable[[Stage], Mapping[int, Any]]
Within = Callable[[Stage], Mapping[str, Mapping[int, Any]]]
Refuses = Check | Callable[[Stage], Check]
Carries = bool | Callable[[Stage], bool]
Single = bool | Callable[[Stage], bool]
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Converter:
    """A converter and what the machinery must know of it.

    ``takes`` is the annotation of its second parameter. Table: the columns as they are. Var: the
    columns as one matrix, of ``dtype`` if given, else float32/float64 as they are and anything else
    as float64. Frameworks that name columns know further ones (``core.frame``). ``third`` is the
    annotation of a third parameter: Check gets the check that is due, and the converter makes it
    itself, as with Due, which tells how native stores the rows, too; Stored is that alone. ``reads``
    and ``adds`` tell the names of the columns a stage reads and adds, where its parameters don't in
    the usual way. ``refuses`` is what native refuses in that matrix.
    ``carries`` says that a NaN or infinity always reaches the answer as one, so that the check may
    wait for a later stage.
    ``columns`` tells the dtype names of the columns the stage was fitted on, ``ANY`` where it
    doesn't say. ``edges`` tells the values per column at which the stage's answer changes, ``within``
    those of what native gives to a function on the stage's way, by the attribute that holds the function.
    ``wild`` tells which rows are too far out for the stage: none of them is made up to ask native.
    ``single`` says that native answers in float32, as its processor rounds, and widens that: the
    judge then compares as it does float32.
    """

    kind: str
    convert: Convert
    takes: Any
    dtype: Any = None
    refuses: Refuses = Check.NONFINITE
    carries: Carries = False
    columns: Columns | None = None
    edges: Edges | None = None
    reads: Columns | None = None
    adds: Columns | None = None
    single: Single = False
    third: Any = None
    wild: Wild | None = None
    within: Within | None = None

    @property
    def takes_table(self) -> bool:
        return self.takes is Table

    @property
    def takes_check(self) -> bool:
        return self.third in (Check, Due)

    def check(self, stage: Stage) -> Check:
        """What native refuses in this stage's input."""
        return self.refuses(stage) if callable(self.refuses) else self.refuses

    def in_single(self, stage: Stage) -> bool:
        """Whether native answers in float32 at this stage, whatever type it has in the end."""
        return self.single(stage) if callable(self.single) else self.single

    def defers(self, stage: Stage) -> bool:
        """Whether the check of this stage's input may wait for a later stage."""
        return self.carries(stage) if callable(self.carries) else self.carries


_converters: dict[str, Converter] = {}
_refused: dict[str, tuple[str, Sequence[str]]] = {}


def converts(
    *kinds: str,
    dtype: Any = None,
    refuses: Refuses = Check.NONFINITE,
    carries: Carries = False,
    columns: Columns | None = None,
    edges: Edges | None = None,
    reads: Columns | None = None,
    adds: Columns | None = None,
    single: Single = False,
    wild: Wild | None = None,
    within: Within | None = None,
) -> Callable[[F], F]:
    """Register a function ``(stage, x: Var | Table) -> Var | Table | Answers`` for these kinds.

    A later registration wins, but ours never over a user's. See ``Converter`` for the rest.
    """

    def register(function: F) -> F:
        hints = [hint for name, hint in get_type_hints(function).items() if name != "return"]
        known = {kind: held.convert for kind in kinds if (held := _converters.get(kind))}
        for kind in free(kinds, function, known):
            _converters[kind] = Converter(
                kind,
                function,
                hints[1],
                dtype and np.dtype(dtype),
                refuses,
                carries,
                columns,
                edges,
                reads,
                adds,
                single,
                hints[2] if len(hints) > 2 else None,
                wild,
                within,
            )
        return function

    return register


def free(
    names: Sequence[str], function: Callable[..., Any], known: Mapping[str, Callable[..., Any]]
) -> list[str]:
    """The names that a function may register: all but those a user has, for one of ours.

    Our packages are imported as files need them, so perhaps after the user's modules.
    """
    return [
        name for name in names if not (name in known and _is_ours(function) and not _is_ours(known[name]))
    ]


def _is_ours(function: Callable[..., Any]) -> bool:
    return function.__module__.startswith("onnxpipe.")


@cache
def discover(package: str) -> None:
    """Import every module of an adapter package, then the user's (``onnxpipe.converters``).

    Raises BadPlugin for one of those that fails.
    """
    home = importlib.import_module(package)
    for module in pkgutil.iter_modules(home.__path__, f"{package}."):
        importlib.import_module(module.name)
    for entry in entry_points(group="onnxpipe.converters"):
        try:
            entry.load()
        except Exception as error:
            owner = entry.dist.name if entry.dist else "an installed package"
            raise BadPlugin(
                f"its entry point {entry.name} = {entry.value} in {entry.group} can't be loaded: {error!r}",
                where=owner, remedy="Mend that package, or uninstall it.",
            ) from error  # fmt: skip


def find(kind: str) -> Converter | None:
    """The converter of a kind, None where there is none."""
    return _converters.get(kind)


def columns(stage: Stage) -> tuple[str, ...] | None:
    """Dtype names of the columns a stage was fitted on; None where not even their number is known."""
    converter = find(stage.kind)
    if converter is not None and converter.columns is not None:
        return tuple(converter.columns(stage))
    width = stage.get("n_features_in_")
    return None if width is None else (ANY,) * int(width)


def kinds() -> tuple[str, ...]:
    """All registered kinds, sorted."""
    return tuple(sorted(_converters))


def refuses(reason: str, *kinds: str, nearest: Sequence[str]) -> None:
    """Say why nobody can convert these kinds, and what may do instead: no peer is asked for them then."""
    _refused.update(dict.fromkeys(kinds, (reason, nearest)))


def refused() -> tuple[str, ...]:
    """The kinds that ``refuses`` was told of, sorted."""
    return tuple(sorted(_refused))


NO_CONVERTER = "has no converter"
"""Why a stage is refused that nobody has spoken of: a peer may know it."""


def missing(stage: Stage) -> UnsupportedStage:
    """The entry that says a stage has no converter, with the nearest kinds of its library that have
    one: by name, else by module.
    """
    module, _, name = stage.kind.rpartition(".")
    own = [kind for kind in kinds() if kind.partition(".")[0] == module.partition(".")[0]]
    by_tail = {kind.rpartition(".")[2]: kind for kind in own}
    alike = [by_tail[tail] for tail in difflib.get_close_matches(name, by_tail, n=2, cutoff=0.5)]
    near: Sequence[str] = alike or [kind for kind in own if kind.rpartition(".")[0] == module][:2]
    reason, near = _refused.get(stage.kind, (NO_CONVERTER, near))
    return UnsupportedStage(stage.path, stage.kind, reason, tuple(near))
