"""TensorFlow's own answers: a signature of a SavedModel, called with rows by name."""

from __future__ import annotations

import os
import sys
from typing import Any, Dict, List, Mapping, Tuple

main = sys.modules["_onnxpipe_main"]
single, tensors = main.sibling("single"), main.sibling("tensors")

DEFAULT = "serving_default"
_OWN = "__saved_model_"
"""How signatures begin that TensorFlow keeps for itself."""


class Function:
    """A concrete function that reads variables and tables of ``holder``, and what it is called.

    ``inputs`` and ``outputs`` are types by name, in the order of the function's own placeholders and
    answers.
    """

    def __init__(self, concrete: Any, holder: Any, kind: str, path: str, version: str) -> None:
        self.concrete, self.holder, self.kind, self.path, self.version = concrete, holder, kind, path, version
        self.inputs, self.outputs = {}, {}  # type: Dict[str, Any], Dict[str, Any]

    def ask(self, rows: Mapping[str, Any]) -> Dict[str, Any]:
        """All that the function answers to rows, by output name."""
        raise NotImplementedError


class Signature(Function):
    """A function of a SavedModel, whose arguments and answers have names."""

    def __init__(self, held: Any, path: str, version: str) -> None:
        super().__init__(held.signatures[path], held, "tensorflow.SavedModel", path, version)
        known = self.concrete.structured_input_signature[1]
        self.called = features(held, set(known), self.concrete) if path == DEFAULT else {}
        named = {name: known[name] for name in arguments(self.concrete, set(known))}
        self.inputs = {self.called.get(name, name): spec for name, spec in named.items()}
        self.outputs = dict(sorted(self.concrete.structured_outputs.items()))

    def ask(self, rows: Mapping[str, Any]) -> Dict[str, Any]:
        own = {feature: name for name, feature in self.called.items()}
        given = {own.get(n, n): tensors.tensor(rows[n], spec.dtype) for n, spec in self.inputs.items()}
        return {name: tensors.array(found) for name, found in self.concrete(**given).items()}


def features(held: Any, known: Any, concrete: Any) -> Dict[str, str]:
    """The names of a TF Transform graph's features by those that its signature has for them.

    It numbers them, ``inputs``, ``inputs_1`` and so on, and keeps their names in ``transform_fn``. One that
    is an output's name too is ``name_in``. Source: tensorflow_transform/saved/saved_transform_io_v2.py.
    """
    try:
        (named,), _ = held.transform_fn.structured_input_signature
        order = sorted(named)
    except (AttributeError, TypeError, ValueError):
        return {}
    taken = set(concrete.structured_outputs)
    named = [name + "_in" if name in taken else name for name in order]
    found = {"inputs_%d" % i if i else "inputs": name for i, name in enumerate(named)}
    return found if set(found) == set(known) else {}


def arguments(concrete: Any, known: Any) -> List[str]:
    """The names of a function's arguments in the order of its placeholders. Raises ValueError."""
    found = []
    for place in placeholders(concrete):
        told = place.op.node_def.attr["_user_specified_name"].s.decode()
        found.append(told if told in known else place.op.name)
    if set(found) != known:
        raise ValueError("its arguments (%s) can't be told apart" % ", ".join(sorted(known)))
    return found


def placeholders(concrete: Any) -> List[Any]:
    """The tensors of a function's graph that stand for its arguments, without variables and tables."""
    captured = {id(each) for each in concrete.graph.internal_captures}
    return [tensor for tensor in concrete.graph.inputs if id(tensor) not in captured]


def load(path: str, format: str, _names: List[str]) -> Signature:
    """The signature that is asked for, else the one that is served. Raises ValueError with those it has."""
    tensorflow = tensors.tensorflow()
    held = tensorflow.saved_model.load(path, tags=tags(path))
    known = [name for name in held.signatures if not name.startswith(_OWN)]
    name = format.partition(" ")[2] if format.startswith("signature ") else served(known)
    if not known:
        raise ValueError("it has no signature: save it with tf.saved_model.save(..., signatures=...)")
    if name not in known:
        told = "it has no signature %s" % name if name else "none of its signatures is the default"
        raise ValueError("%s: --signature names one of %s" % (told, ", ".join(sorted(known))))
    return Signature(held, name, str(getattr(held, "tensorflow_version", tensorflow.__version__)))


def served(known: List[str]) -> str:
    """The default among signatures, or the only one; empty where that doesn't tell."""
    return DEFAULT if DEFAULT in known else (known[0] if len(known) == 1 else "")


def tags(path: str) -> List[str]:
    """The tags of the graph to load: the one that is served, else the first."""
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    with open(os.path.join(path, "saved_model.pb"), "rb") as file:
        graphs = SavedModel.FromString(file.read()).meta_graphs
    found = [list(graph.meta_info_def.tags) for graph in graphs]  # type: List[List[str]]
    return next((each for each in found if each == ["serve"]), found[0])


def versions() -> Dict[str, str]:
    """The version that answers."""
    return {"tensorflow": str(tensors.tensorflow().__version__)}


def answers(
    model: Function, rows: Mapping[str, Any], methods: List[str], optional: List[str]
) -> Dict[str, Any]:
    """The function's answers by output name."""
    return single.chosen(model.ask(rows), methods, optional)  # type: ignore[no-any-return]


def stages(
    model: Function, rows: Mapping[str, Any], wanted: Mapping[str, List[str]]
) -> Tuple[List[Dict[str, Any]], str]:
    """What the function as a whole got and answered."""
    return single.stages(rows, wanted, model.ask(rows))  # type: ignore[no-any-return]


arrive = single.arrive
