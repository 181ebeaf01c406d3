"""Small hand-made graphs, written in onnx's own text syntax, and how to run them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import onnx
from onnx import parser

from onnxpipe.core.fragment import Fragment
from onnxpipe.stitching.merge import Merged, merge
from onnxpipe.stitching.parts import Part
from tests.harness import open_session

Answers = dict[str, Any]


def graph(body: str, *, opset: int = 21, ir: int = 10, domains: Mapping[str, int] | None = None) -> Any:
    """A checked model of a graph's text; ``domains`` are imported besides ai.onnx."""
    imports = ", ".join(f'"{d}": {v}' for d, v in {"": opset, **(domains or {})}.items())
    model = parser.parse_model(f"<ir_version: {ir}, opset_import: [{imports}]> {body}")
    onnx.checker.check_model(model)
    return model


def part(name: str, model: onnx.ModelProto) -> Part:
    return Part(name, Fragment.of(model))


def joined(*models: onnx.ModelProto, wires: Any = (), outputs: Any = ()) -> Merged:
    """The models as parts a, b, c ... joined."""
    return merge([part(n, m) for n, m in zip("abcd", models, strict=False)], wires, outputs)


def run(model: onnx.ModelProto, feeds: Mapping[str, Any]) -> Answers:
    """What a model answers, by output name; feeds it doesn't read are left out."""
    session = open_session(model)
    read = {port.name for port in session.get_inputs()}
    names = [port.name for port in session.get_outputs()]
    return dict(zip(names, session.run(names, {k: v for k, v in feeds.items() if k in read}), strict=True))


def staged(models: Sequence[onnx.ModelProto], feeds: Mapping[str, Any]) -> Answers:
    """What a chain answers, run one after another: a lone output feeds a lone input, else by name."""
    for model in models:
        answers = run(model, feeds)
        inputs = [value.name for value in model.graph.input]
        assert inputs
        feeds = {**feeds, **answers}
        following = models[models.index(model) + 1 :][:1]
        for after in following:
            if len(answers) == 1 and len(after.graph.input) == 1:
                feeds = {after.graph.input[0].name: next(iter(answers.values()))}
    return answers
