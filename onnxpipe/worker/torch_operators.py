"""Operators that torch.onnx lacks, or translates to something that answers where torch refuses."""

from __future__ import annotations

from typing import Any, Callable, Dict

import numpy as np

FLOAT, DOUBLE = 1, 11
"""ONNX's numbers of these types."""


def table(torch: Any) -> Dict[Any, Callable[..., Any]]:
    """Translations by operator, in place of torch.onnx's own.

    torch refuses places below zero in all but argmax, which ONNX counts from the end.
    """
    import onnxscript

    op = onnxscript.opset18  # type: Any
    aten = torch.ops.aten

    def places(indices: Any) -> Any:
        """The places, those below zero moved to where there is nothing."""
        nowhere = op.CastLike(op.Constant(value_int=np.iinfo(np.int32).max), indices)
        return op.Where(op.Less(indices, op.CastLike(op.Constant(value_int=0), indices)), nowhere, indices)

    def embedding(
        weight: Any,
        indices: Any,
        padding_idx: int = -1,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Any:
        return op.Gather(weight, places(indices))

    def index_select(self: Any, dim: int, index: Any) -> Any:
        return op.Gather(self, places(index), axis=dim)

    def gather(self: Any, dim: int, index: Any, sparse_grad: bool = False) -> Any:
        return op.GatherElements(self, places(index), axis=dim)

    def argmax(self: Any, dim: Any = None, keepdim: bool = False) -> Any:
        """A NaN counts as the greatest, and no rows stay none, which onnxruntime's ArgMax gets wrong."""
        along = -1 if dim is None else dim
        if dim is None:
            self = op.Reshape(self, op.Constant(value_ints=[-1]))
        numbers = op.Cast(self, to=FLOAT) if self.dtype not in (FLOAT, DOUBLE) else self
        blank = op.Cast(op.IsNaN(numbers), to=FLOAT)
        one, axes = op.Constant(value_ints=[1]), op.Constant(value_ints=[along])
        _, best = op.TopK(numbers, one, axis=along)
        share, first = op.TopK(blank, one, axis=along)
        found = op.Where(op.Greater(share, op.Constant(value_float=0.0)), first, best)
        return found if keepdim else op.Squeeze(found, axes)

    return {
        **lacking(op, aten),
        **exact(op, aten),
        aten.argmax.default: argmax,
        aten.embedding.default: embedding,
        aten.index_select.default: index_select,
        aten.gather.default: gather,
    }


def exact(op: Any, aten: Any) -> Dict[Any, Callable[..., Any]]:
    """Translations of operators whose ONNX namesakes onnxruntime (1.31) answers otherwise, or not at all."""

    def sigmoid(self: Any) -> Any:
        """By its formula: onnxruntime's own (1.31) is off by 1e-7 however small its answer is."""
        if self.dtype not in (FLOAT, DOUBLE):
            return op.Sigmoid(self)
        one = op.CastLike(op.Constant(value_float=1.0), self)
        return op.Reciprocal(op.Add(op.Exp(op.Neg(self)), one))

    def group_norm(
        self: Any,
        num_groups: int,
        weight: Any = None,
        bias: Any = None,
        eps: float = 1e-5,
        cudnn_enabled: bool = True,
    ) -> Any:
        """Each group of channels to mean 0 and variance 1, then scaled and moved by channel.

        ONNX's own operator lets a Reshape find out a size, which it can't where there are no rows.
        """
        whole, rows = op.Shape(self), op.Shape(self, start=0, end=1)
        groups, last = op.Constant(value_ints=[num_groups]), op.Constant(value_ints=[2])
        size = op.Div(op.ReduceProd(op.Shape(self, start=1)), groups)
        apart = op.Reshape(self, op.Concat(rows, groups, size, axis=0), allowzero=1)
        centred = op.Sub(apart, op.ReduceMean(apart, last))
        variance = op.ReduceMean(op.Mul(centred, centred), last)
        least = op.CastLike(op.Constant(value_float=eps), self)
        made = op.Reshape(op.Div(centred, op.Sqrt(op.Add(variance, least))), whole, allowzero=1)
        behind = op.Constant(value_ints=list(range(1, len(self.shape) - 1)))
        by_channel = [None if each is None else op.Unsqueeze(each, behind) for each in (weight, bias)]
        made = made if by_channel[0] is None else op.Mul(made, by_channel[0])
        return made if by_channel[1] is None else op.Add(made, by_channel[1])

    return {aten.group_norm.default: group_norm, aten.sigmoid.default: sigmoid}


def lacking(op: Any, aten: Any) -> Dict[Any, Callable[..., Any]]:
    """Translations of operators that torch.onnx (2.13) has none for."""

    def rrelu(
        self: Any,
        noise: Any,
        lower: float = 0.125,
        upper: float = 1 / 3,
        training: bool = False,
        generator: Any = None,
    ) -> Any:
        """Outside of training, the slope in the middle (``rrelu_with_noise`` in ATen's Activation.cpp)."""
        return op.LeakyRelu(self, alpha=(lower + upper) / 2), op.Identity(noise)

    def adaptive_avg_pool3d(self: Any, output_size: Any) -> Any:
        """The mean over one axis after the other: what is averaged is a block."""
        axes = (2, 3, 4)
        lengths = [int(self.shape[axis]) for axis in axes]
        for axis, length, size in zip(axes, lengths, output_size):
            self = pooled(self, axis, length, int(size))
        return self

    def pooled(self: Any, axis: int, length: int, size: int) -> Any:
        """The means from ``i * length / size`` rounded down to ``(i + 1) * length / size`` rounded up.

        Pools, and no reductions: onnxruntime (1.31) leaves the shape of no rows unreduced.
        """
        parts, axes = [], op.Constant(value_ints=[axis])
        for i in range(size):
            start, end = i * length // size, -((i + 1) * -length // size)
            places = [op.Constant(value_ints=[place]) for place in (start, end)]
            kernel = [end - start if each == axis else 1 for each in (2, 3, 4)]
            parts.append(op.AveragePool(op.Slice(self, *places, axes), kernel_shape=kernel))
        return op.Concat(*parts, axis=axis)

    return {
        aten._adaptive_avg_pool3d.default: adaptive_avg_pool3d,
        aten.rrelu_with_noise_functional.default: rrelu,
    }
