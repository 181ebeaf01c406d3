"""Converters for skl2onnx; importing this module registers them, and says so where it shouldn't."""

from __future__ import annotations

import numpy as np
from skl2onnx import update_registered_converter
from skl2onnx.algebra.onnx_ops import (
    OnnxArgMax,
    OnnxArrayFeatureExtractor,
    OnnxCast,
    OnnxEqual,
    OnnxMatMul,
    OnnxMul,
    OnnxReshape,
    OnnxSigmoid,
    OnnxSoftmax,
    OnnxSub,
)
from skl2onnx.common.data_types import (
    DoubleTensorType,
    Int64TensorType,
    StringTensorType,
    guess_numpy_type,
)

from acme import Centroids, Labelled, Plane, Squash, Whiten


def _sized(width):
    def shape(operator):
        operator.outputs[0].type = operator.inputs[0].type.__class__([None, width(operator.raw_operator)])

    return shape


def _whiten(scope, operator, container):
    fitted, (x,), version = operator.raw_operator, operator.inputs, container.target_opset
    dtype = guess_numpy_type(x.type)
    centred = OnnxSub(x, fitted.mean_.astype(dtype), op_version=version)
    rotation = fitted.rotation_.astype(dtype)
    OnnxMatMul(centred, rotation, op_version=version, output_names=operator.outputs).add_to(scope, container)


def _squash(scope, operator, container):
    version = container.target_opset
    moved = OnnxSub(operator.inputs[0], np.zeros(1, np.float32), op_version=version)
    OnnxSigmoid(moved, op_version=version, output_names=operator.outputs).add_to(scope, container)


def _labelled_shape(operator):
    operator.outputs[0].type = DoubleTensorType([None, len(operator.raw_operator.words_)])


def _labelled(scope, operator, container):
    text, number = operator.inputs
    version = container.target_opset
    same = OnnxEqual(text, operator.raw_operator.words_.reshape(1, -1).astype(object), op_version=version)
    found = OnnxCast(same, to=11, op_version=version)
    OnnxMul(found, number, op_version=version, output_names=operator.outputs).add_to(scope, container)


def _named(operator):
    return operator.raw_operator.classes_.dtype.kind in "OU"


def _centroids_shape(operator):
    operator.outputs[0].type = StringTensorType([None]) if _named(operator) else Int64TensorType([None])
    operator.outputs[1].type = operator.inputs[0].type.__class__([None, len(operator.raw_operator.classes_)])


def _centroids(scope, operator, container):
    fitted, (x,), version = operator.raw_operator, operator.inputs, container.target_opset
    dtype = guess_numpy_type(x.type)
    products = OnnxMatMul(x, fitted.centres_.T.astype(dtype) * 2, op_version=version)
    scores = OnnxSub(products, (fitted.centres_**2).sum(axis=1).astype(dtype), op_version=version)
    odds = OnnxSoftmax(scores, axis=1, op_version=version, output_names=operator.outputs[1:])
    best = OnnxArgMax(odds, axis=1, op_version=version)
    known = fitted.classes_.astype(object) if _named(operator) else fitted.classes_
    labels = OnnxArrayFeatureExtractor(known, best, op_version=version)
    flat = OnnxReshape(labels, np.array([-1]), op_version=version, output_names=operator.outputs[:1])
    flat.add_to(scope, container)


def _plane(scope, operator, container):
    fitted, (x,), version = operator.raw_operator, operator.inputs, container.target_opset
    weights = fitted.coef_[:, None].astype(guess_numpy_type(x.type))
    OnnxMatMul(x, weights, op_version=version, output_names=operator.outputs).add_to(scope, container)


print("registering")
update_registered_converter(Whiten, "AcmeWhiten", _sized(lambda e: e.rotation_.shape[1]), _whiten)
update_registered_converter(Squash, "AcmeSquash", _sized(lambda e: e.n_features_in_), _squash)
update_registered_converter(Labelled, "AcmeLabelled", _labelled_shape, _labelled)
update_registered_converter(
    Centroids, "AcmeCentroids", _centroids_shape, _centroids, options={"zipmap": [True, False]}
)
update_registered_converter(Plane, "AcmePlane", _sized(lambda e: 1), _plane)
