"""What other exporters write, joined with parts of ours: skl2onnx, torch, tf2onnx."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

import onnxpipe
from onnxpipe.errors import BadManifest
from onnxpipe.services.stitch import stitched
from tests import datasets
from tests.graphs import graph, joined, run

ROWS = np.random.default_rng(0).normal(size=(6, 4)).astype("f4")


@pytest.mark.parametrize("zipmap", [True, False])
@pytest.mark.parametrize("estimator", [LogisticRegression(), RandomForestClassifier(3, random_state=0)])
@pytest.mark.parametrize("data", ["labels", "classes"])
def test_skl2onnx_classifiers_before_components(data: str, estimator: Any, zipmap: bool) -> None:
    """Maps by label (ZipMap) become a matrix, and the labels are known from the classifier."""
    from skl2onnx import to_onnx

    rows, target = datasets.load(data)
    rows = rows.astype("f4")
    fitted = estimator.fit(rows, target)
    foreign = to_onnx(fitted, rows[:1], options={"zipmap": zipmap})
    made = stitched([foreign, "sorted_probabilities:top=1"])
    assert any("ZipMap" in note for note in made.notes) == zipmap
    got = run(made.model, {"X": rows})
    wanted = fitted.classes_[
        run(to_onnx(fitted, rows[:1], options={"zipmap": False}), {"X": rows})["probabilities"].argmax(1)
    ]
    np.testing.assert_array_equal(got["labels"][:, 0], wanted)


def test_a_sequence_that_is_no_zipmap_is_refused_where_a_tensor_is_wanted() -> None:
    split = graph("g (float[N,4] x) => (seq(float[n,4]) parts) { parts = SplitToSequence <axis = 0> (x) }")
    with pytest.raises(BadManifest, match="sequence into tensor"):
        joined(split, graph("g (float[N,4] v) => (float[N,4] y) { y = Neg(v) }"))
    together = graph(
        "g (seq(float[n,4]) parts) => (float[N,4] y) { y = ConcatFromSequence <axis = 0> (parts) }"
    )
    np.testing.assert_array_equal(run(joined(split, together).fragment.model, {"x": ROWS})["y"], ROWS)


def test_custom_domains_of_one_version_are_kept_and_of_two_refused() -> None:
    def custom(version: int) -> onnx.ModelProto:
        node = helper.make_node("Mystery", ["x"], ["y"], domain="org.example")
        value, answer = (helper.make_tensor_value_info(n, TensorProto.FLOAT, ["N", 4]) for n in "xy")
        imports = [helper.make_opsetid("", 21), helper.make_opsetid("org.example", version)]
        return helper.make_model(helper.make_graph([node], "g", [value], [answer]), opset_imports=imports)

    made = joined(custom(1), custom(1)).fragment.model
    assert {e.domain: e.version for e in made.opset_import} == {"": 21, "org.example": 1}
    with pytest.raises(BadManifest, match=r"version 2 of org\.example"):
        joined(custom(1), custom(2))


@pytest.mark.slow
@pytest.mark.xdist_group("torch")
@pytest.mark.parametrize("opset", [18, 20])
def test_torch_dynamo_between_a_scaler_and_labels(opset: int) -> None:
    """Its functions are kept or inlined, its opset is brought to ours."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.GELU(), torch.nn.Linear(8, 3)).eval()
    program = torch.onnx.export(
        network, (torch.randn(2, 4),), dynamo=True, opset_version=opset, input_names=["x"],
        output_names=["logits"], dynamic_shapes=({0: torch.export.Dim("rows")},), verbose=False,
    )  # fmt: skip
    scaler = StandardScaler().fit(ROWS)
    parts = {
        "scale": onnxpipe.convert(scaler, dtype="float32"),
        "net": program.model_proto,
        "best": "post:softmax,topk=2,classes=a|b|c",
    }
    got = run(onnxpipe.stitch(parts, wires=["net.logits=best.scores"]), {"X": ROWS})
    with torch.no_grad():
        logits = network(torch.from_numpy(scaler.transform(ROWS).astype("f4")))
        shares = torch.softmax(logits, 1).numpy()
    np.testing.assert_array_equal(got["labels"][:, 0], np.array(["a", "b", "c"])[shares.argmax(1)])
    np.testing.assert_allclose(got["probabilities"][:, 0], shares.max(1), rtol=1e-5)


@pytest.mark.slow
@pytest.mark.xdist_group("keras")
def test_tf2onnx_between_a_scaler_and_labels() -> None:
    tf2onnx = pytest.importorskip("tf2onnx")
    tensorflow = pytest.importorskip("tensorflow")
    weights = np.random.default_rng(1).normal(size=(4, 3)).astype("f4")

    def answer(x: Any) -> Any:
        return tensorflow.nn.softmax(tensorflow.matmul(x, weights), name="shares")

    taken = [tensorflow.TensorSpec((None, 4), tensorflow.float32, "x")]
    network = tensorflow.function(answer, input_signature=taken)
    foreign, _ = tf2onnx.convert.from_function(network, network.input_signature, opset=15)
    scaler = StandardScaler().fit(ROWS)
    parts = {"scale": onnxpipe.convert(scaler, dtype="float32"), "net": foreign}
    wires = [f"net.{foreign.graph.output[0].name}=best.predict_proba"]
    model = onnxpipe.stitch({**parts, "best": "sorted_probabilities:top=1,classes=a|b|c"}, wires=wires)
    shares = network(scaler.transform(ROWS).astype("f4")).numpy()
    got = run(model, {"X": ROWS})
    np.testing.assert_array_equal(got["labels"][:, 0], np.array(["a", "b", "c"])[shares.argmax(1)])
    np.testing.assert_allclose(got["probabilities"][:, 0], shares.max(1), rtol=1e-5)
