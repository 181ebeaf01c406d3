"""skl2onnx: one fitted estimator to a model of its own, with whatever converters the user registered."""

from __future__ import annotations

import re
import sys
from typing import Any, Dict, List, Mapping, Sequence, Tuple

main = sys.modules["_onnxpipe_main"]
recording = sys.modules["_onnxpipe_recording"]

_SCORES = ("predict_proba", "decision_function", "transform", "score_samples")
"""What may follow the labels, in the order skl2onnx prefers."""
_ML_OPSET = 3

Inputs = Sequence[Mapping[str, Any]]
"""``{"name", "dtype", "columns"}`` of each matrix that arrives, ``columns`` being its columns' names."""


def export(estimator: Any, inputs: Inputs, opset: int) -> Tuple[bytes, Dict[str, str]]:
    """The serialized model, and its output by method name.

    Raises NoConverter where nobody registered one for the estimator's class.
    """
    from skl2onnx.common.exceptions import MissingConverter, MissingShapeCalculator

    try:
        model = converted(estimator, inputs, opset)
    except (MissingConverter, MissingShapeCalculator):
        raise main.NoConverter("it has no converter for a %s" % type(estimator).__name__) from None
    zipmaps_dropped(model.graph)
    return model.SerializeToString(), methods(estimator, [value.name for value in model.graph.output])


def converted(estimator: Any, inputs: Inputs, opset: int) -> Any:
    """What skl2onnx makes of an estimator, without ZipMap where it knows the option."""
    import skl2onnx

    types = [(each["name"], tensor_type(each)) for each in inputs]
    highest = getattr(skl2onnx, "__max_supported_opset__", opset)
    wanted = {"": min(opset, highest), "ai.onnx.ml": _ML_OPSET}
    try:
        options = {id(estimator): {"zipmap": False}} if hasattr(estimator, "classes_") else None
        return skl2onnx.convert_sklearn(estimator, None, types, options=options, target_opset=wanted)
    except (NameError, ValueError):  # a converter that was registered without this option
        return skl2onnx.convert_sklearn(estimator, None, types, target_opset=wanted)


def tensor_type(each: Mapping[str, Any]) -> Any:
    """skl2onnx's type ``[N, d]`` of an input."""
    from skl2onnx.common import data_types

    kinds = {
        "float64": "Double", "float32": "Float", "int64": "Int64", "int32": "Int32", "int8": "Int8",
        "uint8": "UInt8", "bool": "Boolean", "string": "String",
    }  # fmt: skip
    return getattr(data_types, kinds[each["dtype"]] + "TensorType")([None, len(each["columns"])])


def zipmaps_dropped(graph: Any) -> None:
    """Take out, in place, what turns a matrix of scores into dictionaries."""
    from onnx import TensorProto, helper

    for node in [node for node in graph.node if node.op_type == "ZipMap"]:
        graph.node.remove(node)
        for i, value in enumerate(graph.output):
            if value.name == node.output[0]:
                plain = helper.make_tensor_value_info(node.input[0], TensorProto.FLOAT, [None, None])
                graph.output[i].CopyFrom(plain)


def methods(estimator: Any, names: List[str]) -> Dict[str, str]:
    """The outputs by the method they answer for: their own name, else by what the estimator can do."""
    if all(re.sub(r"_\d+$", "", name) in recording.METHODS for name in names):
        return {name: name for name in names}
    scores = [method for method in _SCORES if hasattr(estimator, method)]
    own = ["predict", *scores[:1]] if hasattr(estimator, "predict") else scores[:1]
    if len(names) > len(own):
        raise ValueError("it answers %s, which are no methods" % ", ".join(names))
    return dict(zip(own, names))
