"""The forms that CI systems read say the same as the report they are made of."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

import jsonschema
import pytest

from onnxpipe.check.reports import formats
from onnxpipe.check.reports.report import Refusals
from tests import sarif
from tests.check.test_report import report

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


def test_junit_holds_no_character_that_xml_cant() -> None:
    odd = replace(BAD, refusals=Refusals(0, 1, 0, ((8, "native", "\x00\x1b \ud800 \ufffe é"),)))
    text = "".join(ElementTree.fromstring(formats.junit(odd)).itertext())
    assert r"\u0000\u001b \ud800 \ufffe é" in text


def test_the_lock_is_annotated_or_a_model_that_has_none(tmp_path: Path) -> None:
    model = tmp_path / "größe 1.onnx"
    odd = replace(BAD, setting=replace(BAD.setting, model=str(model)))
    for path in (f"{model}.lock", model):
        (place, *_) = json.loads(formats.sarif(odd))["runs"][0]["results"][0]["locations"]
        assert place["physicalLocation"]["artifactLocation"]["uri"] == quote(str(path))
        assert f"file={path},line=1" in formats.github(odd)
        model.touch()


def test_sarif_has_a_result_per_problem_under_a_known_rule() -> None:
    run = json.loads(formats.sarif(BAD))["runs"][0]
    rules = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert {result["ruleId"] for result in run["results"]} <= rules
    assert len(run["results"]) == 3
    assert json.loads(formats.sarif(GOOD))["runs"][0]["results"] == []


@pytest.mark.parametrize(
    "model", ["model.onnx", "models/größe 1 (β).onnx", "models\\under\\windows.onnx", ""]
)
def test_sarif_follows_the_standard(model: str) -> None:
    """With any name and any character; and the schema isn't one that lets all pass."""
    odd = Refusals(0, 1, 0, ((8, "native", "\x00\x1b \ufffe é"),))
    for made in (GOOD, BAD, replace(BAD, refusals=odd)):
        log = json.loads(formats.sarif(replace(made, setting=replace(made.setting, model=model))))
        jsonschema.validate(log, sarif.SCHEMA, jsonschema.Draft7Validator)
    for result in log["runs"][0]["results"]:
        assert "\\" not in result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    log["runs"][0]["results"][0]["level"] = "fatal"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(log, sarif.SCHEMA, jsonschema.Draft7Validator)


def test_markdown_keeps_its_table_whole() -> None:
    rows = [line for line in formats.markdown(BAD).splitlines() if line.startswith("|")]
    assert len(rows) == 2 + 4
    assert all(line.count("|") - line.count("\\|") == 3 for line in rows)
