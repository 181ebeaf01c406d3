"""Images that come as files are decoded in the graph, or refused where the decoder would die of them."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import onnx
import pytest
from PIL import Image
from sklearn.datasets import load_sample_images

import onnxpipe
from onnxpipe.check.reports.report import schema
from onnxpipe.errors import BadInput, BadManifest
from tests.harness import open_session

PHOTO = Image.fromarray(load_sample_images().images[0]).resize((61, 47))
JPEG: list[dict[str, Any]] = [
    {"subsampling": 0},
    {"progressive": True},
    {"optimize": True},
    {"restart_marker_blocks": 3},
    {"exif": b"Exif"},
]


def encoded(kind: str, image: Any = PHOTO, **how: Any) -> bytes:
    made = io.BytesIO()
    image.save(made, kind, **how)
    return made.getvalue()


@cache
def graph() -> Any:
    return onnxpipe.stitch(["image:input=bytes"])


def fed(data: bytes) -> dict[str, Any]:
    return {"image": np.frombuffer(data, np.uint8)}


def test_png_is_exact_and_jpeg_near() -> None:
    session = open_session(graph())
    for kind in ("RGB", "L", "P"):
        image = PHOTO.convert(kind)
        (got,) = session.run(None, fed(encoded("PNG", image)))
        np.testing.assert_array_equal(got, np.asarray(image.convert("RGB")))
    for how in JPEG:
        data = encoded("JPEG", **how)
        (got,) = session.run(None, fed(data))
        apart = np.abs(got.astype(int) - np.asarray(Image.open(io.BytesIO(data))))
        assert apart.max() <= (1 if how == {"subsampling": 0} else 60) and apart.mean() < 2
    (got,) = session.run(None, fed(encoded("JPEG", PHOTO.convert("L"))))
    assert got.shape == (47, 61, 3) and (got == got[:, :, :1]).all()


def test_the_rest_of_the_recipe_follows() -> None:
    data = encoded("PNG")
    pixels = open_session(onnxpipe.stitch(["image:resize=32,crop=24,preset=torchvision"]))
    files = open_session(onnxpipe.stitch(["image:input=bytes,resize=32,crop=24,preset=torchvision"]))
    np.testing.assert_array_equal(
        files.run(None, fed(data))[0], pixels.run(None, {"image": np.asarray(PHOTO)})[0]
    )


def broken() -> dict[str, bytes]:
    """Files that are refused; the bare decoder dies of the first five and hangs at most of the others."""
    plain, parts, png = encoded("JPEG"), encoded("JPEG", progressive=True), encoded("PNG")
    tables, codes, frame, scan = (plain.index(bytes([0xFF, mark])) for mark in (0xDB, 0xC4, 0xC0, 0xDA))

    def changed(at: int, value: int) -> bytes:
        return plain[:at] + bytes([value]) + plain[at + 1 :]

    return {
        **{kind: encoded(kind) for kind in ("BMP", "GIF", "TIFF", "WEBP")},
        "noise": bytes(range(256)),
        "nothing": b"",
        "half": plain[: len(plain) // 2],
        "half, in parts": parts[: len(parts) // 2],
        "no end": plain[:-2],
        "only ends": b"\xff\xd8\xff\xd9",
        "four channels": encoded("JPEG", PHOTO.convert("CMYK")),
        "another marker": changed(3, 0x1F),
        "another process": changed(frame + 1, 0xC5),
        "length of a segment": changed(tables + 3, 0x44),
        "number of a table": changed(tables + 4, 0x07),
        "too many codes": changed(codes + 5, 9),
        "a symbol that is none": changed(codes + 22, 0xF0),
        "bits of a pixel": changed(frame + 4, 12),
        "no height": plain[: frame + 5] + b"\0\0" + plain[frame + 7 :],
        "sampling": changed(frame + 11, 0x35),
        "a channel that isn't there": changed(scan + 5, 9),
        "a table that isn't there": changed(scan + 6, 0x33),
        "half a png": png[: len(png) // 2],
        "changed png": png[:60] + b"\0\1\2" + png[63:],
        "huge": png[:16] + b"\0\1\0\0\0\1\0\0" + png[24:],
    }


ASK = """
import json, sys
import numpy as np
from tests.harness import open_session
import onnx
session = open_session(onnx.load(sys.argv[1]))
for name in json.loads(sys.argv[2]):
    data = np.fromfile(f"{sys.argv[3]}/{name}", np.uint8)
    try:
        session.run(None, {"image": data})
        print("decoded", name, flush=True)
    except Exception:
        print("refused", name, flush=True)
