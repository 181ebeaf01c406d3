"""Functions that make Keras models: what they make is read as if it had been saved, and answers itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from onnxpipe.adapters import torch as adapter
from onnxpipe.errors import NativeFailed, Untrusted
from onnxpipe.services.convert import artefact_of, convert
from onnxpipe.services.natives.native import Native, Where
from tests.harness import open_session

pytest.importorskip("tensorflow", reason="TensorFlow isn't installed")
from tests.rigs import tensorflow as rig

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("keras")]
HOME = "tests.keras_factories"
ROWS = {
    "x": np.arange(9, dtype=np.float32).reshape(3, 3),
    "text": np.array(["A cat.", "", "dog cat"], object),
}
TRUST = (f"{HOME}.built", f"{HOME}.sized")


def judged(source: str, rows: dict[str, Any]) -> None:
    """Assert that the graph of a source answers as it does, when it is made anew."""
    graph = open_session(convert(source, trust=TRUST, fallback=False))
    with Native(artefact_of(source), adapter, Where(trust=TRUST)) as native:
        assert "keras" in native.versions
        rig.same(graph.run(["y"], rows)[0], native.answers(rows, ["y"])["y"])


def test_a_model_is_read_as_data() -> None:
    with pytest.raises(Untrusted, match=r"tests\.keras_factories\.built"):
        convert(f"{HOME}:built")
    judged(f"{HOME}:built", ROWS)


def test_weights_and_settings_stand_beside_each_other(tmp_path: Path) -> None:
    from tests.keras_factories import sized

    sized({"width": 3}).save_weights(tmp_path / "model.weights.h5")
    (tmp_path / "config.json").write_text(json.dumps({"width": 3}))
    judged(f"{HOME}:sized@{tmp_path / 'model.weights.h5'}", {"x": ROWS["x"]})


def test_weights_of_another_library_are_refused(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    torch.save({"weight": torch.ones(2)}, tmp_path / "weights.pt")
    with pytest.raises(NativeFailed, match="the weights are Keras's, and the network is torch's"):
        convert(f"{HOME}:built@{tmp_path / 'weights.pt'}", trust=TRUST)
