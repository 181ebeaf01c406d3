"""What ``Booster.dump_model`` answers, saved as JSON: GBDT::DumpModel and Tree::ToJSON of LightGBM.

Trees nest there; they become the lines of the model text, which all converters read.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from onnxpipe.errors import Unreadable

Node = Mapping[str, Any]

_MOST = 2**20
"""Words that all sets of categories may take together."""
_CUT = 1e300
"""Where a dump cuts numbers off (``AvoidInf``): infinity, unless a column's own numbers are as large."""
_MISSING = {"None": 0, "Zero": 1, "NaN": 2}
_KEPT = ("version", "num_class", "num_tree_per_iteration", "max_feature_idx", "objective", "feature_names")


def looks_like(head: bytes) -> bool:
    """Whether a file's first bytes are those of a dump."""
    return re.match(rb'\s*\{\s*"name"\s*:\s*"tree"\s*,\s*"version"\s*:\s*"v\d', head) is not None


def fields(data: bytes) -> dict[str, Any]:
    """The fields of a dump, as ``text.fields`` answers them."""
    dump = json.loads(data)
    endless = _endless(dump)
    return {
        **{name: dump[name] for name in _KEPT if name in dump},
        "average_output": bool(dump.get("average_output")),
        "trees": [_lines(tree["tree_structure"], endless) for tree in dump["tree_info"]],
        "parameters": {"categorical_feature": ",".join(map(str, _by_category(dump)))},
        "pandas_categorical": dump.get("pandas_categorical") or [],
    }


def _by_category(dump: Node) -> list[int]:
    """The columns of which the dump lists categories."""
    infos = dump.get("feature_infos", {})
    return [i for i, name in enumerate(dump["feature_names"]) if infos.get(name, {}).get("values")]


def _endless(dump: Node) -> frozenset[int]:
    """The columns in which a number that was cut off may be another than infinity."""
    infos = (dump.get("feature_infos", {}).get(name, {}) for name in dump["feature_names"])
    ends = [(info.get("min_value") or 0, info.get("max_value") or 0) for info in infos]
    return frozenset(i for i, (low, high) in enumerate(ends) if low <= -_CUT or high >= _CUT)


def _lines(root: Node, endless: frozenset[int]) -> dict[str, str]:
    """A tree's nodes, numbered as they are come upon, as the lines of a model text."""
    splits: list[Node] = []
    leaves: list[Node] = []
    left: list[int] = []
    right: list[int] = []
    todo: list[tuple[Node, list[int], int]] = [(root, [0], 0)]
    while todo:
        node, children, place = todo.pop()
        if "split_feature" not in node:
            children[place] = ~len(leaves)
            leaves.append(node)
            continue
        children[place] = number = len(splits)
        splits.append(node)
        left.append(0)
        right.append(0)
        todo += [(node["right_child"], right, number), (node["left_child"], left, number)]
    return {
        "num_leaves": str(len(leaves)),
        "leaf_value": _line(leaf["leaf_value"] for leaf in leaves),
        "left_child": _line(left),
        "right_child": _line(right),
        "split_feature": _line(node["split_feature"] for node in splits),
        "decision_type": _line(map(_decision, splits)),
        **_thresholds(splits, endless),
        **_counts("internal_count", splits),
        **_counts("leaf_count", leaves),
        **_models(leaves),
    }


def _counts(name: str, nodes: Sequence[Node]) -> dict[str, str]:
    """How many rows came by, where all nodes say so: a lone leaf doesn't."""
    return {name: _line(node[name] for node in nodes)} if all(name in node for node in nodes) else {}


def _line(values: Iterable[Any]) -> str:
    return " ".join(map(str, values))


def _decision(node: Node) -> int:
    """The bits of a split: by category, default direction, type of missing values."""
    category = node["decision_type"] == "=="
    return int(category) | int(node["default_left"]) << 1 | _MISSING[node["missing_type"]] << 2


def _thresholds(splits: Sequence[Node], endless: frozenset[int]) -> dict[str, str]:
    """Thresholds, or the numbers of sets of categories, which are bits in words of 32."""
    bounds, words, thresholds = [0], [], []
    for node in splits:
        if node["decision_type"] != "==":
            thresholds.append(_uncut(node, endless))
            continue
        thresholds.append(len(bounds) - 1)
        words += _words([int(category) for category in node["threshold"].split("||")])
        bounds.append(len(words))
        if len(words) > _MOST:
            raise Unreadable("it has more categories than any model would")
    count = len(bounds) - 1
    sets = {"cat_boundaries": _line(bounds), "cat_threshold": _line(words)} if count else {}
    return {"threshold": _line(thresholds), "num_cat": str(count), **sets}


def _uncut(node: Node, endless: frozenset[int]) -> float:
    """A split's threshold. Raises Unreadable where the dump lost it."""
    threshold = float(node["threshold"])
    if abs(threshold) < _CUT:
        return threshold
    if node["split_feature"] in endless:
        raise Unreadable("a dump cuts thresholds off at 1e300", remedy="Save the model itself: save_model.")
    return math.copysign(math.inf, threshold)


def _words(categories: Sequence[int]) -> list[int]:
    """The set of some categories as words of 32 bits."""
    if not all(0 <= category < 32 * _MOST for category in categories):
        raise Unreadable("it has a category beyond reason")
    bits = np.zeros(32 * (max(categories) // 32 + 1), np.uint8)
    bits[categories] = 1
    found: list[int] = np.packbits(bits, bitorder="little").view("<u4").tolist()
    return found


def _models(leaves: Sequence[Node]) -> dict[str, str]:
    """The linear models of leaves, where they have them."""
    if not any("leaf_const" in leaf for leaf in leaves):
        return {}
    return {
        "is_linear": "1",
        "leaf_const": _line(leaf["leaf_const"] for leaf in leaves),
        "num_features": _line(len(leaf["leaf_features"]) for leaf in leaves),
        "leaf_features": _line(feature for leaf in leaves for feature in leaf["leaf_features"]),
        "leaf_coeff": _line(factor for leaf in leaves for factor in leaf["leaf_coeff"]),
    }
