"""Spark Connect: a client without a JVM scores and verifies on a server, the one session of the run."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import onnx
import pyarrow as pa
import pytest
from pyarrow import parquet

import onnxpipe as api
from tests.rigs import spark as rig
from tests.test_fixtures import HOME, recorded

FIXTURE = "spark_textbook_4_3"
SAVED = HOME / FIXTURE / "saved"
CLIENT = """
import sys
from pathlib import Path
from onnxpipe.cli import main
from pyspark import SparkContext
home, saved, url = sys.argv[1:]
rows = ["--data", home + "/rows.parquet", "--engine", "spark", "--master", url]
assert main(["score", home + "/model.onnx", "-o", home + "/answered.parquet", *rows]) == 0
assert main(["verify", home + "/model.onnx", saved, *rows]) == 0
assert SparkContext._gateway is None, "there is a JVM of the client's own"
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("spark"),
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java"),
]


@pytest.fixture
def server() -> Iterator[str]:
    """The address of a server that the session of the run becomes, at a port that was free."""
    for module in ("grpc_status", "zstandard"):
        pytest.importorskip(module, reason="pip install 'pyspark[connect]'")
    context = rig.session().sparkContext
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    held = context._jsc.sc().conf()
    held.set("spark.connect.grpc.binding.address", "127.0.0.1")
    held.set("spark.connect.grpc.binding.port", str(port))
    plugin = context._jvm.org.apache.spark.sql.connect.SparkConnectPlugin().driverPlugin()
    plugin.init(context._jsc.sc(), None)
    yield f"sc://127.0.0.1:{port}"
    plugin.shutdown()


def test_a_client_without_a_jvm_scores_and_verifies(server: str, tmp_path: Path) -> None:
    asked = {name: column[:50] for name, column in recorded(FIXTURE, "inputs").items()}
    columns = {
        name: [None if value == "" else value for value in column.ravel().tolist()]
        for name, column in asked.items()
    }
    parquet.write_table(pa.table(columns), tmp_path / "rows.parquet")
    onnx.save(api.convert(SAVED), tmp_path / "model.onnx")
    command = [sys.executable, "-c", CLIENT, str(tmp_path), str(SAVED), server]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "EQUAL on 50 rows" in done.stdout
    answered = parquet.read_table(tmp_path / "answered.parquet")
    told = recorded(FIXTURE, "expected")["prediction"][:50].ravel().tolist()
    assert answered["prediction"].to_pylist() == told
