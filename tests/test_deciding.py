"""Decisions, calibration and boxes answer what their formulas, scikit-learn and OpenCV say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn.calibration import _SigmoidCalibration
from sklearn.isotonic import IsotonicRegression

from onnxpipe.components import registry
from onnxpipe.core.signature import Port
from onnxpipe.errors import BadManifest
from tests.graphs import run
from tests.test_components import ABC, answers

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
    got = suppressed(boxes, scores, iou=0.5, score=0.2, top=4)
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
    got = answers("ssd_boxes", offsets, name="offsets", anchors=str(tmp_path / "anchors.csv"))["boxes"]
    np.testing.assert_allclose(got, native, rtol=1e-12)


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
    ],
)
def test_what_is_refused(component: str, given: dict[str, Any], says: str) -> None:
    with pytest.raises(BadManifest, match=says):
        answers(component, P, **given)
