"""What decoding images in the graph, and not in Pillow, does to predictions: how often they flip."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.check.compare import Verdict

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Decoding:
    """A graph's answers to images that it decodes, beside its answers to the pixels of another decoder.

    ``decoder`` is the other one with its version; ``verdicts`` are of each output that predicts, an
    image being a row; ``flipped`` counts the images with a prediction that changes, None where the
    graph predicts nothing. Pixels differ by ``largest`` and on average ``mean`` levels of 256.
    ``refused`` are (image, who, why), ``examples`` (image, output, the other's answer, the graph's).
    """

    decoder: str
    images: int
    flipped: int | None
    verdicts: tuple[Verdict, ...] = ()
    largest: int = 0
    mean: float = 0.0
    refused: tuple[tuple[str, str, str], ...] = ()
    examples: tuple[tuple[str, str, str, str], ...] = ()

    @property
    def compared(self) -> int:
        """Images that both decoders read."""
        return self.images - len(self.refused)

    def to_dict(self) -> dict[str, Any]:
        """As plain values, by ``report.schema.json``."""
        return {
            "decoder": self.decoder,
            "images": self.images,
            "flipped": self.flipped,
            "outputs": {v.output: v.differing for v in self.verdicts} if self.flipped is not None else {},
            "largest_level": self.largest,
            "mean_level": round(self.mean, 6),
            "refused": [{"image": i, "by": who, "reason": why} for i, who, why in self.refused],
            "examples": [
                {"image": image, "output": output, "other": other, "graph": graph}
                for image, output, other, graph in self.examples
            ],
        }


def predictions(answers: Mapping[str, Array]) -> dict[str, Array]:
    """What a graph predicts: labels, the best of each list; without any, the place of the best score.

    Labels are text, whole numbers and truths ``[N]``, ``[N, k]``, scores floats ``[k]`` or ``[N, k]``;
    without either there is no prediction.
    """
    labels = {name: _best(value) for name, value in answers.items() if value.dtype.kind in "OUSiub"}
    labels = {name: value for name, value in labels.items() if value.ndim <= 2}
    if labels:
        return labels
    floats = {name: value for name, value in answers.items() if value.dtype.kind == "f"}
    scores = {name: value for name, value in floats.items() if value.ndim in (1, 2) and value.shape[-1] > 1}
    return {name: np.asarray(np.argmax(value, axis=-1)) for name, value in scores.items()}


def _best(labels: Array) -> Array:
    """The first of labels that stand best first; truths, one for each class, are all told."""
    return labels[:, :1] if labels.ndim == 2 and labels.dtype.kind in "OUSiu" else labels


def lines(found: Decoding) -> Iterator[str]:
    """What was found in a sentence, then images that show it."""
    apart = f"pixels are up to {found.largest} levels apart, {found.mean:.2g} on average"
    yield f"decoder: {_flips(found)}; {apart}"
    for image, output, other, graph in found.examples[:3]:
        yield f"  {image}: {output} is {other} of {found.decoder}'s pixels, {graph} of the graph's own"


def _flips(found: Decoding) -> str:
    between = f"between {found.decoder}'s pixels and the graph's own"
    if found.flipped is None:
        return f"no prediction that could flip {between}"
    if not found.flipped:
        bound = 1e6 * Verdict("", found.compared).upper95
        return f"none of {found.compared} predictions flips {between}, at most {bound:.0f} per million (95 %)"
    rate = 1e6 * found.flipped / found.compared
    verb = "flips" if found.flipped == 1 else "flip"
    return f"{found.flipped} of {found.compared} predictions {verb} {between} ({rate:.0f} per million)"
