"""Joining parts into one graph, as a DAG, without changing what any of them computes.

Names follow one rule: the joined graph's inputs and outputs keep their names (``part.name`` where
two parts' clash), every other value and node of a part is called ``part/name``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import onnx
import onnx_ir as ir

from onnxpipe import errors
from onnxpipe.core import weights
from onnxpipe.core.fragment import PREFIX, Fragment, Tap
from onnxpipe.core.options import IR_VERSION
from onnxpipe.stitching import functions, opsets, provenance, sizes, tidy
from onnxpipe.stitching.edges import Edge
from onnxpipe.stitching.parts import INPUT, End, Part, refuse_twins
from onnxpipe.stitching.wiring import Wire, Wiring, wired

Value = Any
"""An ``onnx_ir.Value``; onnx_ir is untyped to us."""
_STAGE = PREFIX + "stage"


class Merged(NamedTuple):
    """A joined fragment and what the user should know of how it was joined."""

    fragment: Fragment
    notes: tuple[str, ...]


@dataclass(slots=True)
class _Joint:
    """A graph in the making: values by end, nodes, initializers, and names that are taken."""

    wiring: Wiring
    sizes: sizes.Sizes
    ends: dict[End, Value] = field(default_factory=dict)
    inputs: list[Value] = field(default_factory=list)
    nodes: list[Any] = field(default_factory=list)
    initializers: list[Value] = field(default_factory=list)
    names: set[str] = field(default_factory=set)

    def fresh(self, wish: str) -> str:
        """``wish``, or a name like it that nothing in the graph has."""
        name, number = wish, 1
        while name in self.names:
            number += 1
            name = f"{wish}_{number}"
        self.names.add(name)
        return name


def merge(parts: Sequence[Part], wires: Iterable[Wire] = (), outputs: Iterable[str] = ()) -> Merged:
    """The parts as one fragment, taps and metadata kept, checked by onnx's full checker.

    ``wires`` read ``a.out=b.in`` or ``out=in``, ``input.x=b.in`` for the graph's own input;
    ``outputs`` ``name``, ``part.name`` or ``new=part.name``. Raises BadManifest.
    """
    refuse_twins(parts)
    wiring = wired(parts, wires, outputs)
    _refuse_sparse(parts)
    protos, target, notes = opsets.aligned({part.name: part.fragment.model for part in parts})
    models = [ir.from_proto(proto) for proto in protos]
    shared = functions.separated([(p.name, m) for p, m in zip(parts, models, strict=True)])
    joint = _Joint(wiring, sizes.unified(parts, wiring.edges, wiring.inputs))
    joint.names |= wiring.inputs.keys() | wiring.outputs.keys()
    values = [_take(joint, part, model.graph) for part, model in zip(parts, models, strict=True)]
    graph = ir.Graph(
        joint.inputs,
        _outputs(joint),
        nodes=joint.nodes,
        initializers=joint.initializers,
        opset_imports=target,
        name="stitched",
    )
    version = opsets.ir_version(protos, target, IR_VERSION)
    joined = ir.Model(graph, ir_version=version, producer_name="onnxpipe", functions=shared)
    joined.metadata_props.update(provenance.told(parts, wiring.inputs, joint.sizes))
    taps = [tap for part, known in zip(parts, values, strict=True) for tap in _taps(part, known)]
    return Merged(_checked(tidy.tidied(joined, taps)), (*wiring.notes, *notes))


def _refuse_sparse(parts: Iterable[Part]) -> None:
    for part in parts:
        if part.fragment.model.graph.sparse_initializer:
            raise errors.BadManifest(
                "sparse initializers can't be joined", where=part.name, remedy="Export it with dense ones."
            )


def _take(joint: _Joint, part: Part, graph: Any) -> dict[str, Value]:
    """Move a part's graph into the joint; its values by the names they had."""
    known = {value.name: value for value in (*graph.inputs, *graph.initializers.values())}
    known |= {value.name: value for node in graph for value in node.outputs if value.name}
    nodes, constants = list(graph), list(graph.initializers.values())
    for container in (graph.inputs, graph.outputs, graph.initializers):
        container.clear()
    for value in known.values():
        _rename(joint, part.name, value)
    for inner in graph.subgraphs():
        for value in _values(inner):
            _rename(joint, part.name, value)
    for node in graph.all_nodes():
        node.name = joint.fresh(f"{part.name}/{node.name}") if node.name else None
        stage = node.metadata_props.get(_STAGE, "")
        if stage or node.graph is graph:
            node.metadata_props[_STAGE] = f"{part.name}/{stage}" if stage else part.name
    fed = _fed(joint, part, {name: known[name] for name in part.inputs})
    graph.remove(nodes)
    joint.nodes += nodes
    joint.initializers += constants
    known |= fed
    joint.ends |= {End(part.name, name): known[name] for name in part.outputs}
    return known


