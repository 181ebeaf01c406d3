"""A graph judged where it is served: a real server of the Open Inference Protocol, right and with faults."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import onnxpipe
from onnxpipe.check.reports.report import Report
from onnxpipe.check.runtimes import protocol
from onnxpipe.check.runtimes.graph import Graph
from onnxpipe.check.runtimes.protocol import Body
from onnxpipe.check.runtimes.server import Address, Server
from onnxpipe.cli import main
from onnxpipe.core.signature import numpy_dtype
from onnxpipe.errors import BadInput, ServerFailed
from onnxpipe.services.judging import goldens
from tests.rigs import server

pytestmark = pytest.mark.usefixtures("inhouse")

TABLE = pd.DataFrame(
    {"town": ["Ulm", "Köln", "Ost am See", "東京"] * 10, "size": np.arange(40) / 7, "new": [True, False] * 20}
)


class Served:
    """A pipeline of text, numbers and truth values, its model's file, and the address it is served at."""

    def __init__(self, home: Path) -> None:
        numbers = make_column_transformer((OneHotEncoder(), ["town"]), (StandardScaler(), ["size", "new"]))
        self.pipeline = make_pipeline(numbers, LogisticRegression()).fit(TABLE, np.arange(40) % 3 > 0)
        self.path, self.address = home / "pipe.onnx", ""
        model = onnxpipe.convert(self.pipeline, sample=TABLE)
        onnx.save(model, self.path)
        goldens.folder_of(self.path).mkdir(parents=True)
        files = goldens.encoded(model, onnxpipe.feeds(model, TABLE), onnxpipe.load(model)(TABLE))
        for name, data in files.items():
            (goldens.folder_of(self.path) / name).write_bytes(data)

    def url(self, fault: str = "", tensors: str = "json", root: str = "") -> str:
        return f"{self.address}{root}/v2/models/pipe{fault and f'.{fault}'}?tensors={tensors}"

    def judged(self, runtime: str) -> Report:
        """The report with the original asked beside the server."""
        return onnxpipe.verify(self.path, self.pipeline, TABLE, runtime=runtime, rows=40)

    def replayed(self, runtime: str, timeout: float = 60) -> Report:
        """The report on the golden rows, with the server alone."""
        return onnxpipe.verify(self.path, runtime=runtime, timeout=timeout)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    found = Served(tmp_path_factory.mktemp("served"))
    with server.running(found.path) as found.address:
        yield found


def test_a_served_model_answers_as_its_original(served: Served) -> None:
    found = served.judged(served.address)
    assert found, str(found)
    assert found.setting.versions["serve.py"] == "1" and "onnxruntime" not in found.setting.versions
    assert found.refusals.both  # text that the encoder doesn't know


@pytest.mark.parametrize(("tensors", "root"), [("binary", ""), ("json", ""), ("", "/plain")])
def test_golden_rows_are_replayed_on_a_server(served: Served, tensors: str, root: str) -> None:
    assert served.replayed(served.url("", tensors, root))


def test_a_server_that_takes_few_rows_at_once_is_asked_often(served: Served) -> None:
    assert served.replayed(served.url("few"))


def test_the_command_exits_by_what_the_server_answers(served: Served) -> None:
    for runtime, code in ((served.address, 0), (served.url("off"), 1), ("grpc://nowhere", 2)):
        assert main(["verify", str(served.path), "--runtime", runtime]) == code


def test_a_server_that_answers_otherwise_than_the_file_is_told_from_a_wrong_file(served: Served) -> None:
    found = served.judged(served.url("off"))
    assert not found and found.counterexample is not None
    assert any("the file itself answers these rows as the original does" in n for n in found.setting.notes)


