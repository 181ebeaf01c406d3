"""Images in a folder: found, and read as bytes or as pixels."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.check.edges import pictures
from onnxpipe.errors import BadInput, MissingExtra

Array = NDArray[Any]

PILLOW = "Pillow"
_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"RIFF")
"""How files begin that are taken for images; those that the graph can't decode it is to refuse."""

_MODES = ("RGB", "L", "1", "P", "LA", "RGBA")
"""Colour, grey, black and white, a palette, and what shines through; all that a PNG of 8 bits holds."""


def is_folder(data: Any) -> bool:
    """Whether this is the path of a folder that holds images."""
    path = Path(data) if isinstance(data, (str, Path)) else None
    return path is not None and path.is_dir() and next(_found(path), None) is not None


def files(folder: str | Path) -> dict[str, Array]:
    """The bytes uint8 ``[B]`` of every image in a folder and below it, by its name there, in order."""
    root = Path(folder)
    return {
        path.relative_to(root).as_posix(): np.frombuffer(path.read_bytes(), np.uint8) for path in _found(root)
    }


def _found(root: Path) -> Iterator[Path]:
    for path in sorted(root.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            with path.open("rb") as file:
                if file.read(8).startswith(_MAGIC):
                    yield path


def made(rng: np.random.Generator) -> Iterator[tuple[str, Array]]:
    """The bytes uint8 ``[B]`` of PNGs of odd sizes and all modes, by what they are; none without Pillow."""
    try:
        from PIL import Image
    except ModuleNotFoundError:
        return
    for (height, width), mode in product(pictures.SIZES, _MODES):
        image = Image.fromarray(pictures.noise((height, width, 4), "uint8", rng), "RGBA").convert(mode)
        held = io.BytesIO()
        image.save(held, "PNG")
        yield f"{mode}, {height} by {width}", np.frombuffer(held.getvalue(), np.uint8)


def pixels(data: Array) -> Array:
    """uint8 ``[H, W, 3]``: ``Image.open(data).convert("RGB")``, so that EXIF turns nothing.

    Raises MissingExtra without Pillow, BadInput for what it can't read.
    """
    try:
        from PIL import Image
    except ModuleNotFoundError:
        raise MissingExtra("pillow", "extensions") from None
    try:
        with Image.open(io.BytesIO(data.tobytes())) as image:
            return np.asarray(image.convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadInput(str(error).strip() or type(error).__name__) from None


def decoder() -> str:
    """Pillow with its version."""
    import PIL

    return f"{PILLOW} {PIL.__version__}"
