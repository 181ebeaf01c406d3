"""PyTorch's own answers: the network loaded, in evaluation mode, and asked without gradients."""

from __future__ import annotations

import dataclasses
import inspect
import sys
from typing import Any, Dict, Iterator, List, Mapping, Tuple

import numpy as np

main = sys.modules["_onnxpipe_main"]
single, loading = main.sibling("single"), main.sibling("torch_loading")


def load(path: str, format: str, names: List[str]) -> Any:
    """The network in a file, or made by a factory: a Keras model as it is."""
    factory = format.partition(" ")[2] if format.startswith("factory ") else ""
    if factory and not main.sibling("installed").is_module("torch"):
        return loading.made(factory, path, names)
    import torch

    settled(torch)
    if factory:
        made = loading.made(factory, path, names)
        return made if loading.keras.is_model(made) else Module(made)
    if loading.is_exported(path):
        return Exported(torch.export.load(path))
    if loading.is_script(path):
        script: Any = torch.jit.load
        return Script(script(path, map_location="cpu"))
    return Module(loading.unpickled(path))


def home(model: Any) -> str:
    """The framework that answers: of a factory's model it may be Keras."""
    return "keras" if loading.keras.is_model(model) else "torch"


def settled(torch: Any) -> None:
    """Let torch answer the same to the same rows, and padded ones as its own layers are written.

    The fast path of attention leaves zeros in padded rows, which the layers don't.
    """
    torch.manual_seed(0)
    torch.set_grad_enabled(False)
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.backends.mha.set_fastpath_enabled(False)


def versions() -> Dict[str, str]:
    """The version of torch."""
    import torch

    return {"torch": str(torch.__version__)}


class Exported:
    """An exported program: the names of its inputs and outputs, and what it answers."""

    def __init__(self, program: Any) -> None:
        from torch.utils import _pytree as pytree

        self.program, self.pytree = program, pytree
        signature, calls = program.graph_signature, program.call_spec
        given = [spec.arg for spec in signature.input_specs if spec.kind.name == "USER_INPUT"]
        self.fixed = [getattr(arg, "value", None) for arg in given]
        self.inputs = [arg.name if is_tensor(arg) else "" for arg in given]
        answers = [spec.arg for spec in signature.output_specs if spec.kind.name == "USER_OUTPUT"]
        filled = pytree.tree_unflatten(list(range(len(answers))), calls.out_spec)
        keys = [key for key, _ in pytree.tree_flatten_with_path(filled)[0]]
        named = zip(output_names(keys, self.inputs), answers)
        self.outputs = [name if is_tensor(arg) else "" for name, arg in named]
        self._call = None  # type: Any
        self.batch = main.sibling("torch_batches").fixed(self)

    def ask(self, rows: Mapping[str, Any]) -> Dict[str, Any]:
        """All that the program answers to rows, by output name; in parts where its batch is fixed."""
        if self.batch:
            found: Dict[str, Any] = main.sibling("torch_batches").in_parts(self.whole, rows, self.batch)
            return found
        return self.whole(rows)

    def whole(self, rows: Mapping[str, Any]) -> Dict[str, Any]:
        """All that the program answers to rows that it takes at once."""
        if self._call is None:
            self._call = self.program.module()
        given = [tensor(rows[n]) if n else v for n, v in zip(self.inputs, self.fixed)]
        args, kwargs = self.pytree.tree_unflatten(given, self.program.call_spec.in_spec)
        found = self.pytree.tree_leaves(self._call(*args, **kwargs), is_leaf=lambda value: value is None)
        return {name: array(value) for name, value in zip(self.outputs, found) if name}


