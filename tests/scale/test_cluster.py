"""Spark as the engine: scoring, verifying, and what is left behind when it can't be done."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd
import pytest
from onnx import TensorProto, helper, numpy_helper
from pyarrow import parquet

import onnxpipe as api
from onnxpipe.cli import main
from onnxpipe.errors import BadInput
from onnxpipe.scale import spark as engine
from tests.rigs.spark_here import asked_here

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("spark"),
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java"),
]


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    """The one session of the run, which also answers where a worker of its own would."""
    with asked_here():
        yield engine.session()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, spark: Any) -> Path:
    """A saved pipeline, its model, a model that is off by a millionth, and rows in three parts."""
    from pyspark.ml import Pipeline
    from pyspark.ml.classification import LogisticRegression
    from pyspark.ml.feature import OneHotEncoder, StringIndexer, VectorAssembler

    home = tmp_path_factory.mktemp("cluster")
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"id": range(3000), "kind": rng.choice(["a", "b", "c"], 3000)})
    frame["size"], frame["age"] = rng.normal(size=3000), rng.normal(size=3000)
    frame["label"] = (frame["size"] + (frame["kind"] == "a") > 0.3).astype(float)
    rows = spark.createDataFrame(frame).repartition(3)
    rows.drop("label").write.parquet(str(home / "rows.parquet"))
    stages = [
        StringIndexer(inputCol="kind", outputCol="index"),
        OneHotEncoder(inputCol="index", outputCol="hot"),
        VectorAssembler(inputCols=["size", "age", "hot"], outputCol="features"),
        LogisticRegression(),
    ]
    Pipeline(stages=stages).fit(rows).write().save(str(home / "saved"))
    made = api.convert(home / "saved")
    onnx.save(made, home / "model.onnx")
    onnx.save(off_by_a_millionth(made), home / "wrong.onnx")
    return home


def off_by_a_millionth(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same model with the regression's largest coefficient changed."""
    wrong = onnx.ModelProto()
    wrong.CopyFrom(model)
    weights = [
        t for t in wrong.graph.initializer if len(t.dims) == 2 and t.data_type == onnx.TensorProto.DOUBLE
    ]
    held = max(weights, key=lambda t: np.prod(t.dims))
    values = numpy_helper.to_array(held).copy()
    values[np.unravel_index(np.abs(values).argmax(), values.shape)] *= 1 + 1e-6
    held.CopyFrom(numpy_helper.from_array(values, held.name))
    return wrong


def verify(folder: Path, model: str, **options: Any) -> Any:
    rows = folder / "rows.parquet"
    return api.verify(folder / model, folder / "saved", rows, engine="spark", **options)


def test_every_row_of_a_table_is_compared(folder: Path) -> None:
    report = verify(folder, "model.onnx")
    assert report and report.origins == {"data": 3000}
    assert {v.output: v.rows for v in report.verdicts} == dict.fromkeys(
        ("rawPrediction", "probability", "prediction"), 3000
    )


def test_a_fault_is_found_put_down_to_its_stage_and_shrunk(folder: Path) -> None:
    report = verify(folder, "wrong.onnx")
    assert not report
    assert report.culprit is not None and "LogisticRegression" in report.culprit.kind
    assert report.counterexample is not None and report.tried == 3000
    assert 0 < report.differing <= 3000


