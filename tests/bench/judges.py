"""Who finds what: the planted faults before our judge and before those of other projects."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import onnx

import onnxpipe
from onnxpipe.check.reports.report import Report
from onnxpipe.services.convert import adapter_of, artefact_of
from onnxpipe.services.judging.matching import Names
from onnxpipe.services.judging.trial import Trial
from onnxpipe.services.natives.native import Native
from tests.bench.judging_peers import Judge, Pair, judges
from tests.faults import FAULTS, PIPELINES, Fault, columns, fitted, planted

OURS = "onnxpipe verify"
MARKS = {
    "found": "yes",
    "missed": "**no**",
    "unasked": "can't be asked",
    "alarmed": "rejects the correct one",
}
ROWS = 500


@dataclass(frozen=True)
class Line:
    """A fault, what each judge made of it, and whether ours put it down to the right stage."""

    fault: Fault
    by: Mapping[str, str]
    localised: bool


def run(setting: str) -> tuple[str, bool]:
    """The page of who finds what, printed on the way, and whether ours finds and localises everything."""
    warnings.simplefilter("ignore")
    peers = judges()
    absent = [name for name, judge in peers.items() if judge is None]
    lines = [line for name in PIPELINES for line in of_pipeline(name, {n: j for n, j in peers.items() if j})]
    asked = [OURS, *(name for name in peers if name not in absent)]
    text = page(setting, lines, asked, absent) + networks()
    return text, all(line.by[OURS] == "found" and line.localised for line in lines)


def networks() -> str:
    """The part of the page on PyTorch, where that is installed."""
    if importlib.util.find_spec("torch") is None:
        return "\nNetworks of PyTorch: torch isn't installed.\n"
    from tests.bench import torch_judging

    return f"\n{torch_judging.section()}\n"


def of_pipeline(name: str, peers: Mapping[str, Judge]) -> list[Line]:
    """All faults of a pipeline before all judges."""
    original, rows = fitted(name)
    artefact, found = artefact_of(original), []
    faults = [fault for fault in FAULTS if fault.pipeline == name]
    with Native(artefact, adapter_of(artefact)) as native:
        models = {
            d: onnxpipe.convert(original, sample=columns(rows), dtype=d) for d in {f.dtype for f in faults}
        }
        good = {d: bool(report(model, native, rows)) for d, model in models.items()}
        fitted_on = {d: narrowed(rows) if d == "float32" else rows for d in models}
        fine = {
            d: {n: asked(j, Pair(m, original, fitted_on[d])) for n, j in peers.items()}
            for d, m in models.items()
        }
        for fault in faults:
            broken = planted(fault, models[fault.dtype])
            ours = report(broken, native, rows)
            by = {OURS: "alarmed" if not good[fault.dtype] else "missed" if ours else "found"}
            pair = Pair(broken, original, fitted_on[fault.dtype])
            by |= {n: verdict(j, fine[fault.dtype][n], pair) for n, j in peers.items()}
            right = ours.culprit is not None and ours.culprit.path == fault.stage
            found.append(Line(fault, by, right))
            print(f"{fault.name}: {', '.join(f'{n} {MARKS[v]}' for n, v in by.items())}", flush=True)
    return found


def narrowed(rows: Any) -> Any:
    """Rows with their floats as float32."""
    if not hasattr(rows, "columns"):
        return rows.astype("f4")
    return rows.astype({name: "f4" for name in rows.columns if rows[name].dtype.kind == "f"})


def report(model: onnx.ModelProto, native: Native, rows: Any) -> Report:
    """Ours, on the user's rows and a quarter of those that the command makes."""
    return Trial(model, native, {}, Names()).report(rows, budget=ROWS, seed=0, model="model.onnx")


def asked(judge: Judge, pair: Pair) -> bool | None:
    """Whether a judge calls a pair equal; None where it can't be asked."""
    try:
        return judge(pair)
    except Exception:
        return None


def verdict(judge: Judge, fine: bool | None, pair: Pair) -> str:
    """What a judge makes of a fault; ``fine`` is what it made of the correct model."""
    if fine is None:
        return "unasked"
    if not fine:
        return "alarmed"
    return "missed" if asked(judge, pair) else "found"


def page(setting: str, lines: list[Line], names: list[str], absent: list[str]) -> str:
    kinds = len({line.fault.kind for line in lines})
    pipelines = len({line.fault.pipeline for line in lines})
    parts = [
        "# Who finds what",
        f"{len(lines)} faults of {kinds} kinds, planted one at a time into the correct graphs of {pipelines} "
        "pipelines (`tests/faults`). Every judge is asked as its users ask it, with its own tolerances: "
        "Polygraphy on the numbers its data loader draws and on the rows that the pipeline was fitted on, "
        "the test helper of onnxmltools and skl2onnx and ONNX's backend tests on those rows, and optimum's "
        "rule (`allclose`, `atol=1e-5`) on a dummy batch. A judge that refuses the correct graph, or can't "
        "be given its inputs, isn't counted as having found anything.",
        f"{setting}{version()}",
        *(f"{name}: not installed (`pip install polygraphy`)." for name in absent),
        totals(lines, names),
        "## Missed, by name",
        *(missed(lines, name) for name in names),
        "## Fault by fault",
        table(lines, names),
    ]
    text = "\n\n".join(parts) + "\n"
    print(totals(lines, names))
    return text


def version() -> str:
    """Which Polygraphy was asked, where it is installed."""
    try:
        return f", Polygraphy {importlib.metadata.version('polygraphy')}"
    except importlib.metadata.PackageNotFoundError:
        return ""


def totals(lines: list[Line], names: list[str]) -> str:
    head = f"| judge | found | missed | {MARKS['unasked']} | {MARKS['alarmed']} |"
    rows = [head, "|---|--:|--:|--:|--:|"]
    for name in names:
        counts = [sum(line.by[name] == kind for line in lines) for kind in MARKS]
        rows.append(f"| {name} | {' | '.join(map(str, counts))} |")
    right = sum(line.localised for line in lines)
    where = f"Ours puts {right} of {len(lines)} down to the stage that they are in; no peer names a stage."
    return "\n".join([*rows, "", where])


def missed(lines: list[Line], name: str) -> str:
    which = [line.fault.name for line in lines if line.by[name] == "missed"]
    return f"**{name}**: {', '.join(which) or 'none'}."


def table(lines: list[Line], names: list[str]) -> str:
    head = f"| fault | kind | pipeline | {' | '.join(names)} |"
    rows = [
        f"| {line.fault.name} | {line.fault.kind} | {line.fault.pipeline} | "
        f"{' | '.join(MARKS[line.by[name]] for name in names)} |"
        for line in lines
    ]
    return "\n".join([head, "|---" * (3 + len(names)) + "|", *rows])
