"""Layers that normalise: by statistics from training, or by those of each row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from numpy.typing import NDArray

from onnxpipe.adapters.keras.calls import Call, Value, apply
from onnxpipe.adapters.keras.layers import own
from onnxpipe.blocks.networks import normalising
from onnxpipe.core.ops import Var, op, shape_of
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts

Array = NDArray[Any]


def _affine(stage: Stage, weights: Iterator[Array]) -> normalising.Affine:
    """Gamma and beta, as far as the layer has them."""
    gamma = next(weights) if stage.get("scale", True) else 1.0
    return gamma, next(weights) if stage.get("center", True) else 0.0


def _axes(stage: Stage, x: Var) -> list[int]:
    """The axes that a layer works along, counted from the front."""
    axis = stage.get("axis", -1)
    return sorted(int(each) % len(shape_of(x)) for each in (axis if isinstance(axis, list) else [axis]))


@converts("keras.layers.BatchNormalization")
def batch_normalization(stage: Stage, x: Var) -> Var:
    """By the moving statistics. Formula: tf.nn.batch_normalization."""
    weights = iter(own(stage))
    more = _affine(stage, weights)
    mean, variance = next(weights), next(weights)
    (axis,) = _axes(stage, x)
    return normalising.by_statistics(x, axis, mean, variance, stage.epsilon, more)


def _placed(weight: Any, stage: Stage, x: Var) -> Any:
    """A weight along the axes that a layer works along."""
    axes, rank = _axes(stage, x), len(shape_of(x))
    if not hasattr(weight, "reshape"):
        return weight
    sizes = iter(weight.shape)
    return weight.reshape([next(sizes) if axis in axes else 1 for axis in range(rank)])


@converts("keras.layers.LayerNormalization")
def layer_normalization(stage: Stage, x: Var) -> Var:
    """Formula: keras.src.ops.nn._layer_normalization."""
    axes = _axes(stage, x)
    if stage.get("rms_scaling"):
        return normalising.by_spread(x, axes, stage.epsilon, _placed(own(stage)[0], stage, x))
    gamma, beta = (_placed(part, stage, x) for part in _affine(stage, iter(own(stage))))
    return normalising.by_moments(x, axes, stage.epsilon, (gamma, beta))


@converts("keras.layers.RMSNormalization")
def rms_normalization(stage: Stage, x: Var) -> Var:
    """Formula: keras.src.ops.nn._rms_normalization."""
    gamma = _placed(own(stage)[0], stage, x)
    return normalising.by_root_mean_square(x, _axes(stage, x), stage.epsilon, gamma)


@converts("keras.layers.GroupNormalization")
def group_normalization(stage: Stage, x: Var) -> Var:
    """Formula: keras.layers.GroupNormalization.call; -1 is a group per channel."""
    (axis,), rank = _axes(stage, x), len(shape_of(x))
    last = [*(i for i in range(rank) if i != axis), axis]
    turned = op.transpose(x, perm=last) if axis != rank - 1 else x
    groups = shape_of(turned)[-1] if stage.groups == -1 else int(stage.groups)
    y = normalising.in_groups(turned, groups, stage.epsilon, _affine(stage, iter(own(stage))))
    return op.transpose(y, perm=[last.index(i) for i in range(rank)]) if axis != rank - 1 else y


@converts("keras.layers.UnitNormalization")
def unit_normalization(stage: Stage, x: Var) -> Var:
    """Formula: keras.layers.UnitNormalization.call."""
    return normalising.unit(x, _axes(stage, x), 1e-12)


@converts("keras.layers.SpectralNormalization")
def spectral_normalization(stage: Stage, x: Value) -> Any:
    """The layer inside, whose weights were normalised when it was last trained."""
    return apply(stage.child("layer", stage.layer), Call((x,)))
