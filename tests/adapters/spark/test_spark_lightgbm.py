"""LightGBM's models as SynapseML saves them, against LightGBM itself: its jars aren't needed to read them."""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pytest

import onnxpipe
from onnxpipe.adapters.spark import java_objects
from onnxpipe.errors import Refusal, Unreadable, Unsupported

HOME = Path(__file__).parents[3] / "fixtures" / "spark_lightgbm"
BOOSTER = Path("complexParams") / "lightGBMBooster"


def booster(saved: Path) -> lgb.Booster:
    held = java_objects.read((saved / BOOSTER).read_bytes(), "")
    return lgb.Booster(model_str=held.fields["modelStr"].fields["value"])


def rows() -> Any:
    """Rows of which some lie on thresholds, are missing or infinite."""
    x = np.random.default_rng(1).normal(size=(300, 4))
    model = booster(HOME / "binary").trees_to_dataframe()
    edges = model.dropna(subset=["threshold"])["threshold"].astype(float).to_numpy()
    x[: len(edges), 0] = edges[:300]
    x[-4:, 1] = [np.nan, np.inf, -np.inf, 0.0]
    return x


def answers(saved: Path, x: Any) -> dict[str, Any]:
    found: dict[str, Any] = onnxpipe.load(onnxpipe.convert(saved))({"features": x})
    return found


def test_two_classes_answer_as_synapseml_s_formulas_say() -> None:
    x, native = rows(), booster(HOME / "binary")
    found = answers(HOME / "binary", x)
    raw, share = native.predict(x, raw_score=True), native.predict(x)
    np.testing.assert_allclose(found["rawPrediction"], np.stack([-raw, raw], 1), rtol=1e-9)
    np.testing.assert_allclose(found["probability"], np.stack([1 - share, share], 1), rtol=1e-9)
    np.testing.assert_array_equal(found["prediction"].ravel(), (raw > 0).astype(float))


def test_three_classes_and_numbers() -> None:
    x, native = rows(), booster(HOME / "classes")
    found = answers(HOME / "classes", x)
    np.testing.assert_allclose(found["rawPrediction"], native.predict(x, raw_score=True), rtol=1e-9)
    np.testing.assert_allclose(found["probability"], native.predict(x), rtol=1e-9)
    np.testing.assert_array_equal(found["prediction"].ravel(), native.predict(x).argmax(1))
    native = booster(HOME / "regression")
    predicted = answers(HOME / "regression", x)["prediction"].ravel()
    np.testing.assert_allclose(predicted, native.predict(x, num_iteration=5), rtol=1e-9)


def test_inside_a_pipeline(tmp_path: Path) -> None:
    names = ["a", "b", "c", "d"]
    told = {"inputCols": names, "outputCol": "features", "handleInvalid": "keep"}
    assembler = {"class": "org.apache.spark.ml.feature.VectorAssembler", "uid": "va", "paramMap": told}
    pipeline = {"class": "org.apache.spark.ml.PipelineModel", "uid": "p",
                "paramMap": {"stageUids": ["va", "lgbm"]}}  # fmt: skip
    for folder, told in (("", pipeline), ("stages/0_va", assembler)):
        home = tmp_path / folder / "metadata"
        home.mkdir(parents=True)
        (home / "part-00000").write_text(json.dumps(told))
        (home / "_SUCCESS").touch()
    shutil.copytree(HOME / "binary", tmp_path / "stages" / "1_lgbm")
    x = rows()
    found = onnxpipe.load(onnxpipe.convert(tmp_path))(dict(zip(names, x.T, strict=True)))
    share = booster(HOME / "binary").predict(x)
    np.testing.assert_allclose(found["probability"][:, 1], share, rtol=1e-9)


def refusal(tmp_path: Path, change: Callable[[bytes], bytes], **parameters: Any) -> Refusal:
    """What is said of a model whose booster's file or parameters were changed."""
    saved = Path(shutil.copytree(HOME / "binary", tmp_path / "saved"))
    (saved / BOOSTER).write_bytes(change((saved / BOOSTER).read_bytes()))
    part = saved / "metadata" / "part-00000"
    told = json.loads(part.read_text())
    part.write_text(json.dumps({**told, "paramMap": {**told["paramMap"], **parameters}}))
    with pytest.raises(Refusal) as caught:
        onnxpipe.convert(saved)
    return caught.value


DAMAGED: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "cut": lambda data: data[:-200],
    "cut early": lambda data: data[:90],
    "other": lambda data: data[:4] + b"\x74\x00\x01a",
    "unknown": lambda data: data[:4] + b"\x7b" + data[5:],
    "endless": lambda data: data[:4] + b"\x71" + struct.pack(">i", 0x7E0000 + 9),
    "nested": lambda data: data[:4] + b"\x73" * 5000,
    "no text": lambda data: data.replace(b"tree\nversion", b"bush\nversion").replace(b"end of trees", b"x"),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_damaged_boosters_are_refused(damage: str, tmp_path: Path) -> None:
    assert isinstance(refusal(tmp_path, DAMAGED[damage]), Unreadable)


@pytest.mark.parametrize("parameter", ["startIteration", "featuresShapCol", "leafPredictionCol"])
def test_what_isnt_computed_is_refused_by_name(parameter: str, tmp_path: Path) -> None:
    value = 2 if parameter == "startIteration" else "more"
    found = refusal(tmp_path, lambda data: data, **{parameter: value})
    assert isinstance(found, Unsupported) and parameter in str(found)


def test_long_texts_and_what_a_class_writes_of_its_own_are_read() -> None:
    long = b"x" * 70_000
    data = b"\xac\xed\x00\x05\x7c" + struct.pack(">q", len(long)) + long
    assert java_objects.read(data, "") == long.decode()
    own = b"sr\x00\x01A" + bytes(8) + b"\x03\x00\x01I\x00\x01nxp" + struct.pack(">i", 7) + b"w\x02ab\x78"
    found = java_objects.read(b"\xac\xed\x00\x05" + own, "")
    assert (found.kind, found.fields) == ("A", {"n": 7})
