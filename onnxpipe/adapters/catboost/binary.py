"""A .cbm file: a flatbuffer, and the tables of categorical statistics behind it.

Layout: catboost/libs/model/flatbuffers/*.fbs, Save and Load in catboost/libs/model/model.cpp,
TCtrValueTable::LoadSolid in ctr_value_table.cpp (CatBoost 1.2).
"""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.catboost.flatbuffers import Table
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

MAGIC = b"CBM1"
CTR_KINDS = (
    "Borders",
    "Buckets",
    "BinarizedTargetMeanValue",
    "FloatTargetMeanValue",
    "Counter",
    "FeatureFreq",
)
MEANS = ("BinarizedTargetMeanValue", "FloatTargetMeanValue")
_STEP = np.dtype([("left", "<u2"), ("right", "<u2")])
_SPLIT = np.dtype([("feature", "<i4"), ("border", "<f4")])
_EQUAL = np.dtype([("feature", "<i4"), ("hash", "<i4")])
_MEAN = np.dtype([("sum", "<f4"), ("count", "<i4")])
_BUCKET = np.dtype([("hash", "<u8"), ("index", "<u4")])
_EMPTY = np.uint64(2**64 - 1)
_AS_TRUE = 2
_STATIC = "static_provider_v1"


def read(data: bytes) -> Model:
    """The model in a file's bytes. Raises Unreadable."""
    size = int.from_bytes(data[4:8], "little")
    if data[:4] != MAGIC or len(data) < 8 + size:
        raise Unreadable("it ends before its trees do")
    core = Table.root(data[8 : 8 + size])
    trees = core.table(1)
    if trees is None:
        raise Unreadable("it has no trees")
    parts = core.texts(3)
    if unknown := [part for part in parts if part != _STATIC]:
        kind = "text and embedding features" if "text" in unknown[0] or "embed" in unknown[0] else ""
        return _model(core, trees, {}, (kind or f"a part {unknown[0][:40]!r}",))
    return _model(core, trees, _tables(data[8 + size :]) if parts else {}, ())


def _model(core: Table, trees: Table, tables: dict[Any, CtrTable], other: tuple[str, ...]) -> Model:
    dimension = trees.number(0, "i", 1)
    values = trees.array(8, "<f8")
    if dimension < 1 or len(values) % dimension:
        raise Unreadable(f"its leaves don't hold {dimension} numbers each")
    bias = trees.array(16, "<f8")
    used = [name for name, n in (("text", 12), ("estimated", 13), ("embedding", 18)) if trees.tables(n)]
    model = Model(
        dimension=dimension,
        numeric=tuple(map(_numeric, trees.tables(5))),
        categorical=tuple(
            Categorical(t.number(0, "i", -1), t.number(1, "i", -1), t.text(2)) for t in trees.tables(4)
        ),
        one_hot=tuple(OneHot(t.number(0, "i", -1), t.array(1, "<i4")) for t in trees.tables(6)),
        ctrs=tuple(map(_ctr, trees.tables(7))),
        tables=tables,
        trees=_trees(trees),
        values=values.reshape(-1, dimension),
        scale=trees.number(14, "d", 1.0),
        bias=bias if len(bias) else np.full(dimension, trees.number(15, "d", 0.0)),
        info={entry.text(0): _plain(entry.text(1)) for entry in core.tables(2)},
        other=other or tuple(f"{name} features" for name in used),
    )
    return checked(model)


def _plain(text: str) -> Any:
    """An entry's value: JSON where it is that, else the text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _numeric(table: Table) -> Numeric:
    high = bool(table.number(0, "?", False)) and table.number(5, "b", 0) == _AS_TRUE
    return Numeric(
        table.number(1, "i", -1), table.number(2, "i", -1), table.text(4), table.array(3, "<f4"), high
    )


def _trees(table: Table) -> Trees:
    sizes, splits = table.array(2, "<i4").astype(np.int64), table.array(1, "<i4").astype(np.int64)
    steps = table.array(10, _STEP)
    if not len(steps):
        return Trees(sizes, splits, ended=table.array(9, "<f8"))
    pairs = np.stack([steps["left"], steps["right"]], axis=1).astype(np.int64)
    return Trees(sizes, splits, pairs, table.array(11, "<u4").astype(np.int64))


def _ctr(table: Table) -> Ctr:
    ctr = table.table(0)
    base = ctr.table(0) if ctr is not None else None
    if ctr is None or base is None:
        raise Unreadable("a categorical statistic in it isn't described")
    projection, kind, classifier = _base(base)
    prior = (ctr.number(2, "f", 0.0), ctr.number(3, "f", 1.0))
    shift, scale = ctr.number(4, "f", 0.0), ctr.number(5, "f", 1.0)
    return Ctr(projection, kind, classifier, ctr.number(1, "i"), prior, shift, scale, table.array(1, "<f4"))


def _base(table: Table) -> tuple[Projection, str, int]:
    combination, kind = table.table(0), table.number(1, "b")
    if combination is None or not 0 <= kind < len(CTR_KINDS):
        raise Unreadable("a categorical statistic in it is of no known kind")
    projection = Projection(
        tuple(combination.array(0, "<i4").tolist()),
        tuple(combination.array(1, _SPLIT).tolist()),
        tuple(combination.array(2, _EQUAL).tolist()),
    )
    return projection, CTR_KINDS[kind], table.number(2, "i")


def _tables(data: bytes) -> dict[Any, CtrTable]:
    """The tables, one after the other, by what they are of."""
    count, place = _size(data, 0)
    found = {}
    for _ in range(count):
        size, place = _size(data, place)
        if place + size > len(data):
            raise Unreadable("it ends before its categorical statistics do")
        table = Table.root(data[place : place + size])
        base = table.table(0)
        if base is None:
            raise Unreadable("a table of categorical statistics isn't described")
        key = _base(base)
        found[key] = _table(table, key[1])
        place += size
    return found


def _table(table: Table, kind: str) -> CtrTable:
    """One table without its empty buckets."""
    raw, blob = table.array(1, np.uint8).tobytes(), table.array(2, np.uint8).tobytes()
    buckets = np.frombuffer(raw, _BUCKET)
    buckets = buckets[buckets["hash"] != _EMPTY]
    if kind in MEANS:
        means = np.frombuffer(blob, _MEAN)
        counts = np.stack([means["sum"], means["count"].astype(np.float32)], axis=1)
    else:
        classes = table.number(4, "i") if kind in ("Borders", "Buckets") else 1
        counts = np.frombuffer(blob, "<i4").reshape(-1, max(classes, 1))
    if len(buckets) and buckets["index"].max() >= len(counts):
        raise Unreadable("a table of categorical statistics points outside of itself")
    return CtrTable(buckets["hash"], counts[buckets["index"]], table.number(3, "i"))


def _size(data: bytes, place: int) -> tuple[int, int]:
    """A size and where what it is of begins; sizes beyond 32 bits have their own mark."""
    try:
        (short,) = struct.unpack_from("<I", data, place)
        if short != 2**32 - 1:
            return short, place + 4
        return struct.unpack_from("<Q", data, place + 4)[0], place + 12
    except struct.error:
        raise Unreadable("it ends before its categorical statistics do") from None
