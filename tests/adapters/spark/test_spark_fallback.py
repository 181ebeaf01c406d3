"""Stages of Spark without a converter of ours: exported by onnxmltools in a worker, joined, proved, told."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import acme.spark
import numpy as np
import pytest

import onnxpipe as api
from onnxpipe.errors import FallbackWarning, Unsupported, Untrusted
from tests.rigs import spark as rig
from tests.rigs.spark_here import asked_here

STRANGERS = ("acme.spark.Stretch", "acme.spark.Toll")
ROWS = {
    "x": np.array([0.5, -1.0, 2.0, 3.5]),
    "y": np.array([1.0, 0.0, -2.0, 4.0]),
    "city": np.array(["Oslo", "Rome", "Rome", "Oslo"], object),
}
needs_java = pytest.mark.skipif(shutil.which("java") is None, reason="Java isn't installed")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("spark"), needs_java]


def saved(folder: Path, *stages: Any) -> Path:
    """A pipeline of these stages, fitted and saved."""
    from pyspark.ml import Pipeline

    frame = rig.session().createDataFrame(
        list(zip(*(v.tolist() for v in ROWS.values()), strict=True)), list(ROWS)
    )
    Pipeline(stages=list(stages)).fit(frame).write().overwrite().save(f"file://{folder}/saved")
    return folder / "saved"


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Strangers between stages of ours: one of vectors, one of text beside a number."""
    with asked_here():
        from pyspark.ml.feature import VectorAssembler

        yield saved(
            tmp_path_factory.mktemp("mixed"),
            acme.spark.Toll(inputCols=["city", "x"], outputCol="toll"),
            VectorAssembler(inputCols=["toll", "y"], outputCol="both"),
            acme.spark.Stretch(factor=0.1, inputCol="both", outputCol="stretched"),
        )


def test_strangers_are_converted_by_onnxmltools_and_proved(mixed: Path) -> None:
    with pytest.warns(FallbackWarning, match="was converted by onnxmltools") as told:
        model = api.convert(mixed, sample=ROWS, trust=(*STRANGERS, "acme.spark_peers"))
    stages = [str(each.message).split()[0] for each in told if each.category is FallbackWarning]
    assert stages == ["PipelineModel/0_Toll", "PipelineModel/2_Stretch"]
    report = api.verify(model, mixed, ROWS, rows=40, trust=STRANGERS)
    assert report, str(report)
    assert "onnxmltools" in " ".join(report.setting.notes)
    assert {value.name for value in model.graph.input} == set(ROWS)


def test_strangers_are_refused_by_name_without_trust_or_fallback(mixed: Path, tmp_path: Path) -> None:
    with pytest.raises(Unsupported) as refused:
        api.convert(mixed, sample=ROWS, fallback=False)
    assert {stage.kind for stage in refused.value.stages} == set(STRANGERS)
    with pytest.raises(Untrusted, match="to try onnxmltools") as untrusted:
        api.convert(mixed, sample=ROWS)
    assert set(untrusted.value.names) == set(STRANGERS)


def test_what_the_peer_does_not_know_either_is_told() -> None:
    rig.session()
    main = sys.modules["_onnxpipe_main"]
    export = main.sibling("onnxmltools_export").export
    with pytest.raises(main.NoConverter, match="no converter for a Nameless"):
        export(acme.spark.Nameless(inputCol="both", outputCol="out"), [], 21)


def test_rows_are_told_apart_where_a_stage_asks_the_first_one_for_its_length() -> None:
    spark, session = rig.native(), rig.session()
    from pyspark.ml import PipelineModel
    from pyspark.ml.feature import VectorAssembler

    stages = [
        VectorAssembler(inputCols=["x", "y"], outputCol="both"),
        acme.spark.Stretch(factor=0.1, inputCol="both", outputCol="stretched"),
        VectorAssembler(inputCols=["stretched", "x"], outputCol="features"),
    ]
    asked = {"x": np.array([np.nan, 1.0, 2.0]), "y": np.array([1.0, np.nan, 3.0])}
    found, refused = spark.each((PipelineModel(stages), session), asked, ["features"], [])
    assert [row for row, _ in refused] == [0, 1] and np.allclose(found["features"], [[0.2, 0.3, 2.0]])


def test_what_no_converter_can_do_is_no_case_for_the_peer(tmp_path: Path) -> None:
    from pyspark.ml.fpm import FPGrowth

    frame = rig.session().createDataFrame([([1, 2],), ([1],)], ["items"])
    FPGrowth(minSupport=0.1).fit(frame).write().save(f"file://{tmp_path}/saved")
    with pytest.raises(Unsupported, match="cluster's shuffle"):
        api.convert(tmp_path / "saved")
