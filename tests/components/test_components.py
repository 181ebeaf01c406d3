"""Components answer what their formulas say in numpy."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import make_pipeline

import onnxpipe
from onnxpipe.components import parameters, registry
from onnxpipe.core.signature import Port
from onnxpipe.errors import BadManifest
from onnxpipe.services.stitch import stitched
from tests import datasets
from tests.graphs import graph, run

NAN = np.nan
P = np.array([[0.2, 0.5, 0.3], [0.4, 0.2, 0.4], [NAN, 0.1, 0.2], [0.0, 0.0, 0.0], [NAN, NAN, NAN]])
ABC = np.array(["a", "b", "ç"])


def answers(component: str, values: Any, *, width: Any = 3, name: str = "predict_proba", **given: Any) -> Any:
    """What a component answers on one input, its width static or not."""
    kind = "string" if values.dtype.kind in "OU" else values.dtype.name
    shape = ("N", width) if values.ndim == 2 else ("N", *values.shape[1:])
    found = registry.find(component)
    port = found.inputs[0] if found.inputs else name
    classes = given.pop("upstream", None)
    fragment = found.fragment(given, registry.Upstream({port: Port(name, kind, shape)}, classes))
    return run(fragment.model, {fragment.model.graph.input[0].name: values})


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("width", [3, "k", None])
@pytest.mark.parametrize("top", [1, 2, 3, 7])
def test_sorted_probabilities(dtype: str, width: Any, top: int) -> None:
    p = P.astype(dtype)
    order = np.argsort(-p, axis=1, kind="stable")[:, :top]
    got = answers("sorted_probabilities", p, width=width, top=top, classes="a|b|ç")
    np.testing.assert_array_equal(got["labels"], ABC[order])
    np.testing.assert_array_equal(got["probabilities"], np.take_along_axis(p, order, 1))
    assert got["probabilities"].dtype == dtype
    none = answers("sorted_probabilities", p[:0], width=width, top=top, classes="a|b|ç")
    assert none["labels"].shape == (0, min(top, 3))


def test_all_classes_and_their_types() -> None:
    got = answers("sorted_probabilities", P[:2], upstream=np.array([10, 20, 30]))
    np.testing.assert_array_equal(got["labels"], [[20, 30, 10], [10, 30, 20]])
    assert got["labels"].dtype == np.int64


def test_labels_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "labels.txt"
    file.write_text("\ufeffa\nb \r\nç\n\n", encoding="utf-8")
    got = answers("sorted_probabilities", P[:1], file=str(file), top=2)
    assert got["labels"].tolist() == [["b", "ç"]]
    assert answers("labels", P[:2], file=str(file))["labels"].tolist() == ["b", "a"]


def test_labels_of_numbers() -> None:
    assert answers("labels", np.array([2, 0]), classes="a|b|ç")["labels"].tolist() == ["ç", "a"]
    for beyond in (-1, 3):
        with pytest.raises(Exception, match="out of"):
            answers("labels", np.array([beyond]), classes="a|b|ç")


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_threshold_decides_as_sklearn(dtype: str) -> None:
    edge = np.dtype(dtype).type(0.3)
    p = np.array([0.1, 0.9, edge, np.nextafter(edge, edge - 1), np.nextafter(edge, edge + 1), NAN], dtype)
    got = answers("threshold", np.stack([1 - p, p], 1), width=2, at="0.3", classes="no|yes")
    assert got["labels"].tolist() == np.array(["no", "yes"])[(p >= edge).astype(int)].tolist()


def test_threshold_on_a_saved_model() -> None:
    rows, target = datasets.load("binary_labels")
    model = LogisticRegression().fit(rows, target)
    native = FixedThresholdClassifier(model, threshold=0.3, response_method="predict_proba").fit(rows, target)
    got = run(stitched([model, "threshold:at=0.3"]).model, {"X": rows})
    np.testing.assert_array_equal(got["labels"], native.predict(rows))


def test_small_ones() -> None:
    x = np.random.default_rng(0).normal(size=(4, 3))
    np.testing.assert_allclose(answers("softmax", x)["probabilities"], softmax(x, 1), rtol=1e-12)
    for scores in (x, x - 12, x.astype(np.float32) - 12):
        close = 1e-12 if scores.dtype == np.float64 else 1e-6
        np.testing.assert_allclose(answers("sigmoid", scores)["probabilities"], expit(scores), rtol=close)
    np.testing.assert_array_equal(answers("argmax", x)["index"], x.argmax(1))
    got = answers("top_k", x, top=2)
    np.testing.assert_array_equal(got["indices"], np.argsort(-x, 1, kind="stable")[:, :2])
    np.testing.assert_array_equal(got["values"], -np.sort(-x, 1)[:, :2])
    assert answers("cast", x, to="float32")["value"].dtype == np.float32
    image = np.arange(24.0).reshape(1, 2, 4, 3)
    got = answers("transpose", image, perm="0|3|1|2")["value"]
    np.testing.assert_array_equal(got, image.transpose(0, 3, 1, 2))
    assert list(answers("rename", x, name="old", old="new")) == ["new"]


@pytest.mark.parametrize(
    ("component", "given", "says"),
    [
        ("sorted_probabilities", {}, "nobody says what the classes are called"),
        ("sorted_probabilities", {"classes": "a|b"}, "2 labels are given for 3 scores"),
        ("sorted_probabilities", {"classes": "a|b|c", "top": -1}, "top can't be -1"),
        ("sorted_probabilities", {"classes": "a|b|c", "top": "two"}, "top can't be 'two'"),
        ("sorted_probabilities", {"tpo": 3}, "no parameter tpo"),
        ("sorted_probabilities", {"file": "nowhere.txt"}, "can't be read"),
        ("threshold", {"column": 3}, "no column 3 among 3"),
        ("threshold", {"classes": ["a", "b", "c"]}, "decides between two classes"),
        ("cast", {"to": "float31"}, "float31 is no type"),
        ("transpose", {"perm": [0, 0]}, "doesn't order"),
        ("transpose", {}, "it needs perm"),
        ("rename", {"x": "y"}, "there is no x before it"),
        ("classes", {}, "no component is called classes"),
    ],
)
def test_what_a_component_refuses(component: str, given: dict[str, Any], says: str) -> None:
    with pytest.raises(BadManifest, match=says):
        answers(component, P, **given)


def test_every_component_and_parameter_is_in_the_guide() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "stitching.md").read_text("utf-8")
    for name, found in registry.components().items():
        assert f"`{name}`" in guide or f"`{name}:" in guide, name
        absent = [each for each in found.parameters if not re.search(rf"[`,:( ]{each}\b", guide)]
        assert not absent, f"{name}: {absent}"
        assert found.summary.endswith((".", ":")), name


def test_parameters_as_text() -> None:
    assert parameters.parse("top=3, at=0.5,labels=no|yes") == {"top": "3", "at": "0.5", "labels": "no|yes"}
    assert parameters.parse("") == {}
    assert parameters.parse("select=f(a, 0) AS b,c") == {"select": "f(a, 0) AS b", "c": "yes"}
    with pytest.raises(BadManifest, match="isn't name=value"):
        parameters.parse("3")


@pytest.mark.parametrize("dtype", ["native", "float32"])
def test_demo_answers_as_a_person_would_compute_it(dtype: str) -> None:
    rows, target = datasets.load("labels")
    model = make_pipeline(LogisticRegression()).fit(rows, target)
    single = onnxpipe.convert(model, dtype=dtype)
    made = stitched([single, "sorted_probabilities:top=2"])
    x = rows.astype("f4") if dtype == "float32" else rows
    p = run(single, {"X": x})["predict_proba"]
    order = np.argsort(-p, axis=1, kind="stable")[:, :2]
    for n in (0, 1, 150):
        got = run(made.model, {"X": x[:n]})
        np.testing.assert_array_equal(got["labels"], model.classes_[order][:n])
        np.testing.assert_array_equal(got["probabilities"], np.take_along_axis(p, order, 1)[:n])


def test_classes_come_from_the_last_estimator() -> None:
    rows, target = datasets.load("labels")
    model = make_pipeline(make_pipeline(LogisticRegression())).fit(rows, target)
    made = stitched([model, "argmax", "labels"])
    np.testing.assert_array_equal(run(made.model, {"X": rows})["labels"], model.predict(rows))


def test_sequences_are_refused_with_the_way_out() -> None:
    model = graph("g (float[N] x) => (seq(float[N]) predict_proba) { predict_proba = SequenceConstruct(x) }")
    with pytest.raises(BadManifest, match="it takes tensors"):
        stitched([model, "softmax"])
