"""Every layer of torch.nn that does something at inference: the graph answers as torch does."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch isn't installed")

from onnxpipe.errors import ExportFailed
from tests.cases.torch_layers import CASES, SHAPES, Layer
from tests.rigs import torch_groups as groups

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("torch")]


@pytest.mark.parametrize("case", [c for c in CASES if not c.refused], ids=lambda case: case.text)
def test_a_layer_answers_as_torch(case: Layer) -> None:
    found = groups.verdicts(case.given)[case.text]
    assert len(found) == 2
    assert all(verdict.equal for verdict in found), str(found)


def test_recurrent_layers_answer_no_rows_with_none() -> None:
    """onnxruntime's own operators end the process on no rows."""
    rows = [case for case in CASES if case.given == "steps" and not case.refused]
    model, session = groups.network(rows, "steps")
    none = {"x": np.zeros((0, 5, 8), np.float32)}
    told = model.ask(none)
    for output, value in zip(session.get_outputs(), session.run(None, none), strict=True):
        assert value.shape == told[output.name].shape


def test_recurrent_layers_of_a_pt2_take_any_number_of_rows_of_its_length() -> None:
    rows = [case for case in CASES if case.given == "steps" and not case.refused]
    model, session = groups.network(rows, "steps", (None, 7, 8))
    for count in (0, 1, 3):
        x = np.random.default_rng(count).normal(size=(count, 7, 8)).astype(np.float32)
        told = model.ask({"x": x})
        for output, value in zip(session.get_outputs(), session.run(None, {"x": x}), strict=True):
            np.testing.assert_allclose(value, told[output.name], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("layer", "given"), [
    ("AdaptiveAvgPool3d", "volume"), ("GroupNorm", "image"), ("GroupNorm", "sequence"),
])  # fmt: skip
def test_no_rows_are_answered_with_none(layer: str, given: str) -> None:
    """onnxruntime leaves the shape of no rows as it is in some reductions, and tells no size from them."""
    rows = [case for case in CASES if case.text.startswith(layer) and case.given == given]
    assert rows
    model, session = groups.network(rows, given)
    none = {"x": np.zeros((0, *SHAPES[given][1:]), np.float32)}
    told = model.ask(none)
    for output, value in zip(session.get_outputs(), session.run(None, none), strict=True):
        assert value.shape == told[output.name].shape


@pytest.mark.parametrize("case", [c for c in CASES if c.refused], ids=lambda case: case.text)
def test_what_is_refused_does_not_work(case: Layer) -> None:
    with pytest.raises(
        Exception, match=r"Gemm|CumSum|constant|Pad|Concat|argument|erf_?inv|data-dependent|boolean"
    ):
        _, session = groups.network([case], case.given)
        shape = (0, *(size or 5 for size in SHAPES[case.given][1:]))
        session.run(None, {"x": np.zeros(shape, np.int64 if case.given == "words" else np.float32)})


def test_a_type_that_an_operator_lacks_is_told() -> None:
    (case,) = (case for case in CASES if "int16" in case.refused)
    with pytest.raises(ExportFailed, match=r"onnxruntime can't run what .*tensor\(int16\).*CumSum") as caught:
        groups.network([case], case.given)
    assert caught.value.exit_code == 2 and "float32" in caught.value.remedy
