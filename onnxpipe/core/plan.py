"""A saved pipeline as data: stages with fitted state, and what goes in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from onnxpipe.core.options import Options
from onnxpipe.core.record import Record
from onnxpipe.core.signature import Port
from onnxpipe.errors import Inexact, Unfitted, Unsupported, UnsupportedStage

if TYPE_CHECKING:
    from onnxpipe.core.ops import Var


@dataclass(slots=True)
class Context:
    """What one conversion collects beside its graph.

    ``refused`` holds, for ``on_invalid`` flag and nan, one bool ``[N]`` per check;
    ``taps`` each stage with the table it got and what it answered; ``notes`` what the user should know.
    ``refusing`` holds the values at which the session may fail, ``passed_over`` those that a stage dropped.
    ``fallback`` answers for a stage without a converter, as ``core.apply.apply`` does for others.
    """

    options: Options = field(default_factory=Options)
    refused: list[Var] = field(default_factory=list)
    taps: list[tuple[Stage, Any, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    names: Counter[str] = field(default_factory=Counter)
    refusing: list[Var] = field(default_factory=list)
    passed_over: list[Var] = field(default_factory=list)
    fallback: Callable[[Stage, Any], Any] | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of a pipeline: its kind, its place and its fitted state.

    Fitted attributes and parameters read as attributes (``stage.mean_``), under the names the
    framework gives them.
    """

    kind: str
    path: str
    state: Mapping[str, Any]
    context: Context = field(default_factory=Context, repr=False)

    def __getattr__(self, name: str) -> Any:
        """A parameter or fitted attribute. Raises Unfitted where it was never saved."""
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return self.state[name]
        except KeyError:
            pass
        raise Unfitted(
            f"{self.kind} has no {name}: it was saved before it was fitted, or by a version we don't know",
            where=self.path,
            remedy="Fit the pipeline, save it again, then convert.",
        )

    def get(self, name: str, default: Any = None) -> Any:
        """A parameter or fitted attribute that older versions may lack."""
        return self.state.get(name, default)

    @property
    def options(self) -> Options:
        return self.context.options

    def child(self, name: str, record: Any) -> Stage:
        """A stage inside this one, at ``path/name``."""
        if not isinstance(record, Record):
            raise Unfitted(f"{record!r} stands where an estimator was expected", where=self.path)
        return Stage(record.kind, f"{self.path}/{name}" if self.path else name, record.fields, self.context)

    def moved(self, name: str) -> Stage:
        """The same stage at ``path/name``: for the parts a converter makes of one estimator."""
        return replace(self, path=f"{self.path}/{name}")

    def unsupported(self, reason: str) -> Unsupported:
        """The error that refuses this stage by name."""
        return Unsupported([UnsupportedStage(self.path, self.kind, reason, ())])

    def inexact(self, reason: str, remedy: str = "") -> Inexact:
        """The error that refuses these options for this stage."""
        return Inexact(f"{self.kind} {reason}", where=self.path, remedy=remedy)


class Answered(NamedTuple):
    """Everything a pipeline answers, by output name, and which of it is answered unless asked otherwise."""

    answers: Mapping[str, Any]
    default: tuple[str, ...]


Run = Callable[["Plan", Mapping[str, Any]], Answered]
"""How rows pass through a framework's stages: a plan and its inputs' values, to what it answers."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole saved pipeline, ready to convert.

    ``inputs`` are the columns in fitted order, None in place of one that nothing reads;
    ``names`` the fitted column names (also of columns never read), None for a plain matrix;
    ``notes`` what the sample told of a column that its dtype doesn't (see ``Block``).

    ``run`` writes the graph, by default as ``core.running`` does: columns side by side into the root.
    ``half`` are the paths of stages that compute in float16.
    With ``frugal``, inputs that no answer asked for depends on are left out.
    """

    framework: str
    version: str
    root: Stage
    inputs: tuple[Port | None, ...]
    names: tuple[str, ...] | None = None
    unread: tuple[str, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)
    run: Run | None = None
    frugal: bool = False
    half: tuple[str, ...] = ()
