"""Spark's own answers through the worker: equal pairs, planted faults, and where Spark can't be asked."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

import onnxpipe
from onnxpipe.adapters.base import Artefact
from onnxpipe.check.localise import culprit
from onnxpipe.errors import NativeFailed
from onnxpipe.services.convert import adapter_of
from onnxpipe.services.natives.native import Native
from tests.rigs import spark as rig
from tests.rigs import spark_data
from tests.rigs.spark_here import asked_here

SAVED = Path(__file__).parents[3] / "fixtures" / "spark_textbook_4_3" / "saved"
SCALER = "PipelineModel/5_StandardScalerModel"

needs_java = pytest.mark.skipif(shutil.which("java") is None, reason="Java isn't installed")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("spark")]


def planted(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with one of the scaler's factors off by a millionth."""
    held = {tensor.name: tensor for tensor in model.graph.initializer}
    node = next(n for n in model.graph.node if n.op_type == "Mul" and n.metadata_props[0].value == SCALER)
    tensor = next(held[name] for name in node.input if name in held)
    factors = numpy_helper.to_array(tensor).copy()
    factors[1] *= 1 + 1e-6
    tensor.CopyFrom(numpy_helper.from_array(factors, tensor.name))
    return model


@needs_java
def test_a_planted_fault_is_found_at_its_stage_and_made_plain() -> None:
    model = onnxpipe.convert(SAVED)
    with asked_here():
        report = onnxpipe.verify(planted(model), SAVED, rows=30)
    assert not report
    found = culprit(report.stages)
    assert found is not None and found.path == SCALER
    assert report.counterexample is not None and len(report.counterexample.row) == 6


@needs_java
def test_refused_rows_are_told_apart_and_columns_arrive_at_stages() -> None:
    artefact = Artefact(SAVED)
    rows = {
        **{name: np.array([[40.0], [np.nan], [41.0]]) for name in ("bill_length_mm", "bill_depth_mm")},
        **{name: np.array([[200.0], [190.0], [4e3]]) for name in ("flipper_length_mm", "body_mass_g")},
        "island": np.array([["Dream"], ["Biscoe"], [None]], object),
        "sex": np.array([["male"], [None], ["female"]], object),
        "species": np.array([["Adelie"], ["Dodo"], ["Gentoo"]], object),
    }
    with Native(artefact, adapter_of(artefact)) as native:
        assert native.versions["pyspark"] and native.versions["java"]
        answers, refused = native.each(rows, ["prediction", "probability"])
        assert list(refused) == [1] and "Unseen label: Dodo" in refused[1]
        assert answers["probability"].shape == (2, 3)
        rows.pop("species")
        assert native.arrive(rows, SCALER).shape == (3, 9)
        assert native.answers(rows, ["prediction"])["prediction"].shape == (3, 1)


def test_without_java_the_reason_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    path = os.pathsep.join(p for p in os.environ["PATH"].split(os.pathsep) if not (Path(p) / "java").exists())
    monkeypatch.setenv("PATH", path)
    artefact = Artefact(SAVED)
    with pytest.raises(NativeFailed, match="Java isn't installed") as caught:
        Native(artefact, adapter_of(artefact))
    assert "JAVA_HOME" in caught.value.remedy


@needs_java
def test_rows_that_spark_refuses_are_told_apart_also_where_a_join_deals_them_out_anew() -> None:
    from pyspark.ml.recommendation import ALS

    spark, session = rig.native(), rig.session()
    rows = spark_data.load("ratings")
    model = ALS(userCol="account", rank=1, maxIter=1, seed=0).fit(spark.frame(session, None, rows))
    asked = {"account": np.array([0.0, 5.5, np.nan, 1e9, -15.0]), "item": np.zeros(5, np.int64)}
    found, refused = spark.each((model, session), asked, ["prediction"], [])
    assert [row for row, _ in refused] == [1, 2]
    assert "fractional part" in refused[0][1]
    assert np.isnan(found["prediction"]).ravel().tolist() == [False, True, False]


@needs_java
def test_doubtful_rows_are_asked_apart_and_dealt_out_as_spark_deals_them() -> None:
    from pyspark.ml.feature import Bucketizer
    from pyspark.sql import functions as F

    native, session = rig.native(), rig.session()
    salt, places = native.refused_rows.dealt(40, 256)
    rows = session.range(40).repartition(256, F.col("id") + F.lit(salt))
    told = {row[0]: row[1] for row in rows.select("id", F.spark_partition_id()).collect()}
    assert [told[i] for i in range(40)] == places
    model = Bucketizer(splits=[0.0, 1.0, 2.0], inputCol="x", outputCol="out")
    asked = {"x": np.array([0.5, 5.0, np.nan, 1.5, -1.0])}
    for doubtful in ([], [1, 2, 4], [1, 3], [0, 3]):
        found, refused = native.each((model, session), asked, ["out"], [], doubtful)
        assert [row for row, _ in refused] == [1, 2, 4]
        assert found["out"].ravel().tolist() == [0.0, 1.0]
