"""Converters for onnxmltools's Spark ML; importing this module registers them."""

from __future__ import annotations

import numpy as np
from onnx import numpy_helper
from onnxmltools.convert.common._registration import register_converter, register_shape_calculator
from onnxmltools.convert.sparkml.ops_input_output import io_name_map
from onnxmltools.convert.sparkml.ops_names import sparkml_operator_name_map

from acme.spark import Stretch, Toll


def _registered(stage, inputs, shape, convert):
    name = "acme." + stage.__name__
    sparkml_operator_name_map[stage] = name
    io_name_map[name] = (inputs, lambda model: [model.getOutputCol()])
    register_shape_calculator(name, shape)
    register_converter(name, convert)


def _as_given(operator):
    operator.outputs[0].type = operator.inputs[0].type


def _stretch(scope, operator, container):
    stage, factor = operator.raw_operator, scope.get_unique_variable_name("factor")
    dtype = np.float64 if "Double" in type(operator.inputs[0].type).__name__ else np.float32
    value = numpy_helper.from_array(np.array([stage.getOrDefault(stage.factor)], dtype))
    container.add_node("Constant", [], factor, value=value, name=scope.get_unique_operator_name("Constant"))
    container.add_node(
        "Mul",
        [operator.inputs[0].full_name, factor],
        operator.output_full_names,
        op_version=14,
        name=scope.get_unique_operator_name("Mul"),
    )


def _number(operator):
    operator.outputs[0].type = operator.inputs[1].type


def _toll(scope, operator, container):
    city, number = (each.full_name for each in operator.inputs)
    told, factor = scope.get_unique_variable_name("told"), scope.get_unique_variable_name("factor")
    container.add_node(
        "LabelEncoder",
        city,
        told,
        op_domain="ai.onnx.ml",
        op_version=2,
        keys_strings=["Oslo"],
        values_floats=[3.0],
        default_float=1.0,
        name=scope.get_unique_operator_name("Label"),
    )
    container.add_node(
        "CastLike", [told, number], factor, op_version=15, name=scope.get_unique_operator_name("Cast")
    )
    container.add_node(
        "Mul",
        [factor, number],
        operator.output_full_names,
        op_version=14,
        name=scope.get_unique_operator_name("Mul"),
    )


_registered(Stretch, lambda model: [model.getInputCol()], _as_given, _stretch)
_registered(Toll, lambda model: list(model.getInputCols()), _number, _toll)
