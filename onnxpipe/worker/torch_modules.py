"""Where a network's modules are in its graph, and their own values there, under the graph's names.

torch.onnx names a value as the node of the decomposed program that it is of. So a module's answers and
what it reads are looked up by these names when the same program is run by torch.
"""

from __future__ import annotations

import ast
import re
import sys
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

main = sys.modules["_onnxpipe_main"]
native, tracing = main.sibling("torch_native"), main.sibling("torch_tracing")

NOTE = "pkg.torch.onnx."
SIZING = {"Gather", "Slice", "Squeeze", "Unsqueeze", "Concat", "Reshape", "Mul", "Add", "Sub", "Div"}
"""Operators that sizes are worked out with."""


class Wires(NamedTuple):
    """Who makes each value (a node's place) and who reads it (places, -1 for the outside)."""

    made: Dict[str, int]
    read: Dict[str, Set[int]]


def stages(graph: Any, program: Any) -> List[Dict[str, Any]]:
    """A stage for each module with answers of its own, inner before outer, in the order they answer."""
    known = {node.name for node in program.graph.nodes} | {value.name for value in graph.input}
    rename(graph, known)
    known |= {value.name for value in graph.output}
    wires, nodes, kinds = wired(graph), {}, {}  # type: Wires, Dict[str, List[int]], Dict[str, str]
    for place, node in enumerate(graph.node):
        for path, kind in modules(node):
            nodes.setdefault(path, []).append(place)
            kinds[path] = kind
    order = sorted(nodes, key=lambda path: (max(nodes[path]), -path.count("."), path))
    found = (stage(graph, path, set(nodes[path]), wires, known) for path in order)
    return [{"kind": kinds[path], **told} for path, told in zip(order, found) if told["answers"]]


def stage(graph: Any, path: str, own: Set[int], wires: Wires, known: Set[str]) -> Dict[str, Any]:
    """Where a module is: the values it answers, and those it reads where all of them have names."""
    made = [name for place in sorted(own) for name in graph.node[place].output]
    answers = [name for name in made if name in known and wires.read.get(name, set()) - own]
    read = [name for place in sorted(own) for name in reads(graph.node[place])]
    outer = [name for name in dict.fromkeys(read) if name in wires.made and wires.made[name] not in own]
    sources = [source(graph, name, wires, known) for name in outer]
    given = [name for names in sources if names is not None for name in names]
    inputs = [] if None in sources else list(dict.fromkeys(given))
    told = {"path": "network/" + path.replace(".", "/"), "inputs": inputs}
    return {**told, "answers": {name: [name] for name in answers}}


def source(graph: Any, name: str, wires: Wires, known: Set[str]) -> Optional[List[str]]:
    """The named values that a value is, or whose sizes it is made of; None where it is neither."""
    place = wires.made.get(name)
    if name in known or place is None:
        return [name] if name in known else []  # a weight is in the graph itself
    node = graph.node[place]
    if node.op_type == "Shape":
        return source(graph, node.input[0], wires, known)
    if node.op_type not in SIZING:
        return None
    parts = [source(graph, each, wires, known) for each in node.input if each]
    return None if None in parts else [found for part in parts for found in part or ()]


def modules(node: Any) -> Iterator[Tuple[str, str]]:
    """Path and class of each module that a node is in, outer before inner."""
    notes = {prop.key: prop.value for prop in node.metadata_props}
    scopes: List[str] = ast.literal_eval(notes.get(NOTE + "name_scopes", "[]"))
    classes: List[str] = ast.literal_eval(notes.get(NOTE + "class_hierarchy", "[]"))
    for path, kind in zip(scopes[:-1], classes):
        if path and not path.startswith("_empty"):
            yield path, kind


def rename(graph: Any, known: Set[str]) -> None:
    """Give values that lost it the name of the node that they are of: the one value that leaves it."""
    wires, parts = wired(graph), {}  # type: Wires, Dict[str, List[int]]
    for place, node in enumerate(graph.node):
        notes = {prop.key: prop.value for prop in node.metadata_props}
        told = re.match(r"%(\w+) :", notes.get(NOTE + "fx_node", ""))
        if told and told.group(1) in known - set(wires.made):
            parts.setdefault(told.group(1), []).append(place)
    fixed = {value.name for value in graph.output} | known
    names = {}
    for name, places in parts.items():
        made = [value for place in places for value in graph.node[place].output]
        left = [value for value in made if wires.read.get(value, set()) - set(places)]
        if len(left) == 1 and left[0] not in fixed and graph.node[places[-1]].op_type != "Shape":
            names[left[0]] = name
    renamed(graph, names)


def renamed(graph: Any, names: Mapping[str, str]) -> None:
    """Rename values in a graph and in those inside it."""
    for node in graph.node:
        for side in (node.input, node.output):
            for i, name in enumerate(side):
                side[i] = names.get(name, name)
        for attribute in node.attribute:
            if attribute.HasField("g"):
                renamed(attribute.g, names)
    for value in (*graph.value_info, *graph.output):
        value.name = names.get(value.name, value.name)


def wired(graph: Any) -> Wires:
    """The wires between a graph's nodes; its inputs are made at -1."""
    made = {value.name: -1 for value in graph.input}
    read = {value.name: {-1} for value in graph.output}
    for place, node in enumerate(graph.node):
        made.update((name, place) for name in node.output if name)
        for name in reads(node):
            read.setdefault(name, set()).add(place)
    return Wires(made, read)


def reads(node: Any) -> List[str]:
    """The values that a node reads, its inner graphs' included."""
    inner = [attribute.g for attribute in node.attribute if attribute.HasField("g")]
    return [name for name in node.input if name] + [n for g in inner for each in g.node for n in reads(each)]


def values(
    model: Any, rows: Mapping[str, Any], names: Sequence[str], request: Mapping[str, Any]
) -> Dict[str, Any]:
    """The values of these names that there are for rows: what goes in, comes out, and lies between."""
    found = {**rows, **model.ask(rows)}
    if not set(names) <= set(found):
        try:
            found = {**between(model, rows, set(names), request), **found}
        except Exception:  # then only the network as a whole can be looked at
            return found
    return {name: found[name] for name in names if name in found}


def between(
    model: Any, rows: Mapping[str, Any], names: Set[str], request: Mapping[str, Any]
) -> Dict[str, Any]:
    """What the nodes of these names are for rows, in the program that the graph's values are named after."""
    import torch

    if not isinstance(model, native.Exported):
        model = tracing.traced(model, request, tracing.examples(model, request, rows))
    model = main.sibling("torch_export").unfixed(model)
    program: Any = main.sibling("torch_export").translated(model, request).exported_program
    interpreter: Any = torch.fx.Interpreter(program.module())
    found, run = {}, interpreter.run_node  # type: Dict[str, Any], Any

    def noting(node: Any) -> Any:
        value = run(node)
        if node.name in names and hasattr(value, "detach"):
            found[node.name] = native.array(value)
        return value

    interpreter.run_node = noting
    given = [native.tensor(rows[name]) if name else held for name, held in zip(model.inputs, model.fixed)]
    interpreter.run(*given, enable_io_processing=False)
    return found
