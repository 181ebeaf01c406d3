"""SavedModels: each signature exported by tf2onnx with translations of ours, and compared with TensorFlow."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest

pytest.importorskip("tf2onnx", reason="tf2onnx isn't installed")

from onnxpipe.adapters.base import Artefact
from onnxpipe.adapters.tensorflow import reader, saved_model, trust
from onnxpipe.errors import Unreadable, Unsupported
from onnxpipe.services.convert import adapter_of, convert
from tests import functions_of_tensorflow as functions
from tests.harness import open_session
from tests.rigs import tensorflow as rig

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("keras")]
TRANSFORMED = Path(__file__).parents[3] / "fixtures" / "tensorflow_transform"
NAMES = (
    "gelu expm1 bins area bicubic cubic lanczos nearest counted seen spectrum parts twice numbered shared "
    "renamed placed listed embedded ones upper lower either truths hashed keyed small large lgamma "
    "rare"
)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[functions.Saved, Path]:
    home = tmp_path_factory.mktemp("saved")
    made, folder = functions.Saved(home / "words.txt"), home / "model"
    made.save(folder)
    return made, folder


@pytest.fixture(scope="module")
def held(saved: tuple[functions.Saved, Path]) -> Any:
    return functions.tf.saved_model.load(str(saved[1]))


@pytest.mark.parametrize("name", NAMES.split())
def test_a_signature_answers_as_tensorflow(name: str, saved: tuple[functions.Saved, Path], held: Any) -> None:
    case = saved[0].cases()[name]
    function = rig.signature(held, name)
    if case.refused:
        with pytest.raises(Exception, match=case.refused):
            rig.exported(function)
        return
    wanted = {count: function.ask({"x": case.rows[:count]}) for count in (5, 1, 0)}
    session = ort.InferenceSession(rig.exported(function).model.SerializeToString())
    assert session.get_inputs()[0].shape[0] == session.get_outputs()[0].shape[0] == "N"
    for count, answers in wanted.items():
        (found,) = session.run(None, rig.fed({"x": case.rows[:count]}))
        rig.same(found, answers["output_0"])


def test_a_graph_of_tf_transform_answers_as_it_did() -> None:
    told = json.loads((TRANSFORMED / "rows.json").read_text("utf-8"))
    made = rig.exported(rig.loaded(TRANSFORMED / "saved"))
    inputs = {port.name: port for port in made.signature.inputs}
    assert set(inputs) == {"age_in", "amount", "city", "code", "kind"}
    rows = {
        name: np.array(told["asked"][name.removesuffix("_in")], object if port.is_string else port.dtype)
        for name, port in inputs.items()
    }
    session = open_session(made.model)
    for count in (7, 1, 0):
        found = session.run(list(told["answers"]), {name: held[:count] for name, held in rows.items()})
        for answer, (name, wanted) in zip(found, told["answers"].items(), strict=True):
            values = np.array(wanted["values"], wanted["dtype"])[:count]
            assert answer.shape == values.shape, name
            rig.same(answer, values)


def test_what_tensorflow_refuses_is_refused(saved: tuple[functions.Saved, Path]) -> None:
    held = functions.tf.saved_model.load(str(saved[1]))
    for name in ("counted", "embedded"):
        function, rows = rig.signature(held, name), {"x": np.array([[0, -6, 1, 2]], np.int64)}
        with pytest.raises(Exception, match=r"negative|is not in"):
            function.ask(rows)
        session = ort.InferenceSession(rig.exported(function).model.SerializeToString())
        with pytest.raises(Exception, match="out of data bounds"):
            session.run(None, rows)


def test_a_folder_is_told_without_tensorflow(saved: tuple[functions.Saved, Path]) -> None:
    artefact = Artefact(saved[1])
    assert adapter_of(artefact).framework == "tensorflow"
    told = saved_model.opened(artefact)
    assert set(told.signatures) == set(NAMES.split())
    assert told.version.startswith("2.")
    assert {"Erfc", "LookupTableFindV2"} <= told.operators
    assert reader.names(artefact) == frozenset()


def test_a_signature_that_is_not_there_is_named(saved: tuple[functions.Saved, Path]) -> None:
    for name, said in (("nothing", "no signature nothing"), ("", "none of its signatures is the default")):
        with pytest.raises(ValueError, match=f"{said}: --signature names one of area, bicubic"):
            rig.loaded(saved[1], name)


def test_no_fallback_leaves_nothing(saved: tuple[functions.Saved, Path]) -> None:
    with pytest.raises(Unsupported, match=r"gelu: tensorflow\.SavedModel is a program"):
        convert(saved[1], fallback=False)


@pytest.mark.parametrize("cut", [4, 40, 400, -3])
def test_damaged_folders_are_refused(cut: int, tmp_path: Path, saved: tuple[functions.Saved, Path]) -> None:
    shutil.copytree(saved[1], tmp_path / "model")
    data = (saved[1] / saved_model.FILE).read_bytes()
    (tmp_path / "model" / saved_model.FILE).write_bytes(data[:cut])
    with pytest.raises(Unreadable):
        reader.outline(Artefact(tmp_path / "model"))


def test_operators_that_reach_out_need_trust() -> None:
    assert trust.untrusted({"tensorflow.raw_ops.WriteFile"}) == ("tensorflow.raw_ops.WriteFile",)
    assert trust.untrusted({"tensorflow.raw_ops.WriteFile"}, ["tensorflow.raw_ops.WriteFile"]) == ()
