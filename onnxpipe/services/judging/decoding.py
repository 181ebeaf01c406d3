"""Graphs that decode images themselves: their answers beside those to Pillow's pixels of the same files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray

from onnxpipe.check.compare import Tolerance, Verdict, compare
from onnxpipe.check.reports.decoding import Decoding, predictions
from onnxpipe.check.reports.report import Refusals, Report
from onnxpipe.check.runtimes.graph import Graph, GraphRefused, subgraph, tapped
from onnxpipe.core.signature import Signature
from onnxpipe.errors import BadInput
from onnxpipe.services.judging import items, photos

Array = NDArray[Any]
Answers = Mapping[str, Array]
_SHOWN = 5


class _Pair(NamedTuple):
    """One image's answers, to Pillow's pixels and to the graph's own, and how far those are apart."""

    name: str
    other: Answers
    own: Answers
    apart: Array


def decodes(model: onnx.ModelProto) -> bool:
    """Whether a graph takes nothing but the bytes of one image, and decodes them once."""
    ports = Signature.of(model).inputs
    return (
        len(ports) == 1 and ports[0].dtype == "uint8" and len(ports[0].shape) == 1 and bool(_decoder(model))
    )


def _decoder(model: onnx.ModelProto) -> str:
    """The name of the decoded pixels ``[H, W, C]``; "" where there is no decoder, or more than one."""
    made = [node.output[0] for node in model.graph.node if node.op_type == "DecodeImage"]
    return made[0] if len(made) == 1 else ""


def measured(model: onnx.ModelProto, data: Any, tolerances: Mapping[str, Tolerance]) -> Decoding:
    """How many predictions flip, on a folder of images, because the graph's decoder isn't Pillow's.

    Raises MissingExtra without Pillow, BadInput for data that aren't images.
    """
    if not photos.is_folder(data):
        raise BadInput("the graph decodes images, and here are none", where=str(data),
                       remedy="Name a folder of JPEG and PNG files.")  # fmt: skip
    given = photos.files(data)
    pairs, refused = _asked(model, given)
    told = [(predictions(pair.other), predictions(pair.own)) for pair in pairs]
    predicts = any(other for other, _ in told)
    compared = told if predicts else [(pair.other, pair.own) for pair in pairs]
    verdicts = items.summed([compare(items.framed(a), items.framed(b), tolerances) for a, b in compared])
    flipped = {i for v in verdicts for i in v.rows_at_fault}
    return Decoding(
        photos.decoder(),
        len(given),
        len(flipped) if predicts else None,
        verdicts,
        max((int(pair.apart.max(initial=0)) for pair in pairs), default=0),
        float(np.mean([pair.apart.mean() for pair in pairs])) if pairs else 0.0,
        tuple(refused),
        tuple(_examples(pairs, told, verdicts) if predicts else ()),
    )


def report(found: Decoding) -> Report:
    """What was found as a report: Pillow's pixels stand for the original."""
    refused = tuple((i, who, f"{name}: {why}") for i, (name, who, why) in enumerate(found.refused))
    alone = sum(who == photos.PILLOW for _, who, _ in found.refused)
    shown = tuple((i, "native" if who == photos.PILLOW else who, why) for i, who, why in refused[:_SHOWN])
    return Report(
        found.verdicts,
        Refusals(0, alone, len(refused) - alone, shown),
        {"data": found.images},
    )


def _asked(model: onnx.ModelProto, given: Answers) -> tuple[list[_Pair], list[tuple[str, str, str]]]:
    """Both decoders' answers to every file, and who refuses which."""
    made, names = _decoder(model), [port.name for port in Signature.of(model).outputs]
    whole, later = Graph(tapped(model, [made])), Graph(_after(model, made, names))
    port = whole.signature.inputs[0].name
    pairs, refused = [], []
    for name, data in given.items():
        try:
            own = whole.run({port: data}, [*names, made])
        except GraphRefused as error:
            refused.append((name, "the graph", str(error)))
            continue
        try:
            pixels = photos.pixels(data)
        except BadInput as error:
            refused.append((name, photos.PILLOW, error.what))
            continue
        apart = np.abs(own[made].astype(np.int16) - pixels)
        pairs.append(_Pair(name, later.run({made: pixels}), {n: own[n] for n in names}, apart))
    return pairs, refused


def _after(model: onnx.ModelProto, pixels: str, outputs: list[str]) -> onnx.ModelProto:
    """The graph from the decoded pixels uint8 ``[H, W, 3]`` on."""
    part = subgraph(model, {pixels: np.zeros((1, 1, 3), np.uint8)}, outputs)
    if part is None:
        raise BadInput("the graph reads the bytes of an image for more than its pixels")
    shape = part.graph.input[0].type.tensor_type.shape
    for size, symbol in zip(shape.dim, ("H", "W"), strict=False):
        size.dim_param = symbol
    return part


def _examples(
    pairs: list[_Pair], told: list[tuple[dict[str, Array], dict[str, Array]]], verdicts: tuple[Verdict, ...]
) -> list[tuple[str, str, str, str]]:
    """Images whose predictions flip, the first few, with both."""
    found = [(i, v.output) for v in verdicts for i in v.rows_at_fault]
    sides = ((i, output, *told[i]) for i, output in found[:_SHOWN])
    return [(pairs[i].name, name, _written(a[name]), _written(b[name])) for i, name, a, b in sides]


def _written(value: Array) -> str:
    values = np.ravel(value).tolist()
    return repr(values[0]) if len(values) == 1 else repr(values)
