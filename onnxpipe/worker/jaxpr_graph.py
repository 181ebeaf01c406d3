"""A graph of ONNX under construction: values are arrays that are known, or names in the graph."""

from __future__ import annotations

import sys
from typing import Any, Dict, Iterator, List, Optional, Sequence, Set, Union

import numpy as np

main = sys.modules["_onnxpipe_main"]

Value = Union[str, Any]
"""A name in the graph, or an array whose numbers are known."""


class Graph:
    """Nodes in order, and weights, which graphs inside share with the one outside."""

    def __init__(self, outer: Optional[Graph] = None) -> None:
        self.outer, self.count = outer, 0
        self.root: Graph = outer.root if outer else self
        self.nodes: List[Any] = []
        self.known: Dict[str, Value] = {}
        self.weights: Dict[Any, Any] = {}

    def name(self) -> str:
        """A name that nothing has yet."""
        self.root.count += 1
        return "v%d" % self.root.count

    def op(self, kind: str, *given: Any, **attributes: Any) -> str:
        """The answer of a node."""
        return self.ops(kind, 1, *given, **attributes)[0]

    def ops(self, kind: str, count: int, *given: Any, **attributes: Any) -> List[str]:
        """The answers of a node with several."""
        from onnx import helper

        made = [self.name() for _ in range(count)]
        self.nodes.append(helper.make_node(kind, [self.fed(each) for each in given], made, **attributes))
        return made

    def fed(self, value: Value) -> str:
        """The name of a value; an array becomes a weight."""
        if isinstance(value, str):
            return value
        from onnx import numpy_helper

        array = np.asarray(value)
        key = (array.dtype.str, str(array.dtype), array.shape, array.tobytes())
        held = self.root.weights
        if key not in held:
            held[key] = numpy_helper.from_array(np.ascontiguousarray(array).reshape(array.shape), self.name())
        return str(held[key].name)

    def cast(self, value: Value, dtype: Any) -> Value:
        """A value in another dtype."""
        if not isinstance(value, str):
            return np.asarray(value).astype(dtype)
        return self.op("Cast", value, to=onnx_type(dtype))

    def size(self, dim: Any) -> Value:
        """A size as a list of one, known or of an expression of open sizes. Raises NoConverter."""
        if isinstance(dim, (int, np.integer)):
            return np.array([int(dim)], np.int64)
        found = self.lookup(str(dim))
        if found is None:
            env = {var: Size(self, self.lookup(var)) for var in dim._get_vars()}
            try:
                made = dim._evaluate(env)
            except Exception:
                raise main.NoConverter("the size %s can't be worked out in a graph" % dim) from None
            found = self.known[str(dim)] = Size.of(self, made)
        return found

    def lookup(self, key: str) -> Any:
        """An open size by its name or expression, here or in a graph outside; None where it isn't known."""
        return self.known.get(key, self.outer.lookup(key) if self.outer else None)

    def sizes(self, dims: Sequence[Any]) -> Value:
        """Several sizes as one list."""
        found = [self.size(dim) for dim in dims]
        if not any(isinstance(each, str) for each in found):
            return np.array([int(each[0]) for each in found], np.int64)
        return self.op("Concat", *found, axis=0)

    def finished(self, inputs: Sequence[Any], outputs: Sequence[Any]) -> Any:
        """The graph of ONNX with these ports, without what nothing of it reads."""
        from onnx import helper

        needed: Set[str] = {value.name for value in outputs}
        kept: List[Any] = []
        for node in reversed(self.nodes):
            if needed & set(node.output):
                kept.append(node)
                needed |= set(reads(node))
        held = [] if self.outer else [each for each in self.weights.values() if each.name in needed]
        return helper.make_graph(kept[::-1], "jax", inputs, outputs, held)


class Size:
    """A size in arithmetic, as jax works expressions of sizes out."""

    __array_ufunc__ = None

    def __init__(self, graph: Graph, value: Value) -> None:
        self.graph, self.value = graph, value

    @staticmethod
    def of(graph: Graph, value: Any) -> Value:
        """The list of one size that a size or a number is."""
        return value.value if isinstance(value, Size) else np.array([int(value)], np.int64)

    def _by(self, kind: str, left: Any, right: Any) -> Size:
        return Size(self.graph, self.graph.op(kind, *(Size.of(self.graph, each) for each in (left, right))))

    def __add__(self, other: Any) -> Size:
        return self._by("Add", self, other)

    def __mul__(self, other: Any) -> Size:
        return self._by("Mul", self, other)

    def __divmod__(self, other: Any) -> Any:
        rest = self._by("Mod", self, other)
        return self._by("Div", self._by("Sub", self, rest), other), rest

    __radd__, __rmul__ = __add__, __mul__


def onnx_type(dtype: Any) -> int:
    """ONNX's number of a dtype."""
    from onnx import helper

    return int(helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))


def reads(node: Any) -> Iterator[str]:
    """The values that a node reads, those that graphs inside it read of the outside included."""
    yield from node.input
    for attribute in node.attribute:
        if attribute.HasField("g"):
            for inner in attribute.g.node:
                yield from reads(inner)
            yield from (value.name for value in attribute.g.output)


def port(name: str, dtype: Any, shape: Any = None) -> Any:
    """A graph's input or output."""
    from onnx import helper

    return helper.make_tensor_value_info(name, onnx_type(dtype), shape)
