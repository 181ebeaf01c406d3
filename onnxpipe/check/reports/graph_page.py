"""A model as one self-contained page: its parts and stages, folded up, and the wires between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import onnx

from onnxpipe.check.reports.anatomy import INPUTS, OUTPUTS, Box, anatomy
from onnxpipe.check.reports.drawing import drawing
from onnxpipe.check.reports.page import template
from onnxpipe.core.signature import Signature


def page(model: onnx.ModelProto, *, title: str, facts: Mapping[str, str]) -> str:
    """The page as an HTML document; ``facts`` are told below the title, by name."""
    boxes = anatomy(model)
    signature = Signature.of(model)
    return template("graph.html.j2").render(
        title=title,
        facts={key: value for key, value in facts.items() if value},
        inputs=tuple(map(str, signature.inputs)),
        outputs=tuple(map(str, signature.outputs)),
        boxes=boxes,
        anchors=_anchors(boxes),
        picture=drawing(boxes),
    )


def _anchors(boxes: Sequence[Box]) -> dict[str, str]:
    """The id of each box by its path: paths may hold anything, ids no spaces."""
    paths: list[Any] = [INPUTS, OUTPUTS, *_paths(boxes)]
    return {path: path if path in (INPUTS, OUTPUTS) else f"box{i}" for i, path in enumerate(paths)}


def _paths(boxes: Sequence[Box]) -> Iterator[str]:
    for box in boxes:
        yield box.path
        yield from _paths(box.inner)
