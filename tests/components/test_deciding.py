"""Decisions, calibration and boxes answer what their formulas, scikit-learn and OpenCV say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import constants
from scipy.special import expit, softmax
from sklearn.calibration import _SigmoidCalibration
from sklearn.isotonic import IsotonicRegression

from onnxpipe.components import registry
from onnxpipe.core.signature import Port
from onnxpipe.errors import BadManifest
from tests.components.test_components import ABC, answers
from tests.graphs import run

RNG = np.random.default_rng(0)
LOGITS = RNG.normal(size=(20, 3)) * 3
P = softmax(LOGITS, 1)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_post(dtype: str, tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("a\nb\nç\n", encoding="utf-8")
    x = LOGITS.astype(dtype)
    order = np.argsort(-x, axis=1, kind="stable")[:, :2]
    got = answers("post", x, name="logits", softmax="yes", topk=2, labels=str(tmp_path / "labels.txt"))
    np.testing.assert_array_equal(got["labels"], ABC[order])
    want = np.take_along_axis(softmax(x, 1), order, 1)
    np.testing.assert_allclose(got["probabilities"], want, rtol=1e-5 if dtype == "f4" else 1e-12)


def test_rejection() -> None:
    p = np.array([[0.5, 0.3, 0.2], [0.49, 0.31, 0.2], [0.1, 0.1, 0.8], [np.nan, 0.1, 0.2]])
    got = answers("reject", p, below=0.5, classes="a|b|ç")["labels"]
    assert got.tolist() == ["a", "unknown", "ç", "unknown"]
    assert answers("reject", p[:2], below=0.5, label="?", upstream=np.array([1, 2, 3]))[
        "labels"
    ].tolist() == ["1", "?"]


def test_the_cheapest_class() -> None:
    costs = np.array([[0.0, 1.0, 5.0], [10.0, 0.0, 1.0], [2.0, 2.0, 0.0]])
    got = answers("cost_matrix", P, costs=costs.ravel().tolist(), classes="a|b|ç")
    np.testing.assert_allclose(got["costs"], P @ costs, rtol=1e-12)
    np.testing.assert_array_equal(got["labels"], ABC[(P @ costs).argmin(1)])
    assert (got["labels"] != ABC[P.argmax(1)]).any()


def test_a_threshold_for_each_class() -> None:
    at = [0.2, 0.5, P[3, 2]]
    np.testing.assert_array_equal(answers("thresholds", P, at=at)["reached"], np.greater_equal(P, at))
    np.testing.assert_array_equal(answers("thresholds", P, at="0.5")["reached"], P >= 0.5)


def test_calibrations() -> None:
    got = answers("temperature", LOGITS, t=2.5)["probabilities"]
    np.testing.assert_allclose(got, softmax(LOGITS / 2.5, 1), rtol=1e-12)
    score, target = LOGITS[:, 0], (LOGITS[:, 0] + RNG.normal(size=20) > 0).astype(float)
    sigmoid = _SigmoidCalibration().fit(score, target)
    got = answers("platt", score, a=float(sigmoid.a_), b=float(sigmoid.b_))["probabilities"]
    np.testing.assert_allclose(got, sigmoid.predict(score), rtol=1e-12)
    np.testing.assert_allclose(got, expit(-(sigmoid.a_ * score + sigmoid.b_)), rtol=1e-12)
    steps = IsotonicRegression(out_of_bounds="clip").fit(score, target)
    x, y = steps.X_thresholds_.tolist(), steps.y_thresholds_.tolist()
    tried = np.array([*score, *x, -99.0, 99.0])
    np.testing.assert_allclose(
        answers("isotonic", tried, x=x, y=y)["probabilities"], steps.predict(tried), rtol=1e-12
    )


@pytest.mark.parametrize(
    ("function", "native"),
    [
        *((name, getattr(np, name)) for name in ("exp", "expm1", "exp2", "square", "reciprocal")),
        ("exp10", lambda x: 10.0**x),
        ("none", lambda x: x),
    ],
)
def test_targets_are_brought_back(function: str, native: Any) -> None:
    x = LOGITS[:, 0]
    got = answers("inverse", x, function=function, scale=2.54, offset=-1)["value"]
    np.testing.assert_allclose(got, native(x) * 2.54 - 1, rtol=1e-12)


def heads() -> tuple[Any, Any]:
    """Forty boxes in a picture and their scores of three classes, float32."""
    rng = np.random.default_rng(3)
    centre, size = rng.uniform(20, 80, (1, 2, 40)), rng.uniform(5, 40, (1, 2, 40))
    scores = rng.uniform(0, 1, (1, 3, 40))
    return np.concatenate([centre, size, scores], 1).astype("f4"), scores.astype("f4")


def test_yolo_and_suppression_as_opencv() -> None:
    cv2 = pytest.importorskip("cv2")
    head, scores = heads()
    got = answers("yolo_boxes", head, name="output0")
    np.testing.assert_array_equal(got["scores"], scores)
    x, y, w, h = head[0, :4]
    np.testing.assert_array_equal(got["boxes"][0].T, [x - w / 2, y - h / 2, x + w / 2, y + h / 2])
    left = suppressed(got["boxes"], scores, iou=0.45, score=0.3)
    boxes = [[float(a), float(b), float(c - a), float(d - b)] for a, b, c, d in got["boxes"][0]]
    for label in range(3):
        native = cv2.dnn.NMSBoxes(boxes, scores[0, label].tolist(), 0.3, 0.45)
        kept = left["kept"][left["class"] == label]
        np.testing.assert_array_equal(kept, got["boxes"][0][native])
        np.testing.assert_array_equal(left["confidence"][left["class"] == label], scores[0, label][native])


def test_heads_of_yolo_5_and_7() -> None:
    """Of each box the score of each class times that of there being anything."""
    rng = np.random.default_rng(1)
    head = rng.uniform(0, 1, (2, 9, 5 + 3)).astype("f4")
    got = answers("yolo_boxes", head, name="output0", family="v5")
    x, y, w, h = np.moveaxis(head[..., :4], -1, 0)
    np.testing.assert_array_equal(got["boxes"], np.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], -1))
    np.testing.assert_array_equal(got["scores"], (head[..., 5:] * head[..., 4:5]).transpose(0, 2, 1))
    assert answers("yolo_boxes", head[:0], name="output0", family="v5")["boxes"].shape == (0, 9, 4)


@pytest.mark.parametrize("strides", [(8, 16), (16,)])
def test_heads_of_yolox(strides: tuple[int, ...]) -> None:
    """Cell by cell, as its paper has it: cells row by row, from the smallest stride on."""
    rng, height, width = np.random.default_rng(2), 32, 48
    cells = [(s, y, x) for s in strides for y in range(height // s) for x in range(width // s)]
    head = rng.normal(size=(2, len(cells), 5 + 2))
    told = {"family": "x", "size": f"{height}x{width}", "strides": "|".join(map(str, strides))}
    got = answers("yolo_boxes", head, name="output", **told)
    for image in range(2):
        for i, (stride, row, column) in enumerate(cells):
            cx, cy, w, h, there, *shares = head[image, i]
            cx, cy, w, h = (cx + column) * stride, (cy + row) * stride, np.exp(w) * stride, np.exp(h) * stride
            corners = [cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2]
            np.testing.assert_allclose(got["boxes"][image, i], corners, rtol=1e-12, atol=1e-12)
            np.testing.assert_allclose(got["scores"][image, :, i], np.multiply(shares, there), rtol=1e-12)


def suppressed(boxes: Any, scores: Any, **given: Any) -> Any:
    ports = {
        "boxes": Port("boxes", "float32", ("N", "A", 4)),
        "scores": Port("scores", "float32", ("N", 3, "A")),
    }
    fragment = registry.find("nms").fragment(given, registry.Upstream(ports))
    return run(fragment.model, {"boxes": boxes, "scores": scores})


def test_each_image_of_a_batch_and_each_class_is_suppressed_by_itself() -> None:
    rng = np.random.default_rng(7)
    corner = rng.uniform(0, 60, (3, 30, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(5, 40, (3, 30, 2))], 2).astype("f4")
    scores = rng.uniform(0, 1, (3, 3, 30)).astype("f4")
    scores[1] = 0  # nothing is found in the second
    got = suppressed(boxes, scores, iou=0.5, score=0.2, top=4, classes="cat|dog|bird")
    assert got["labels"].tolist() == np.array(["cat", "dog", "bird"])[got["class"]].tolist()
    found = zip(got["image"], got["class"], got["confidence"], got["kept"].tolist(), strict=True)
    native = [
        (image, label, scores[image, label, place], boxes[image, place].tolist())
        for image in range(3)
        for label in range(3)
        for place in greedy(boxes[image], scores[image, label], 0.5, 0.2)[:4]
    ]
    assert list(found) == native and len(native) == 24


def greedy(boxes: Any, scores: Any, iou: float, least: float) -> list[int]:
    """Places of boxes, the best first, without those that lie over a better one: torchvision's nms."""
    left, kept = [int(i) for i in np.argsort(-scores, kind="stable") if scores[i] > least], []
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    while left:
        best = left.pop(0)
        kept.append(best)
        low, high = np.maximum(boxes[best, :2], boxes[:, :2]), np.minimum(boxes[best, 2:], boxes[:, 2:])
        shared = np.prod(np.maximum(high - low, 0), axis=1)
        left = [i for i in left if shared[i] / (area[best] + area[i] - shared[i]) <= iou]
    return kept


