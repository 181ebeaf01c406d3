"""Nothing a booster's file says is believed: bombs, contradictions and cut files end quickly."""

from __future__ import annotations

import copy
import json
import re
import resource
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xgboost as xgb

import onnxpipe
from onnxpipe.adapters import ubjson
from onnxpipe.errors import Refusal, Unreadable
from tests.adapters.boosters.test_lightgbm import trained
from tests.boosted import matrix, target

SECONDS, MEGABYTES = 3, 400


@pytest.fixture(scope="module")
def booster() -> Any:
    rows = matrix(categories=5)
    data = xgb.DMatrix(rows, target(rows), feature_types=["q", "q", "q", "c"], enable_categorical=True)
    return xgb.train({"max_depth": 3, "max_cat_to_onehot": 1}, data, 9)


def refused(path: Path, data: bytes, kind: type[Refusal] = Unreadable, match: str = "") -> None:
    """Assert that a file is refused, within the limits of time and memory."""
    path.write_bytes(data)
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    with pytest.raises(kind, match=match):
        onnxpipe.convert(path)
    assert time.process_time() - start < SECONDS
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10 < MEGABYTES


HEAD = b"{L" + struct.pack(">q", 7) + b"learner"
BOMBS = {
    "nested arrays": HEAD + b"[" * 100_000,
    "nested objects": HEAD + b"{i\x01a" * 100_000,
    "a huge array": HEAD + b"[$d#L" + struct.pack(">q", 2**60),
    "an array of nothing": HEAD + b"[$Z#L" + struct.pack(">q", 2**60),
    "a huge count": HEAD + b"[#L" + struct.pack(">q", 2**60),
    "a negative count": HEAD + b"[$d#L" + struct.pack(">q", -8),
    "a huge text": HEAD + b"SL" + struct.pack(">q", 2**60) + b"abc",
    "two members of one name": HEAD + b"{i\x01aZi\x01aZ}}",
    "an unknown type": HEAD + b"?",
    "JSON without end": b'{"learner":' + b"[" * 100_000,
    "JSON of nothing": b'{"learner":null}',
    "JSON without trees": b'{"learner":{"learner_model_param":{},"gradient_booster":{},"objective":{}}}',
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs(name: str, tmp_path: Path) -> None:
    refused(tmp_path / "model", BOMBS[name])


def test_every_cut_of_a_binary_file(booster: Any, tmp_path: Path) -> None:
    data = bytes(booster.save_raw("ubj"))
    assert ubjson.loads(data)["version"]
    for end in range(40, len(data), 97):
        with pytest.raises(Unreadable):
            ubjson.loads(data[:end])


def _tree(change: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    """A change to the first tree that splits by category."""
    return lambda x: change(next(t for t in x["gradient_booster"]["model"]["trees"] if t["categories"]))


CONTRADICTIONS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a child beyond the tree": _tree(lambda t: t["left_children"].__setitem__(0, 10_000)),
    "a negative child": _tree(lambda t: t["right_children"].__setitem__(0, -5)),
    "a cycle": _tree(lambda t: t["left_children"].__setitem__(1, 0)),
    "two parents": _tree(lambda t: t["left_children"].__setitem__(0, t["right_children"][0])),
    "a column that isn't there": _tree(lambda t: t["split_indices"].__setitem__(0, 4)),
    "an array too short": _tree(lambda t: t["split_conditions"].pop()),
    "categories cut short": _tree(lambda t: t["categories"].clear()),
    "categories of no node": _tree(lambda t: t["categories_nodes"].__setitem__(0, 9_999)),
    "no arrays": _tree(lambda t: t.clear()),
    "text for numbers": _tree(lambda t: t.__setitem__("split_conditions", ["x"] * len(t["parents"]))),
    "another class": lambda x: x["gradient_booster"]["model"]["tree_info"].__setitem__(0, 7),
    "columns beyond reason": lambda x: x["learner_model_param"].__setitem__("num_feature", str(2**62)),
    "classes beyond reason": lambda x: x["learner_model_param"].__setitem__("num_class", str(2**62)),
    "no first prediction": lambda x: x["learner_model_param"].pop("base_score"),
    "leaves of rows": _tree(lambda t: t["tree_param"].__setitem__("size_leaf_vector", "3")),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_contradictions(name: str, booster: Any, tmp_path: Path) -> None:
    document = copy.deepcopy(json.loads(bytes(booster.save_raw("json"))))
    CONTRADICTIONS[name](document["learner"])
    refused(tmp_path / "model.json", json.dumps(document).encode())


def test_the_old_format_is_told_how_to_be_saved_again(tmp_path: Path) -> None:
    old = bytes(136) + struct.pack("<Q", 16) + b"reg:squarederror" + struct.pack("<Q", 6) + b"gbtree"
    for data in (old, b"binf" + old, b"CONFIG-offset:" + old):
        refused(tmp_path / "model.bin", data, match="old binary format")


def test_an_objective_of_the_users_own_is_refused_by_name(booster: Any, tmp_path: Path) -> None:
    document = json.loads(bytes(booster.save_raw("json")))
    document["learner"]["objective"]["name"] = "mine:own"
    refused(tmp_path / "model.json", json.dumps(document).encode(), Refusal, "mine:own")


@pytest.fixture(scope="module")
def text() -> str:
    """A model text of trees with categories."""
    return str(trained(matrix(categories=5), categorical_feature=[3], max_cat_to_onehot=1).model_to_string())


def _line(name: str, value: str) -> Callable[[str], str]:
    """A change to the longest line of a name."""

    def change(text: str) -> str:
        longest = max(re.findall(rf"^{name}=.*$", text, re.M), key=len)
        return text.replace(longest, f"{name}={value}", 1)

    return change


def _categories(value: str) -> Callable[[str], str]:
    return lambda text: text[: text.index("pandas_categorical:")] + "pandas_categorical:" + value


TEXTS: dict[str, Callable[[str], str]] = {
    "no end": lambda text: text[: text.index("end of trees")],
    "no header": lambda text: "tree\nversion=v4\n" + text[text.index("Tree=0") :],
    "a child beyond the tree": _line("left_child", "99 -1 -2 -3 -4 -5 -6 -7"),
    "a leaf beyond the tree": _line("left_child", "-99 -1 -2 -3 -4 -5 -6 -7"),
    "a cycle": _line("left_child", "0 0 0 0 0 0 0 0"),
    "too few children": _line("right_child", "1"),
    "a column that isn't there": _line("split_feature", "9 9 9 9 9 9 9 9"),
    "letters for numbers": _line("threshold", "a b c d e f g h"),
    "more leaves than it has": _line("num_leaves", "2000000000"),
    "categories of no set": _line("num_cat", "1000000000000"),
    "sets out of order": _line("cat_boundaries", "5 1"),
    "words too large": _line("cat_threshold", "99999999999999999"),
    "columns beyond reason": _line("max_feature_idx", "99999999999999"),
    "scores beyond reason": _line("num_tree_per_iteration", "99999999999"),
    "an incomplete round": _line("num_tree_per_iteration", "5"),
    "categories without end": _categories("[[["),
    "categories that aren't": _categories("[1]"),
    "a bomb of categories": _categories("[" * 99_999),
}


@pytest.mark.parametrize("name", TEXTS)
def test_texts(name: str, text: str, tmp_path: Path) -> None:
    assert TEXTS[name](text) != text
    refused(tmp_path / "model.txt", TEXTS[name](text).encode())


def test_an_objective_that_lightgbm_does_not_have(text: str, tmp_path: Path) -> None:
    other = text.replace("objective=regression", "objective=mine")
    refused(tmp_path / "model.txt", other.encode(), Refusal, "mine")


def _split(change: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    """A change to the first split of the first tree of a dump."""
    return lambda dump: change(dump["tree_info"][0]["tree_structure"])


def _by_category(value: str) -> Callable[[dict[str, Any]], Any]:
    return _split(lambda node: node.update(decision_type="==", threshold=value))


DUMPS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "no trees": lambda dump: dump.pop("tree_info"),
    "no children": _split(lambda node: node.pop("left_child")),
    "a column that isn't there": _split(lambda node: node.update(split_feature=77)),
    "a category beyond reason": _by_category("99999999999999"),
    "a negative category": _by_category("-3"),
    "a threshold of letters": _split(lambda node: node.update(threshold="abc")),
    "a missing type that isn't one": _split(lambda node: node.update(missing_type="Sometimes")),
    "columns beyond reason": lambda dump: dump.update(max_feature_idx=2**60),
}


@pytest.mark.parametrize("name", DUMPS)
def test_dumps(name: str, tmp_path: Path) -> None:
    dump = trained(matrix()).dump_model()
    DUMPS[name](dump)
    refused(tmp_path / "model.json", json.dumps(dump).encode())


def test_a_dump_without_end(tmp_path: Path) -> None:
    data = json.dumps(trained(matrix()).dump_model()).encode()
    nested = b'{"name":"tree","version":"v4","tree_info":' + b"[" * 100_000
    for hostile in (data[: len(data) // 2], nested):
        refused(tmp_path / "model.json", hostile)
