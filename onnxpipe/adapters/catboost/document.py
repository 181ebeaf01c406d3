"""CatBoost's JSON export. Layout: catboost/libs/model/json_model_helpers.cpp (1.2)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.catboost.binary import MEANS
from onnxpipe.adapters.catboost.model import (
    Categorical,
    Ctr,
    CtrTable,
    Model,
    Numeric,
    OneHot,
    Projection,
    Trees,
)
from onnxpipe.adapters.catboost.sanity import checked
from onnxpipe.errors import Unreadable

Array = NDArray[Any]
Json = Mapping[str, Any]

_EMPTY = 2**64 - 1
_OTHER = {"text_features": "text features", "embedding_features": "embedding features"}


def read(data: bytes) -> Model:
    """The model in a file's bytes. Raises Unreadable, or what a part that isn't there raises."""
    held = json.loads(data)
    features = held["features_info"]
    scale, bias = held.get("scale_and_bias", [1.0, [0.0]])
    trees, values = _oblivious(held) if "oblivious_trees" in held else _others(held["trees"])
    bias = np.atleast_1d(np.asarray(bias, np.float64))
    if len(values) % len(bias):
        raise Unreadable(f"its leaves don't hold {len(bias)} numbers each")
    model = Model(
        dimension=len(bias),
        numeric=tuple(map(_numeric, features.get("float_features", ()))),
        categorical=tuple(map(_categorical, features.get("categorical_features", ()))),
        one_hot=tuple(
            OneHot(int(f["feature_index"]), np.array(f["values"], np.int32))
            for f in features.get("categorical_features", ()) if f.get("values")
        ),
        ctrs=tuple(map(_ctr, features.get("ctrs", ()))),
        tables=dict(_tables(held.get("ctr_data", {}), features.get("ctrs", ()))),
        trees=trees,
        values=values.reshape(-1, len(bias)),
        scale=float(scale),
        bias=bias,
        info={name: _plain(value) for name, value in held.get("model_info", {}).items()},
        other=tuple(kind for name, kind in _OTHER.items() if features.get(name)),
    )  # fmt: skip
    return checked(model)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, str) else value


def _numeric(held: Json) -> Numeric:
    high = bool(held.get("has_nans")) and held.get("nan_value_treatment") == "AsTrue"
    borders = np.array(held.get("borders") or [], np.float64).astype(np.float32)
    name = str(held.get("feature_name") or held.get("feature_id") or "")
    return Numeric(int(held["feature_index"]), int(held["flat_feature_index"]), name, borders, high)


def _categorical(held: Json) -> Categorical:
    name = str(held.get("feature_name") or held.get("feature_id") or "")
    return Categorical(int(held["feature_index"]), int(held["flat_feature_index"]), name)


def _oblivious(held: Json) -> tuple[Trees, Array]:
    trees = held["oblivious_trees"]
    splits = [[int(split["split_index"]) for split in tree.get("splits") or ()] for tree in trees]
    values = [value for tree in trees for value in tree["leaf_values"]]
    sizes = np.array([len(tree) for tree in splits], np.int64)
    flat = np.array([split for tree in splits for split in tree], np.int64)
    ended = np.array([weight for tree in trees for weight in tree.get("leaf_weights") or ()], np.float64)
    return Trees(sizes, flat, ended=ended), np.array(values, np.float64)


def _others(held: Sequence[Json]) -> tuple[Trees, Array]:
    """Nested trees as nodes in a row, parents before children."""
    sizes, splits, steps, leaves, values = [], [], [], [], []  # type: ignore[var-annotated]
    for tree in held:
        start, todo = len(splits), [(tree, -1, 0)]
        while todo:
            node, parent, side = todo.pop()
            here = len(splits)
            if parent >= 0:
                steps[parent][side] = here - parent
            splits.append(int(node["split"]["split_index"]) if "split" in node else 0)
            steps.append([0, 0])
            leaves.append(len(values))
            if "split" in node:
                todo += [(node["right"], here, 1), (node["left"], here, 0)]
            else:
                values += np.ravel(node["value"]).tolist()
        sizes.append(len(splits) - start)
    arrays = (np.array(part, np.int64) for part in (sizes, splits, steps, leaves))
    return Trees(*arrays), np.array(values, np.float64)


def _projection(elements: Sequence[Json]) -> Projection:
    kinds: dict[str, list[Any]] = {
        "cat_feature_value": [],
        "float_feature": [],
        "cat_feature_exact_value": [],
    }
    for element in elements:
        kinds[element["combination_element"]].append(element)
    return Projection(
        tuple(int(e["cat_feature_index"]) for e in kinds["cat_feature_value"]),
        tuple((int(e["float_feature_index"]), _single(e["border"])) for e in kinds["float_feature"]),
        tuple((int(e["cat_feature_index"]), int(e["value"])) for e in kinds["cat_feature_exact_value"]),
    )  # fmt: skip


def _single(value: Any) -> float:
    """A number as the float32 that it was before it was written in full."""
    return float(np.float32(value))


def _ctr(held: Json) -> Ctr:
    prior = (float(held["prior_numerator"]), float(held["prior_denomerator"]))
    borders = np.array(held["borders"], np.float64).astype(np.float32)
    kind, target = str(held["ctr_type"]), int(held["target_border_idx"])
    # The export tells tables apart by projection and kind alone.
    return Ctr(_projection(held["elements"]), kind, 0, target, prior, float(held["shift"]),
               float(held["scale"]), borders)  # fmt: skip


def _tables(held: Json, ctrs: Sequence[Json]) -> Iterator[tuple[Any, CtrTable]]:
    for ctr in ctrs:
        table, kind = held[ctr["identifier"]], str(ctr["ctr_type"])
        rows = np.array(table["hash_map"], object).reshape(-1, int(table["hash_stride"]))
        rows = rows[np.array([int(key) != _EMPTY for key in rows[:, 0]], bool)]
        hashes = np.array([int(key) for key in rows[:, 0]], np.uint64)
        counts = rows[:, 1:].astype(np.float32 if kind in MEANS else np.int32)
        found = CtrTable(hashes, counts, int(table["counter_denominator"]))
        yield (_projection(ctr["elements"]), kind, 0), found
