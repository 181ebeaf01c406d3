"""Saved pipelines of several versions, each against the answers recorded when it was saved."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest

from onnxpipe.check.compare import compare
from onnxpipe.core.options import Options
from onnxpipe.services.convert import conversion
from tests.harness import open_session

HOME = Path(__file__).parent.parent / "fixtures"
NAMES = sorted(p.parent.relative_to(HOME).as_posix() for p in HOME.rglob("expected.json"))


def artefact(name: str) -> Path:
    known = (".joblib", ".pkl", ".skops", ".keras", ".h5")
    return next(path for path in (HOME / name).iterdir() if path.suffix in known or path.name == "saved")


def recorded(name: str, what: str) -> dict[str, Any]:
    """The arrays of inputs.json, expected.json or refused.json, missing text as the empty string."""
    read = json.loads((HOME / name / f"{what}.json").read_text(encoding="utf-8"))
    return {key: _array(value) for key, value in read.items()}


def _array(value: Mapping[str, Any]) -> Any:
    if value["dtype"] == "string":
        texts = ["" if text is None else text for text in value["values"]]
        return np.array(texts, object).reshape(value["shape"])
    return np.array(value["values"], value["dtype"]).reshape(value["shape"])


def run(session: ort.InferenceSession, columns: Mapping[str, Any], rows: Any = slice(None)) -> dict[str, Any]:
    fed = {port.name: columns[port.name][rows] for port in session.get_inputs()}
    fed = {name: column[:, None] if column.ndim == 1 else column for name, column in fed.items()}
    names = [port.name for port in session.get_outputs()]
    return dict(zip(names, session.run(names, fed), strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_the_graph_answers_as_recorded(name: str) -> None:
    expected = recorded(name, "expected")
    model = conversion(artefact(name), Options(outputs=tuple(expected))).model
    session = open_session(model)
    for verdict in compare(expected, run(session, recorded(name, "inputs"))):
        assert verdict.equal, verdict


@pytest.mark.parametrize("name", NAMES)
def test_what_native_refused_the_graph_refuses(name: str) -> None:
    refused = recorded(name, "refused")
    session = open_session(conversion(artefact(name), Options()).model)
    for i in range(len(next(iter(refused.values()), ()))):
        with pytest.raises(Exception, match=r"\w"):
            run(session, refused, slice(i, i + 1))


@pytest.mark.parametrize("name", NAMES)
def test_the_version_is_read_off_the_file(name: str) -> None:
    versions = (HOME / name / "versions.txt").read_text(encoding="utf-8")
    plan = conversion(artefact(name), Options()).plan
    package = {"sklearn": "sklearn", "spark": "pyspark", "keras": "keras"}[plan.framework]
    assert f"{package} {plan.version}" in versions
