"""Spark's saved trees: sets of categories either way round, and nodes that don't form trees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from spox import build

from onnxpipe.adapters.spark import tree_nodes
from onnxpipe.adapters.spark.values import Lists
from onnxpipe.core.frame import vector
from onnxpipe.core.ops import Tensor, argument
from onnxpipe.core.plan import Stage
from onnxpipe.errors import Unreadable

KIND = "pyspark.ml.classification.DecisionTreeClassificationModel"


def nodes(left: list[float], categories: int) -> Mapping[str, Any]:
    """One split on the only column, and its two leaves."""
    return {
        "id": np.arange(3),
        "prediction": np.array([0.0, 1.0, 0.0]),
        "impurityStats": Lists(np.ones(6), np.array([0, 2, 4, 6])),
        "leftChild": np.array([1, -1, -1]),
        "rightChild": np.array([2, -1, -1]),
        "split": {
            "featureIndex": np.array([0, -1, -1]),
            "leftCategoriesOrThreshold": Lists(np.array(left), np.cumsum([0, len(left), 0, 0])),
            "numCategories": np.array([categories, -1, -1]),
        },
    }


def stage(data: Mapping[str, Any]) -> Stage:
    return Stage(KIND, "tree", {"data": data, "numFeatures": 1})


def leaves(data: Mapping[str, Any], values: list[float]) -> list[float]:
    """The leaf that each value ends in."""
    x = argument(Tensor(np.float64, ("N", 1)))
    inside, held = tree_nodes.read(stage(data)).over(vector(x))
    model = build({"x": x}, {"leaf": held.leaf(inside)})
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    found: list[float] = session.run(None, {"x": np.array(values)[:, None]})[0][:, 0].tolist()
    return found


ODD = [1.5, np.nextafter(1, 0), -1.0, np.nan, np.inf, 1e30, 99.0, 5e-324]


@pytest.mark.parametrize("left", [[0.0, 2.0], [0.0, 1.0, 2.0, 3.0, 5.0, 7.0, 40.0, 70.0]])
def test_named_categories_go_left_and_all_else_right(left: list[float]) -> None:
    values = np.arange(80.0).tolist()
    assert leaves(nodes(left, 80), values) == [0.0 if v in left else 1.0 for v in values]
    assert leaves(nodes(left, 80), ODD) == [1.0] * len(ODD)


def test_unknown_categories_go_left_where_the_right_ones_are_fewer() -> None:
    left = [0.0, 1.0, 2.0, 4.0]
    assert leaves(nodes(left, 5), [0.0, -0.0, 3.0, 4.0]) == [0.0, 0.0, 1.0, 0.0]
    assert leaves(nodes(left, 5), ODD) == [0.0] * len(ODD)
    assert leaves(nodes([0.0, 1.0], 2), [0.0, 1.0, 2.0]) == [0.0] * 3


@pytest.mark.parametrize(
    "damage",
    [
        {"leftChild": np.array([0, -1, -1])},
        {"rightChild": np.array([9, -1, -1])},
        {"id": np.array([0, 1, 1])},
        {"id": np.array([0, 1, 3])},
        {"split": {**nodes([0.5], -1)["split"], "featureIndex": np.array([7, -1, -1])}},
    ],
)
def test_nodes_that_form_no_tree_are_refused(damage: Mapping[str, Any]) -> None:
    with pytest.raises(Unreadable):
        tree_nodes.read(stage({**nodes([0.5], -1), **damage}))


@pytest.mark.parametrize("names", [("treeID", "metadata", "weights"), ("_1", "_2", "_3")])
def test_weights_are_found_by_tree_under_the_names_of_either_version(names: tuple[str, ...]) -> None:
    columns = (np.array([2, 0, 1]), ["", "", ""], np.array([0.3, 0.1, 0.2]))
    given = {"treesMetadata": dict(zip(names, columns, strict=True))}
    assert tree_nodes.weights(Stage(KIND, "trees", given)).tolist() == [0.1, 0.2, 0.3]


def test_nodes_of_several_trees_may_come_in_any_order() -> None:
    one = nodes([0.5], -1)
    order = np.array([4, 0, 5, 3, 1, 2])
    split = {name: np.tile(one["split"][name], 2)[order] for name in ("featureIndex", "numCategories")}
    lengths = np.tile([1, 0, 0], 2)[order]
    split["leftCategoriesOrThreshold"] = Lists(np.array([0.5, 0.5]), np.cumsum([0, *lengths]))
    plain = {n: np.tile(one[n], 2)[order] for n in ("id", "prediction", "leftChild", "rightChild")}
    stats = Lists(np.repeat(np.arange(6.0)[order], 2), np.arange(0, 13, 2))
    data = {
        "treeID": np.repeat([0, 1], 3)[order],
        "nodeData": {**plain, "split": split, "impurityStats": stats},
    }
    held = tree_nodes.read(Stage(KIND, "trees", {"data": data, "numFeatures": 1, "numTrees": 2}))
    assert held.forest.left.tolist() == [1, -1, -1, 4, -1, -1]
    assert held.forest.threshold.tolist() == [0.5, 0, 0, 0.5, 0, 0]
    assert held.stats[:, 0].tolist() == [1, 2, 4, 5]
    with pytest.raises(Unreadable):
        tree_nodes.read(Stage(KIND, "trees", {"data": data, "numFeatures": 1, "numTrees": 3}))
