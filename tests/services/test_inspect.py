"""``onnxpipe inspect``: what is in a saved pipeline or a model, and what it needs of a runtime."""

from __future__ import annotations

import json
from pathlib import Path

import joblib
import onnx
import pytest
from onnx import TensorProto, helper
from sklearn.cluster import OPTICS
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import onnxpipe as api
from onnxpipe.core import portability
from onnxpipe.core.fragment import metadata
from onnxpipe.core.options import Options
from onnxpipe.errors import Inexact, Unreadable
from onnxpipe.services.inspect import Inspection
from tests.shell import fitted, here, saved, told


def test_a_pipeline_shows_its_stages_types_and_names(tmp_path: Path) -> None:
    found = api.inspect(saved(tmp_path))
    assert (found.framework, found.what, found.portability) == ("sklearn", "pipeline", "standard")
    assert found.version and not found.refusal
    assert found.inputs == ("X: float64[N, 3]",)
    assert found.outputs == ("predict: string[N]", "predict_proba: float64[N, 2]")
    stages = {stage.path: stage for stage in found.stages}
    assert stages["Pipeline/standardscaler"].precision == ("float64",)
    assert {stage.status for stage in found.stages} == {"ours"}
    assert "sklearn.linear_model._logistic.LogisticRegression" in found.names


def test_a_live_object_is_looked_at_as_a_file_is() -> None:
    assert api.inspect(fitted()[0]).outputs == ("predict: string[N]", "predict_proba: float64[N, 2]")


def test_a_model_of_ours_tells_where_it_is_from(tmp_path: Path) -> None:
    path = saved(tmp_path)
    onnx.save(api.convert(path), tmp_path / "model.onnx")
    found = api.inspect(tmp_path / "model.onnx")
    assert found.what == "ONNX model" and found.framework == "sklearn"
    assert found.opsets["ai.onnx"] == 21
    assert found.stages == api.inspect(path).stages
    assert found.operators == api.inspect(path).operators and found.operators["ai.onnx"]
    assert len(found.metadata["source_digest"]) == 64 and found.metadata["portability"] == "standard"


def test_what_cannot_be_converted_is_told_stage_by_stage(tmp_path: Path) -> None:
    rows = fitted()[1]
    path = tmp_path / "pipe.joblib"
    joblib.dump(make_pipeline(StandardScaler(), OPTICS()).fit(rows), path)
    found = api.inspect(path)
    assert [(stage.path, stage.status) for stage in found.stages] == [
        ("Pipeline", "ours"),
        ("Pipeline/standardscaler", "ours"),
        ("Pipeline/optics", "refused"),
    ]
    assert "nearest" in found.stages[-1].reason and "OPTICS" in found.refusal


def sign(x: object) -> object:
    return x


def test_an_option_that_is_refused_is_told_at_its_stage(tmp_path: Path) -> None:
    made = ColumnTransformer([("a", FunctionTransformer(sign), [0]), ("b", StandardScaler(), [1])])
    joblib.dump(make_pipeline(made, StandardScaler()).fit(fitted()[1]), tmp_path / "pipe.joblib")
    found = api.inspect(tmp_path / "pipe.joblib")
    refused = [stage for stage in found.stages if stage.status == "refused"]
    assert [stage.path for stage in refused] == ["Pipeline/columntransformer/a"]
    assert "sign" in refused[0].reason


def foreign(domain: str, operator: str, stage: str = "") -> onnx.ModelProto:
    node = helper.make_node(operator, ["x"], ["y"], domain=domain)
    if stage:
        node.metadata_props.add(key="io.onnxpipe.stage", value=stage)
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 2])
    answer = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 2])
    graph = helper.make_graph([node], "g", [value], [answer])
    domains = [helper.make_opsetid("", 21), helper.make_opsetid(domain, 1)] if domain else None
    return helper.make_model(graph, opset_imports=domains, producer_name="someone")


@pytest.mark.parametrize(
    ("domain", "operator", "needs"),
    [
        ("", "Relu", "standard"),
        ("ai.onnx.ml", "Scaler", "standard"),
        ("com.microsoft", "Gelu", "onnxruntime"),
        ("ai.onnx.contrib", "StringUpper", "extensions"),
        ("org.example", "Anything", "extensions"),
    ],
)
def test_the_least_portable_operator_decides(domain: str, operator: str, needs: str) -> None:
    model = foreign(domain, operator)
    assert portability.portability(model) == needs == api.inspect(model).portability


def test_operators_in_branches_count() -> None:
    branch = foreign("com.microsoft", "Gelu").graph
    del branch.input[:]
    condition = helper.make_node("If", ["c"], ["z"], then_branch=branch, else_branch=branch)
    inputs = [helper.make_tensor_value_info("c", TensorProto.BOOL, [])]
    outputs = [helper.make_tensor_value_info("z", TensorProto.FLOAT, ["N", 2])]
    model = helper.make_model(helper.make_graph([condition], "g", inputs, outputs))
    assert portability.portability(model) == "onnxruntime"
    assert portability.counted(model) == {"ai.onnx": {"If": 1}, "com.microsoft": {"Gelu": 2}}


def test_a_models_own_functions_are_what_they_are_made_of() -> None:
    model = foreign("org.example", "Twice")
    body = [helper.make_node("Add", ["a", "a"], ["b"])]
    model.functions.append(
        helper.make_function("org.example", "Twice", ["a"], ["b"], body, [helper.make_opsetid("", 21)])
    )
    assert portability.portability(model) == "standard"


def test_asking_for_more_portability_names_the_stage() -> None:
    model = foreign("com.microsoft", "Gelu", stage="Pipeline/scale")
    portability.require(model, Options(portable="onnxruntime"))
    with pytest.raises(Inexact, match=r"Pipeline/scale: com.microsoft.Gelu") as refused:
        portability.require(model, Options(portable="standard"))
    assert "--portable onnxruntime" in refused.value.remedy


def test_the_class_is_written_into_the_model() -> None:
    assert metadata(api.convert(fitted()[0], portable="standard"))["portability"] == "standard"


def test_a_file_that_is_neither_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\x08\x07neither one nor the other")
    with pytest.raises(Unreadable):
        api.inspect(tmp_path / "x")


def test_the_command_tells_it_as_text_and_as_json(tmp_path: Path) -> None:
    path = saved(tmp_path)
    text = told(here("inspect", path, cwd=tmp_path))
    for word in ("sklearn", "X: float64[N, 3]", "Pipeline/standardscaler", "runs on: standard", "imports"):
        assert word in text
    document = json.loads(here("inspect", path, "--output-format", "json", cwd=tmp_path).stdout)
    assert set(document) == set(Inspection.__slots__)
    assert document["stages"][0]["status"] == "ours"
