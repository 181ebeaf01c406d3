"""skorch's nets, alone and in scikit-learn's pipelines: one graph, answering as the net does."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import onnxruntime as ort
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

pytest.importorskip("torch", reason="PyTorch isn't installed")
pytest.importorskip("skorch", reason="skorch isn't installed")

import onnx
import skorch
import torch
from skorch.helper import SliceDict

import onnxpipe
from onnxpipe.adapters.base import Artefact
from onnxpipe.adapters.sklearn import nets as skorch_nets
from onnxpipe.adapters.sklearn import reader, trust
from onnxpipe.core.options import Options
from onnxpipe.errors import FallbackWarning
from onnxpipe.services.natives import programs
from tests import nets
from tests.cases.skorch_nets import CASES, Net
from tests.rigs import torch as rig

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("torch")]
TRUST = ("tests.nets.Scores", "skorch.classifier.NeuralNetClassifier")


def session_of(net: Any, rows: Any) -> ort.InferenceSession:
    """The graph of a net that stands alone, as ``convert`` makes it."""
    request = {"opset": 21, "outputs": [], "dynamic": {},
               "inputs": {"X": {"dtype": "float32", "shape": [None, *rows.shape[1:]]}}}  # fmt: skip
    data, facts = rig.worker("skorch_export").program(net, request, {})
    made = programs.finished("sklearn", onnx.load_model_from_string(data), facts, Options())[1]
    return ort.InferenceSession(made.model.SerializeToString())


@pytest.mark.parametrize("case", [c for c in CASES if not c.refused], ids=lambda case: case.text)
def test_a_net_answers_as_skorch(case: Net) -> None:
    net, rows = case.fitted()
    session = session_of(net, rows)
    names = [output.name for output in session.get_outputs()]
    assert names == (["predict"] if "Regressor" in case.kind else ["predict", "predict_proba"])
    assert [i.name for i in session.get_inputs()] == ["X"]
    for count in (40, 1):
        for name, value in zip(names, session.run(names, {"X": rows[:count]}), strict=True):
            native = getattr(net, name)(rows[:count])
            assert (value.dtype, value.shape) == (native.dtype, native.shape)
            np.testing.assert_allclose(value, native, rtol=1e-5, atol=1e-6)
    assert all(len(value) == 0 for value in session.run(names, {"X": rows[:0]}))


@pytest.mark.parametrize("case", [c for c in CASES if c.refused], ids=lambda case: case.text)
def test_a_rule_of_the_users_own_is_refused(case: Net) -> None:
    net, rows = case.fitted()
    with pytest.raises(rig.worker("main").NoConverter, match="has a predict of its own"):
        session_of(net, rows)


def test_a_net_of_several_inputs_is_asked_by_their_names() -> None:
    rng = np.random.default_rng(0)
    rows = SliceDict(numbers=rng.normal(size=(40, 8)).astype(np.float32), ids=rng.integers(0, 9, (40, 5)))
    net = skorch.NeuralNetClassifier(nets.Pair, criterion=torch.nn.CrossEntropyLoss, max_epochs=1, verbose=0)
    net.fit(rows, (rows["numbers"][:, 0] > 0).astype(np.int64))
    asked = {
        "numbers": {"dtype": "float32", "shape": [None, 8]},
        "ids": {"dtype": "int64", "shape": [None, 5]},
    }
    request = {"opset": 21, "outputs": [], "dynamic": {}, "inputs": asked}
    data, facts = rig.worker("skorch_export").program(net, request, {})
    made = programs.finished("sklearn", onnx.load_model_from_string(data), facts, Options())[1]
    session = ort.InferenceSession(made.model.SerializeToString())
    assert {i.name: i.shape for i in session.get_inputs()} == {"numbers": ["N", 8], "ids": ["N", 5]}
    rig.worker("recording")
    told = rig.worker("sklearn_native").answers(net, dict(rows), ["predict", "predict_proba"], [])
    np.testing.assert_array_equal(told["predict"], net.predict(rows))
    for name, value in zip(("predict", "predict_proba"), session.run(None, dict(rows)), strict=True):
        np.testing.assert_allclose(value, told[name], rtol=1e-5, atol=1e-6)
    with pytest.raises(rig.worker("main").NoConverter, match="its module wants several inputs"):
        matrix = {"name": "X", "dtype": "float32", "columns": list("abcdefgh")}
        rig.worker("skorch_export").export(net, [matrix], 21)


def pipeline() -> tuple[Any, pd.DataFrame]:
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(60, 3)), columns=list("abc"))
    table["word"] = np.where(table["a"] > 0, "x", "yy")
    net = skorch.NeuralNetClassifier(
        nets.Scores, module__width=5, criterion=torch.nn.CrossEntropyLoss, max_epochs=1, verbose=0,
        callbacks=[skorch.callbacks.EarlyStopping(monitor="train_loss")],
    )  # fmt: skip
    columns = ColumnTransformer(
        [("n", StandardScaler(), list("abc")), ("w", OneHotEncoder(sparse_output=False), ["word"])]
    )
    return Pipeline([("columns", columns), ("net", net)]).fit(table, (table["b"] > 0).astype(int)), table


def test_a_pipeline_with_a_net_is_one_graph(tmp_path: Path) -> None:
    fitted, table = pipeline()
    joblib.dump(fitted, tmp_path / "pipe.joblib")
    with pytest.warns(FallbackWarning, match=r"Pipeline/net \(skorch\.\S+\) was converted by skorch 1"):
        model = onnxpipe.convert(tmp_path / "pipe.joblib", sample=table, trust=TRUST)
    answers = onnxpipe.load(model)(table)
    np.testing.assert_array_equal(answers["predict"], fitted.predict(table))
    np.testing.assert_allclose(answers["predict_proba"], fitted.predict_proba(table), rtol=1e-5)
    assert len(onnxpipe.load(model)(table[:0])["predict"]) == 0
    assert str(Path(nets.__file__).parent).encode() not in model.SerializeToString()


def test_what_a_net_holds_needs_trust_by_name(tmp_path: Path) -> None:
    joblib.dump(pipeline()[0], tmp_path / "pipe.joblib")
    names = reader.names(Artefact(tmp_path / "pipe.joblib"))
    assert trust.untrusted(names) == tuple(sorted(TRUST))

    net, _ = CASES[1].fitted()
    state = {**net.__getstate__(), skorch_nets._INNER: pickle.dumps(Path.touch)}
    net.__class__.__getstate__, kept = lambda self: state, net.__class__.__getstate__
    try:
        data = pickle.dumps(net)
    finally:
        net.__class__.__getstate__ = kept
    assert "pathlib.Path.touch" in trust.untrusted(reader.names(Artefact(None, data)))


def test_a_net_that_does_not_take_doubles_says_so() -> None:
    net, _ = CASES[3].fitted()
    matrix = {"name": "X", "dtype": "float64", "columns": list("abcdefgh")}
    with pytest.raises(rig.worker("main").NoConverter, match="the network itself fails on X float64"):
        rig.worker("skorch_export").export(net, [matrix], 21)
