"""Saved Spark folders: read as data, and without Spark."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from onnxpipe.adapters.base import Artefact
from onnxpipe.adapters.spark import class_names, java_text, metadata, outline, reader, values
from onnxpipe.adapters.spark.storage import Folder
from onnxpipe.adapters.spark.trust import untrusted
from onnxpipe.core.options import Options
from onnxpipe.core.signature import Signature
from onnxpipe.errors import BadInput, Unfitted, Unreadable, Unsupported
from onnxpipe.services.convert import adapter_of, conversion
from tests.rigs.spark_folders import SAVED, refusal, rewrite, stage

SCALER = next((SAVED / "stages").glob("5_*"))


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A copy of the saved pipeline, to be changed."""
    return Path(shutil.copytree(SAVED, tmp_path / "saved"))


def test_parameters_and_tables_are_read_under_spark_s_names() -> None:
    record = reader.read(Folder.of(SCALER))
    assert record.kind == "pyspark.ml.feature.StandardScalerModel"
    assert record.get("withStd") is True and record.get("withMean") is False
    assert record.get("std").shape == record.get("mean").shape == (record.get("data")["std"][0].size,)


def test_the_stages_of_a_pipeline_are_listed_at_their_paths() -> None:
    paths = [each.path for each in outline(Artefact(SAVED))]
    assert paths[:2] == ["PipelineModel", "PipelineModel/0_StringIndexerModel"]
    assert paths[-1] == "PipelineModel/6_LogisticRegressionModel"


def test_an_estimator_is_told_from_a_model(saved: Path) -> None:
    folder = stage(saved, "5_")
    rewrite(folder, **{"class": "org.apache.spark.ml.feature.StandardScaler"})
    assert isinstance(refusal(folder), Unfitted)


def test_unknown_classes_are_listed_together(saved: Path) -> None:
    for start in ("1_", "5_"):
        rewrite(stage(saved, start), **{"class": f"com.acme.Stage{start}"})
    with pytest.raises(Unsupported) as caught:
        conversion(saved, Options(fallback=False))
    assert [each.kind for each in caught.value.stages] == ["com.acme.Stage1_", "com.acme.Stage5_"]
    found = adapter_of(Artefact(saved)).names(Artefact(saved))
    assert untrusted(found) == ("com.acme.Stage1_", "com.acme.Stage5_")


def test_sql_that_calls_java_is_not_trusted(saved: Path) -> None:
    folder = stage(saved, "5_")
    rewrite(folder, paramMap={"statement": "SELECT reflect('java.lang.System', 'exit', 1) FROM __THIS__"})
    assert untrusted(adapter_of(Artefact(folder)).names(Artefact(folder))) == ("java.lang.reflect.Method",)


def test_other_folders_are_none_of_spark_s(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="not a saved pipeline"):
        conversion(tmp_path, Options())


def test_a_label_that_nothing_depends_on_is_no_input() -> None:
    made = conversion(SAVED, Options())
    named = [port.name for port in Signature.of(made.model).inputs]
    numbers = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
    assert named == [*numbers, "island", "sex"]
    asked = conversion(SAVED, Options(outputs=("label",)))
    assert [port.name for port in Signature.of(asked.model).inputs] == ["species"]


def test_a_vector_of_unknown_length_is_asked_for(saved: Path) -> None:
    rewrite(stage(saved, "4_"), paramMap={"inputCols": ["v"], "outputCol": "raw"})
    folder = stage(saved, "4_")
    made = conversion(folder, Options(inputs={"v": ("float64", (None, 3))}))
    assert [str(port) for port in Signature.of(made.model).outputs] == ["raw: float64[N, 3]"]


def test_unknown_inputs_and_outputs_are_refused() -> None:
    with pytest.raises(BadInput, match="no input nowhere"):
        conversion(SAVED, Options(inputs={"nowhere": ("float64", None)}))
    with pytest.raises(BadInput, match="no output nowhere"):
        conversion(SAVED, Options(outputs=("nowhere",)))


def test_sparse_vectors_and_matrices_become_dense() -> None:
    sparse = {"type": 0, "size": 4, "indices": [1, 3], "values": [2.0, -1.0]}
    assert values.vector(sparse).tolist() == [0, 2, 0, -1]
    held = {"numRows": 2, "numCols": 3, "isTransposed": False}
    dense = values.matrix(
        {"type": 1, "values": [1, 2, 3, 4, 5, 6], "colPtrs": None, "rowIndices": None, **held}
    )
    assert dense.tolist() == [[1, 3, 5], [2, 4, 6]]
    some = {"type": 0, "colPtrs": [0, 1, 1, 2], "rowIndices": [1, 0], "values": [7.0, 8.0], **held}
    assert values.matrix(some).tolist() == [[0, 0, 8], [7, 0, 0]]
    by_rows = {**some, "isTransposed": True, "colPtrs": [0, 1, 2], "rowIndices": [2, 0]}
    assert values.matrix(by_rows).tolist() == [[0, 0, 7], [8, 0, 0]]


@pytest.mark.parametrize("bad", [{"size": 10**12}, {"size": -1}, {"indices": [4]}, {"indices": [-1]}])
def test_vectors_that_can_t_be_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="vector"):
        values.vector({"type": 0, "size": 4, "indices": [1], "values": [2.0], **bad})


def test_lists_of_numbers_are_one_array() -> None:
    found = values.column(pa.array([[1.0], [], [2.0, 3.0]]).slice(1))
    assert isinstance(found, values.Lists) and len(found) == 2
    assert [each.tolist() for each in found] == [[], [2.0, 3.0]]


def test_special_numbers_in_parameters_are_numbers_again() -> None:
    assert np.isnan(metadata.parameter("NaN")) and metadata.parameter("-Inf") == -np.inf
    assert metadata.parameter(["-Inf", 0.0, "Inf"]) == [-np.inf, 0.0, np.inf]
    assert metadata.parameter(["NaN", "yes"]) == ["NaN", "yes"]
    assert metadata.parameter({"type": 1, "values": [1.0, 2.0]}).tolist() == [1.0, 2.0]


def test_java_classes_have_their_python_names() -> None:
    assert class_names.public_name("org.apache.spark.ml.PipelineModel") == "pyspark.ml.PipelineModel"
    assert class_names.public_name("pyspark.ml.pipeline.PipelineModel") == "pyspark.ml.PipelineModel"
    assert class_names.public_name("com.acme.Model") == "com.acme.Model"


def test_numbers_are_read_off_what_java_writes() -> None:
    texts = ["1.0", "1", "1.0E-4", "1.0E7", "NaN", "-0.0", "x", "0.1"]
    numbers, places = java_text.read(texts, np.float64)
    np.testing.assert_array_equal(numbers, [1.0, 1e-4, 1e7, np.nan, -0.0, 0.1])
    assert places.tolist() == [0, 2, 3, 4, 5, 7]
    assert java_text.read(["7", "7.0", "-1", "007"], np.int64)[0].tolist() == [7, -1]
    assert java_text.read(["0.1", "0.10000000149011612"], np.float32)[1].tolist() == [0]


def test_converting_needs_neither_spark_nor_pandas() -> None:
    code = (
        "import sys, onnxpipe; onnxpipe.convert(sys.argv[1]);"
        "print([m for m in ('pyspark', 'pandas', 'py4j', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(SAVED)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
