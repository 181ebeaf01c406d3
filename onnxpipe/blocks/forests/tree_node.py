"""The TreeEnsemble operator (ai.onnx.ml 5) as a node filled in bulk.

Millions of attribute values go into the NodeProto array by array, and the output's type is known
without inference: spox's generic constructor copies them several times to infer it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import AttributeProto, numpy_helper
from spox._fields import BaseAttributes, BaseInputs, BaseOutputs
from spox._node import OpType
from spox._scope import Scope
from spox._standard import StandardNode
from spox._type_system import Tensor, Type
from spox._var import Var, _VarInfo

Array = NDArray[Any]

LEQ, LT, MEMBER = 0, 1, 6
"""Modes of a split: its true branch is taken by values at most, below, or among those it names."""


_AVERAGE = 0
"""How leaves are aggregated, unless they are summed."""


class Splits(NamedTuple):
    """The interior nodes of all trees, one entry per node; a child is a node or, where marked, a leaf.

    ``thresholds`` are in the precision values are compared in; ``modes`` None means ``LEQ``
    everywhere, ``nan_true`` None that NaN always takes the false branch. ``members`` are the values
    of each ``MEMBER`` node in node order, NaN after each node's.
    """

    features: Array
    thresholds: Array
    true: Array
    false: Array
    true_is_leaf: Array
    false_is_leaf: Array
    roots: Array
    modes: Array | None = None
    nan_true: Array | None = None
    members: Array | None = None


class Leaves(NamedTuple):
    """What each leaf adds to which of the ``size`` targets; ``weights`` are in the splits' precision.

    ``averaged`` says that sums are divided by the number of trees.
    """

    targets: Array
    weights: Array
    size: int
    averaged: bool = False


def tree_ensemble(x: Var, splits: Splits, leaves: Leaves) -> Var:
    """The sum or mean over trees of the leaves that rows of ``x`` ``[N, d]`` end in: ``[N, targets]``."""
    node = _TreeEnsemble(x, _filled(splits, leaves), leaves.size)
    result: Var = node.get_output_vars().Y  # type: ignore[assignment]
    return result


class _TreeEnsemble(StandardNode):
    """A spox node around a finished NodeProto, which gets its names when the graph is written."""

    @dataclass
    class Attributes(BaseAttributes):
        pass

    @dataclass
    class Inputs(BaseInputs):
        X: _VarInfo

    @dataclass
    class Outputs(BaseOutputs):
        Y: _VarInfo

    op_type = OpType("TreeEnsemble", "ai.onnx.ml", 5)

    def __init__(self, x: Var, proto: onnx.NodeProto, size: int) -> None:
        tensor = x.unwrap_tensor()
        self._proto, self._type = proto, Tensor(tensor.dtype, ((tensor.shape or (None,))[0], size))
        super().__init__(self.Attributes(), self.Inputs(X=x._var_info), infer_types=True)

    def infer_output_types(self, input_prop_values: Any) -> dict[str, Type]:
        return {"Y": self._type}

    def to_onnx(
        self,
        scope: Scope,
        doc_string: str | None = None,
        build_subgraph: Callable[..., onnx.GraphProto] | None = None,
    ) -> list[onnx.NodeProto]:
        """The one proto under the names of this graph; whoever adds it to a graph copies it."""
        self._proto.name = scope.node[self]
        self._proto.input[:] = [scope.var[var] for var in self.inputs if var is not None]
        self._proto.output[:] = [scope.var[var] for var in self.outputs if var is not None]
        return [self._proto]


def _filled(splits: Splits, leaves: Leaves) -> onnx.NodeProto:
    proto = onnx.NodeProto(op_type="TreeEnsemble", domain="ai.onnx.ml")
    modes = splits.modes if splits.modes is not None else np.zeros(len(splits.features))
    proto.attribute.add(name="n_targets", type=AttributeProto.INT, i=leaves.size)
    _ints(proto, "tree_roots", splits.roots)
    _ints(proto, "nodes_featureids", splits.features)
    _ints(proto, "nodes_truenodeids", splits.true)
    _ints(proto, "nodes_falsenodeids", splits.false)
    _ints(proto, "nodes_trueleafs", splits.true_is_leaf)
    _ints(proto, "nodes_falseleafs", splits.false_is_leaf)
    _tensor(proto, "nodes_modes", modes.astype(np.uint8))
    _tensor(proto, "nodes_splits", splits.thresholds)
    if splits.nan_true is not None:
        _ints(proto, "nodes_missing_value_tracks_true", splits.nan_true)
    if splits.members is not None:
        _tensor(proto, "membership_values", splits.members)
    _ints(proto, "leaf_targetids", leaves.targets)
    _tensor(proto, "leaf_weights", leaves.weights)
    if leaves.averaged:
        proto.attribute.add(name="aggregate_function", type=AttributeProto.INT, i=_AVERAGE)
    return proto


def _ints(proto: onnx.NodeProto, name: str, values: Array) -> None:
    ints = proto.attribute.add(name=name, type=AttributeProto.INTS).ints
    # Iterating bytes makes no new objects: a third of the time of a list.
    small = not values.size or int(values.max()) < 256
    ints.extend(values.astype(np.uint8).tobytes() if small else values.tolist())


def _tensor(proto: onnx.NodeProto, name: str, values: Array) -> None:
    tensor = numpy_helper.from_array(np.ascontiguousarray(values))
    proto.attribute.add(name=name, type=AttributeProto.TENSOR, t=tensor)
