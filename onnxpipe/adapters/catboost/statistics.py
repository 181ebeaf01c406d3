"""Categorical statistics: what a category's counts amount to, and the keys they are kept under.

Formulas: TModelCtr::Calc in catboost/libs/model/online_ctr.h, CalcCtrs in static_ctr_provider.cpp,
CalcHash in hash.h.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.catboost.binary import MEANS
from onnxpipe.adapters.catboost.model import Ctr, CtrTable

Array = NDArray[Any]

FACTOR = np.uint64(0x4906BA494954CB65)


def of_keys(ctr: Ctr, table: CtrTable, keys: Array) -> Array:
    """float32 ``[k + 1]``: the statistic of each key, and last of a key that the table hasn't."""
    count = len(table.hashes)
    order = np.argsort(table.hashes)
    at = np.searchsorted(table.hashes, keys, sorter=order)
    place = np.append(order, count)[at]
    same = np.append(table.hashes, np.uint64(0))[place] == keys
    found = np.where(same & (place < count), place, count)
    return np.asarray(values(ctr, table)[np.append(found, count)])


def values(ctr: Ctr, table: CtrTable) -> Array:
    """float32 ``[n + 1]``: the statistic of each key in the table, and last of any other."""
    if ctr.kind in ("Counter", "FeatureFreq"):
        counts = table.counts[:, 0]
        return _calculated(ctr, np.append(counts, 0), np.full(len(counts) + 1, table.denominator))
    if ctr.kind in MEANS:
        good, total = table.counts[:, 0], table.counts[:, 1]
    elif ctr.kind == "Buckets":
        good, total = table.counts[:, ctr.target_border], table.counts.sum(axis=1)
    else:
        good, total = table.counts[:, ctr.target_border + 1 :].sum(axis=1), table.counts.sum(axis=1)
    return _calculated(ctr, np.append(good, 0), np.append(total, 0))


def _calculated(ctr: Ctr, good: Array, total: Array) -> Array:
    """The share with its prior, in float32 step by step; NaN, which no border is below, as -inf."""
    single = np.float32
    with np.errstate(all="ignore"):
        share = (good.astype(single) + single(ctr.prior[0])) / (total.astype(single) + single(ctr.prior[1]))
        found = (share + single(ctr.shift)) * single(ctr.scale)
    return np.where(np.isnan(found), single(-np.inf), found)


def extended(keys: Array, value: Array) -> Array:
    """The keys uint64 once one more value, a signed hash or a 0 or 1, is part of what they stand for."""
    return np.asarray(FACTOR * (keys + FACTOR * value.astype(np.int64).astype(np.uint64)))


def all_keys(choices: Sequence[Array]) -> Array:
    """The keys of every combination of these values."""
    keys = np.zeros(1, np.uint64)
    for choice in choices:
        keys = extended(keys[:, None], np.asarray(choice)[None, :]).ravel()
    return keys
