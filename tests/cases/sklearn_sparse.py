"""Rows for estimators that were fitted on what a sparse step before them gave."""

from typing import Any

from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.kernel_approximation import Nystroem
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import (
    KNeighborsClassifier,
    KNeighborsRegressor,
    KNeighborsTransformer,
    LocalOutlierFactor,
    RadiusNeighborsClassifier,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.semi_supervised import LabelSpreading
from sklearn.svm import SVC, SVR, NuSVC, OneClassSVM

from tests.harness import Case

HOT = OneHotEncoder(handle_unknown="ignore")


def after_hot(estimator: Any) -> Case:
    """A row whose estimator gets a sparse matrix."""
    return Case(make_pipeline(HOT, estimator), data="text")


def among_numbers(estimator: Any) -> Case:
    """A row whose estimator gets a sparse matrix in which no two rows are alike."""
    columns = [("hot", HOT, ["city", "size"]), ("numbers", SimpleImputer(), ["length", "width"])]
    return Case(make_pipeline(ColumnTransformer(columns, sparse_threshold=1), estimator), data="frame")


CASES = [
    after_hot(SVC()),
    after_hot(SVC(kernel="linear", decision_function_shape="ovo")),
    after_hot(SVC(kernel="poly", degree=2, gamma=0.5, coef0=1)),
    after_hot(NuSVC(nu=0.2, kernel="sigmoid")),
    after_hot(OneVsRestClassifier(SVC())),
    after_hot(CalibratedClassifierCV(SVC(), cv=2)),
    after_hot(OneClassSVM()),
    among_numbers(KNeighborsClassifier(3)),
    among_numbers(KNeighborsClassifier(3, weights="distance", metric="manhattan")),
    among_numbers(RadiusNeighborsClassifier(1.5)),
    after_hot(LocalOutlierFactor(3, novelty=True)),
    after_hot(LabelSpreading(gamma=0.5)),
    after_hot(make_pipeline(Nystroem(n_components=5, random_state=0), LogisticRegression())),
    after_hot(SVR()),
    after_hot(KernelRidge(kernel="rbf")),
    among_numbers(KNeighborsRegressor(3)),
    among_numbers(KNeighborsTransformer(n_neighbors=3, mode="connectivity")),
    Case(make_pipeline(TfidfVectorizer(), SVC()), data="documents"),
]
