"""LIBLINEAR's own answers: the saved model loaded and asked through its C functions.

The Python package's predict gives Crammer and Singer's two classes room for one decision value
and writes past it.
"""

from __future__ import annotations

import sys
from typing import Any, Dict, List, Mapping, Tuple

import numpy as np

main = sys.modules["_onnxpipe_main"]
single, svm_rows = main.sibling("single"), main.sibling("svm_rows")

CRAMMER_SINGER = 4


def load(path: str, format: str, names: List[str]) -> Any:
    """The model in a text file."""
    from liblinear.liblinearutil import load_model

    model = load_model(path)
    if model is None:
        raise ValueError("LIBLINEAR can't load it")
    return model


def versions() -> Dict[str, str]:
    """The version of LIBLINEAR."""
    import ctypes

    from liblinear.liblinear import liblinear

    number = ctypes.c_int.in_dll(liblinear, "liblinear_version").value
    return {"liblinear": "%d.%02d" % divmod(number, 100)}


def answers(model: Any, rows: Mapping[str, Any], methods: List[str], optional: List[str]) -> Dict[str, Any]:
    """The model's answers by output name."""
    return single.chosen(asked(model, rows["X"]), methods, optional)  # type: ignore[no-any-return]


def asked(model: Any, x: Any) -> Dict[str, Any]:
    """All that the model answers to rows ``[N, d]``."""
    from liblinear.liblinear import feature_node, liblinear

    count, probable = model.get_nr_class(), bool(model.is_probability_model())
    single = count == 2 and model.param.solver_type != CRAMMER_SINGER
    scores, shares = np.zeros((len(x), 1 if single else count)), np.zeros((len(x), count))
    labels = np.zeros(len(x))
    constant = (model.get_nr_feature() + 1, model.bias) if model.bias >= 0 else None
    for i, row in enumerate(np.asarray(x, np.float64)):
        pairs, kept = svm_rows.nodes(row, feature_node, 1, constant)
        labels[i] = liblinear.predict_values(model, pairs, svm_rows.pointer(scores[i]))
        if probable:
            liblinear.predict_probability(model, pairs, svm_rows.pointer(shares[i]))
        del kept
    if model.is_regression_model():
        return {"predict": labels}
    found = {"predict": labels.astype(np.int64), "decision_values": scores}
    return {**found, "predict_proba": shares} if probable else found


def stages(
    model: Any, rows: Mapping[str, Any], wanted: Mapping[str, List[str]]
) -> Tuple[List[Dict[str, Any]], str]:
    """What the one stage got and answered."""
    return single.stages(rows, wanted, asked(model, rows["X"]))  # type: ignore[no-any-return]


arrive = single.arrive