@pytest.mark.parametrize(
    ("fault", "said"),
    [("typed", "predict_proba: native answers float64, the graph float32"), ("turned", "shape")],
)
def test_another_type_or_shape_is_a_difference(served: Served, fault: str, said: str) -> None:
    found = served.replayed(served.url(fault))
    assert not found and said in str(found)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("lacking", "its answer lacks predict_proba"),
        ("renamed", "its answer lacks predict, predict_proba"),
        ("shaped", r"predict has 40 values, which aren't the \[41\]"),
        ("words", "predict_proba is said to be FP64, but holds other values"),
        ("unknown", "predict is of no type of the protocol: COMPLEX"),
        ("page", "its answer breaks the protocol"),
        ("cut", "its answer is cut off after 15 of 1000 bytes"),
        ("late", "no answer within 1 s"),
        ("dribble", "no answer within 1 s"),
        ("busy", "it answers with 503"),
        ("crashed", "it answers with 500"),
    ],
)
def test_what_is_no_answer_is_told(served: Served, fault: str, said: str) -> None:
    with pytest.raises(ServerFailed, match=said):
        served.replayed(served.url(fault), timeout=1)


def test_who_cant_be_asked_is_told(served: Served) -> None:
    with pytest.raises(ServerFailed, match=r"answered with 404: no model at /v2/models/other"):
        served.replayed(f"{served.address}/v2/models/other")
    with pytest.raises(ServerFailed, match="can't be asked"):
        served.replayed("http://127.0.0.1:1")
    with pytest.raises(BadInput, match="which model to ask for"):
        onnxpipe.verify(onnx.load(served.path), served.pipeline, runtime=served.address)
    for url in ("http://", "http://a:b", "http://host/v2/models/a/b", "http://host?tensors=xml"):
        with pytest.raises(BadInput):
            served.replayed(url)


def test_another_model_is_told_before_a_row_is_sent(served: Served) -> None:
    rows = TABLE[["size"]]
    other = make_pipeline(StandardScaler(), LogisticRegression()).fit(rows, np.arange(40) % 2)
    runtime = Server(Address.of(served.url(), ""), timeout=60)
    with pytest.raises(BadInput, match=r"other inputs than the graph: town: BYTES\[-1, 1\]"):
        Graph(onnxpipe.convert(other, sample=rows), runtime=runtime)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("http://a:1", "/v2/models/m"),
        ("http://a/v2", "/v2/models/m"),
        ("https://a/gate/v2/models/n/versions/3", "/gate/v2/models/n/versions/3"),
    ],
)
def test_addresses(url: str, path: str) -> None:
    assert Address.of(url, "m").path == path


@pytest.mark.parametrize("binary", [True, False])
def test_tensors_of_every_type_cross_unchanged(binary: bool) -> None:
    words = np.array([["", "Köln"], ["a\0b", "東"]], object)
    rows: dict[str, Any] = {"text": words, "none": np.zeros((0, 3))}
    for name in protocol.DATATYPES:
        if name != "string":
            rows[name] = np.array([[0, 1], [1, 0]]).astype(numpy_dtype(name))
    rows["float64"][0] = [np.nan, 0.1]
    asked = protocol.request(rows, [], binary=binary)
    cut = asked.header or len(asked.data)
    told, rest = asked.data[:cut], asked.data[cut:]
    answer = json.dumps({"outputs": json.loads(told)["inputs"]}).encode()
    back = protocol.answers(Body(answer + rest, None if asked.header is None else len(answer)))
    for name, value in rows.items():
        assert back[name].dtype == value.dtype
        np.testing.assert_array_equal(back[name], value)


@pytest.mark.parametrize(
    ("change", "rest", "said"),
    [
        ({}, 8, "8 bytes of tensors where 16 were said to follow|y has 1 values"),
        ({}, 24, "24 bytes of tensors where 16 were said to follow"),
        ({"parameters": {"binary_data_size": 12}}, 12, "y has 12 bytes, which are no whole FP64"),
        ({"parameters": {"binary_data_size": -1}}, 16, "a binary_data_size of -1"),
        ({"shape": [3, 1]}, 16, r"y has 2 values, which aren't the \[3, 1\]"),
        ({"shape": None}, 16, "y has no shape"),
        ({"datatype": "BYTES"}, 16, "y"),
    ],
)
def test_binary_answers_that_break_the_protocol_are_told(
    change: dict[str, Any], rest: int, said: str
) -> None:
    entry = {"name": "y", "datatype": "FP64", "shape": [2, 1], "parameters": {"binary_data_size": 16}}
    told = json.dumps({"outputs": [{**entry, **change}]}).encode()
    with pytest.raises(ValueError, match=said):
        protocol.answers(Body(told + b"\xff" * rest, len(told)))
