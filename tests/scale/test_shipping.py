"""What is sent to executors runs where there is no onnxpipe and no onnx."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper

from onnxpipe.check.compare import Tolerance
from onnxpipe.core.signature import Signature
from onnxpipe.scale.judging import PartitionJudge, read
from onnxpipe.scale.scoring import Scorer
from onnxpipe.scale.shipping import Work, by_value

_ELSEWHERE = """
import pickle, sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("onnxpipe", "onnx", "spox", "click"):
            raise ImportError(name)
sys.meta_path.insert(0, Absent())
import pyarrow as pa
with open(sys.argv[1], "rb") as file:
    work = pickle.load(file)
for _ in range(2):
    made = list(work(iter([pa.RecordBatch.from_pydict({"x": [1.0, 2.0], "there": [3.0, 4.0]})])))
with open(sys.argv[2], "wb") as file, pa.ipc.new_stream(file, made[0].schema) as stream:
    for batch in made:
        stream.write_batch(batch)
"""


def tripled() -> Scorer:
    """A model that answers ``y = 3 x``."""
    ports = [helper.make_tensor_value_info(name, TensorProto.DOUBLE, ["N", 1]) for name in ("x", "y")]
    three = helper.make_tensor("three", TensorProto.DOUBLE, [], [3.0])
    graph = helper.make_graph(
        [helper.make_node("Mul", ["x", "three"], ["y"])], "g", ports[:1], ports[1:], [three]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    return Scorer(model.SerializeToString(), Signature.of(model))


def run_elsewhere(work: Work, folder: Path) -> list[dict[str, list[object]]]:
    """The batches that some work makes of two rows, in a process without onnxpipe."""
    import pyarrow as pa
    from pyspark import cloudpickle

    (folder / "work").write_bytes(cloudpickle.dumps(by_value(work)))
    subprocess.run([sys.executable, "-I", "-c", _ELSEWHERE, "work", "made"], cwd=folder, check=True)
    with pa.ipc.open_stream((folder / "made").read_bytes()) as stream:
        return [batch.to_pydict() for batch in stream]


def test_a_model_answers(tmp_path: Path) -> None:
    assert run_elsewhere(tripled(), tmp_path) == [{"x": [1, 2], "there": [3, 4], "y": [3, 6]}]


def test_a_partition_is_judged(tmp_path: Path) -> None:
    made = run_elsewhere(PartitionJudge(tripled(), {"y": "there"}, {"": Tolerance(rtol=1e-3)}), tmp_path)
    tally, worst = read([(made[0]["tally"][0], made[0]["worst"][0])])  # type: ignore[list-item]
    assert tally.rows == 2 and tally.verdicts["y"].differing == 1
    assert [batch.to_pydict() for batch in worst] == [{"x": [2.0]}]
    np.testing.assert_array_equal(tally.verdicts["y"].worst_pair, (4.0, 6.0))
