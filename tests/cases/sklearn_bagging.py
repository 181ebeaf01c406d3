"""Rows for bagging."""

from sklearn.ensemble import BaggingClassifier, BaggingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier, SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeRegressor

from tests.harness import Case

FEW = {"n_estimators": 5, "random_state": 0}
SINGLE = "members answer in float32, which is widened before it is averaged"
TREE = DecisionTreeClassifier(max_depth=3)
LOGISTIC = BaggingClassifier(LogisticRegression(), **FEW)

CASES = [
    Case(BaggingClassifier(**FEW)),
    Case(BaggingClassifier(DecisionTreeClassifier(max_depth=3), **FEW, max_features=0.5), data="labels"),
    Case(
        BaggingClassifier(DecisionTreeClassifier(max_depth=3), **FEW, bootstrap_features=True), data="missing"
    ),
    Case(BaggingClassifier(**FEW, max_samples=4, bootstrap=False), data="labels"),
    Case(LOGISTIC, skip=("float32",), reason="the row below"),
    Case(LOGISTIC, skip=("native",), rtol=1e-5, reason=SINGLE),
    Case(BaggingClassifier(GaussianNB(), **FEW, max_features=2, max_samples=6), data="labels"),
    Case(BaggingClassifier(SGDClassifier(random_state=0), **FEW), data="labels"),
    Case(BaggingClassifier(RidgeClassifier(), **FEW, max_features=3), data="binary_labels"),
    Case(
        BaggingClassifier(make_pipeline(StandardScaler(), LogisticRegression()), **FEW),
        data="binary",
        skip=("float32",),
        reason=SINGLE,
    ),
    Case(BaggingClassifier(make_pipeline(OneHotEncoder(handle_unknown="ignore"), TREE), **FEW), data="text"),
    Case(BaggingClassifier(make_pipeline(SimpleImputer(), TREE), **FEW, max_features=3), data="missing"),
    Case(BaggingRegressor(**FEW)),
    Case(BaggingRegressor(DecisionTreeRegressor(max_depth=3), **FEW, max_features=2)),
    Case(BaggingRegressor(ExtraTreeRegressor(max_depth=3), **FEW), data="targets"),
    Case(BaggingRegressor(Ridge(), **FEW, bootstrap_features=True)),
    # What no member reads, no member refuses.
    *[
        Case(kind(member, n_estimators=2, random_state=0, max_features=1))
        for kind, members in (
            (BaggingClassifier, (None, TREE, GaussianNB())),
            (BaggingRegressor, (None, Ridge())),
        )
        for member in members
    ],
    Case(BaggingRegressor(Ridge(), **FEW), data="targets"),
]
