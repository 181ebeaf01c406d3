"""Older versions' attributes under the newest names."""

from __future__ import annotations

import numpy as np
import pytest

from onnxpipe.adapters.sklearn.renames import modern, modernise
from onnxpipe.core.record import Record


def test_new_names_are_added_and_win_where_both_are_there() -> None:
    assert modern("sklearn.ensemble.BaggingRegressor", {"base_estimator": 1})["estimator"] == 1
    assert (
        modern("sklearn.ensemble.BaggingRegressor", {"base_estimator": 1, "estimator": 2})["estimator"] == 2
    )


def test_defaults_stand_where_a_parameter_did_not_exist() -> None:
    kind = "sklearn.impute.SimpleImputer"
    assert modern(kind, {})["keep_empty_features"] is False
    assert modern(kind, {"keep_empty_features": True})["keep_empty_features"] is True


@pytest.mark.parametrize(
    ("old", "new"), [("deviance", "log_loss"), ("lad", "absolute_error"), ("hinge", "hinge")]
)
def test_losses_have_one_name(old: str, new: str) -> None:
    assert modern("sklearn.linear_model.SGDClassifier", {"loss": old})["loss"] == new


def test_attributes_that_follow_from_older_ones_are_computed() -> None:
    diagonal = Record("scipy.sparse.dia_matrix", "", state={"data": np.array([[1.0, 2.0]])})
    made = modern("sklearn.feature_extraction.text.TfidfTransformer", {"_idf_diag": diagonal})
    np.testing.assert_array_equal(made["idf_"], [1.0, 2.0])
    column = {"_baseline_prediction": np.zeros((3, 1))}
    assert modern("sklearn.ensemble.HistGradientBoostingClassifier", column)[
        "_baseline_prediction"
    ].shape == (1, 3)
    assert "gamma_" not in modern("sklearn.decomposition.KernelPCA", {"gamma": None})  # not fitted


def test_coefficients_of_partial_least_squares_are_turned_and_found_under_their_older_name() -> None:
    kind, coef = "sklearn.cross_decomposition.PLSRegression", np.arange(6.0).reshape(3, 2)
    made = modern(kind, {"coef_": coef, "_y_mean": np.ones(2)})
    np.testing.assert_array_equal(made["coef_"], coef.T)
    np.testing.assert_array_equal(made["intercept_"], [1, 1])
    assert modern(kind, {"_coef_": coef, "intercept_": np.zeros(2)})["coef_"] is coef
    assert modern(kind, {})["_predict_1d"] is False  # nor is an unfitted one an error


def test_every_object_of_scikit_learn_is_reached_and_no_other() -> None:
    inner = Record("sklearn.calibration._CalibratedClassifier", "", state={"base_estimator": 1})
    foreign = Record("mine.Thing", "", state={"base_estimator": 1})
    modernise(Record("sklearn.calibration.CalibratedClassifierCV", "", state={"a": [inner, foreign]}))
    assert inner.get("estimator") == 1
    assert foreign.get("estimator") is None
