"""What LightGBM saves: its model text, read as data.

Format: GBDT::SaveModelToString in src/boosting/gbdt_model_text.cpp and Tree::ToString in src/io/tree.cpp.
"""

from __future__ import annotations

import json
import re
from typing import Any

from onnxpipe.errors import Unreadable

HEAD = 64
"""Bytes that tell what a file is."""

_LISTS = ("feature_names", "feature_infos")
_WHOLE = ("num_class", "num_tree_per_iteration", "max_feature_idx")
_PARAMETER = re.compile(r"^\[(\w+): (.*)\]\s*$", re.M)
_END = re.compile(r"^(end of trees|feature importances:)", re.M)
"""What comes after the trees; up to 2.2 nothing but the importances."""
_CATEGORIES = "\npandas_categorical:"


def looks_like(head: bytes) -> bool:
    """Whether a file's first bytes are those of a model text."""
    return re.match(rb"(tree|gbdt|dart|rf|goss)\r?\n(average_output\r?\n)?version=v\d", head) is not None


def fields(text: str) -> dict[str, Any]:
    """The fields of the header, the trees as (name, text) pairs, parameters and pandas' categories.

    Raises Unreadable where the text or its header is cut.
    """
    end = _END.search(text)
    if end is None:
        raise Unreadable("its trees have no end")
    head, *trees = text[: end.start()].split("\nTree=")
    rest = text[end.end() :]
    found: dict[str, Any] = _pairs(head)
    if missing := [name for name in _WHOLE if name not in found]:
        raise Unreadable(f"its header has no {missing[0]}")
    found |= {name: int(found[name]) for name in _WHOLE}
    parsed = [_pairs(tree) for tree in trees]
    if any("num_cat" not in tree for tree in parsed):  # which LightGBM refuses, too
        raise Unreadable("its trees don't tell how many of their splits are by category")
    found |= {name: found.get(name, "").split(" ") for name in _LISTS if name in found}
    return {
        **found,
        "average_output": "average_output" in head.split(),
        "trees": parsed,
        "parameters": dict(_PARAMETER.findall(rest)),
        "pandas_categorical": _categorical(rest),
    }


def _pairs(text: str) -> dict[str, str]:
    """The lines ``name=value``."""
    lines = (line.partition("=") for line in text.splitlines())
    return {name: value for name, equals, value in lines if equals}


def _categorical(rest: str) -> list[list[Any]]:
    """The categories of each column that was one of pandas' categories."""
    start = rest.rfind(_CATEGORIES)
    if start < 0:
        return []
    found = json.loads(rest[start + len(_CATEGORIES) :])
    if found is not None and not all(isinstance(values, list) for values in found):
        raise Unreadable("its categories are no lists")
    return found or []