def test_the_command_line_exits_with_the_finding(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both the pipeline and the rows go to Spark as they are named: here by URLs."""
    data = ["--data", (folder / "rows.parquet").as_uri(), "--engine", "spark"]
    arguments = [(folder / "saved").as_uri(), *data]
    assert main(["verify", str(folder / "model.onnx"), *arguments]) == 0
    assert main(["verify", str(folder / "wrong.onnx"), *arguments]) == 1
    elsewhere = [str(folder / "saved"), "--data", "s3://bucket/rows.parquet", "--engine", "spark"]
    assert main(["verify", str(folder / "model.onnx"), *elsewhere]) == 2
    told = capsys.readouterr().err
    assert "s3://bucket/rows.parquet" in told and "s3a://" in told


def test_a_column_that_isnt_there_is_named(folder: Path, spark: Any) -> None:
    narrow = folder / "narrow.parquet"
    spark.read.parquet(str(folder / "rows.parquet")).drop("age").write.mode("overwrite").parquet(str(narrow))
    with pytest.raises(BadInput, match="age"):
        api.verify(folder / "model.onnx", folder / "saved", narrow, engine="spark")


def test_scoring_on_spark_and_here_answers_the_same(folder: Path) -> None:
    for name, options in (("here", []), ("there", ["--engine", "spark"])):
        data = ["--data", (folder / "rows.parquet").as_uri(), "-o", (folder / f"{name}.parquet").as_uri()]
        assert main(["score", str(folder / "model.onnx"), *data, *options]) == 0
    here, there = (parquet.read_table(folder / f"{n}.parquet").to_pandas() for n in ("here", "there"))
    there = there.set_index("id").loc[here["id"]].reset_index()
    pd.testing.assert_frame_equal(here[list(there.columns)], there)


def test_a_function_on_frames_adds_the_models_columns(folder: Path, spark: Any) -> None:
    rows = spark.read.parquet(str(folder / "rows.parquet"))
    found = api_udf(folder)(rows)
    assert found.columns == [*rows.columns, "rawPrediction", "probability", "prediction"]
    assert found.count() == 3000
    with pytest.raises(BadInput, match="already have a column rawPrediction"):
        api_udf(folder)(found)


def api_udf(folder: Path) -> Any:
    import onnxpipe.scale

    return onnxpipe.scale.udf(folder / "model.onnx")


def test_a_function_takes_and_gives_every_type(spark: Any) -> None:
    from pyspark.ml.linalg import Vectors, VectorUDT
    from pyspark.sql.types import ArrayType, DoubleType, IntegerType, StringType, StructType

    import onnxpipe.scale

    kinds = ("uint8", "uint16", "uint32", "float16", "bool", "int8", "int32", "double", "string")
    schema = StructType().add("vector", VectorUDT()).add("list", ArrayType(DoubleType()))
    schema = schema.add("a count", IntegerType()).add("text", StringType())
    dense, sparse = Vectors.dense(1.5, 2.5), Vectors.sparse(2, [1], [7.0])
    frame = spark.createDataFrame([(dense, [0.5, 0.25], 3, "é"), (sparse, [1.0, 2.0], 1, None)], schema)
    found = onnxpipe.scale.udf(cast(kinds))(frame).collect()
    assert [row["vector out"] for row in found] == [[1.5, 2.5], [0, 7]]
    assert [row["list out"] for row in found] == [[0.5, 0.25], [1, 2]]
    assert [row["text out"] for row in found] == ["é", ""]
    assert [[row[kind] for kind in kinds] for row in found] == [
        [3, 3, 3, 3, True, 3, 3, 3, "3"], [1, 1, 1, 1, True, 1, 1, 1, "1"]
    ]  # fmt: skip


def test_a_function_of_a_type_that_spark_lacks_is_refused() -> None:
    import onnxpipe.scale

    with pytest.raises(BadInput, match="Spark has no type for uint64"):
        onnxpipe.scale.udf(cast(("uint64",)))


def cast(kinds: tuple[str, ...]) -> onnx.ModelProto:
    """A model that answers a vector, a list and a text as they are, and a count in several types."""
    of = {kind: getattr(TensorProto, kind.upper()) for kind in (*kinds, "double", "int64", "string")}
    given = {"vector": ("double", 2), "list": ("double", 2), "text": ("string", 1)}
    info = helper.make_tensor_value_info
    inputs = [info(name, of[kind], ["N", width]) for name, (kind, width) in given.items()]
    outputs = [info(f"{name} out", of[kind], ["N", width]) for name, (kind, width) in given.items()]
    nodes = [helper.make_node("Identity", [name], [f"{name} out"]) for name in given]
    nodes += [helper.make_node("Cast", ["a count"], [kind], to=of[kind]) for kind in kinds]
    inputs.append(info("a count", of["int64"], ["N", 1]))
    outputs += [info(kind, of[kind], ["N", 1]) for kind in kinds]
    graph = helper.make_graph(nodes, "g", inputs, outputs)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


def test_other_pipelines_are_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from tests.shell import saved

    arguments = ["--data", str(folder / "rows.parquet"), "--engine", "spark"]
    assert main(["verify", str(folder / "model.onnx"), str(saved(folder)), *arguments]) == 2
    assert "--engine spark runs Spark pipelines" in capsys.readouterr().err
    assert main(["verify", str(folder / "model.onnx"), "--engine", "spark"]) == 2
