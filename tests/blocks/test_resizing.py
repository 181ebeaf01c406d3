"""Resizing answers as Pillow and OpenCV do, bit for bit, and as TensorFlow and torch do, to float noise."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
import spox
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from sklearn.datasets import load_sample_images

from onnxpipe.components.resizers import Choice, resizer
from onnxpipe.core.ops import Tensor, argument, const, op
from tests.harness import open_session

PILLOW = {each.name.lower(): each for each in Image.Resampling}
LARGE = [(224, 224), (256, 341), (480, 600), (97, 640), (640, 97), (427, 31)]
SIDE = st.integers(1, 90)
SIZES = st.tuples(SIDE, SIDE, SIDE, SIDE, st.sampled_from([1, 3]), st.integers(0, 9))


@cache
def session(choice: Choice, channels: int) -> Any:
    """uint8 ``x`` ``[H, W, C]`` to ``y`` of the sizes ``h`` and ``w``."""
    x = argument(Tensor(np.uint8, ("H", "W", channels)))
    sizes = [argument(Tensor(np.int64, ())) for _ in "hw"]
    images = op.unsqueeze(x, const([0]))
    if choice.library in ("tensorflow", "torch"):
        images = op.cast(images, to=np.float32)
    made = op.squeeze(resizer(choice)(images, *sizes), const([0]))
    return open_session(spox.build({"x": x, "h": sizes[0], "w": sizes[1]}, {"y": made}))


def ours(choice: Choice, image: Any, height: int, width: int) -> Any:
    feeds = {"x": image, "h": np.array(height), "w": np.array(width)}
    return session(choice, image.shape[2]).run(None, feeds)[0]


def pixels(height: int, width: int, channels: int, seed: int) -> Any:
    """Noise, or every now and then only black and white."""
    drawn = np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8)
    return (drawn > 127).astype(np.uint8) * 255 if seed == 0 else drawn


def pillow(image: Any, height: int, width: int, name: str, version: str = "") -> Any:
    """Pillow's own answer; as up to version 12 by two calls, along rows first."""
    native = Image.fromarray(image[:, :, 0] if image.shape[2] == 1 else image)
    if version == "12":
        native = native.resize((width, native.height), PILLOW[name])
    return np.asarray(native.resize((width, height), PILLOW[name])).reshape(height, width, image.shape[2])


def opencv(image: Any, height: int, width: int, name: str) -> Any:
    import cv2

    flag = getattr(cv2, f"INTER_{name.upper()}")
    return cv2.resize(image, (width, height), interpolation=flag).reshape(height, width, image.shape[2])


EXACT: list[tuple[Choice, Callable[..., Any]]] = [
    *((Choice("pillow", name), pillow) for name in PILLOW),
    *((Choice("opencv", name), opencv) for name in ("nearest", "linear", "area", "lanczos4")),
]
NAMES = [f"{choice.library}-{choice.interpolation}" for choice, _ in EXACT]


@pytest.mark.parametrize(("choice", "native"), EXACT, ids=NAMES)
def test_exact_on_any_size(choice: Choice, native: Callable[..., Any]) -> None:
    @settings(max_examples=60, deadline=None, derandomize=True, database=None)
    @given(SIZES)
    def exact(drawn: tuple[int, ...]) -> None:
        h, w, height, width, channels, seed = drawn
        image = pixels(h, w, channels, seed)
        got = ours(choice, image, height, width)
        np.testing.assert_array_equal(got, native(image, height, width, choice.interpolation))

    exact()


@pytest.mark.parametrize(("choice", "native"), EXACT, ids=NAMES)
def test_exact_on_photographs(choice: Choice, native: Callable[..., Any]) -> None:
    for image in load_sample_images().images:
        for height, width in LARGE:
            got = ours(choice, image, height, width)
            np.testing.assert_array_equal(got, native(image, height, width, choice.interpolation))


@pytest.mark.parametrize("factor", [(2, 2), (3, 1), (2, 4), (6, 6)])
def test_whole_factors_of_opencv(factor: tuple[int, int]) -> None:
    image = pixels(13 * factor[0], 17 * factor[1], 3, 4)
    for name in ("linear", "area", "nearest"):
        np.testing.assert_array_equal(
            ours(Choice("opencv", name), image, 13, 17), opencv(image, 13, 17, name)
        )


