"""Sets of labels. Formulas: sklearn/preprocessing/_label.py."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from onnxpipe.adapters.sklearn import categories
from onnxpipe.core.ops import cast, const, op, promote
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import RAGGED, converts
from onnxpipe.core.table import Table


def _columns(stage: Stage) -> Sequence[str]:
    return [categories.kind(stage.classes_), RAGGED]


@converts("sklearn.preprocessing.MultiLabelBinarizer", columns=_columns)
def multi_label_binarizer(stage: Stage, x: Table) -> Table:
    """1 in the column of each class among a row's labels ``[N, L]``, else 0; others count for nothing.

    So the padding may be any value that is no class: the empty text, say.
    """
    text = _columns(stage)[0] == "string"
    known = categories.keys(stage, stage.classes_)
    labels = op.unsqueeze(categories.matrix(stage, x, text), const([2]))
    same = op.equal(labels, const(known)) if text else op.equal(*promote(labels, known))
    counts = op.reduce_sum(cast(same, np.int64), const([1]), keepdims=0)
    return Table.of(op.min([counts, const(1, np.int64)]), finite=True)
