"""A report in the forms that CI systems read: GitHub annotations, JUnit, SARIF, Markdown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote
from xml.etree import ElementTree

from onnxpipe import lock
from onnxpipe.check.reports import decoding, text
from onnxpipe.check.reports.report import Report

_SARIF = "https://json.schemastore.org/sarif-2.1.0.json"
_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 can't hold, not even escaped."""
_RULES = {
    "mismatch": "The graph answers differently from the original.",
    "refusal": "One side alone refuses rows.",
    "batch": "Answers depend on the size of the batch.",
}


class Check(NamedTuple):
    """One thing that was compared: its rule, its name, and what is wrong ("" for nothing)."""

    rule: str
    name: str
    problem: str

    @property
    def what(self) -> str:
        """What is wrong, where the name stands beside it."""
        return self.problem.removeprefix(f"{self.name}: ")


def checks(report: Report) -> Iterator[Check]:
    """Everything a report speaks of: each output, the refusals, the batch sizes."""
    for verdict in report.verdicts:
        problem = "" if verdict.equal else text.output(report, verdict)
        yield Check("mismatch", verdict.output, problem)
    sided = [f"row {row}: {who} refuses: {why}" for row, who, why in report.refusals.examples]
    yield Check("refusal", "refused rows", "\n".join(sided) if report.refusals.one_sided else "")
    yield Check("batch", "batch sizes", "\n".join(report.batches))


def told(report: Report) -> list[Check]:
    """The checks that failed; none where the report as a whole says equal (``max_ppm``)."""
    return [] if report else [check for check in checks(report) if check.problem]


def github(report: Report) -> str:
    """Workflow commands that annotate the model's lock, one a problem; a notice where there is none.

    Syntax and escapes: GitHub's documentation of workflow commands.
    """
    place = f"file={_property(_lock(report))},line=1"
    if report:
        return f"::notice {place},title=onnxpipe::{_message(text.headline(report))}"
    cause = f"\nintroduced by {report.culprit.path}" if report.culprit else ""
    return "\n".join(
        f"::error {place},title=onnxpipe {check.rule}::{_message(check.problem + cause)}"
        for check in told(report)
    )


def _message(value: str) -> str:
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _message(value).replace(":", "%3A").replace(",", "%2C")


def _lock(report: Report) -> str:
    """The file that is annotated: the model's lock, or a model itself that has none."""
    model = report.setting.model or "model.onnx"
    alone = Path(model).is_file() and not Path(lock.path_of(model)).is_file()
    return model if alone else lock.path_of(model)


def junit(report: Report) -> str:
    """A JUnit ``testsuite`` with a test case per check."""
    failures = told(report)
    suite = ElementTree.Element(
        "testsuite",
        name=_xml(f"onnxpipe verify {report.setting.model}".strip()),
        tests=str(sum(1 for _ in checks(report))),
        failures=str(len(failures)),
        time=f"{report.duration:.3f}",
    )
    for check in checks(report):
        named = {"classname": f"onnxpipe.{check.rule}", "name": _xml(check.name)}
        case = ElementTree.SubElement(suite, "testcase", named)
        if check in failures:
            found = ElementTree.SubElement(case, "failure", message=_xml(check.problem.partition("\n")[0]))
            found.text = _xml(text.text(report))
    ElementTree.indent(suite)
    return str(ElementTree.tostring(suite, encoding="unicode", xml_declaration=True)) + "\n"


def _xml(value: str) -> str:
    return _NO_XML.sub(lambda found: f"\\u{ord(found[0]):04x}", value)


def sarif(report: Report) -> str:
    """A SARIF 2.1.0 log with a result per problem, located at the model's lock."""
    from onnxpipe import __version__

    rules = [{"id": rule, "shortDescription": {"text": what}} for rule, what in _RULES.items()]
    driver = {"name": "onnxpipe", "version": __version__, "rules": rules}
    results = [_result(report, check) for check in told(report)]
    log = {"$schema": _SARIF, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _result(report: Report, check: Check) -> dict[str, Any]:
    cause = f" Introduced by {report.culprit.path}." if report.culprit else ""
    uri = quote(_lock(report).replace("\\", "/"), safe="/:")
    place = {"artifactLocation": {"uri": uri}, "region": {"startLine": 1}}
    return {
        "ruleId": check.rule,
        "level": "error",
        "message": {"text": f"{check.name}: {check.what}.{cause}"},
        "locations": [{"physicalLocation": place}],
    }


def markdown(report: Report) -> str:
    """A job summary: the verdict, a table of checks, and the plainest failing row."""
    head = [f"### {text.headline(report)}", "", "| check | result |", "|---|---|"]
    table = [f"| {_cell(check.name)} | {_cell(check.what) or 'equal'} |" for check in checks(report)]
    lines = [*head, *table, "", f"Rows: {text.made_of(report)}."]
    if report.decoding is not None:
        lines += ["", *(line.strip() for line in decoding.lines(report.decoding))]
    if report.culprit is not None:
        lines += ["", f"Introduced by `{report.culprit.path}` ({report.culprit.kind})."]
    if report.counterexample is not None:
        lines += ["", "The row in its plainest form, as a test:", "", "```python"]
        lines += [report.counterexample.test.rstrip(), "```"]
    return "\n".join(lines) + "\n"


def _cell(value: str) -> str:
    return value.replace("|", "\\|").replace("\n", "<br>")
