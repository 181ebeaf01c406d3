"""PyTorch, end to end: what people save, converted by the command and proved."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import numpy_helper

pytest.importorskip("torch", reason="PyTorch isn't installed")

import torch

from onnxpipe.core.options import Axis, Options
from onnxpipe.errors import BadInput, Inexact, Unsupported
from onnxpipe.services.convert import adapter_of, artefact_of, convert
from onnxpipe.services.verify import verify
from tests import nets
from tests.rigs import torch as rig
from tests.shell import onnxpipe, told

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("torch")]
SIZES = {"x": (6, 8), "scale": (1,)}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("torch")


@pytest.fixture(scope="module")
def tagger(home: Path) -> Path:
    torch.manual_seed(0)
    axes = ({0: torch.export.Dim("n")}, {0: torch.export.Dim("n"), 1: nets.OPEN})
    return nets.saved(nets.Tagger(), nets.tagger_example(), axes, home / "tagger.pt2")


@pytest.fixture(scope="module")
def converted(tagger: Path) -> str:
    """What the command says while it converts the tagger to ``tagger.onnx``."""
    done = onnxpipe("convert", tagger.name, "-o", "tagger.onnx", cwd=tagger.parent)
    assert done.returncode == 0, told(done)
    return told(done)


def test_an_exported_program_is_converted_and_proved(tagger: Path, converted: str) -> None:
    assert "EQUAL on" in converted
    # Word numbers that are none, negative ones too.
    assert re.search(r"\b[1-9]\d* by both, 0 by the original alone, 0 by the graph alone", converted)
    assert not list(tagger.parent.glob("*.data"))
    model = onnx.load(tagger.with_suffix(".onnx"))
    session = ort.InferenceSession(model.SerializeToString())
    assert {i.name: i.shape for i in session.get_inputs()} == {"x": ["N", 8], "ids": ["N", "ids_1"]}
    assert [o.name for o in session.get_outputs()] == ["logits", "shares"]
    rows = {"x": np.zeros((3, 8), np.float32), "ids": np.ones((3, 4), np.int64)}
    assert session.run(None, rows)[0].shape == (3, 3)
    assert str(tagger.parent).encode() not in model.SerializeToString()


def test_golden_rows_need_no_torch(tagger: Path, converted: str) -> None:
    done = onnxpipe("verify", "tagger.onnx", cwd=tagger.parent)
    assert done.returncode == 0, told(done)
    assert "EQUAL on 200 rows" in told(done)


def test_a_fault_inside_is_put_down_to_its_module(tagger: Path, converted: str) -> None:
    model = onnx.load(tagger.with_suffix(".onnx"))
    weights = next(t for t in model.graph.initializer if t.name == "body.2.weight")
    weights.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weights) * np.float32(1.1), weights.name))
    found = verify(model, tagger, rows=50)
    assert not found and found.culprit is not None
    assert (found.culprit.path, found.culprit.status) == ("network/body/2", "introduces")


def test_outputs_are_picked_by_name(tagger: Path) -> None:
    made = rig.exported(rig.loaded(tagger), Options(outputs=("shares",)))
    assert [value.name for value in made.model.graph.output] == ["shares"]


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"outputs": ("nothing",)}, BadInput, "no output nothing: it answers logits, shares"),
        ({"dtype": "float64"}, Inexact, "x is float32"),
        ({"dynamic": {"y": (Axis(1),)}}, BadInput, "no input y"),
        ({"dynamic": {"x": (Axis(2),)}}, Inexact, "no axis 2"),
    ],
)
def test_what_cannot_be_done_is_refused(
    tagger: Path, options: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        rig.exported(rig.loaded(tagger), Options(**options))


def test_without_fallback_nothing_is_run(tagger: Path) -> None:
    with pytest.raises(Unsupported, match="is a program"):
        convert(tagger, fallback=False)


def test_an_axis_that_was_to_be_open_and_is_fixed_is_an_error(tagger: Path) -> None:
    done = onnxpipe("convert", tagger.name, "-o", "no.onnx", "--dynamic", "x=1:2-64", cwd=tagger.parent)
    assert done.returncode == 2
    assert "axis 1 of input x was to be open, but is 8 in the graph" in told(done)


def test_a_program_with_a_fixed_batch_says_so(home: Path) -> None:
    attention = torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)  # multiplies batch and heads
    path = nets.saved(attention, (torch.randn(2, 5, 8),), None, home / "static.pt2")
    with pytest.raises(Inexact, match="the batch of input src is fixed at 2"):
        rig.exported(rig.loaded(path), Options())


@pytest.mark.parametrize("rows", [1, 2])
def test_a_fixed_batch_is_opened(rows: int) -> None:
    example = (torch.randn(rows, 6, 8),), {"scale": torch.randn(rows, 1)}
    model = rig.worker("torch_native").Exported(torch.export.export(nets.Steps().eval(), *example))
    made = rig.exported(model, Options())
    assert [str(port) for port in made.signature.inputs] == ["x: float32[N, 6, 8]", "scale: float32[N, 1]"]
    session = ort.InferenceSession(made.model.SerializeToString())
    for count in (0, 1, 5):
        rng = np.random.default_rng(0)
        fed = {n: rng.normal(size=(count, *s)).astype("f4") for n, s in SIZES.items()}
        np.testing.assert_allclose(
            session.run(["last"], fed)[0], model.ask(fed)["last"], rtol=1e-4, atol=1e-6
        )


def test_what_looks_across_a_fixed_batch_is_asked_batch_by_batch() -> None:
    """So that the graph, which looks across as many rows as it gets, is seen to answer otherwise."""
    example = (torch.randn(2, 8),)
    model = rig.worker("torch_native").Exported(torch.export.export(torch.nn.Softmax(0), example))
    told = model.ask({"input": np.zeros((3, 8), np.float32)})["output"]
    np.testing.assert_array_equal(told, np.full((3, 8), 0.5, np.float32))


def test_inspection_runs_nothing(tagger: Path) -> None:
    done = onnxpipe("inspect", tagger.name, cwd=tagger.parent)
    assert "is a program" in told(done) + told(done)
    assert adapter_of(artefact_of(tagger)).framework == "torch"