def test_nothing_left() -> None:
    head, scores = heads()
    boxes = answers("yolo_boxes", head, name="output0")["boxes"]
    assert suppressed(boxes, scores, score=2)["kept"].shape == (0, 4)
    assert suppressed(boxes[:0], scores[:0])["kept"].shape == (0, 4)


def test_ssd(tmp_path: Path) -> None:
    anchors = RNG.uniform(0.1, 0.9, (6, 4))
    np.savetxt(tmp_path / "anchors.csv", anchors, delimiter=",")
    offsets = RNG.normal(size=(2, 6, 4))
    centre = anchors[:, :2] + offsets[..., :2] * 0.1 * anchors[:, 2:]
    size = anchors[:, 2:] * np.exp(offsets[..., 2:] * 0.2)
    native = np.concatenate([centre - size / 2, centre + size / 2], 2)
    file = str(tmp_path / "anchors.csv")
    got = answers("ssd_boxes", offsets, name="offsets", anchors=file)["boxes"]
    np.testing.assert_allclose(got, native, rtol=1e-12)
    whole = answers("ssd_boxes", offsets, name="offsets", anchors=file, centre=1, size=1)["boxes"]
    centre = anchors[:, :2] + offsets[..., :2] * anchors[:, 2:]
    np.testing.assert_allclose((whole[..., :2] + whole[..., 2:]) / 2, centre, rtol=1e-9, atol=1e-12)
    size = anchors[:, 2:] * np.exp(offsets[..., 2:])
    np.testing.assert_allclose(whole[..., 2:] - whole[..., :2], size, rtol=1e-9)
    with pytest.raises(BadManifest, match="6 anchors, and there are 5 boxes"):
        answers("ssd_boxes", offsets[:, :5], name="offsets", anchors=file)


