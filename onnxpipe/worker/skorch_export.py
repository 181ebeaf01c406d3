"""skorch: a fitted net with what its predict and predict_proba do to it, exported by torch.onnx."""

from __future__ import annotations

import inspect
import sys
from typing import Any, Dict, List, Mapping, Sequence, Tuple

main = sys.modules["_onnxpipe_main"]
native, exporting = main.sibling("torch_native"), main.sibling("torch_export")
installed = main.sibling("installed")

METHODS = ("predict", "predict_proba", "forward_iter", "evaluation_step")
"""What stands between a net and its module, besides ``infer``, which is traced as it is."""

Inputs = Sequence[Mapping[str, Any]]
"""``{"name", "dtype", "columns"}`` of each matrix that arrives, ``columns`` being its columns' names."""


def export(net: Any, inputs: Inputs, opset: int) -> Tuple[bytes, Dict[str, str]]:
    """The serialized model of a net, and its output by method name. Raises NoConverter."""
    if len(inputs) > 1 or inputs[0]["dtype"] == "string":
        raise main.NoConverter("a net takes one matrix of numbers")
    (given,) = inputs
    if len(arguments(net)) > 1:
        raise main.NoConverter("in a pipeline a net takes one matrix; its module wants several inputs")
    told = {"dtype": given["dtype"], "shape": [None, len(given["columns"])]}
    request = {"opset": opset, "inputs": {given["name"]: told}, "outputs": [], "dynamic": {}}
    made, facts = program(net, request, {})
    return made, {name: name for name in facts["stages"][-1]["answers"]}


def program(net: Any, request: Mapping[str, Any], rows: Mapping[str, Any]) -> Tuple[bytes, Dict[str, Any]]:
    """The serialized graph of a net that stands alone, and the facts that ``worker/__init__.py`` lists."""
    made, facts = exporting.program(native.Module(asked(net)), request, rows)
    kind = "%s.%s" % (type(net).__module__, type(net).__qualname__)
    facts["stages"][-1]["kind"] = kind
    route = "skorch %s, %s" % (installed.version("skorch"), facts["route"])
    return made, {**facts, "kind": kind, "version": installed.version("scikit-learn"), "route": route}


def asked(net: Any) -> Any:
    """A module that answers what a net's ``predict`` and ``predict_proba`` do.

    Raises NoConverter where a class of the user's has its own.
    """
    import torch

    own = [name for name in METHODS if is_own(net, name)]
    if own:
        raise main.NoConverter("its class has a %s of its own, which isn't part of the network" % own[0])
    finish, labels, names = net._get_predict_nonlinearity(), labelling(net), arguments(net)

    class Asked(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            for name in net._modules:
                self.add_module(name, getattr(net, name + "_"))

        def forward(self, **given: Any) -> Dict[str, Any]:
            found = net.infer(given if len(names) > 1 else given["X"])
            scores = finish(found[0] if isinstance(found, tuple) else found)
            return {"predict": labels(scores), "predict_proba": scores} if labels else {"predict": scores}

    first = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    rest = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in names]
    setattr(Asked.forward, "__signature__", inspect.Signature([first, *rest]))  # noqa: B010 - for mypy
    return Asked()


def arguments(net: Any) -> List[str]:
    """What a net's module takes: ``X`` where that is one thing, else names of what its dictionary holds."""
    known = inspect.signature(net.module_.forward).parameters.values()
    needed = [
        p.name for p in known if p.default is p.empty and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    ]
    return needed if len(needed) > 1 else ["X"]


def is_own(net: Any, name: str) -> bool:
    """Whether a method is none of skorch's plain nets'."""
    return getattr(type(net), name).__module__ not in ("skorch.net", "skorch.classifier", "skorch.regressor")


def labelling(net: Any) -> Any:
    """What makes labels of a net's probabilities, None where it predicts what the module answers."""
    import skorch

    if isinstance(net, skorch.NeuralNetBinaryClassifier):
        import torch

        return lambda scores: (scores[:, 1] > net.threshold).to(torch.uint8)
    if isinstance(net, skorch.NeuralNetClassifier):
        return lambda scores: scores.argmax(1)
    return None
