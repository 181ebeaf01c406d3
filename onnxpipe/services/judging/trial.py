"""One graph and one original, asked the same rows: judged, localised, shrunk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from onnxpipe.adapters.base import program_exporter
from onnxpipe.check import batches, shrink
from onnxpipe.check.compare import RTOL_DOUBLE, Tolerance
from onnxpipe.check.edges.anchors import Anchors, anchors
from onnxpipe.check.edges.probes import Original, Probes, probes
from onnxpipe.check.feeds import feeds
from onnxpipe.check.localise import StageFinding, localise
from onnxpipe.check.reports.report import Counterexample, Refusals, Report
from onnxpipe.check.rows import Rows, Slot, length, row_size, slots, take
from onnxpipe.check.runtimes.graph import Runtime
from onnxpipe.core.build import build
from onnxpipe.core.foreign import standing_in
from onnxpipe.core.fragment import metadata
from onnxpipe.core.options import Options
from onnxpipe.core.plan import Context
from onnxpipe.core.signature import Signature, sized
from onnxpipe.errors import NativeFailed, Refusal
from onnxpipe.services.judging import lengths
from onnxpipe.services.judging.bounds import dated, tame, thinned
from onnxpipe.services.judging.gaps import on_gaps
from onnxpipe.services.judging.judge import ABSENT, Answers, Judge, Judged
from onnxpipe.services.judging.matching import Names
from onnxpipe.services.judging.rows import load_rows
from onnxpipe.services.natives import programs
from onnxpipe.services.natives.native import Native

Array = NDArray[Any]

_LOOKED_AT, _SEEN = 24, 2**19
"""Rows at fault that stages are compared on, and how many cells they may have together: each stage's
answers to them are kept."""
_HUGE, _BRIGHT = 1e9, 64.0
"""Numbers of which networks keep the rounding alone, beside small ones; and sums of such in float16."""
_LARGEST, _FEWEST = 2**23, 16
"""Cells that made rows may have together, and how few rows are made for that."""


class Trial:
    """A graph, its original and the rules to judge by; ``notes`` say what couldn't be looked at."""

    def __init__(
        self, model: onnx.ModelProto, native: Native,
        tolerances: Mapping[str, Tolerance], names: Names, runtime: Runtime = "onnxruntime",
    ) -> None:  # fmt: skip
        self.model, self.native, self.tolerances = model, native, tolerances
        self.judge = Judge(model, native, tolerances, names, runtime)
        self.signature = self.judge.graph.signature
        self.sized = sized(model)
        self.notes, self._names = names.notes, names
        known = metadata(model).get("exporter") or program_exporter(native.adapter, native.artefact)
        self.exported = bool(known)

    @property
    def cells(self) -> tuple[Slot, ...]:
        return slots(self.sized)

    def report(self, data: Any, *, budget: int, seed: int, model: str) -> Report:
        """Everything found on the user's rows and on ``budget`` rows made for the purpose."""
        given = None if data is None else self._given(data)
        self.sized = _as_wide(self.sized, given) if given else self.sized
        made = thinned(self.judge.graph, self._probes(given, budget, seed), row_size(self.sized))
        natively = self.judge.as_native(made.rows, given, length(given) if given else 0)
        judged = self.judge(made.rows, natively, literal=np.array([o != "data" for o in made.origins]))
        if judged.native_refused.all():
            raise NativeFailed(
                f"the original answers none of the {len(made)} rows: {judged.reasons[0][1]}",
                where=str(self.native.artefact),
            )
        self.notes += on_gaps(given, judged, self.judge.missing)
        stages, plainest = self._explained(made, judged, model)
        kept = judged.answered
        in_batches = batches.check(
            self.judge.graph, take(made.rows, kept), judged.native, self.tolerances, self.judge.native_answers
        )
        return Report(
            judged.verdicts,
            _refusals(judged),
            {o: made.origins.count(o) for o in dict.fromkeys(made.origins)},
            (*in_batches.failures, *lengths.failures(self.judge, self.model, seed)),
            stages,
            plainest,
            rows=take(made.rows, kept),
            row_origins=tuple(o for o, answered in zip(made.origins, kept, strict=True) if answered),
            native=judged.native,
            graph=judged.graph,
            places=np.flatnonzero(kept),
            batchwise=in_batches.batchwise,
        )

    def _given(self, data: Any) -> Rows:
        texts = [port.name for port in self.signature.inputs if port.is_string]
        is_path = hasattr(data, "__fspath__") or isinstance(data, str)
        return feeds(self.signature, load_rows(data, texts) if is_path else data, ABSENT)

    def _probes(self, given: Rows | None, budget: int, seed: int) -> Probes:
        data = None if given is None else self.judge.as_fed(given)
        if budget <= 0 and data:
            return Probes.of(data, "data")
        found = self._anchors(given)
        arrive = {a.path: partial(self._arrive, a.path) for a in found}
        budget = min(budget, max(_FEWEST, _LARGEST // row_size(self.sized)))
        loose = any((each.rtol or 0.0) > RTOL_DOUBLE for each in self.tolerances.values())
        original = Original(arrive, self.judge.told, loose, self._alike)
        made = dated(self.signature, probes(self.sized, data, found, original, budget=budget, seed=seed))
        made = tame(made, _BRIGHT, lambda value: value.ndim > 2) if self.judge.facts.get("half") else made
        return tame(made, _HUGE) if self.exported else made

    def _arrive(self, path: str, rows: Rows) -> Array:
        return self.native.arrive(self.judge.as_native(rows), path)

    def _alike(self, rows: Rows, paths: Sequence[str]) -> Mapping[str, str]:
        return self.native.alike(self.judge.as_native(rows), paths)

    def _anchors(self, given: Rows | None) -> tuple[Anchors, ...]:
        """The anchors of the source's stages; none, with a note, where it can't be read as data."""
        if self.exported:
            return ()
        called = self.judge.input_names
        ports = self.signature.inputs
        chosen = {called.get(port.name, port.name): (port.unit or port.dtype, None) for port in ports}
        options = Options(inputs=chosen, missing_string=self.judge.missing)
        context = Context(options, fallback=standing_in(self.model))
        try:
            sample = None if given is None else self.judge.as_fed(given)
            plan = self.native.adapter.read(self.native.artefact, context.options, sample)
            build(plan, context.options, context)
        except Refusal as error:
            self.notes += (f"the pipeline's own thresholds weren't sought: {error.what}",)
            return ()
        return anchors(stage for stage, _, _ in context.taps)

    def _explained(
        self, made: Probes, judged: Judged, model: str
    ) -> tuple[tuple[StageFinding, ...], Counterexample | None]:
        """Which stage is at fault, and the plainest row that shows it."""
        wrong = np.flatnonzero(judged.wrong)
        if not len(wrong):
            return (), None
        answered = wrong[judged.answered[wrong]]
        most = min(_LOOKED_AT, max(1, _SEEN // row_size(self.sized)))
        looked_at = answered[:most] if len(answered) else wrong[:1]
        overall = self.tolerances.get("", Tolerance())
        self.notes += self._of_file(take(made.rows, looked_at))
        stages = localise(self.model, take(made.rows, looked_at), self._stages, overall)
        return stages, self._plainest(made, int(looked_at[0]), model)

    def _of_file(self, rows: Rows) -> tuple[str, ...]:
        """That the file itself is right, where a server differs on these rows and the file doesn't."""
        if not self.judge.graph.served:
            return ()
        local = Judge(self.model, self.native, self.tolerances, self._names)
        told = "the file itself answers these rows as the original does: the server's model is another"
        return () if local.fails(rows).any() else (told,)

    def _stages(self, rows: Rows, wanted: Mapping[str, Sequence[str]]) -> tuple[Mapping[str, Any], str]:
        told = {}
        if program_exporter(self.native.adapter, self.native.artefact):
            told = programs.inside(self.model, self.judge.input_names)
        return self.native.stages(self.judge.as_native(rows), wanted, **told)

    def _plainest(self, made: Probes, place: int, model: str) -> Counterexample | None:
        """The failing row at a place, made as plain as it can be; None where its gaps alone fail."""
        fails = self.judge.fails
        row: Rows = take(made.rows, [place])
        left: tuple[Slot, ...] = ()
        if not fails(row)[0]:
            row = shrink.fewer(made.rows, place, fails)
        elif (default := shrink.default_row(made.rows, self.cells, fails)) is not None:
            plain, cells = shrink.shrink(row, default, self.cells, fails)
            if fails(plain)[0]:  # else it only fails in the company of other rows
                row, left = plain, cells
        judged = self.judge(row)
        if not judged.wrong[0]:
            return None
        native = None if judged.native_refused[0] else self.judge.native_answers(row)
        graph = None if judged.graph_refused[0] else self.judge.graph_answers(row)
        test = self._as_test(row, native, graph or {}, model)
        origin = f"{made.origins[place]}: {made.notes[place]}" if made.notes[place] else made.origins[place]
        return Counterexample(row, native, graph, test, origin, tuple(map(str, left)))

    def _as_test(self, row: Rows, native: Answers | None, graph: Answers, model: str) -> str:
        """The row as a test to paste, in the precision and with the types that were compared."""
        rtol = next((t.rtol for t in self.tolerances.values() if t.rtol is not None), None)
        told = native or {}
        single = any(v.dtype == np.float32 for v in (*told.values(), *graph.values()))
        other = [name for name in told if name in graph and told[name].dtype.kind in "fiub"]
        typed = [n for n in other if told[n].dtype != graph[n].dtype and not self.judge.foreign]
        return shrink.as_pytest(
            row, native, model=model, rtol=rtol or (1e-5 if single else 1e-9), typed=typed
        )


def _as_wide(signature: Signature, rows: Rows) -> Signature:
    """The signature with axes besides the batch as long as they are in the user's rows."""
    ports = (replace(p, shape=(*p.shape[:1], *rows[p.name].shape[1:])) for p in signature.inputs)
    return replace(signature, inputs=tuple(ports))


def _refusals(judged: Judged) -> Refusals:
    native, graph = judged.native_refused, judged.graph_refused
    one_sided = np.flatnonzero(native ^ graph)[:5]
    return Refusals(
        int((native & graph).sum()),
        int((native & ~graph).sum()),
        int((graph & ~native).sum()),
        tuple((int(i), *judged.reasons[int(i)]) for i in one_sided),
    )
