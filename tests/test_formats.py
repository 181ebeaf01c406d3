"""The forms that CI systems read say the same as the report they are made of."""

from __future__ import annotations

import json
from xml.etree import ElementTree

from onnxpipe.check import formats
from tests.test_report import report

GOOD, BAD = report(False), report(True)


def test_every_form_names_each_problem_and_the_stage_at_fault() -> None:
    problems = {check.name for check in formats.told(BAD)}
    assert problems == {"predict", "predict_proba", "refused rows"}
    for form in (formats.github, formats.junit, formats.sarif, formats.markdown):
        told = form(BAD)
        assert "Pipeline/b" in told
        assert all(name in told for name in ("predict_proba", "ValueError"))


def test_github_annotates_the_lock_on_one_line_each() -> None:
    lines = formats.github(BAD).splitlines()
    assert len(lines) == 3
    assert all(line.startswith("::error file=model.onnx.lock,line=1,title=onnxpipe ") for line in lines)
    assert formats.github(GOOD).startswith("::notice file=model.onnx.lock,line=1")


def test_github_escapes_what_would_end_a_command() -> None:
    assert formats._message("50 %\nmore") == "50 %25%0Amore"
    assert formats._property("a:b,c") == "a%3Ab%2Cc"


def test_junit_counts_its_cases() -> None:
    for made, failures in ((GOOD, 0), (BAD, 3)):
        suite = ElementTree.fromstring(formats.junit(made))
        assert int(suite.get("tests", "")) == len(suite.findall("testcase")) == 4
        assert int(suite.get("failures", "")) == len(suite.findall("testcase/failure")) == failures


def test_sarif_has_a_result_per_problem_under_a_known_rule() -> None:
    run = json.loads(formats.sarif(BAD))["runs"][0]
    rules = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert {result["ruleId"] for result in run["results"]} <= rules
    assert len(run["results"]) == 3
    assert json.loads(formats.sarif(GOOD))["runs"][0]["results"] == []


def test_markdown_keeps_its_table_whole() -> None:
    rows = [line for line in formats.markdown(BAD).splitlines() if line.startswith("|")]
    assert len(rows) == 2 + 4
    assert all(line.count("|") - line.count("\\|") == 3 for line in rows)
