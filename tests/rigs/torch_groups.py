"""torch.nn's layers in few networks: tracing each alone would take a second or more a layer."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import onnxruntime as ort
import torch
from torch import nn

from onnxpipe.check.compare import Verdict, compare
from onnxpipe.core.options import Options
from tests.cases.torch_layers import CASES, SHAPES, TYPES, Layer
from tests.rigs import torch as rig

Shape = tuple[int | None, ...]
UNTRACED = ("steps",)
"""What torch.export takes for layers of one length alone: recurrent ones loop over their steps."""


class Group(nn.Module):
    """Layers side by side, each answering under its place."""

    def __init__(self, layers: list[Any]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, x: Any) -> dict[str, Any]:
        found = {f"y{i}": layer(x) for i, layer in enumerate(self.layers)}
        return {name: value[0] if isinstance(value, tuple) else value for name, value in found.items()}


def network(rows: list[Layer], given: str, shape: Shape = ()) -> tuple[Any, ort.InferenceSession]:
    """Layers as torch has them, and a session of the graph of them as a ``.pt2``, if they can be one.

    ``shape`` is what goes in where that isn't as usual.
    """
    torch.manual_seed(0)
    model = rig.worker("torch_native").Module(Group([row.made() for row in rows]))
    if given in UNTRACED and not shape:
        made = rig.exported(model, Options(inputs={"x": (TYPES.get(given, "float32"), SHAPES[given])}))
    else:
        made = rig.exported(saved(model, given, shape or SHAPES[given]), Options())
    return model, ort.InferenceSession(made.model.SerializeToString())


def saved(model: Any, given: str, shape: Shape) -> Any:
    """A network as it comes back from a ``.pt2``."""
    tracing, native = rig.worker("torch_tracing"), rig.worker("torch_native")
    told = {"dtype": TYPES.get(given, "float32"), "shape": list(shape)}
    request: dict[str, Any] = {"inputs": {"x": told}, "dynamic": {}}
    stream = io.BytesIO()
    torch.export.save(tracing.traced(model, request, tracing.examples(model, request, {})).program, stream)
    return native.Exported(torch.export.load(io.BytesIO(stream.getvalue())))


@cache
def verdicts(given: str) -> dict[str, list[Verdict]]:
    """The verdicts on 3 rows and on 1, by layer, of all layers that get the same."""
    rows = [row for row in CASES if row.given == given and not row.refused]
    model, session = network(rows, given)
    found: dict[str, list[Verdict]] = {row.text: [] for row in rows}
    for x in batches(given):
        native, got = model.ask({"x": x}), session.run(None, {"x": x})
        ours = dict(zip([output.name for output in session.get_outputs()], got, strict=True))
        for verdict in compare(native, ours, {}):
            found[rows[int(verdict.output[1:])].text].append(verdict)
    return found


def batches(given: str) -> Iterator[Any]:
    """Three rows, and one; of other lengths than those traced with."""
    rng = np.random.default_rng(0)
    for count, length in ((3, 7), (1, 4)):
        shape = (count, *(size or length for size in SHAPES[given][1:]))
        numbers = rng.normal(size=shape).astype(np.float32) * 2
        kinds = {"words": rng.integers(0, 9, shape), "integers": rng.integers(-9, 9, shape)}
        yield kinds.get(given, numbers > 0 if given == "flags" else numbers)
