"""Trees whose leaves are linear models of some columns, as LightGBM's ``linear_tree`` grows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks.forests.trees import Forest, added
from onnxpipe.core.ops import Var, cast, const, op
from onnxpipe.errors import Unreadable

Array = NDArray[Any]


class Tree(NamedTuple):
    """Per leaf: the value where a column is missing, the intercept, and how many columns it reads;
    then those columns and their coefficients, leaf after leaf.
    """

    value: Array
    intercept: Array
    counts: Array
    features: Array
    coefficients: Array


class Models(NamedTuple):
    """The models of all leaves, as many terms each as the longest has: ``features`` and
    ``coefficients`` ``[leaves, terms]``, where column ``d`` is one that is always 0.
    """

    value: Array
    intercept: Array
    features: Array
    coefficients: Array


def models(trees: Sequence[Tree], width: int) -> Models:
    """The models of the leaves of all trees. Raises Unreadable where their arrays contradict each other."""
    counts = np.concatenate([tree.counts for tree in trees])
    features = np.concatenate([tree.features for tree in trees]).astype(np.int64)
    coefficients = np.concatenate([tree.coefficients for tree in trees])
    whole = all(len(t.value) == len(t.intercept) == len(t.counts) for t in trees) and np.all(counts >= 0)
    if not whole or not len(features) == len(coefficients) == counts.sum():
        raise Unreadable("its linear leaves have other numbers of columns and coefficients than they say")
    if np.any((features < 0) | (features >= width)):
        raise Unreadable("a linear leaf reads a column that isn't there")
    place = np.arange(max(1, int(counts.max()))) < counts[:, None]
    padded, factors = np.full(place.shape, width, np.int64), np.zeros(place.shape)
    padded[place], factors[place] = features, coefficients
    value, intercept = (np.concatenate([getattr(t, name) for t in trees]) for name in ("value", "intercept"))
    return Models(value, intercept, padded, factors)


def summed(x: Var, prepared: Var, forest: Forest, leaves: Models, count: int) -> Var:
    """The sum over rounds, of ``count`` trees each, of the models of the leaves reached: ``[N, count]``.

    ``x`` is what the models read, ``prepared`` what the splits do; a leaf that reads a NaN answers its value.
    """
    number = np.arange(len(leaves.value), dtype=np.float64)
    trees = len(forest.roots)
    leaf = cast(added(prepared, forest, number, forest.tree_of_leaf, trees), np.int64)
    terms = leaves.features.shape[1]
    wanted = op.gather(const(leaves.features), leaf)  # [N, trees, terms]
    flat = op.reshape(wanted, const([0, trees * terms]))
    read = op.gather_elements(op.pad(x, const([0, 0, 0, 1])), flat, axis=1)
    read = op.reshape(read, const([0, trees, terms]))
    products = read * op.gather(const(leaves.coefficients), leaf)
    model = op.gather(const(leaves.intercept), leaf) + op.reduce_sum(products, const([2]), keepdims=0)
    missing = op.reduce_max(cast(op.isnan(read), np.int32), const([2]), keepdims=0)
    answer = op.where(cast(missing, np.bool_), op.gather(const(leaves.value), leaf), model)
    rounds = op.reshape(answer, const([0, trees // count, count]))
    return op.reduce_sum(rounds, const([1]), keepdims=0)