SCIPY = {
    ("inch", "m"): "inch", ("mile", "km"): "mile", ("pound", "kg"): "pound", ("ounce", "g"): "ounce",
    ("hour", "s"): "hour", ("week", "day"): "week", ("acre", "m2"): "acre", ("hectare", "m2"): "hectare",
    ("gallon", "l"): "gallon", ("km/h", "m/s"): "kmh", ("mph", "m/s"): "mph", ("knot", "m/s"): "knot",
    ("atm", "Pa"): "atm", ("bar", "hPa"): "bar", ("calorie", "J"): "calorie", ("yard", "foot"): "yard",
    ("nautical_mile", "m"): "nautical_mile",
}  # fmt: skip
SI = {"km": 1e3, "g": 1e-3, "day": 86400, "l": 1e-3, "hPa": 100, "foot": constants.foot}


@pytest.mark.parametrize(("of", "to"), SCIPY)
def test_units_as_scipy(of: str, to: str) -> None:
    x = LOGITS[:, 0]
    native = x * getattr(constants, SCIPY[of, to]) / SI.get(to, 1)
    np.testing.assert_allclose(answers("units", x, of=of, to=to)["value"], native, rtol=1e-12)
    back = answers("units", native, of=to, to=of)["value"]
    np.testing.assert_allclose(back, x, rtol=1e-12)


TEMPERATURES = {"degC": "Celsius", "degF": "Fahrenheit", "K": "Kelvin"}


@pytest.mark.parametrize("of", TEMPERATURES)
@pytest.mark.parametrize("to", TEMPERATURES)
def test_temperatures_as_scipy(of: str, to: str) -> None:
    x = LOGITS[:, 0] * 40
    native = constants.convert_temperature(x, TEMPERATURES[of], TEMPERATURES[to])
    np.testing.assert_allclose(answers("units", x, of=of, to=to)["value"], native, rtol=1e-12, atol=1e-10)


@pytest.mark.parametrize(
    ("component", "given", "says"),
    [
        ("post", {"softmax": True, "sigmoid": True, "classes": "a|b|c"}, "not both"),
        ("post", {"softmx": True}, "no parameter softmx"),
        ("reject", {"classes": "a|b|c"}, "it needs below"),
        ("cost_matrix", {"classes": "a|b|c", "costs": "0|1"}, "need 9"),
        ("thresholds", {"at": "0.1|0.2"}, "2 numbers for 3 columns"),
        ("temperature", {"t": 0}, "t can't be 0"),
        ("isotonic", {"x": "1|0", "y": "0|1"}, "ascending"),
        ("inverse", {"function": "log"}, "function can't be 'log'"),
        ("ssd_boxes", {"anchors": "nowhere.csv"}, "can't be read"),
        ("yolo_boxes", {}, "takes a head"),
        ("yolo_boxes", {"family": "v9"}, "family can't be 'v9'"),
        ("units", {"of": "inhc", "to": "m"}, "Is it inch"),
        ("units", {"of": "inch", "to": "kg"}, "inch is a length, and kg a mass"),
    ],
)
def test_what_is_refused(component: str, given: dict[str, Any], says: str) -> None:
    with pytest.raises(BadManifest) as caught:
        answers(component, P, **given)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("given", "says"),
    [({}, "needs size"), ({"size": 30}, "don't divide"), ({"size": 64}, "the head has 9 cells")],
)
def test_heads_of_yolox_that_do_not_fit(given: dict[str, Any], says: str) -> None:
    with pytest.raises(BadManifest) as caught:
        answers("yolo_boxes", np.zeros((1, 9, 7)), name="output", family="x", **given)
    assert says in str(caught.value)


def test_labels_of_boxes_are_as_many_as_classes() -> None:
    boxes = np.zeros((1, 2, 4), "f4")
    with pytest.raises(BadManifest, match="2 labels are given for 3 classes"):
        suppressed(boxes, np.zeros((1, 3, 2), "f4"), classes="a|b")
