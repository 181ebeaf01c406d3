"""Whose resizing an image component mirrors: a function by library and interpolation."""

from __future__ import annotations

import difflib
import importlib.metadata
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from onnxpipe.blocks.imaging import pixel_taps, pixels, resampling, resizing
from onnxpipe.blocks.imaging.pixels import Method, Window
from onnxpipe.blocks.imaging.resampling import KERNELS
from onnxpipe.blocks.imaging.resizing import Resize, Spread
from onnxpipe.core.ops import Var, cast, const, op
from onnxpipe.errors import BadManifest


class Windowed(NamedTuple):
    """Pillow's resizing by a kernel, of which a window may be all that is wanted."""

    method: Method

    def __call__(
        self, images: Var, height: Var, width: Var, window: Window | None = None, planar: bool = False
    ) -> Var:
        return pixels.resampled(images, height, width, self.method, window=window, planar=planar)


_PILLOW = ("box", "bilinear", "hamming", "bicubic", "lanczos")
_NEWEST = {"pillow": "13.0.0", "opencv": "5.0.0", "tensorflow": "2.21.0", "torch": "2.13.0"}
"""What is mirrored where the library isn't installed."""
_PACKAGES = {
    "pillow": ("pillow",),
    "opencv": ("opencv-python-headless", "opencv-python"),
    "tensorflow": ("tensorflow", "tensorflow-cpu"),
    "torch": ("torch",),
}
WHOLE = ("pillow", "opencv")
"""Libraries that resize 8-bit pixels to 8-bit pixels; the others answer float32."""


class Choice(NamedTuple):
    """A resizing by name: whose, which interpolation, as of which version, whether it smooths, and whether a
    value halfway between two levels may become either.
    """

    library: str = "pillow"
    interpolation: str = "bilinear"
    version: str = ""
    antialias: bool = False
    ties: bool = False

    def __str__(self) -> str:
        smooth = ", antialias" if self.antialias else ", ties" if self.ties else ""
        return f"{self.library} {mirrored(self)}, {self.interpolation}{smooth}"


def resizer(choice: Choice) -> Resize:
    """The resizing of a choice. Raises BadManifest with the nearest name, or why there is none."""
    libraries: Mapping[str, Callable[[Choice], Mapping[str, Resize]]] = {
        "pillow": _pillow, "opencv": _opencv, "tensorflow": _tensorflow, "torch": _torch,
    }  # fmt: skip
    known = libraries[one_of("library", choice.library, tuple(libraries))](choice)
    if (reason := _REFUSED.get((choice.library, choice.interpolation))) and choice.interpolation not in known:
        more = _TIES if (choice.library, choice.interpolation) == ("opencv", "cubic") else ""
        raise BadManifest(f"{choice.library}'s {choice.interpolation} can't be had: {reason}",
                          remedy=f"It has: {', '.join(known)}{more}")  # fmt: skip
    if choice.antialias and choice.library in WHOLE:
        raise BadManifest(f"{choice.library} has no antialias: it does one or the other by itself")
    return known[one_of("interpolation", choice.interpolation, tuple(known))]


_REFUSED = {
    ("opencv", "nearest_exact"): "its packages take other pixels than its own formula says",
    ("opencv", "cubic"): "its packages compute it with Intel's library, in floating point",
}

_TIES = (
    ". Where it doesn't matter that a value halfway between two levels may become the other (one in a "
    "hundred thousand), say so: ties=yes."
)


def one_of(name: str, value: str, known: tuple[str, ...]) -> str:
    """``value``, one of ``known``. Raises BadManifest with the nearest where it isn't."""
    if value in known:
        return value
    near = difflib.get_close_matches(value, known, n=1)
    raise BadManifest(
        f"{name} can't be {value!r}",
        remedy=f"Is it {near[0]}?" if near else f"It is one of: {', '.join(known)}",
    )


def mirrored(choice: Choice) -> str:
    """The version that is mirrored: the one asked for, else the one installed here, else the newest known."""
    if choice.version:
        return choice.version
    for package in _PACKAGES[choice.library]:
        try:
            return importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return _NEWEST[choice.library]


def _pillow(choice: Choice) -> Mapping[str, Resize]:
    major = mirrored(choice).partition(".")[0]
    if not major.isdigit():
        raise BadManifest(f"version can't be {choice.version!r}", remedy="Write a version such as 12.0.")
    newer = int(major) >= 13
    names = (*_PILLOW, *(resampling.MAGIC if newer else ()))
    made: dict[str, Resize] = {"nearest": _nearest(pixels.accumulated_places)}
    made |= {name: Windowed(Method(KERNELS[name], newer)) for name in names}
    return made


def _opencv(choice: Choice) -> Mapping[str, Resize]:
    return {
        "nearest": _nearest(pixel_taps.floor_places),
        "linear": pixel_taps.linear,
        "area": pixel_taps.area,
        "lanczos4": pixel_taps.lanczos4,
        **({"cubic": _rounded_cubic} if choice.ties else {}),
    }


def _rounded_cubic(images: Var, height: Var, width: Var) -> Var:
    """``INTER_CUBIC`` as Intel's library has it, in floating point, but for the order it adds up in."""
    made = op.round(resizing.cubic(cast(images, np.float64), height, width))
    return cast(op.clip(made, const(0.0), const(255.0)), np.uint8)


def _tensorflow(choice: Choice) -> Mapping[str, Resize]:
    return resizing.scaled_and_translated(choice.antialias)


def _torch(choice: Choice) -> Mapping[str, Resize]:
    smooth = choice.antialias
    return {
        "nearest": _nearest(resizing.single_places(0.0)),
        "nearest-exact": _nearest(resizing.single_places(0.5)),
        "bilinear": _spread("bilinear", smooth) if smooth else resizing.linear,
        "bicubic": _spread("bicubic", smooth) if smooth else resizing.cubic,
        "area": resizing.pooled,
    }


def _nearest(places: resizing.Places) -> Resize:
    return partial(resizing.nearest, places=places)


def _spread(name: str, antialias: bool, **more: Any) -> Resize:
    return partial(resizing.smoothed, how=Spread(KERNELS[name], antialias, **more))
