"""Ensembles of any members: what one member costs, what ties decide, and what older versions answered."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    BaggingClassifier,
    IsolationForest,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

import onnxpipe
from onnxpipe.adapters.sklearn.members import classes_of
from onnxpipe.core.options import Options
from onnxpipe.core.record import Record
from onnxpipe.errors import Unfitted
from onnxpipe.services.convert import conversion
from tests import datasets
from tests.harness import open_session
from tests.rigs.sklearn import answers, installed

pytestmark = pytest.mark.usefixtures("inhouse")

ROWS, TARGET = datasets.load("classes")


def graph(estimator: Any, *outputs: str) -> Any:
    return open_session(conversion(estimator, Options(outputs=outputs)).model)


def operators(estimator: Any) -> list[str]:
    return [node.op_type for node in onnxpipe.convert(estimator).graph.node]


@pytest.mark.parametrize("made", [BaggingClassifier, AdaBoostClassifier, IsolationForest])
def test_any_number_of_trees_is_one_operator(made: Any) -> None:
    fitted = made(n_estimators=40, random_state=0).fit(ROWS, TARGET)
    assert operators(fitted).count("TreeEnsemble") == 1


def test_rows_are_checked_once_for_all_members() -> None:
    members = [("a", LogisticRegression()), ("b", GaussianNB()), ("c", LogisticRegression(C=3))]
    assert operators(VotingClassifier(members).fit(ROWS, TARGET)).count("IsNaN") == 1


def test_a_member_that_stands_there_twice_is_computed_once() -> None:
    frozen = FrozenEstimator(DecisionTreeClassifier(max_depth=3).fit(ROWS, TARGET))
    calibrated = CalibratedClassifierCV(frozen, cv=3, ensemble=True).fit(ROWS, TARGET)
    assert len(calibrated.calibrated_classifiers_) == 3
    assert operators(calibrated).count("TreeEnsemble") == 1


@pytest.mark.parametrize("weights", [[0.1, 0.2, 0.3], [0.3, 0.1, 0.2], [0.1] * 3])
def test_weights_are_added_in_numpys_order(weights: list[float]) -> None:
    # 0.1 + 0.2 is more than 0.3: which class wins hangs on rounding alone.
    members = [
        (str(i), DecisionTreeClassifier(max_depth=1, random_state=i, max_features=1)) for i in range(3)
    ]
    fitted = VotingClassifier(members, weights=weights).fit(ROWS, TARGET)
    assert np.array_equal(answers(graph(fitted), ROWS)["predict"], fitted.predict(ROWS))


def test_the_weighted_median_takes_the_lowest_of_those_at_half_the_weight() -> None:
    fitted = AdaBoostRegressor(LinearRegression(), n_estimators=4, random_state=0).fit(ROWS, TARGET)
    fitted.estimator_weights_ = np.ones(len(fitted.estimators_))
    assert np.allclose(answers(graph(fitted), ROWS)["predict"], fitted.predict(ROWS), rtol=1e-12)


@pytest.mark.skipif(not installed("1.8"), reason="temperatures are calibrated since 1.8")
def test_shares_become_logits_only_if_the_whole_batch_looks_like_shares() -> None:
    fitted = CalibratedClassifierCV(RidgeClassifier(), cv=3, method="temperature").fit(ROWS, TARGET)
    for each in fitted.calibrated_classifiers_:
        # Scores that are shares at 0: one third each, moved away by the first column alone.
        each.estimator.intercept_[:] = 1 / 3
        each.estimator.coef_[:] = 0
        each.estimator.coef_[:, 0] = [0.1, -0.1, 0.0]
    mild, wild = np.zeros((3, 4)), np.zeros((3, 4))
    mild[:, 0], wild[:, 0] = [0, 1, 2], [0, 1, 50]
    session = graph(fitted)
    for rows in (mild, wild):
        assert np.allclose(answers(session, rows)["predict_proba"], fitted.predict_proba(rows), rtol=1e-9)


def _decision(fitted: Any, real: bool) -> Any:
    """The decision function up to 1.3.0, and that of the option SAMME.R, which had left by 1.8."""
    total = 0
    for member, weight in zip(fitted.estimators_, fitted.estimator_weights_, strict=True):
        if real:
            log = np.log(np.maximum(member.predict_proba(ROWS), np.finfo(float).eps))
            total = total + (log.shape[1] - 1) * (log - log.mean(axis=1, keepdims=True))
        else:
            total = total + weight * (member.predict(ROWS)[:, None] == fitted.classes_)
    total = total / fitted.estimator_weights_.sum()
    return total[:, 1] - total[:, 0] if total.shape[1] == 2 else total


@pytest.mark.parametrize("base", [DecisionTreeClassifier(max_depth=2), GaussianNB()])
@pytest.mark.parametrize("data", ["classes", "binary"])
@pytest.mark.parametrize("algorithm", ["SAMME", "SAMME.R"])
def test_older_versions_of_adaboost(base: Any, data: str, algorithm: str, monkeypatch: Any) -> None:
    fitted = AdaBoostClassifier(base, n_estimators=5, random_state=0).fit(*datasets.load(data))
    fitted.algorithm = algorithm
    monkeypatch.setattr("sklearn.base.__version__", "1.3.0")
    got = answers(graph(fitted, "decision_function"), ROWS)["decision_function"]
    np.testing.assert_allclose(got, _decision(fitted, algorithm == "SAMME.R"), rtol=1e-9, atol=1e-12)


def test_a_classifier_without_classes_is_said_to_be_unfitted() -> None:
    with pytest.raises(Unfitted, match="no classes_"):
        classes_of(Record("sklearn.svm.SVC", "sklearn.svm.SVC", state={}))


def test_stages_inside_an_ensemble_are_reached() -> None:
    members = [("a", VotingRegressor([("b", LinearRegression())])), ("c", LinearRegression())]
    fitted = VotingRegressor(members).fit(ROWS, TARGET)
    model = onnxpipe.convert(fitted)
    assert "estimators_[0]/estimators_[0]" in next(p.value for p in model.metadata_props if "stages" in p.key)
    assert onnxpipe.verify(model, fitted, rows=20)
