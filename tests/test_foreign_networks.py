"""Networks that torch.onnx and tf2onnx exported, against what they were exported from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

import onnxpipe

pytestmark = pytest.mark.slow


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


@pytest.mark.parametrize("exported", EXPORTERS)
def test_an_export_is_matched_by_type_and_shape_and_judged(exported: Any, tmp_path: Path) -> None:
    model, source = exported(tmp_path)
    found = onnxpipe.verify(model, source, rows=40)
    assert found, str(found)
    assert "features is" in found.setting.notes[0]
    tensor = max(model.graph.initializer, key=lambda t: numpy_helper.to_array(t).size)
    weights = numpy_helper.to_array(tensor).copy()
    weights.flat[np.abs(weights).argmax()] *= 1.01
    tensor.CopyFrom(numpy_helper.from_array(weights, tensor.name))
    assert not onnxpipe.verify(model, source, rows=40)
