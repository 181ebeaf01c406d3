"""What older versions of scikit-learn called the attributes and options that converters read.

Converters know the newest version's names only. Found by saving every estimator with 1.0, 1.3 and
1.9 and comparing the attributes; the version at each entry is the one that changed it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from onnxpipe.core.record import Record, walk

_SQUARES = ("PLSRegression", "PLSCanonical", "CCA")

EVERYWHERE: Mapping[str, str] = {
    "base_estimator": "estimator",  # 1.2
    "base_estimator_": "estimator_",  # 1.2
}
"""Old name to new name, for every class that has the old one and not the new one."""

RENAMES: Mapping[str, Mapping[str, str]] = {
    "sklearn.preprocessing.OneHotEncoder": {"sparse": "sparse_output"},  # 1.2
    "sklearn.cluster.FeatureAgglomeration": {"affinity": "metric"},  # 1.2
    "sklearn.neighbors.KernelDensity": {"bandwidth": "bandwidth_"},  # 1.2
    **{f"sklearn.cross_decomposition.{name}": {"_coef_": "coef_"} for name in _SQUARES},  # 1.1 and 1.2 only
    **{f"sklearn.svm.{name}": {"probability": "_effective_probability"} for name in ("SVC", "NuSVC")},  # 1.8
}
"""The same, for one kind."""

DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "sklearn.preprocessing.OneHotEncoder": {"_infrequent_enabled": False, "min_frequency": None},  # 1.1
    "sklearn.preprocessing.OrdinalEncoder": {"_infrequent_enabled": False, "encoded_missing_value": np.nan},
    "sklearn.preprocessing.MaxAbsScaler": {"clip": False},  # 1.8
    "sklearn.preprocessing.SplineTransformer": {"handle_missing": "error"},  # 1.8
    "sklearn.impute.SimpleImputer": {"keep_empty_features": False},  # 1.2
    "sklearn.impute.KNNImputer": {"keep_empty_features": False},  # 1.2
    "sklearn.neighbors.NearestCentroid": {"priors": "uniform"},  # 1.6
    "sklearn.discriminant_analysis.QuadraticDiscriminantAnalysis": {"solver": "svd"},  # 1.8
    **{f"sklearn.cross_decomposition.{name}": {"_predict_1d": False} for name in _SQUARES},  # 1.3
}
"""What versions before a parameter existed behaved as if it was."""

State = Mapping[str, Any]
_RIDGES = ("RidgeClassifier", "RidgeClassifierCV")
_HIST = ("HistGradientBoostingClassifier", "HistGradientBoostingRegressor")

COMPUTED: Mapping[str, Mapping[str, Callable[[State], Any]]] = {
    "sklearn.feature_extraction.text.TfidfTransformer": {  # 1.4: was the diagonal of a sparse matrix
        "idf_": lambda state: np.ravel(state["_idf_diag"].fields["data"])
    },
    "sklearn.decomposition.KernelPCA": {  # 1.3
        "gamma_": lambda state: 1 / state["n_features_in_"] if state["gamma"] is None else state["gamma"]
    },
    "sklearn.impute.KNNImputer": {"_valid_mask": lambda state: ~np.all(state["_mask_fit_X"], axis=0)},  # 1.1
    **{  # 1.4
        f"sklearn.linear_model.{name}": {
            "classes_": lambda state: state["_label_binarizer"].fields["classes_"]
        }
        for name in _RIDGES
    },
    **{  # 1.1: were transposed, and the intercept the mean of the targets
        f"sklearn.cross_decomposition.{name}": {
            "coef_": lambda state: state["coef_"] if "intercept_" in state else state["coef_"].T,
            "intercept_": lambda state: state["_y_mean"],
        }
        for name in _SQUARES
    },
    **{  # 1.1: was a column, or one number
        f"sklearn.ensemble.{name}": {
            "_baseline_prediction": lambda state: np.reshape(state["_baseline_prediction"], (1, -1))
        }
        for name in _HIST
    },
}
"""Attributes that follow from older ones; tried only where they are missing or changed shape."""

_RESHAPED = ("_baseline_prediction", "coef_")

LOSSES: Mapping[str, str] = {
    "deviance": "log_loss",  # 1.1
    "log": "log_loss",  # 1.1
    "auto": "log_loss",  # 1.1
    "binary_crossentropy": "log_loss",  # 1.1
    "categorical_crossentropy": "log_loss",  # 1.1
    "ls": "squared_error",  # 1.0
    "least_squares": "squared_error",  # 1.0
    "squared_loss": "squared_error",  # 1.0
    "lad": "absolute_error",  # 1.0
    "least_absolute_deviation": "absolute_error",  # 1.0
}
"""Old names of values of the parameter ``loss``."""


def modernise(root: Record) -> None:
    """Give every scikit-learn object under ``root`` the newest version's names, beside its own."""
    for record in walk(root):
        if record.kind.startswith("sklearn.") and isinstance(record.state, dict):
            record.state = modern(record.kind, record.state)


def modern(kind: str, state: State) -> dict[str, Any]:
    """``state`` with new names added for old ones, and defaults for what came later."""
    renamed = {**EVERYWHERE, **RENAMES.get(kind, {})}
    added = {new: state[old] for old, new in renamed.items() if old in state}
    made = {**DEFAULTS.get(kind, {}), **added, **state}
    for name, compute in COMPUTED.get(kind, {}).items():
        made |= _computed(name, compute, made)
    if isinstance(made.get("loss"), str):
        made["loss"] = LOSSES.get(made["loss"], made["loss"])
    return made


def _computed(name: str, compute: Callable[[State], Any], state: State) -> dict[str, Any]:
    """The attribute by name, empty where what it follows from isn't there either (unfitted)."""
    if name in state and name not in _RESHAPED:
        return {}
    try:
        return {name: compute(state)}
    except (KeyError, AttributeError, TypeError):
        return {}
