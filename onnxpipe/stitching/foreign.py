"""What models of other exporters tell of themselves."""

from __future__ import annotations

import onnx

from onnxpipe.stitching.opsets import ML, nodes

_LABELS = ("classlabels_strings", "classlabels_int64s", "classlabels_ints")


def classes(model: onnx.ModelProto) -> list[str] | list[int] | None:
    """The labels that all of a model's ai.onnx.ml classifiers have, in the order of its scores' columns.

    None where there are none, and where two differ: nothing says then which are the model's.
    """
    found: list[list[str] | list[int]] = []
    for node in nodes(model):
        for attribute in node.attribute if node.domain == ML else ():
            if attribute.name in _LABELS:
                text = [label.decode("utf-8", "replace") for label in attribute.strings]
                found.append(text or list(attribute.ints))
    told = [labels for labels in found if labels]
    return told[0] if told and all(labels == told[0] for labels in told) else None
