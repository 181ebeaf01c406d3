"""Rows for imbalanced-learn: samplers inside pipelines, and ensembles over resampled rows."""

from imblearn.combine import SMOTEENN
from imblearn.ensemble import (
    BalancedBaggingClassifier,
    BalancedRandomForestClassifier,
    EasyEnsembleClassifier,
    RUSBoostClassifier,
)
from imblearn.over_sampling import SMOTE, SMOTENC, RandomOverSampler
from imblearn.pipeline import make_pipeline
from imblearn.under_sampling import RandomUnderSampler, TomekLinks
from sklearn.ensemble import AdaBoostClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline as plain_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from tests.harness import Case

FEW = {"n_estimators": 4, "random_state": 0}
TREE = DecisionTreeClassifier(max_depth=3)
SINGLE = "members answer in float32, which is widened before it is averaged"

CASES = [
    Case(make_pipeline(StandardScaler(), SMOTE(k_neighbors=2, random_state=0), LogisticRegression())),
    Case(
        make_pipeline(RandomOverSampler(random_state=0), StandardScaler(), LogisticRegression()),
        data="labels",
    ),
    Case(make_pipeline(RandomOverSampler(random_state=0), OneHotEncoder(), TREE), data="text"),
    Case(make_pipeline(SimpleImputer(), TomekLinks(), RandomForestClassifier(**FEW)), data="missing"),
    Case(make_pipeline(SMOTEENN(random_state=0, smote=SMOTE(k_neighbors=2)), "passthrough", TREE)),
    Case(make_pipeline(SMOTENC([0], k_neighbors=2, random_state=0), TREE), data="counts"),
    Case(make_pipeline(RandomUnderSampler(random_state=0), plain_pipeline(StandardScaler(), TREE))),
    Case(
        GridSearchCV(make_pipeline(SMOTE(k_neighbors=2), TREE), {"decisiontreeclassifier__max_depth": [2, 3]})
    ),
    Case(BalancedRandomForestClassifier(**FEW)),
    Case(BalancedRandomForestClassifier(**FEW, sampling_strategy="all", replacement=True), data="labels"),
    Case(BalancedBaggingClassifier(**FEW), data="binary_labels"),
    Case(BalancedBaggingClassifier(TREE, **FEW, max_features=0.5)),
    Case(BalancedBaggingClassifier(LogisticRegression(), **FEW), skip=("float32",), reason=SINGLE),
    Case(BalancedBaggingClassifier(plain_pipeline(StandardScaler(), TREE), **FEW)),
    Case(EasyEnsembleClassifier(**FEW, estimator=AdaBoostClassifier(TREE, n_estimators=3))),
    Case(RUSBoostClassifier(**FEW)),
    Case(RUSBoostClassifier(TREE, **FEW), data="binary_labels"),
]
