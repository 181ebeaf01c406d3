"""What translations write into a graph of tf2onnx: constants and operators, and what is known of values."""

from __future__ import annotations

from typing import Any, Tuple

import numpy as np

INT64, FLOAT, STRING, DOUBLE, INT32 = 7, 1, 8, 11, 6
"""ONNX's numbers of these types."""
_FOLDED = {
    "Min": lambda *held: np.minimum.reduce(held),
    "Max": lambda *held: np.maximum.reduce(held),
    "Identity": np.asarray,
    "Add": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "Div": lambda a, b: np.divide(np.asarray(a, np.float32), np.asarray(b, np.float32)),
    "Cast": np.asarray,
    "Slice": lambda held, start, stop, *_: held[int(np.ravel(start)[0]) : int(np.ravel(stop)[0])],
}
"""What constants come to; only scales are divided, in float32."""
_RISING = {"Min", "Max", "Identity", "Cast", "Slice"}
"""Those of them that rise with what goes in."""


class Writer:
    """Writes, in a graph of tf2onnx, what stands for one node."""

    def __init__(self, ctx: Any, node: Any) -> None:
        self.ctx, self.node, self.inputs = ctx, node, list(node.input)

    def const(self, value: Any) -> str:
        """The name of a constant."""
        return str(self.ctx.make_const(fresh("const"), np.asarray(value)).output[0])

    def op(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """The name of what an operator answers."""
        made = self.ctx.make_node(kind, list(inputs), attr=attributes, domain=domain)
        return str(made.output[0])

    def dtype(self, place: int = 0) -> int:
        """ONNX's number of the type of an input."""
        return int(self.ctx.get_dtype(self.inputs[place]))

    def like(self, value: Any, place: int = 0) -> str:
        """A constant of an input's type."""
        from onnx import helper

        return self.const(np.asarray(value, helper.tensor_dtype_to_np_dtype(self.dtype(place))))

    def fixed(self, place: int) -> Any:
        """The value of a constant input. Raises ValueError where it is none."""
        least, most = bounds(self.node.inputs[place])
        if not np.array_equal(least, most):
            raise ValueError("%s with a computed %s" % (self.node.type, self.inputs[place].split(":")[0]))
        return least

    def answer(self, name: str) -> None:
        """Let a value stand for what the node answers."""
        outputs, kept = list(self.node.output), self.node.name
        shape, dtype = self.ctx.get_shape(outputs[0]), self.ctx.get_dtype(outputs[0])
        self.ctx.remove_node(kept)
        self.ctx.make_node("Identity", [name], outputs=outputs[:1], name=kept, shapes=[shape], dtypes=[dtype])


def bounds(node: Any) -> Tuple[Any, Any]:
    """The least and the most that a node can answer: the same for what only depends on constants."""
    if node.is_const():
        value = node.get_tensor_value(as_list=False)
        return value, value
    if node.type == "Shape" and node.graph.get_shape(node.input[0]) is not None:
        sizes = np.array(node.graph.get_shape(node.input[0]), np.float64)
        return np.where(sizes < 0, 0, sizes), np.where(sizes < 0, np.inf, sizes)
    known = _FOLDED.get(node.type)  # type: Any
    if known is None or not node.inputs:
        return -np.inf, np.inf
    least, most = zip(*map(bounds, node.inputs))
    if node.type not in _RISING and not all(map(np.array_equal, least, most)):
        return -np.inf, np.inf
    return known(*least), known(*most)


def fresh(stem: str) -> str:
    """A name that nothing has yet."""
    from tf2onnx.utils import make_name

    return str(make_name("onnxpipe_" + stem))
