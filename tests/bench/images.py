"""Images prepared inside the graph beside Pillow, numpy and a session, one at a time, in processor time."""

from __future__ import annotations

from collections.abc import Iterator
from time import process_time
from typing import Any

import numpy as np
from onnx import numpy_helper, parser
from PIL import Image
from sklearn.datasets import load_sample_images

from onnxpipe import stitch
from tests.bench.measure import Row, duel, session

TITLE = "Images"
MEAN, STD = np.array([0.485, 0.456, 0.406], "f4"), np.array([0.229, 0.224, 0.225], "f4")
DEEP = 24


def rows() -> Iterator[Row]:
    photograph = load_sample_images().images[0]
    large = np.asarray(Image.fromarray(photograph).resize((1920, 1080)))
    for name in ("bilinear", "bicubic", "lanczos"):
        yield resize(name, large)
    for what, image in (("640x427", photograph), ("1920x1080", large)):
        yield whole(what, image)


def resize(name: str, image: Any) -> Row:
    """The exact resize alone: the image to 224x224."""
    ours = session(stitch([f"image:resize=224x224,interpolation={name}"]).SerializeToString())
    kind = Image.Resampling[name.upper()]
    native = lambda: np.asarray(Image.fromarray(image).resize((224, 224), kind))  # noqa: E731
    np.testing.assert_array_equal(ours.run(None, {"image": image})[0], native())
    found = duel(lambda: ours.run(None, {"image": image}), native, 3.0, process_time)
    return Row(
        f"{name}, 1920x1080 to 224x224",
        found.ours * 1e3,
        found.peer * 1e3,
        "CPU ms",
        "Pillow",
        2.0,
        found.ratio,
    )


def whole(what: str, image: Any) -> Row:
    """Resize, crop, normalise and a network in one graph, against Pillow and numpy before a session."""
    net = network()
    ours = session(stitch(["image:resize=256,crop=224,preset=torchvision", net]).SerializeToString())
    alone = session(net.SerializeToString())

    def native() -> Any:
        picture = Image.fromarray(image)
        w, h = picture.size
        picture = picture.resize((256 * w // min(w, h), 256 * h // min(w, h)), Image.Resampling.BILINEAR)
        left, top = (round((side - 224) / 2) for side in picture.size)
        cut = np.asarray(picture.crop((left, top, left + 224, top + 224)), "f4")
        x = np.ascontiguousarray(((cut / np.float32(255) - MEAN) / STD).transpose(2, 0, 1)[None])
        return alone.run(None, {"x": x})[0]

    np.testing.assert_array_equal(ours.run(None, {"image": image})[0], native())
    found = duel(lambda: ours.run(None, {"image": image}), native, 4.0, process_time)
    return Row(
        f"{what}: the whole graph",
        found.ours * 1e3,
        found.peer * 1e3,
        "CPU ms",
        "Pillow + numpy + session",
        1.0,
        found.ratio,
    )


def network() -> Any:
    """A network of about MobileNet's cost: convolutions over 56x56, random weights."""
    layers = " ".join(f"h{i + 1} = Conv<pads=[1,1,1,1]>(h{i}, w)" for i in range(DEEP))
    model = parser.parse_model(
        '<ir_version: 10, opset_import: ["": 21]> g (float[N, 3, 224, 224] x) => (float[N, 32] y) '
        f"{{ h0 = Conv<strides=[4,4]>(x, s) {layers} p = GlobalAveragePool(h{DEEP}) y = Flatten(p) }}"
    )
    rng = np.random.default_rng(0)
    for name, shape in (("s", (32, 3, 4, 4)), ("w", (32, 32, 3, 3))):
        weights = rng.normal(0, 0.05, shape).astype("f4")
        model.graph.initializer.append(numpy_helper.from_array(weights, name))
    return model
