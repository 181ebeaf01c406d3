"""Rows for AdaBoost."""

from sklearn.ensemble import AdaBoostClassifier, AdaBoostRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from tests.harness import Case

FEW = {"n_estimators": 6, "random_state": 0}

CASES = [
    Case(AdaBoostClassifier(random_state=0)),
    Case(AdaBoostClassifier(**FEW, learning_rate=0.5), data="labels"),
    Case(AdaBoostClassifier(DecisionTreeClassifier(max_depth=2), **FEW), data="binary_labels"),
    Case(AdaBoostClassifier(DecisionTreeClassifier(max_depth=2), **FEW), data="one_class"),
    Case(AdaBoostClassifier(DecisionTreeClassifier(), **FEW), data="flags"),
    Case(AdaBoostClassifier(LogisticRegression(), **FEW), data="labels"),
    Case(AdaBoostClassifier(GaussianNB(), **FEW), data="binary"),
    Case(AdaBoostClassifier(GaussianNB(), **FEW), data="odd_classes"),
    Case(AdaBoostClassifier(GaussianNB(), **FEW), data="flags"),
    Case(AdaBoostRegressor(random_state=0)),
    Case(AdaBoostRegressor(DecisionTreeRegressor(max_depth=1), **FEW, loss="square"), data="counts"),
    Case(AdaBoostRegressor(Ridge(), **FEW, loss="exponential")),
    Case(AdaBoostRegressor(DecisionTreeRegressor(max_depth=9), n_estimators=1, random_state=0)),
]