"""


def test_broken_files_are_refused_and_the_process_lives(tmp_path: Path) -> None:
    files = {**broken(), "whole": encoded("JPEG"), "whole png": encoded("PNG")}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    onnx.save(graph(), tmp_path / "model.onnx")
    arguments = [str(tmp_path / "model.onnx"), json.dumps(list(files)), str(tmp_path)]
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", ASK, *arguments], capture_output=True, text=True, timeout=120, cwd=root,
        env={**os.environ, "PYTHONPATH": root},
    )  # fmt: skip
    answers = [
        line.split(" ", 1) for line in done.stdout.splitlines() if line.startswith(("decoded", "refused"))
    ]
    assert {name: said for said, name in answers} == {
        name: "decoded" if name.startswith("whole") else "refused" for name in files
    }


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Three photos whose pixels are the same whoever decodes them, and two whose pixels aren't."""
    (tmp_path / "photos" / "more").mkdir(parents=True)
    for i in range(5):
        data = encoded("PNG", PHOTO.rotate(i)) if i < 3 else encoded("JPEG", PHOTO.rotate(90 * i))
        (tmp_path / "photos" / ("more" if i % 2 else ".") / f"{i}").write_bytes(data)
    (tmp_path / "photos" / "notes.txt").write_text("no image")
    return tmp_path / "photos"


@cache
def level_reader() -> Any:
    """Bytes to how far pixels are from their mean, in fiftieths of a level, as the best of scores."""
    node, value = onnx.helper.make_node, onnx.helper.make_tensor_value_info
    levels = onnx.numpy_helper.from_array(np.arange(0, 256, 0.02, np.float32), "levels")
    axes = onnx.numpy_helper.from_array(np.array([0, 1, 2]), "axes")
    nodes = [
        node("Cast", ["pixels"], ["x"], to=onnx.TensorProto.FLOAT),
        node("ReduceMean", ["x", "axes"], ["middle"], keepdims=0),
        node("Sub", ["x", "middle"], ["apart"]),
        node("Abs", ["apart"], ["spread"]),
        node("ReduceMean", ["spread", "axes"], ["mean"], keepdims=0),
        node("Sub", ["mean", "levels"], ["off"]),
        node("Abs", ["off"], ["far"]),
        node("Neg", ["far"], ["near"]),
        node("Unsqueeze", ["near", "zero"], ["scores"]),
    ]
    zero = onnx.numpy_helper.from_array(np.array([0]), "zero")
    pixels, scores = value("pixels", 2, ["H", "W", 3]), value("scores", 1, [1, 12800])
    made = onnx.helper.make_graph(nodes, "levels", [pixels], [scores], [levels, axes, zero])
    model = onnx.helper.make_model(made, opset_imports=[onnx.helper.make_opsetid("", 21)], ir_version=10)
    return onnxpipe.stitch(["image:input=bytes", model, "argmax"])


def test_predictions_that_the_decoder_flips_are_counted(photos: Path) -> None:
    report = onnxpipe.verify(level_reader(), data=photos)
    found = report.decoding
    assert not report and found is not None
    assert (report.tried, report.differing, found.flipped) == (5, 2, 2)
    assert onnxpipe.verify(level_reader(), data=photos, max_ppm=4e5)
    assert "2 of 5 predictions flip between Pillow" in report.to_text()
    told = json.loads(report.to_json())
    jsonschema.validate(told, schema())
    assert told["decoding"]["outputs"] == {"index": 2} and told["decoding"]["largest_level"] > 1
    assert {each["image"] for each in told["decoding"]["examples"]} == {"more/3", "4"}
    assert "2 of 5 predictions flip" in report.to_html()


def test_images_that_one_decoder_refuses_are_told(photos: Path) -> None:
    (photos / "cmyk.jpg").write_bytes(encoded("JPEG", PHOTO.convert("CMYK")))
    (photos / "half.png").write_bytes(encoded("PNG")[:60])
    report = onnxpipe.verify(level_reader(), data=photos)
    assert report.refusals.graph_only == 2 and "cmyk.jpg" in report.to_text()
    with pytest.raises(BadInput, match="here are none"):
        onnxpipe.verify(level_reader(), data=photos / "cmyk.jpg")


def test_a_reference_is_asked_about_the_bytes_of_each_image(photos: Path) -> None:
    for path in [photos / "more" / "3", photos / "4"]:
        path.unlink()
    manifest = photos.parent / "pipeline.yaml"
    manifest.write_text(
        "parts: [{name: image, component: image, parameters: {input: bytes}}]\n"
        "reference: decode:score\ndata: photos\n"
    )
    (photos.parent / "decode.py").write_text(
        "import io\nimport numpy as np\nfrom PIL import Image\n\n\ndef score(rows):\n"
        "    return np.asarray(Image.open(io.BytesIO(rows['image'].tobytes())).convert('RGB'))\n"
    )
    report = onnxpipe.verify(graph(), manifest, trust=["decode.score"])
    assert report and report.origins == {"data": 3, "special": 36} and report.decoding is not None
    assert report.decoding.flipped is None and report.decoding.largest == 0
    assert "no prediction that could flip" in report.to_text()
    assert "<h2" in report.to_html()


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ("input=byte", "Is it bytes"),
        ("input=bytes,batch=yes", "one image"),
        ("input=bytes,channels=1", "one image"),
    ],
)
def test_what_is_refused(parameters: str, says: str) -> None:
    with pytest.raises(BadManifest) as caught:
        onnxpipe.stitch([f"image:{parameters}"])
    assert says in str(caught.value)