def _values(graph: Any) -> Iterator[Value]:
    """Every value a subgraph defines."""
    constants = [v for v in graph.initializers.values() if not v.is_graph_input()]
    made = [value for node in graph for value in node.outputs if value.name]
    yield from (*graph.inputs, *constants, *made)


def _rename(joint: _Joint, part: str, value: Value) -> None:
    value.name = joint.fresh(f"{part}/{value.name}")
    _resize(joint, part, value)


def _resize(joint: _Joint, part: str, value: Value) -> None:
    if value.shape is not None and any(not isinstance(dim, int) for dim in value.shape):
        names = (dim if isinstance(dim, int) else dim.value for dim in value.shape)
        value.shape = ir.Shape([joint.sizes.size(part, name) for name in names])


def _fed(joint: _Joint, part: Part, inputs: Mapping[str, Value]) -> dict[str, Value]:
    """What takes the place of each input: the value of the edge's source, fitted."""
    edges = {edge.target.port: edge for edge in joint.wiring.edges if edge.target.part == part.name}
    made: dict[str, Value] = {}
    for name, value in inputs.items():
        edge = edges[name]
        if edge.source.part == INPUT and edge.source not in joint.ends:
            value.name = edge.source.port
            joint.inputs.append(value)
            joint.ends[edge.source] = made[name] = value
            continue
        made[name] = _fitted(joint, edge, joint.ends[edge.source])
        value.replace_all_uses_with(made[name])
    return made


def _fitted(joint: _Joint, edge: Edge, value: Value) -> Value:
    """The value with the edge's transpose, cast and change of rank."""
    if edge.perm:
        perm, dtype = ir.AttrInt64s("perm", list(edge.perm)), value.dtype
        shape = ir.Shape([value.shape[i] for i in edge.perm]) if value.shape is not None else None
        value = _glue(joint, edge, ir.Node("", "Transpose", [value], [perm]), shape)
        value.dtype = dtype
    if edge.cast:
        attribute = ir.AttrInt64("to", edge.cast)
        value = _glue(joint, edge, ir.Node("", "Cast", [value], [attribute]), value.shape)
        value.dtype = ir.DataType(edge.cast)
    if edge.axis:
        dims = list(value.shape) if value.shape is not None else []
        axis = ir.tensor([1], name=joint.fresh(f"{edge.target.part}/{edge.target.port}:axis"))
        axes = ir.val(axis.name, const_value=axis)
        joint.initializers.append(axes)
        op, shape = ("Unsqueeze", [*dims, 1]) if edge.axis > 0 else ("Squeeze", dims[:1])
        dtype = value.dtype
        value = _glue(joint, edge, ir.Node("", op, [value, axes]), ir.Shape(shape))
        value.dtype = dtype
    return value


def _glue(joint: _Joint, edge: Edge, node: Any, shape: Any) -> Value:
    """The one output of a node put in on an edge, named and marked after the edge's target."""
    node.name = joint.fresh(f"{edge.target.part}/{edge.target.port}:{node.op_type}")
    node.metadata_props[_STAGE] = edge.target.part
    joint.nodes.append(node)
    value = node.outputs[0]
    value.name, value.shape = node.name, shape
    return value


def _outputs(joint: _Joint) -> list[Value]:
    """The graph's outputs under their names; one that is an input or goes out twice through Identity."""
    made: list[Value] = []
    for name, end in joint.wiring.outputs.items():
        value = joint.ends[end]
        if value.producer() is None or any(value is other for other in made):
            out = ir.val(name, type=value.type, shape=value.shape)
            joint.nodes.append(
                ir.Node("", "Identity", [value], outputs=[out], name=joint.fresh(f"{name}:Identity"))
            )
            value = out
        value.name = name
        made.append(value)
    return made


def _taps(part: Part, known: Mapping[str, Value]) -> Iterator[Any]:
    """A part's taps under the joined graph's names, each path below the part's; one of a part without."""
    names = {old: value.name for old, value in known.items()}
    if not part.fragment.taps:
        answers = {name: (names[name],) for name in part.outputs if name in names}
        yield Tap(part.name, "part", tuple((names[n], 0) for n in part.inputs if n in names), answers)
    for tap in part.fragment.taps:
        yield replace(tap.renamed(names), path=f"{part.name}/{tap.path}" if tap.path else part.name)


def _checked(fragment: Fragment) -> Fragment:
    """The fragment, if onnx's checker accepts it. Raises BadManifest with what the checker says."""
    try:
        onnx.checker.check_model(weights.outlined(fragment.model), full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError, ValueError) as error:
        raise errors.BadManifest(
            f"the joined graph doesn't pass onnx's checker: {str(error).strip()}",
            remedy="Check each part on its own with onnxpipe inspect.",
        ) from error
    return fragment
