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

import numpy as np
import onnx
import pytest
from PIL import Image
from sklearn.datasets import load_sample_images

import onnxpipe
from onnxpipe.errors import BadManifest
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
    root = str(Path(__file__).parent.parent)
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
