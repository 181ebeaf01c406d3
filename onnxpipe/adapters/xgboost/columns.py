"""The columns of a booster: their names, their categories, and how a row becomes what its trees read.

Since 3.1 a booster keeps the categories of a data frame: src/data/cat_container.cc of XGBoost.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.reading import reading
from onnxpipe.adapters.xgboost import trees
from onnxpipe.blocks.forests import boosting
from onnxpipe.blocks.forests.tree_node import MEMBER
from onnxpipe.core.ops import Var, const, dtype_of, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import ANY
from onnxpipe.core.stored import Stored
from onnxpipe.core.table import Table
from onnxpipe.errors import Unreadable

Array = NDArray[Any]

MARGIN = "base_margin"
"""The input, and the field of a booster that has it, of margins to start from, row by row."""


def categories(stage: Stage) -> Mapping[int, Array]:
    """The categories of each column that has them, text or numbers, in the order of their codes.

    Raises Unsupported for text beyond ASCII.
    """
    if trees.is_linear(stage):
        return {}
    with reading("XGBoost model", stage.path, ""):
        encoded = (trees.tree_model(stage).get("cats") or {}).get("enc") or ()
        found = {i: _values(entry) for i, entry in enumerate(encoded)}
    if any(not text.isascii() for values in found.values() if values.dtype == object for text in values):
        raise stage.unsupported(
            "has categories of text beyond ASCII, which XGBoost saves cut short: encode them in the pipeline"
        )
    return {i: values for i, values in found.items() if len(values)}


def _values(entry: Mapping[str, Any]) -> Array:
    """One column's categories: numbers, or text as bytes between offsets."""
    values = np.asarray(entry["values"])
    if "offsets" not in entry:
        return values.astype(np.float64 if values.dtype.kind == "f" else np.int64)
    data, ends = values.astype(np.uint8).tobytes(), np.asarray(entry["offsets"]).astype(np.int64)
    if len(ends) and (np.any(np.diff(ends) < 0) or ends[0] != 0 or ends[-1] != len(data)):
        raise Unreadable("its categories are cut at odd places")
    # Lengths are counted in letters where they should be in bytes (3.2): a letter may be cut.
    texts = [data[a:b].decode("utf-8", "replace") for a, b in itertools.pairwise(ends)]
    return np.array(texts, object)


def hints(stage: Stage, number: str = ANY) -> list[str]:
    """The dtype names of the columns, ``number`` for those without categories."""
    found = categories(stage)
    return [boosting.kind_of(found[i]) if i in found else number for i in range(trees.width(stage))]


def matrix(stage: Stage, x: Table, missing: Any = None) -> Var:
    """The columns as the trees read them: float32 ``[N, d]``, categories as codes, missing values as NaN."""
    known = categories(stage)
    made = boosting.coded(x, known, np.float32) if known else _numbers(stage, x)
    if missing is None or np.isnan(missing):
        return made
    marker = const(np.float32(missing), dtype_of(made))
    return op.where(op.equal(made, marker), const(np.nan, dtype_of(made)), made)


def _numbers(stage: Stage, x: Table) -> Var:
    """The columns as float32, NaN for zeros that sparse rows leave out, which the library takes for missing.

    Raises Unsupported where such rows hold other zeros.
    """
    if x.stored is Stored.SOME_ZEROS:
        raise stage.unsupported(
            "is asked sparse rows that hold some zeros and leave out others, which it takes for missing: "
            "let the stages before answer dense rows (sparse_output=False, sparse_threshold=0), "
            "or hash without signs (alternate_sign=False)"
        )
    made = x.matrix(np.float32)
    if x.stored is Stored.DENSE:
        return made
    exact = x.matrix()  # what only float32 takes for zero is there
    return op.where(op.equal(exact, const(0, dtype_of(exact))), const(np.nan, np.float32), made)


def base_margin(stage: Stage, x: Table) -> tuple[Table, Var | None]:
    """The columns that the trees read, and the float32 margin ``[N, scores]`` of each row that stands
    behind them where one is an input.
    """
    if not stage.get(MARGIN):
        return x, None
    width = trees.width(stage)
    return x.take(range(width)), x.take(range(width, x.width)).matrix(np.float32)


def edges(stage: Stage, rounds: int | None) -> Mapping[int, Array]:
    """The thresholds with the float32 numbers and the halfway points next to them, and the categories."""
    if trees.is_linear(stage):
        return {}
    forest = trees.trees(stage, rounds).forest
    by_category = forest.modes == MEMBER if forest.modes is not None else np.zeros(len(forest.left), bool)
    split = ~forest.is_leaf & ~by_category
    found = {
        int(f): _around(forest.threshold[split & (forest.feature == f)]) for f in set(forest.feature[split])
    }
    codes = {int(f): boosting.some_codes(forest) for f in set(forest.feature[by_category])}
    return {**found, **codes, **categories(stage)}


def _around(thresholds: Array) -> Array:
    """Each threshold, its float32 neighbours and the numbers that round to it from halfway."""
    exact = np.unique(thresholds)
    below, above = (np.nextafter(exact, np.float32(end)).astype(np.float64) for end in (-np.inf, np.inf))
    wide = exact.astype(np.float64)
    return np.concatenate([wide, below, above, (wide + below) / 2])
