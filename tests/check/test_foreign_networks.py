"""Networks that torch.onnx and tf2onnx exported, against what they were exported from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

import onnxpipe
from tests.graphs import graph, run

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("inhouse")]


def by_torch(folder: Path) -> tuple[onnx.ModelProto, Path]:
    """torch.onnx's model under names of its user's, and the exported program."""
    torch = pytest.importorskip("torch", reason="PyTorch isn't installed")
    nn = torch.nn
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 3)).eval()
    rows = ({0: torch.export.Dim("n")},)
    program = torch.export.export(net, (torch.randn(2, 4),), dynamic_shapes=rows)
    torch.export.save(program, folder / "net.pt2")
    names = {"input_names": ["features"], "output_names": ["logits"]}
    return torch.onnx.export(program, dynamo=True, verbose=False, **names).model_proto, folder / "net.pt2"


def by_tf2onnx(folder: Path) -> tuple[onnx.ModelProto, Path]:
    """tf2onnx's model of a function that calls a Keras model, and the saved model."""
    pytest.importorskip("tf2onnx")
    from tests.rigs.keras import native

    keras = native().keras()
    import tensorflow
    import tf2onnx

    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(6, activation="tanh"), keras.layers.Dense(3, activation="softmax")]
    net = keras.Sequential([keras.Input((4,), name="x"), *layers])
    net.save(folder / "net.keras")
    spec = tensorflow.TensorSpec((None, 4), tensorflow.float32, name="features")
    function = tensorflow.function(lambda rows: net(rows, training=False))
    return tf2onnx.convert.from_function(function, [spec], opset=18)[0], folder / "net.keras"


EXPORTERS = [
    pytest.param(by_torch, marks=pytest.mark.xdist_group("torch"), id="torch.onnx"),
    pytest.param(by_tf2onnx, marks=pytest.mark.xdist_group("keras"), id="tf2onnx"),
]


@pytest.fixture(scope="module", params=EXPORTERS)
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A model of each exporter, and what it was exported from."""
    return request.param(tmp_path_factory.mktemp("exported"))


def test_an_export_is_matched_by_type_and_shape_and_judged(exported: Any) -> None:
    model, source = onnx.ModelProto(), exported[1]
    model.CopyFrom(exported[0])
    found = onnxpipe.verify(model, source, rows=40)
    assert found, str(found)
    assert "features is" in found.setting.notes[0]
    tensor = max(model.graph.initializer, key=lambda t: numpy_helper.to_array(t).size)
    weights = numpy_helper.to_array(tensor).copy()
    weights.flat[np.abs(weights).argmax()] *= 1.01
    tensor.CopyFrom(numpy_helper.from_array(weights, tensor.name))
    assert not onnxpipe.verify(model, source, rows=40)


def test_an_export_is_a_part_between_others(exported: Any) -> None:
    """Twice, with another opset before it; the parts are asked one after another, too."""
    model, _ = exported
    (given,), (told,) = model.graph.input, model.graph.output
    halved = graph("g (float[N,4] x) => (float[N,4] y) <float h = {0.5}> { y = Mul(x, h) }", opset=13)
    back = graph(
        "g (float[N,3] y) => (float[N,4] x) <int64[4] i = {2, 0, 1, 2}> { x = Gather <axis = 1> (y, i) }"
    )
    whole = onnxpipe.stitch([halved, model, back, model, "post:topk=2,classes=a|b|c"])
    x = np.random.default_rng(0).normal(size=(9, 4)).astype("f4")
    for rows in (x, x[:1], x[:0]):
        middle = run(model, {given.name: rows * np.float32(0.5)})[told.name]
        scores = run(model, {given.name: middle[:, [2, 0, 1, 2]]})[told.name]
        order = np.argsort(-scores, axis=1, kind="stable")[:, :2]
        got = run(whole, {"x": rows})
        np.testing.assert_array_equal(got["labels"], np.array(["a", "b", "c"])[order])
        np.testing.assert_array_equal(got["probabilities"], np.take_along_axis(scores, order, 1))
