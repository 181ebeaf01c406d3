"""Every error that onnxpipe raises on purpose.

    OnnxpipeError           where, what, what next
    ├── Finding             exit 1: the answer is "no": a mismatch, skew
    └── Refusal             exit 2: the request can't be done
        ├── Unreadable          a file that is damaged, hostile or of no known kind
        ├── Untrusted           loading it natively would run names nobody allowed
        ├── Unfitted            an estimator without fitted state
        ├── Contradictory       a stage whose saved state doesn't fit together
        ├── Unsupported         stages without a converter, all of them at once
        ├── ExportFailed        a peer's exporter, asked for a stage, has no usable answer
        ├── Inexact             a stage that can't be had under these options
        ├── BadInput            columns, types or samples that contradict the pipeline
        ├── MissingExtra        an optional dependency isn't installed
        ├── BadPlugin           a package's entry point that can't be loaded
        ├── BadManifest         a manifest or wiring that doesn't hold together
        ├── NativeRefused       the pipeline itself refuses these rows
        ├── NativeFailed        the native side can't answer (worker died, timed out)
        └── ServerFailed        the server that is to run the model can't be asked, or breaks its protocol

Anything else that escapes is a bug of ours (exit 3).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class OnnxpipeError(Exception):
    """An error with a place, a cause and a remedy, kept apart as fields."""

    exit_code = 2

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what, self.where, self.remedy = what, where, remedy
        super().__init__(what)

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        return f"{head}\n  {self.remedy}" if self.remedy else head


class Finding(OnnxpipeError):
    """The comparison was made and the answer is no."""

    exit_code = 1


class Refusal(OnnxpipeError):
    """The request can't be done as it stands."""


class Unreadable(Refusal):
    """A file that is truncated, corrupt, hostile or of no kind we know."""


class Untrusted(Refusal):
    """Names that a native load would run and that no list allows.

    Fields: ``names``, the dotted names, sorted.
    """

    def __init__(self, names: Sequence[str], *, where: str = "") -> None:
        self.names = tuple(sorted(names))
        flags = " ".join(f"--trust {name}" for name in self.names)
        super().__init__(
            f"loading it natively would use {', '.join(self.names)}, which no list allows",
            where=where,
            remedy=f"If you know where this file comes from, allow exactly these: {flags}",
        )


class Unfitted(Refusal):
    """An estimator that was saved before it was fitted."""


class Contradictory(Refusal):
    """A stage whose saved state doesn't fit together, as in a damaged file; ``__cause__`` says how.

    ``stage`` is its path, empty where the damage can't be placed.
    """

    def __init__(self, error: Exception, *, stage: str = "", where: str = "") -> None:
        self.stage = stage
        said = " ".join(str(error).split())[:200]
        super().__init__(
            f"{stage or 'it'}: the saved state doesn't fit together ({type(error).__name__}: {said})",
            where=where,
            remedy="The file may be damaged: save the pipeline again. If the original can still predict "
            "from this file, onnxpipe is wrong: please report it, with what --verbose tells.",
        )


class UnsupportedStage(NamedTuple):
    """One stage without a converter: its path, its kind, why, and the nearest kinds that have one."""

    path: str
    kind: str
    reason: str
    nearest: tuple[str, ...]

    def __str__(self) -> str:
        near = f" (nearest supported: {', '.join(self.nearest)})" if self.nearest else ""
        return f"{self.path}: {self.kind} {self.reason}{near}"


class Unsupported(Refusal):
    """Stages that can't be converted; ``stages`` lists all of them."""

    def __init__(self, stages: Sequence[UnsupportedStage], *, where: str = "") -> None:
        self.stages = tuple(stages)
        listed = "".join(f"\n    {stage}" for stage in self.stages)
        super().__init__(
            f"{len(self.stages)} stage(s) can't be converted:{listed}",
            where=where,
            remedy="Register a converter with @onnxpipe.converts, or see docs/support for what is covered.",
        )


class ExportFailed(Refusal):
    """A peer's exporter has no usable answer; ``unknown`` says that it knows nothing of such stages."""

    def __init__(self, what: str, *, where: str = "", remedy: str = "", unknown: bool = False) -> None:
        self.unknown = unknown
        super().__init__(what, where=where, remedy=remedy)


class Inexact(Refusal):
    """A stage whose exact answer these options (dtype, opset, portability) don't allow."""


class BadInput(Refusal):
    """Columns, types or sample rows that contradict the pipeline."""


class MissingExtra(Refusal):
    """An optional dependency isn't installed; says which extra brings it."""

    def __init__(self, module: str, extra: str, *, where: str = "") -> None:
        self.module, self.extra = module, extra
        super().__init__(
            f"{module} isn't installed",
            where=where,
            remedy=f"pip install 'onnxpipe[{extra}]'",
        )


class FallbackWarning(UserWarning):
    """A stage was converted by a peer's exporter, because none of our converters knows it."""


class BadPlugin(Refusal):
    """An installed package whose entry point for us can't be loaded."""


class BadManifest(Refusal):
    """A manifest, part or wire that doesn't hold together."""


class NativeFailed(Refusal):
    """The native side can't answer: not installed, crashed, hung or ran out of time."""


class ServerFailed(Refusal):
    """The server that is to run the model: not reached, too late, or no answer of the protocol."""


class NativeRefused(Refusal):
    """The original pipeline refuses these rows, and says why."""
