"""A fault inside a network is put down to the module that it is in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

pytest.importorskip("torch", reason="PyTorch isn't installed")

import torch

from onnxpipe.check.compare import Tolerance
from onnxpipe.check.localise import StageFinding, culprit, localise
from onnxpipe.core.fragment import Fragment
from onnxpipe.core.options import Options
from onnxpipe.services.natives import programs
from tests import nets
from tests.rigs import torch as rig

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("torch")]
ROWS = {"x": np.random.default_rng(0).normal(size=(5, 4, 12)).astype(np.float32)}
FAULTS = ["bn", "block/attn", "block/norm", "block/ff/0", "block/ff/2", "lstm", "head"]
SAVED = {"exported": "Exported", "pickled": "Module"}


@cache
def converted(how: str) -> tuple[Any, onnx.ModelProto]:
    """A network as the worker has it, and its graph."""
    torch.manual_seed(0)
    model = rig.worker("torch_native").Module(nets.Deep())
    asked = Options(inputs={"x": ("float32", (None, 4, 12))})
    if how == "exported":
        axes = {"x": {0: nets.OPEN}}
        program = torch.export.export(model.network, (torch.randn(3, 4, 12),), dynamic_shapes=axes)
        model = rig.worker("torch_native").Exported(program)
    return model, rig.exported(model, asked).finished({})


@cache
def natively(how: str) -> Mapping[str, Any]:
    """What each module gets and answers, as torch has it."""
    native, model = converted(how)
    wanted = {tap.path: list(tap.answers) for tap in Fragment.of(model).taps}
    request = {"wanted": wanted, **programs.inside(model, {})}
    records = rig.worker("torch_native").inside(native, ROWS, request)
    return {r["path"]: (tuple(r["inputs"].values()), r["answers"]) for r in records}


def findings(how: str, model: onnx.ModelProto) -> tuple[StageFinding, ...]:
    return localise(model, ROWS, lambda rows, wanted: (natively(how), ""), Tolerance())


def nodes_of(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    """The nodes of a graph and of those inside it, the inner ones first."""
    for node in graph.node:
        for attribute in node.attribute:
            yield from nodes_of(attribute.g)
        yield node


def planted(model: onnx.ModelProto, module: str) -> onnx.ModelProto:
    """The model with a weight of a module off by 1 %."""
    broken = onnx.ModelProto()
    broken.CopyFrom(model)
    weights = {tensor.name: tensor for tensor in broken.graph.initializer}
    path = {"key": "io.onnxpipe.stage", "value": f"network/{module}"}
    for node in nodes_of(broken.graph):
        if any(prop.key == path["key"] and prop.value == path["value"] for prop in node.metadata_props):
            for name in node.input:
                value = numpy_helper.to_array(weights[name]) if name in weights else np.zeros(0)
                if value.dtype == np.float32 and value.any():
                    weights[name].CopyFrom(numpy_helper.from_array(value * np.float32(1.01), name))
                    return broken
    raise AssertionError(module)


@pytest.mark.parametrize("how", SAVED)
def test_every_module_can_be_looked_at(how: str) -> None:
    found = {finding.path: finding for finding in findings(how, converted(how)[1])}
    assert {f"network/{module}" for module in FAULTS} <= found.keys()
    assert {finding.status for finding in found.values()} == {"equal"}
    alone = [path for path, finding in found.items() if finding.introduces is None]
    assert not alone, found


@pytest.mark.parametrize("module", FAULTS)
def test_a_fault_is_put_down_to_its_module(module: str) -> None:
    found = findings("exported", planted(converted("exported")[1], module))
    blamed = culprit(found)
    assert blamed is not None and blamed.path == f"network/{module}", found
    assert blamed.introduces
