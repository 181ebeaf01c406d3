"""Importances worked out from saved state are those that scikit-learn computes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import (
    AdaBoostClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier, ExtraTreeRegressor

from onnxpipe.adapters.sklearn.importances import importances
from onnxpipe.adapters.sklearn.outline import root_stage
from onnxpipe.adapters.sklearn.reader import root_of
from onnxpipe.services.convert import artefact_of
from tests import datasets

MODELS = [
    DecisionTreeClassifier(max_depth=1),
    DecisionTreeClassifier(),
    ExtraTreeRegressor(random_state=0),
    RandomForestRegressor(7, random_state=0),
    ExtraTreesClassifier(7, max_depth=2, random_state=0),
    GradientBoostingClassifier(n_estimators=4),
    GradientBoostingRegressor(n_estimators=4),
    AdaBoostClassifier(n_estimators=4, random_state=0),
    SVC(kernel="linear"),
    SVR(kernel="linear"),
]


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_they_are_those_that_scikit_learn_computes(model: Any) -> None:
    model.fit(*datasets.load("classes"))
    record = root_of(artefact_of(model))
    expected = model.coef_ if isinstance(model, (SVC, SVR)) else model.feature_importances_
    found = importances(root_stage(record), record, "auto")
    np.testing.assert_allclose(found, expected, rtol=1e-13)
