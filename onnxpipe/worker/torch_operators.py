"""Operators that torch.onnx translates to something that answers where torch refuses."""

from __future__ import annotations

from typing import Any, Callable, Dict

import numpy as np


def table(torch: Any) -> Dict[Any, Callable[..., Any]]:
    """Translations by operator, in place of torch.onnx's own.

    torch refuses places below zero here, which ONNX counts from the end.
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

    return {
        aten.embedding.default: embedding,
        aten.index_select.default: index_select,
        aten.gather.default: gather,
    }
