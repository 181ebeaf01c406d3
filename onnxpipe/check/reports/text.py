"""A report as plain text: the verdict first, then what it rests on."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from onnxpipe.check.compare import Verdict
from onnxpipe.check.reports import decoding
from onnxpipe.check.reports.report import Report
from onnxpipe.check.ulps import ULPS

_SOURCES = {
    "data": "yours",
    "edge": "around the pipeline's own thresholds and categories",
    "special": "NaN, infinities, odd text, odd images and the like",
    "drawn": "drawn like the others",
    "golden": "golden",
}
_SHOWN = ("sklearn", "onnxruntime")
"""Whose versions the first line tells."""


def text(report: Report) -> str:
    """The report as lines of text, without colours."""
    return "\n".join(lines(report)).rstrip()


def lines(report: Report) -> Iterator[str]:
    """The lines of a report."""
    yield f"{headline(report)} {_of_what(report)}"
    for verdict in report.verdicts:
        yield f"  {output(report, verdict)}"
        yield from (f"    off by: {told}" for told in [ulps(verdict)] if told)
    yield f"  rows: {made_of(report)}"
    refused = report.refusals
    if refused.both or refused.one_sided:
        yield (
            f"  refused: {refused.both} by both, {refused.native_only} by the original alone, "
            f"{refused.graph_only} by the graph alone"
        )
    yield from (f"    row {row}: {who} refuses: {why}" for row, who, why in refused.examples[:3])
    yield from (f"  batch: {failure}" for failure in report.batches)
    yield from (f"  {line}" for line in (decoding.lines(report.decoding) if report.decoding else ()))
    yield from (f"  note: {note}" for note in report.setting.notes)
    yield from _stages(report)
    if report.counterexample is not None:
        yield from ("", f"The row in its plainest form ({report.counterexample.origin}), as a test:", "")
        yield from (f"    {line}" for line in report.counterexample.test.splitlines())


def headline(report: Report) -> str:
    """One sentence: equal, or how much differs."""
    if report:
        return f"EQUAL on {report.tried} rows"
    failed = [v for v in report.verdicts if v.failure]
    if failed:
        return f"DIFFERENT: {failed[0].output}: {failed[0].failure}"
    if report.batches and not report.differing:
        return "DIFFERENT with other batch sizes"
    return f"DIFFERENT on {report.differing} of {report.tried} rows ({report.ppm:.0f} per million)"


def _of_what(report: Report) -> str:
    setting = report.setting
    against = setting.source or "golden rows"
    versions = ", ".join(f"{k} {v}" for k, v in setting.versions.items() if k.startswith(_SHOWN))
    facts = (f"{setting.model or 'model'} against {against}", versions, f"seed {setting.seed}")
    return f"({'; '.join(filter(None, facts))}; {report.duration:.1f} s)"


def output(report: Report, verdict: Verdict) -> str:
    """One output in a line."""
    if verdict.failure:
        return f"{verdict.output}: {verdict.failure}"
    if verdict.equal:
        ties = f", {verdict.ties} of them ties" if verdict.ties else ""
        bound = f"; at most {1e6 * verdict.upper95:.0f} per million differ (95 %)" if verdict.rows else ""
        worst = f"; worst error {verdict.worst:.2g} of the tolerance"
        return f"{verdict.output}: {verdict.rows} rows equal{ties}{bound}{worst}"
    native, graph = verdict.worst_pair or ("?", "?")
    where = (
        f"worst in row {report.place(verdict.worst_row)}: original {_shown(native)}, graph {_shown(graph)}"
    )
    many = f"{verdict.differing} of {verdict.rows} rows differ ({verdict.ppm:.0f} per million)"
    return f"{verdict.output}: {many}; {where}"


def ulps(verdict: Verdict) -> str:
    """How far off float values are, in steps of their precision; "" where all are the same."""
    if not sum(verdict.ulps[1:]):
        return ""
    total = sum(verdict.ulps)
    return ", ".join(f"{name} ulp {_share(n, total)}" for name, n in steps_of(verdict) if n)


def steps_of(verdict: Verdict) -> list[tuple[str, int]]:
    """The histogram of a verdict with the names of its columns."""
    spans = [(low + 1, high) for low, high in pairwise(ULPS)]
    names = [f"{low}" if low == high else f"{low} to {high}" for low, high in spans]
    return list(zip(["0", *names, f"over {ULPS[-1]}"], verdict.ulps, strict=False))


def _share(count: int, total: int) -> str:
    share = 100 * count / total
    return f"{share:.3g} %" if share < 99.95 or count == total else f"{share:.4f} %"


def _shown(value: object) -> str:
    return repr(value.item() if hasattr(value, "item") else value)


def made_of(report: Report) -> str:
    """How many rows came from where."""
    return ", ".join(f"{n} {_SOURCES.get(origin, origin)}" for origin, n in report.origins.items())


def _stages(report: Report) -> Iterator[str]:
    if not report.stages:
        return
    found = report.culprit
    if found is not None:
        yield f"  introduced by {found.path} ({found.kind}){': ' + found.detail if found.detail else ''}"
    for stage in report.stages:
        if stage.status != "equal":
            yield f"    {stage.status:<11} {stage.path}"
