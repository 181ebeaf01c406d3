"""A correct pair that faults are planted into, judged again and again on the rows made for it once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import onnx

from onnxpipe.check.edges.probes import Probes
from onnxpipe.check.reports.report import Report
from onnxpipe.services.judging.matching import Names
from onnxpipe.services.judging.trial import Trial
from onnxpipe.services.natives.native import Each, Native


@dataclass
class Bench:
    """A worker with a pipeline, the models of it by dtype, its rows if it has some, and how many to make."""

    native: Native
    models: dict[str, onnx.ModelProto]
    rows: Any = None
    budget: int = 500
    made: dict[Any, Probes] = field(default_factory=dict)

    def judged(self, model: onnx.ModelProto, *, rows: bool = True) -> Report:
        trial = _Trial(model, self.native, {}, Names())
        trial.made = self.made
        return trial.report(self.rows if rows else None, budget=self.budget, seed=0, model="model.onnx")


class Remembering(Native):
    """A worker that isn't asked twice what it answers to the same rows."""

    told: dict[Any, Each]

    def each(
        self, rows: Any, outputs: Sequence[str], optional: Sequence[str] = (), doubtful: Sequence[int] = ()
    ) -> Each:
        cells = [(name, value.dtype.str, value.shape, _held(value)) for name, value in rows.items()]
        key = (tuple(cells), tuple(outputs), tuple(optional))
        told = self.__dict__.setdefault("told", {})
        if key not in told:
            told[key] = super().each(rows, outputs, optional, doubtful)
        found: Each = told[key]
        return found


def _held(values: Any) -> Any:
    return repr(values.tolist()) if values.dtype.kind == "O" else values.tobytes()


class _Trial(Trial):
    """What rows are made hangs on the original and the signature alone: they are kept by these."""

    made: dict[Any, Probes]

    def _probes(self, given: Any, budget: int, seed: int) -> Probes:
        key = (str(self.signature), given is None, budget, seed)
        if key not in self.made:
            self.made[key] = super()._probes(given, budget, seed)
        return self.made[key]