class Module:
    """A network as code: its forward's arguments are the inputs, what it returns names the outputs."""

    def __init__(self, network: Any) -> None:
        self.network = network.eval()
        known = inspect.signature(network.forward).parameters.values()
        self.inputs = [p.name for p in known if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
        self.needed = [p.name for p in known if p.default is p.empty and p.name in self.inputs]

    def run(self, rows: Mapping[str, Any]) -> Any:
        """What the network returns for rows."""
        return self.network(**{name: tensor(value) for name, value in rows.items()})

    def ask(self, rows: Mapping[str, Any]) -> Dict[str, Any]:
        """All that the network answers to rows, by output name."""
        return named(self.run(rows), list(rows))


class Script:
    """A TorchScript network: its forward's arguments are the inputs."""

    def __init__(self, network: Any) -> None:
        self.network = network.eval()
        self.inputs = [arg.name for arg in network.forward.schema.arguments[1:]]
        self.needed = [a.name for a in network.forward.schema.arguments[1:] if not a.has_default_value()]

    def run(self, rows: Mapping[str, Any]) -> Any:
        """What the network returns for rows."""
        return self.network(*[tensor(rows[name]) for name in self.inputs if name in rows])

    def ask(self, rows: Mapping[str, Any]) -> Dict[str, Any]:
        """All that the network answers to rows, by output name."""
        return named(self.run(rows), list(rows))


def named(found: Any, taken: List[str]) -> Dict[str, Any]:
    """The tensors that a network returned, by name."""
    from torch.utils import _pytree as pytree

    pairs = pytree.tree_flatten_with_path(plain(found))[0]
    names = output_names([path for path, _ in pairs], taken)
    return {name: array(value) for name, (_, value) in zip(names, pairs) if hasattr(value, "detach")}


def plain(found: Any) -> Any:
    """What a network returned, a dataclass as the dictionary of its fields."""
    if dataclasses.is_dataclass(found) and not isinstance(found, (dict, type)):
        return {field.name: getattr(found, field.name) for field in dataclasses.fields(found)}
    return found


def is_tensor(arg: Any) -> bool:
    return type(arg).__name__ == "TensorArgument"


def output_names(paths: List[Any], taken: List[str]) -> List[str]:
    """Names of answers by their places in what a network returns: keys and fields, else numbers."""
    found = []  # type: List[str]
    for path in paths:
        parts = [str(part(key)) for key in path]
        name = "_".join(parts) if parts and not parts[0].isdigit() else "_".join(["output", *parts])
        found.append("output_" + name if name in taken else name)
    return found


def part(key: Any) -> Any:
    """One step into nested answers: a dictionary's key, a field's name or a number."""
    for name in ("key", "idx", "name"):
        if hasattr(key, name):
            return getattr(key, name)
    return key


def tensor(values: Any) -> Any:
    """Rows as torch has them."""
    import torch

    return torch.from_numpy(np.array(values))  # a copy: what came over the wire can't be written to


def array(value: Any) -> Any:
    """An answer as numpy has it."""
    return value.detach().cpu().numpy()


def answers(model: Any, rows: Mapping[str, Any], methods: List[str], optional: List[str]) -> Dict[str, Any]:
    """The network's answers by output name."""
    return single.chosen(model.ask(rows), methods, optional)  # type: ignore[no-any-return]


def stages(
    model: Any, rows: Mapping[str, Any], wanted: Mapping[str, List[str]]
) -> Tuple[List[Dict[str, Any]], str]:
    """What the network as a whole got and answered."""
    return single.stages(rows, wanted, model.ask(rows))  # type: ignore[no-any-return]


def inside(model: Any, rows: Mapping[str, Any], request: Mapping[str, Any]) -> List[Dict[str, Any]]:
    """What each module got and answered, by the graph's names of the values."""
    modules = main.sibling("torch_modules")
    sides = [names for side in ("reads", "wanted") for names in request[side].values()]
    found = modules.values(model, rows, [name for names in sides for name in names], request)
    records = []
    for path, names in request["wanted"].items():
        reads = request["reads"][path]
        inputs = {str(i): found[name] for i, name in enumerate(reads)} if set(reads) <= set(found) else {}
        answers = {name: found[name] for name in names if name in found}
        records.append({"path": path, "inputs": inputs, "answers": answers})
    return records


arrive = single.arrive


def random(program: Any) -> Iterator[str]:
    """The operators of an exported program that draw random numbers, or work as in training."""
    import torch

    for node in program.graph.nodes:
        if node.op == "call_function" and hasattr(node.target, "_schema"):
            given = dict(zip([arg.name for arg in node.target._schema.arguments], node.args))
            given.update(node.kwargs)
            trains = given.get("train", given.get("training"))
            draws = torch.Tag.nondeterministic_seeded in node.target.tags
            if trains or (draws and trains is None and given.get("dropout_p", 0.0) != 0):
                yield str(node.target)
