"""onnxmltools: one stage of a Spark model to a model of its own, with the converters the user registered."""

from __future__ import annotations

import sys
from typing import Any, Dict, Mapping, Sequence, Tuple

main = sys.modules["_onnxpipe_main"]

Inputs = Sequence[Mapping[str, Any]]
"""``{"name", "dtype", "columns"}`` of each column that arrives, ``columns`` being as long as its vectors."""


def export(stage: Any, inputs: Inputs, opset: int) -> Tuple[bytes, Dict[str, str]]:
    """The serialized model, and its output by the name of the column that the stage adds.

    Raises NoConverter where nobody registered one for the stage's class.
    """
    from onnxmltools.convert.common.onnx_ex import get_maximum_opset_supported
    from onnxmltools.convert.sparkml import convert, ops_names
    from onnxmltools.convert.sparkml.ops_input_output import get_output_names

    if type(stage) not in ops_names.sparkml_operator_name_map:
        raise main.NoConverter("it has no converter for a %s" % type(stage).__name__)
    types = [(each["name"], tensor_type(each)) for each in inputs]
    wanted = min(opset, get_maximum_opset_supported())
    made = convert(
        stage,
        "stage",
        types,
        target_opset=wanted,
        spark_session=sys.modules["_onnxpipe_spark_native"].session(),
    )
    names = [value.name for value in made.graph.output]
    return made.SerializeToString(), dict(zip(get_output_names(stage), names))


def tensor_type(each: Mapping[str, Any]) -> Any:
    """onnxmltools's type ``[N, d]`` of an input."""
    from onnxmltools.convert.common import data_types

    kinds = {"float64": "Double", "float32": "Float", "int64": "Int64", "int32": "Int32", "bool": "Boolean",
             "string": "String"}  # fmt: skip
    return getattr(data_types, kinds[each["dtype"]] + "TensorType")([None, len(each["columns"])])
