"""How faults are planted: edits of a stage's constants, attributes and operators, by the stage's path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from onnxpipe.core.fragment import PREFIX

Model = onnx.ModelProto
Plant = Callable[[Model], None]


@dataclass(frozen=True)
class Fault:
    """One fault: its kind, which pipeline it is planted in, how, and the stage that has to be blamed.

    ``cells`` is how many cells of the plainest row may differ from the usual row; None where
    every row fails, so that there is nothing to take away.
    """

    name: str
    kind: str
    pipeline: str
    stage: str
    plant: Plant
    cells: int | None = 1
    dtype: str = "native"


def planted(fault: Fault, model: Model) -> Model:
    """A copy of a model with the fault in it."""
    broken = Model()
    broken.CopyFrom(model)
    fault.plant(broken)
    return broken


def nodes(model: Model, stage: str, kind: str) -> list[onnx.NodeProto]:
    """The nodes of an operator that a stage wrote."""
    found = (node for node in model.graph.node if node.op_type == kind)
    return [n for n in found if any((p.key, p.value) == (PREFIX + "stage", stage) for p in n.metadata_props)]


def held(model: Model, name: str) -> str:
    """The constant behind a value: spread over the rows first, or gathered unless rows are refused."""
    ahead = (n for n in model.graph.node if name in n.output)
    node = next((n for n in ahead if n.op_type == "Expand" or n.input[0].endswith("_table")), None)
    return held(model, node.input[0]) if node is not None else name


def constant(stage: str, kind: str, slot: int, edit: Callable[[Any], Any], which: int = 0) -> Plant:
    """Edit the constant that a ``kind`` node of a stage reads at a place, of the ``which``-th that does."""

    def plant(model: Model) -> None:
        known = {tensor.name: tensor for tensor in model.graph.initializer}
        names = [held(model, n.input[slot]) for n in nodes(model, stage, kind) if len(n.input) > slot]
        tensor = [known[name] for name in names if name in known][which]
        name = tensor.name
        value = numpy_helper.to_array(tensor).copy()
        refusing = name.endswith("_table")  # a table of one row, the constant
        edited = edit(value[0])[None] if refusing else edit(value)
        tensor.CopyFrom(numpy_helper.from_array(edited, name))

    return plant


def attribute(stage: str, kind: str, name: str, edit: Callable[[Any], Any], which: int = 0) -> Plant:
    """Edit an attribute of a stage's node, of the ``which``-th for which that changes something."""

    def plant(model: Model) -> None:
        edited = [(old, new) for node in nodes(model, stage, kind) if (old := _named(node, name))
                  if (new := _edited(old, edit)) != old]  # fmt: skip
        old, new = edited[which]
        old.CopyFrom(new)

    return plant


def _named(node: onnx.NodeProto, name: str) -> onnx.AttributeProto:
    return next(attribute for attribute in node.attribute if attribute.name == name)


def _edited(old: onnx.AttributeProto, edit: Callable[[Any], Any]) -> onnx.AttributeProto:
    """The attribute with another value."""
    value = helper.get_attribute_value(old)
    tensor = isinstance(value, onnx.TensorProto)
    new = edit(numpy_helper.to_array(value).copy() if tensor else value)
    return helper.make_attribute(old.name, numpy_helper.from_array(new) if tensor else new)


def operator(stage: str, kind: str, other: str, keep: int | None = None, which: int = 0) -> Plant:
    """Put another operator in the place of a stage's node, which reads the first ``keep`` of its inputs."""

    def plant(model: Model) -> None:
        node = nodes(model, stage, kind)[which]
        node.op_type = other
        del node.input[keep if keep is not None else len(node.input) :], node.attribute[:]

    return plant


def after(output: str, *made: tuple[str, dict[str, Any]], dtype: int | None = None) -> Plant:
    """Put operators between whatever computes an output and the output."""

    def plant(model: Model) -> None:
        value = f"{output}_before"
        for node in model.graph.node:
            for values in (node.input, node.output):
                values[:] = [value if v == output else v for v in values]
        for i, (kind, extra) in enumerate(made):
            constants = extra.pop("constants", []) if "constants" in (extra := dict(extra)) else []
            names = [f"{output}_{i}_{j}" for j in range(len(constants))]
            model.graph.initializer.extend(
                numpy_helper.from_array(np.asarray(c), n) for c, n in zip(constants, names, strict=True)
            )
            to = output if i == len(made) - 1 else f"{output}_{i}"
            model.graph.node.append(helper.make_node(kind, [value, *names], [to], **extra))
            value = to
        if dtype:
            next(o for o in model.graph.output if o.name == output).type.tensor_type.elem_type = dtype

    return plant


def swapped(stage: str, kind: str = "Concat", which: int = 0) -> Plant:
    """The first two inputs of a stage's node, swapped."""

    def plant(model: Model) -> None:
        node = nodes(model, stage, kind)[which]
        node.input[0], node.input[1] = node.input[1], node.input[0]

    return plant


def at(index: Any, change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """An edit of one element."""

    def edit(array: Any) -> Any:
        array[index] = change(array[index])
        return array

    return edit


def up(value: Any) -> Any:
    """The next number above."""
    return np.nextafter(value, value.dtype.type(np.inf))


def up_single(value: Any) -> Any:
    """The next number above that float32 holds."""
    return np.nextafter(np.float32(value), np.float32(np.inf))


def off(by: float) -> Callable[[Any], Any]:
    """A change by a share of the value."""
    return lambda value: value * np.asarray(value).dtype.type(1 + by)


def doubled(value: Any) -> Any:
    return 2 * value


def replaced(text: str) -> Callable[[Any], Any]:
    """One of the texts of a list replaced by another."""
    return lambda texts: [b"-" if each == text.encode() else each for each in texts]
