"""What graphs inside nodes compute (branches, bodies of loops), and what they read of the graph around."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from spox._node import Node
from spox._var import _VarInfo

from onnxpipe.core.passes.broadcasting import nodes_of


class Inside(NamedTuple):
    """The operators that only inner graphs need, and the values that those or the inner graphs' ends read."""

    operators: frozenset[str]
    read: frozenset[_VarInfo]


def inside(nodes: Sequence[Node]) -> Inside:
    """What is inside ``nodes``, which are all of a graph's own; graphs inside inner graphs included."""
    own, found, read = set(nodes), set[Node](), set[_VarInfo]()
    todo: Iterable[Node] = nodes
    while todo:
        ends = [var for node in todo for graph in node.subgraphs for var in graph.requested_results.values()]
        read.update(var._var_info for var in ends)
        todo = [node for node in nodes_of(ends) if node not in own | found]
        found.update(todo)
    read.update(info for node in found for info in node.dependencies if info is not None)
    return Inside(frozenset(node.op_type.identifier for node in found), frozenset(read))
