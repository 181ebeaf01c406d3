"""Which runtimes a graph needs, and which stages make it so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import onnx

from onnxpipe.core.fragment import PREFIX
from onnxpipe.core.options import PORTABILITY, Options, Portability
from onnxpipe.errors import Inexact

_CLASSES: Mapping[str, Portability] = {
    "": "standard",
    "ai.onnx": "standard",
    "ai.onnx.ml": "standard",
    "com.microsoft": "onnxruntime",
    "com.microsoft.nchwc": "onnxruntime",
}
"""The class of each operator domain; any other needs onnxruntime-extensions or a custom library."""


class Operator(NamedTuple):
    """One node's operator: domain (``""`` for ai.onnx), type, the stage it came from, what it makes."""

    domain: str
    type: str
    stage: str
    output: str

    @property
    def portability(self) -> Portability:
        return _CLASSES.get(self.domain, "extensions")

    def __str__(self) -> str:
        return f"{self.domain}.{self.type}" if self.domain else self.type


def operators(model: onnx.ModelProto) -> Iterator[Operator]:
    """Every operator of a model, in subgraphs and functions too; calls of its own functions are none."""
    own = {(function.domain, function.name) for function in model.functions}
    bodies = [model.graph.node, *(function.node for function in model.functions)]
    for nodes in bodies:
        yield from (made for made in _operators(nodes, "") if (made.domain, made.type) not in own)


def _operators(nodes: Iterable[onnx.NodeProto], outer: str) -> Iterator[Operator]:
    for node in nodes:
        stage = _stage(node) or outer
        domain = "" if node.domain == "ai.onnx" else node.domain
        yield Operator(domain, node.op_type, stage, node.output[0] if node.output else "")
        for attribute in node.attribute:
            for graph in (*attribute.graphs, *((attribute.g,) if attribute.HasField("g") else ())):
                yield from _operators(graph.node, stage)


def _stage(node: onnx.NodeProto) -> str:
    return next((p.value for p in node.metadata_props if p.key == PREFIX + "stage"), "")


def portability(model: onnx.ModelProto) -> Portability:
    """The class of a model: that of its least portable operator."""
    return max((made.portability for made in operators(model)), key=PORTABILITY.index, default="standard")


def by_stage(model: onnx.ModelProto) -> dict[str, Portability]:
    """The class of each stage that left an operator in the graph."""
    found: dict[str, Portability] = {}
    for made in operators(model):
        found[made.stage] = max(found.get(made.stage, "standard"), made.portability, key=PORTABILITY.index)
    return found


def counted(model: onnx.ModelProto) -> dict[str, dict[str, int]]:
    """How often each operator is used, by domain (``ai.onnx`` spelled out), sorted."""
    counts = Counter((made.domain or "ai.onnx", made.type) for made in operators(model))
    domains = sorted({domain for domain, _ in counts})
    return {d: {t: n for (of, t), n in sorted(counts.items()) if of == d} for d in domains}


def require(model: onnx.ModelProto, options: Options) -> None:
    """Raise Inexact naming every stage that the portability asked for doesn't allow."""
    allowed = PORTABILITY.index(options.portable)
    beyond = {f"{made.stage or made.output}: {made}" for made in operators(model)
              if PORTABILITY.index(made.portability) > allowed}  # fmt: skip
    if beyond:
        raise Inexact(
            f"--portable {options.portable} doesn't allow {', '.join(sorted(beyond))}",
            remedy=f"--portable {portability(model)} does.",
        )