def cubic_by_numpy(image: Any, target: int, axis: int) -> Any:
    """One pass of ``INTER_CUBIC``'s formula, in float64: Keys' kernel of a = -0.75, the border's repeated."""
    at = (np.arange(target) + 0.5) * image.shape[axis] / target - 0.5
    first, total = np.floor(at).astype(int), 0.0
    for k in range(-1, 3):
        t = np.abs(at - first - k)
        near = (1.25 * t - 2.25) * t * t + 1
        weight = np.where(t <= 1, near, -0.75 * (((t - 5) * t + 8) * t - 4))
        taken = np.take(image, np.clip(first + k, 0, image.shape[axis] - 1), axis=axis)
        total = total + taken * weight.reshape([-1 if i == axis else 1 for i in range(3)])
    return total


def test_opencvs_cubic_departs_where_a_value_is_halfway_between_two_levels_alone() -> None:
    """Its packages ask Intel's library, in float32: what adds up to a half up to that may go either way.

    For images of less than 4 pixels a side they don't.
    """
    cv2 = pytest.importorskip("cv2")
    if not cv2.ipp.useIPP():
        pytest.skip("this package of OpenCV is without Intel's library")
    compared = departed = 0
    for image, height, width in drawn():
        if min(image.shape[:2]) < 4:
            continue
        native = opencv(image, height, width, "cubic")
        got = ours(Choice("opencv", "cubic", ties=True), image, height, width)
        exact = np.clip(cubic_by_numpy(cubic_by_numpy(image, height, 0), width, 1), 0, 255)
        off = got != native
        assert (np.abs(exact - np.rint(exact))[off] > 0.499).all()
        assert (np.abs(got.astype(int) - native)[off] == 1).all()
        compared, departed = compared + off.size, departed + off.sum()
    assert departed < compared / 20000, (departed, compared)


def test_the_order_of_passes_up_to_pillow_12() -> None:
    differs = 0
    for h, w, height, width in ((90, 80, 31, 70), (300, 20, 20, 20), (50, 60, 49, 61), (33, 77, 44, 10)):
        image = pixels(h, w, 3, 0)
        for name in ("bilinear", "lanczos"):
            got = ours(Choice("pillow", name, "12.0"), image, height, width)
            np.testing.assert_array_equal(got, pillow(image, height, width, name, "12"))
            differs += (got != ours(Choice("pillow", name, "13.0"), image, height, width)).any()
    assert differs


TORCH = [(name, smooth) for name in ("bilinear", "bicubic") for smooth in (False, True)]


@pytest.mark.parametrize(
    ("name", "antialias"), [("nearest", False), ("nearest-exact", False), ("area", False), *TORCH]
)
def test_torch(name: str, antialias: bool) -> None:
    functional = pytest.importorskip("torch.nn.functional")
    import torch

    more = {"align_corners": False, "antialias": antialias} if name in ("bilinear", "bicubic") else {}
    for image, height, width in drawn():
        x = torch.tensor(image).permute(2, 0, 1)[None].float()
        native = (
            functional.interpolate(x, size=(height, width), mode=name, **more)[0].permute(1, 2, 0).numpy()
        )
        got = ours(Choice("torch", name, antialias=antialias), image, height, width)
        np.testing.assert_allclose(got, native, rtol=1e-5, atol=5e-3)


SMOOTH = [
    (n, s)
    for n in ("lanczos3", "lanczos5", "gaussian", "mitchellcubic", "bilinear", "bicubic")
    for s in (True, False)
]


@pytest.mark.slow
@pytest.mark.xdist_group("tensorflow")
@pytest.mark.parametrize(("name", "antialias"), [("nearest", False), ("area", False), *SMOOTH])
def test_tensorflow(name: str, antialias: bool) -> None:
    tf = pytest.importorskip("tensorflow")
    for image, height, width in drawn():
        native = tf.image.resize(image.astype("f4"), (height, width), name, antialias=antialias).numpy()
        got = ours(Choice("tensorflow", name, antialias=antialias), image, height, width)
        np.testing.assert_allclose(got, native, rtol=1e-5, atol=5e-3)


def drawn() -> list[tuple[Any, int, int]]:
    """Images and the sizes they are brought to: a photograph, and noise of odd sizes."""
    rng = np.random.default_rng(1)
    sizes = [tuple(map(int, rng.integers(1, 90, 4))) for _ in range(12)]
    noise = [(pixels(h, w, 3, i + 1), height, width) for i, (h, w, height, width) in enumerate(sizes)]
    photograph = load_sample_images().images[0]
    return [*noise, (photograph, 224, 224), (photograph, 500, 777)]
