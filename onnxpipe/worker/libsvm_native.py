"""LIBSVM's own answers: the saved model loaded and asked through its C functions.

The Python package's svm_predict gives nu_svc room for one decision value and writes past it.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Any, Dict, List, Mapping, Tuple

import numpy as np

main = sys.modules["_onnxpipe_main"]
single, svm_rows = main.sibling("single"), main.sibling("svm_rows")

PRECOMPUTED, CLASSIFIERS, ONE_CLASS = 4, (0, 1), 2


def load(path: str, format: str, names: List[str]) -> Any:
    """The model in a text file."""
    from libsvm.svmutil import svm_load_model

    model = svm_load_model(path)
    if model is None:
        raise ValueError("LIBSVM can't load it")
    return model


def versions() -> Dict[str, str]:
    """The version of LIBSVM."""
    from libsvm.svm import libsvm

    number = ctypes.c_int.in_dll(libsvm, "libsvm_version").value
    return {"libsvm": "%d.%02d" % divmod(number, 100)}


def answers(model: Any, rows: Mapping[str, Any], methods: List[str], optional: List[str]) -> Dict[str, Any]:
    """The model's answers by output name."""
    return single.chosen(asked(model, rows["X"]), methods, optional)  # type: ignore[no-any-return]


def asked(model: Any, x: Any) -> Dict[str, Any]:
    """All that the model answers to rows ``[N, d]``."""
    from libsvm.svm import libsvm, svm_node

    kind, count = model.get_svm_type(), model.get_nr_class()
    classifies = kind in CLASSIFIERS
    scores = np.zeros((len(x), count * (count - 1) // 2 if classifies else 1))
    labels, likely = np.zeros(len(x)), np.zeros(len(x))
    shares = np.zeros((len(x), count))
    probable = bool(model.is_probability_model()) and (classifies or kind == ONE_CLASS)
    serial = model.param.kernel_type == PRECOMPUTED
    for i, row in enumerate(np.asarray(x, np.float64)):
        pairs, kept = svm_rows.nodes(np.r_[1.0, row] if serial else row, svm_node, 0 if serial else 1)
        labels[i] = libsvm.svm_predict_values(model, pairs, svm_rows.pointer(scores[i]))
        if probable:
            likely[i] = libsvm.svm_predict_probability(model, pairs, svm_rows.pointer(shares[i]))
        del kept
    if not classifies and kind != ONE_CLASS:
        return {"predict": labels}
    found = {"predict": labels.astype(np.int64), "decision_values": scores}
    if probable:
        found["predict_proba"] = shares
        found.update({"most_probable": likely.astype(np.int64)} if classifies else {})
    return found


def stages(
    model: Any, rows: Mapping[str, Any], wanted: Mapping[str, List[str]]
) -> Tuple[List[Dict[str, Any]], str]:
    """What the one stage got and answered."""
    return single.stages(rows, wanted, asked(model, rows["X"]))  # type: ignore[no-any-return]


arrive = single.arrive
