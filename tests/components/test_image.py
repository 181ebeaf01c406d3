"""The image component beside Pillow, OpenCV and the frameworks' own preprocessing."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_images
from sklearn.preprocessing import StandardScaler

import onnxpipe
from onnxpipe.core.fragment import metadata
from onnxpipe.errors import BadInput, BadManifest
from onnxpipe.services.stitch import stitched
from tests.graphs import graph, run
from tests.harness import open_session

pytestmark = pytest.mark.usefixtures("inhouse")

IMAGENET = np.array([0.485, 0.456, 0.406], "f4"), np.array([0.229, 0.224, 0.225], "f4")


@cache
def session(parameters: str) -> Any:
    return open_session(onnxpipe.stitch([f"image:{parameters}"]))


def made(parameters: str, image: Any) -> Any:
    return session(parameters).run(["pixels"], {"image": image})[0]


def photographs() -> list[Any]:
    """Two photographs, one of them upright too, and one smaller than what is cut."""
    first, second = load_sample_images().images
    return [first, second, np.ascontiguousarray(first.transpose(1, 0, 2)), first[:100, :150]]


def as_torchvision(image: Any) -> Any:
    """``ImageClassification(crop_size=224, resize_size=256)`` on a Pillow image, before the numbers."""
    native = Image.fromarray(image)
    w, h = native.size
    size = (256, int(256 * h / w)) if w <= h else (int(256 * w / h), 256)
    native = native.resize(size, Image.Resampling.BILINEAR)
    left, top = (round((side - 224) / 2.0) for side in native.size)
    return np.asarray(native.crop((left, top, left + 224, top + 224)))


def test_torchvision() -> None:
    torch = pytest.importorskip("torch")
    for image in photographs():
        cut = as_torchvision(image)
        np.testing.assert_array_equal(made("resize=256,crop=224", image), cut)
        x = torch.tensor(cut).permute(2, 0, 1)[None].float().div(255)
        mean, std = (torch.tensor(each).reshape(3, 1, 1) for each in IMAGENET)
        native = x.sub(mean).div(std).numpy()
        np.testing.assert_array_equal(made("resize=256,crop=224,preset=torchvision", image), native)


@pytest.mark.slow
@pytest.mark.xdist_group("tensorflow")
@pytest.mark.parametrize("mode", ["caffe", "tf", "torch"])
def test_keras_modes(mode: str) -> None:
    utils = pytest.importorskip("keras.applications.imagenet_utils")
    image = load_sample_images().images[0]
    native = utils.preprocess_input(image[None].astype("f4"), mode=mode, data_format="channels_last")
    np.testing.assert_allclose(made(f"preset={mode}", image), native, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(("preset", "mean", "std"), [("mnist", 0.1307, 0.3081), ("emnist", 0.1736, 0.3317)])
def test_digits(preset: str, mean: float, std: float) -> None:
    """EMNIST's files, and torchvision's data set of them, hold every picture with its axes exchanged."""
    image = load_sample_images().images[0]
    grey = Image.fromarray(image).convert("L").resize((28, 28), Image.Resampling.BILINEAR)
    native = (np.asarray(grey, "f4") / np.float32(255) - np.float32(mean)) / np.float32(std)
    expected = native.T if preset == "emnist" else native
    np.testing.assert_array_equal(made(f"preset={preset},resize=28x28", image), expected[None, None])
    upright = made(f"preset={preset},resize=28x28,axes=hw", image)
    np.testing.assert_array_equal(upright, native[None, None])


def test_grey_and_colours() -> None:
    cv2 = pytest.importorskip("cv2")
    for image in photographs():
        grey = np.asarray(Image.fromarray(image).convert("L"))[:, :, None]
        np.testing.assert_array_equal(made("color=gray", image), grey)
        native = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[:, :, None]
        np.testing.assert_array_equal(made("color=gray,library=opencv", image), native)
        np.testing.assert_array_equal(made("color=bgr", image), image[:, :, ::-1])
        native = image.astype("f4") @ np.array([0.2989, 0.587, 0.114], "f4")
        got = made("color=gray,library=torch", image)
        np.testing.assert_allclose(got, native[:, :, None], rtol=1e-6, atol=1e-4)


def test_letterbox() -> None:
    cv2 = pytest.importorskip("cv2")
    for image in photographs():
        h, w = image.shape[:2]
        ratio = min(320 / h, 416 / w)
        height, width = round(h * ratio), round(w * ratio)
        inner = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
        top, left = round((320 - height) / 2 - 0.1), round((416 - width) / 2 - 0.1)
        native = np.full((320, 416, 3), 114, np.uint8)
        native[top : top + height, left : left + width] = inner
        got = made("resize=320x416,letterbox=yes,fill=114,library=opencv,interpolation=linear", image)
        np.testing.assert_array_equal(got, native)


def test_cut_and_filled_up() -> None:
    image = np.arange(5 * 8 * 3, dtype=np.uint8).reshape(5, 8, 3)
    np.testing.assert_array_equal(made("crop=2x3", image), image[2:4, 2:5])
    np.testing.assert_array_equal(made("crop=2x3,library=tensorflow", image), image[1:3, 2:5])
    native = np.full((8, 8, 3), 7, np.uint8)
    native[1:6] = image
    np.testing.assert_array_equal(made("pad=8,fill=7", image), native)
    np.testing.assert_array_equal(made("crop=8", image), np.pad(image, ((1, 2), (0, 0), (0, 0))))


@pytest.mark.parametrize(
    "parameters", ["resize=20x30,interpolation=lanczos", "resize=16,crop=12,preset=torch", "color=gray"]
)
def test_a_batch_is_its_images(parameters: str) -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 41, 29, 3), np.uint8)
    got = made(f"{parameters},batch=yes", images)
    single = np.concatenate([made(f"{parameters},layout=nhwc", image) for image in images])
    np.testing.assert_array_equal(got, single)
    assert made(f"{parameters},batch=yes", images[:0]).shape == (0, *got.shape[1:])


@pytest.mark.parametrize(
    "parameters",
    [
        "resize=20x30,interpolation=lanczos",
        "resize=16,crop=12,preset=torchvision",
        "resize=20x20,letterbox=yes,fill=9,library=opencv,interpolation=linear",
        "resize=8x9,library=torch",
    ],
)
def test_a_sequence_is_its_images_of_any_sizes(parameters: str) -> None:
    images = [photograph[i : i + 41 - 9 * i, : 29 + 7 * i] for i, photograph in enumerate(photographs())]
    got = onnxpipe.load(onnxpipe.stitch([f"image:input=sequence,{parameters}"]))({"image": images})["pixels"]
    single = [made(parameters, image).reshape(got.shape[1:]) for image in images]
    np.testing.assert_array_equal(got, np.stack(single))
    assert made(f"input=sequence,{parameters}", []).shape == (0, *got.shape[1:])


def test_sequences_take_what_they_say_and_are_compared_one_by_one() -> None:
    model = onnxpipe.stitch(["image:input=sequence,resize=4x4"])
    for wrong in (np.zeros((2, 3, 3), np.float32), np.zeros((2, 3, 4), np.uint8)):
        with pytest.raises(BadInput, match="the graph wants image: sequence of uint8"):
            onnxpipe.load(model)({"image": [wrong]})
    with pytest.raises(BadInput, match="nothing is given"):
        onnxpipe.load(model)([1])
    with pytest.raises(BadInput, match="which no row holds"):
        onnxpipe.verify(model, StandardScaler().fit([[1.0]]))


@pytest.mark.parametrize(
    ("how", "size", "crop"),
    [
        ("interpolation=lanczos,version=13.0", "33", (17, 32)),
        ("interpolation=bilinear,version=12.0", "48x36", (47, 20)),
        ("interpolation=box,version=13.0", "40", (40, 40)),
    ],
)
def test_what_is_cut_out_is_all_that_is_resized(how: str, size: str, crop: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    for h, w in ((97, 31), (31, 97), (300, 40), (64, 64), (20, 50)):
        image = rng.integers(0, 256, (h, w, 3), np.uint8)
        whole = made(f"resize={size},{how}", image)
        top, left = (round((side - want) / 2) for side, want in zip(whole.shape, crop, strict=False))
        got = made(f"resize={size},crop={crop[0]}x{crop[1]},{how}", image)
        np.testing.assert_array_equal(got, whole[top : top + crop[0], left : left + crop[1]])


@pytest.mark.parametrize("layout", ["hwc", "chw", "nhwc", "nchw"])
def test_layouts_and_numbers(layout: str) -> None:
    image = np.random.default_rng(0).integers(0, 256, (6, 5, 3), np.uint8)
    x = (image.astype("f4") / np.float32(2) * np.float32(3) + np.float32(1) - np.float32(4)) / np.float32(5)
    x = x.transpose(2, 0, 1) if layout.endswith("chw") else x
    got = made(f"divisor=2,scale=3,offset=1,mean=4,std=5,layout={layout}", image)
    np.testing.assert_array_equal(got, x[None] if layout.startswith("n") else x)
    assert got.dtype == np.float32


def test_steps_in_another_order_are_several_components() -> None:
    """Cut before the resize; numbers before it, as ``ToTensor`` first has them, or after it."""
    image = photographs()[0]
    native = Image.fromarray(image[1:426, 108:533])  # CenterCrop(425): half of 2 and of 215, to the even
    native = np.asarray(native.resize((32, 32), Image.Resampling.BILINEAR))
    model = onnxpipe.stitch(["image:crop=425", "image:resize=32x32"])
    np.testing.assert_array_equal(run(model, {"image": image})["pixels"], native)
    torch = pytest.importorskip("torch")
    how = {"size": (48, 40), "mode": "bilinear", "align_corners": False, "antialias": True}
    x = torch.tensor(image).permute(2, 0, 1)[None].float()
    first = (torch.nn.functional.interpolate(x.div(255), **how) - 0.5) / 0.25
    after = torch.nn.functional.interpolate(x, **how)
    resize = "image:resize=48x40,library=torch,antialias=yes,layout=nchw"
    model = onnxpipe.stitch(["image:divisor=255", f"{resize},mean=0.5,std=0.25"])
    np.testing.assert_allclose(run(model, {"image": image})["pixels"], first.numpy(), rtol=1e-5, atol=1e-4)
    model = onnxpipe.stitch([resize])
    np.testing.assert_allclose(run(model, {"image": image})["pixels"], after.numpy(), rtol=1e-5, atol=5e-3)


def test_a_whole_pipeline() -> None:
    network = graph(
        "g (float[N, 3, 8, 8] x) => (float[N, 3] logits) { p = GlobalAveragePool(x) logits = Flatten(p) }"
    )
    whole = stitched(["image:resize=9,crop=8,preset=torchvision", network, "softmax", "top_k:top=2"])
    assert [port.name for port in whole.model.graph.input] == ["image"]
    image = load_sample_images().images[0]
    x = made("resize=9,crop=8,preset=torchvision", image).mean((2, 3))
    p = np.exp(x) / np.exp(x).sum()
    got = run(whole.model, {"image": image})
    np.testing.assert_array_equal(got["indices"], np.argsort(-p)[:, :2])
    np.testing.assert_allclose(got["values"], -np.sort(-p)[:, :2], rtol=1e-5)


def test_two_branches_have_their_own_inputs() -> None:
    network = graph(
        "g (float[N, 3, 4, 4] x, float[N, 3] y) => (float[N, 3] z) "
        "{ p = GlobalAveragePool(x) f = Flatten(p) z = Add(f, y) }"
    )
    other = graph("g (double[N, 3] t) => (float[N, 3] u) { u = Cast<to=1>(t) }")
    parts = {"table": other, "photo": "image:resize=4x4,preset=torchvision", "network": network}
    made = stitched(parts, wires=["u=network.y", "pixels=network.x", "input.image=photo.image"])
    assert {port.name for port in made.model.graph.input} == {"t", "image"}


def test_the_version_that_is_mirrored_is_written_down() -> None:
    model = onnxpipe.stitch(["image:resize=8,interpolation=lanczos,version=12.0"])
    assert metadata(model)["parts.image.mirrors"] == "pillow 12.0, lanczos"


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ("resise=8", "Is it resize"),
        ("resize=big", "resize can't be 'big'"),
        ("resize=8,interpolation=lanzcos", "Is it lanczos"),
        ("resize=8,interpolation=area", "interpolation can't be 'area'"),
        ("resize=8,library=cv", "library can't be 'cv'"),
        ("resize=8,library=opencv,interpolation=cubic", "Intel"),
        ("resize=8,library=opencv,interpolation=cubic", "ties=yes"),
        ("resize=8,library=opencv,interpolation=nearest_exact", "its own formula"),
        ("resize=8,antialias=yes", "no antialias"),
        ("resize=8,version=new", "version can't be 'new'"),
        ("preset=imagenet", "preset can't be 'imagenet'"),
        ("mean=1|2", "mean has 2 numbers"),
        ("color=bgr,channels=4", "takes 3 channels"),
        ("layout=chw,batch=yes", "a batch can't be laid out chw"),
        ("input=sequence,layout=chw", "a batch can't be laid out chw"),
        ("input=sequence,batch=yes", "a batch already"),
        ("input=sequence,resize=32", "come out in several sizes"),
        ("input=sequence", "come out in several sizes"),
    ],
)
def test_what_is_refused(parameters: str, says: str) -> None:
    with pytest.raises(BadManifest) as caught:
        onnxpipe.stitch([f"image:{parameters}"])
    assert says in str(caught.value)


def test_only_pixels() -> None:
    listed = graph("g (float[3, 4] x) => (seq(float[1, 4]) image) { image = SplitToSequence(x) }")
    other = graph("g (float[3, 4] x) => (seq(float[1, 4]) other) { other = SplitToSequence(x) }")
    for before, says in ((listed, "takes a sequence of uint8"), (other, "a sequence of float32 into one")):
        with pytest.raises(BadManifest, match=says):
            stitched([before, "image:input=sequence,resize=8x8"])
    with pytest.raises(BadManifest, match="it takes tensors"):
        stitched([listed, "argmax"])
    before = graph("g (double[H, W, 3] x) => (double[H, W, 3] pixels) { pixels = Identity(x) }")
    with pytest.raises(BadManifest, match="uint8"):
        stitched([before, "image:resize=8"])
    for wrong in ("resize=8", "color=gray,library=opencv"):
        with pytest.raises(BadManifest, match="takes 8-bit pixels here"):
            stitched(["image:divisor=255", f"image:{wrong}"])
