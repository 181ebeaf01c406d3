"""PyTorch's own answers: the network loaded, in evaluation mode, and asked without gradients."""

from __future__ import annotations

import sys
import zipfile
from typing import Any, Dict, Iterator, List, Mapping, Tuple

import numpy as np

main = sys.modules["_onnxpipe_main"]
single = main.sibling("single")


def load(path: str, format: str, names: List[str]) -> Any:
    """The network in a file."""
    import torch

    settled(torch)
    if is_exported(path):
        return Exported(torch.export.load(path))
    raise ValueError("this kind of file isn't known")


def settled(torch: Any) -> None:
    """Let torch answer the same to the same rows, and padded ones as its own layers are written.

    The fast path of attention leaves zeros in padded rows, which the layers don't.
    """
    torch.manual_seed(0)
    torch.set_grad_enabled(False)
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.backends.mha.set_fastpath_enabled(False)


def is_exported(path: str) -> bool:
    """Whether a file is an exported program's archive."""
    wanted = {"models/model.json", "serialized_exported_program.json"}
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any((name.partition("/")[2] or name) in wanted for name in archive.namelist())


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

    def ask(self, rows: Mapping[str, Any]) -> Dict[str, Any]:
        """All that the program answers to rows, by output name."""
        import torch

        if self._call is None:
            self._call = self.program.module()
        given = [tensor(torch, rows[n]) if n else v for n, v in zip(self.inputs, self.fixed)]
        args, kwargs = self.pytree.tree_unflatten(given, self.program.call_spec.in_spec)
        found = self.pytree.tree_leaves(self._call(*args, **kwargs))
        return {name: array(value) for name, value in zip(self.outputs, found) if name}


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


def tensor(torch: Any, values: Any) -> Any:
    """Rows as torch has them."""
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


arrive = single.arrive


def random(program: Any) -> Iterator[str]:
    """The operators of an exported program that draw random numbers, or work as in training."""
    import torch

    for node in program.graph.nodes:
        if node.op == "call_function" and hasattr(node.target, "_schema"):
            named = dict(zip([arg.name for arg in node.target._schema.arguments], node.args))
            named.update(node.kwargs)
            trains = named.get("train", named.get("training"))
            draws = torch.Tag.nondeterministic_seeded in node.target.tags
            if trains or (draws and trains is None and named.get("dropout_p", 1) != 0):
                yield str(node.target)
