"""Rows for feature selection."""

import numpy as np
from sklearn.ensemble import (
    AdaBoostClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.feature_selection import (
    RFE,
    RFECV,
    GenericUnivariateSelect,
    SelectFdr,
    SelectFpr,
    SelectFromModel,
    SelectFwe,
    SelectKBest,
    SelectPercentile,
    SequentialFeatureSelector,
    VarianceThreshold,
    chi2,
    f_regression,
    mutual_info_classif,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import (
    ElasticNetCV,
    Lasso,
    LinearRegression,
    LogisticRegression,
    Ridge,
    SGDClassifier,
)
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from tests.datasets import load
from tests.harness import Case

FOREST = RandomForestClassifier(8, max_depth=4, random_state=0)
LOGISTIC = LogisticRegression()


def half(x):
    return x.shape[1] // 2


def squared(estimator):
    return np.square(estimator.coef_)


FROZEN = FrozenEstimator(RandomForestClassifier(5, random_state=0).fit(*load("classes")))
SPARSE = FrozenEstimator(LogisticRegression(penalty="l1", solver="liblinear").fit(*load("numeric")))

CASES = [
    Case(SelectFromModel(FROZEN, threshold="median"), data="missing"),
    Case(SelectFromModel(SPARSE), data="numeric"),
    Case(VarianceThreshold()),
    Case(VarianceThreshold(1.0), data="missing"),
    Case(VarianceThreshold(0.5), data="whole"),
    Case(make_pipeline(VarianceThreshold(1.0), StandardScaler(), LOGISTIC), data="labels"),
    Case(SelectKBest(k=2), data="classes"),
    Case(SelectKBest(k="all"), data="classes"),
    Case(SelectKBest(k=0), data="classes"),
    Case(SelectKBest(mutual_info_classif, k=1), data="classes"),
    Case(SelectKBest(chi2, k=2), data="counts"),
    Case(SelectKBest(k=3), data="constant"),
    Case(SelectKBest(f_regression, k=3), data="regression"),
    Case(SelectPercentile(percentile=50), data="classes"),
    Case(SelectPercentile(percentile=30), data="constant"),
    Case(SelectPercentile(percentile=100), data="whole"),
    Case(SelectFpr(alpha=0.01), data="classes"),
    Case(SelectFdr(), data="classes"),
    Case(SelectFdr(alpha=1e-300), data="classes"),
    Case(SelectFwe(alpha=0.2), data="classes"),
    Case(GenericUnivariateSelect(mode="k_best", param=1), data="classes"),
    Case(GenericUnivariateSelect(mode="percentile", param=75), data="classes"),
    Case(GenericUnivariateSelect(mode="fpr", param=0.05), data="classes"),
    Case(GenericUnivariateSelect(mode="fdr", param=0.05), data="classes"),
    Case(GenericUnivariateSelect(mode="fwe", param=0.05), data="classes"),
    Case(SelectFromModel(LOGISTIC), data="labels"),
    Case(SelectFromModel(LOGISTIC, norm_order=np.inf, threshold="0.5*median"), data="labels"),
    Case(SelectFromModel(Ridge(), threshold="1.25*mean"), data="regression"),
    Case(SelectFromModel(Ridge(), threshold="median"), data="targets"),
    Case(SelectFromModel(Lasso(0.1)), data="regression"),
    Case(SelectFromModel(ElasticNetCV(l1_ratio=1.0)), data="regression"),
    Case(SelectFromModel(SGDClassifier(penalty="l1", random_state=0), threshold=-np.inf), data="classes"),
    Case(SelectFromModel(LinearSVC(penalty="l1", C=0.05)), data="classes"),
    Case(SelectFromModel(FOREST, max_features=1), data="classes"),
    Case(SelectFromModel(FOREST, max_features=half, threshold=0.01), data="classes"),
    Case(SelectFromModel(DecisionTreeClassifier(max_depth=4)), data="missing"),
    Case(SelectFromModel(DecisionTreeRegressor(max_depth=3), threshold=0.1), data="regression"),
    Case(SelectFromModel(ExtraTreesRegressor(5, random_state=0)), data="regression"),
    Case(SelectFromModel(GradientBoostingRegressor(n_estimators=5)), data="regression"),
    Case(SelectFromModel(GradientBoostingClassifier(n_estimators=3), threshold="median"), data="classes"),
    Case(SelectFromModel(AdaBoostClassifier(n_estimators=5)), data="classes"),
    Case(
        SelectFromModel(
            Pipeline([("scale", StandardScaler()), ("model", LOGISTIC)]),
            importance_getter="named_steps.model.coef_",
        ),
        data="classes",
    ),
    Case(
        SelectFromModel(
            GridSearchCV(Ridge(), {"alpha": [1, 10]}, cv=2), importance_getter="best_estimator_.coef_"
        ),
        data="regression",
    ),
    Case(
        SelectFromModel(LOGISTIC, importance_getter=squared),
        data="classes",
        refused="squared",
        reason="a function of the user's own would have to be run",
    ),
    Case(RFE(LOGISTIC, n_features_to_select=2), data="labels"),
    Case(RFE(LinearRegression(), n_features_to_select=3), data="regression"),
    Case(RFE(DecisionTreeClassifier(max_depth=3), n_features_to_select=2), data="missing"),
    Case(RFE(LinearSVC(), n_features_to_select=1, step=2), data="binary"),
    Case(RFECV(FOREST, cv=2, min_features_to_select=2), data="classes"),
    Case(SequentialFeatureSelector(LOGISTIC, n_features_to_select=2, cv=2), data="classes"),
    Case(
        SequentialFeatureSelector(
            HistGradientBoostingClassifier(max_iter=2), n_features_to_select=2, direction="backward", cv=2
        ),
        data="missing",
    ),
    Case(make_pipeline(StandardScaler(), SelectKBest(k=2), LOGISTIC), data="labels"),
    Case(SelectKBest(k=2), data="number_frame"),
    Case(VarianceThreshold(0.5), data="number_frame"),
    Case(RFE(LOGISTIC, n_features_to_select=2), data="number_frame"),
    Case(SelectFromModel(FOREST), data="number_frame"),
]
