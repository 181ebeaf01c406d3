"""Rows for stacking."""

from sklearn.ensemble import RandomForestClassifier, StackingClassifier, StackingRegressor
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from tests.cases.sklearn_voting import NUMBERS, WORDS
from tests.datasets import load
from tests.harness import Case

TREE = DecisionTreeClassifier(max_depth=3, random_state=0)
THREE = [("a", LogisticRegression()), ("b", RidgeClassifier()), ("c", TREE)]
LESS = [("a", LogisticRegression()), ("gone", "drop"), ("c", TREE)]
FITTED = [("a", GaussianNB().fit(*load("classes"))), ("b", TREE.fit(*load("classes")))]
REGRESSORS = [("a", Ridge()), ("gone", "drop"), ("b", DecisionTreeRegressor(max_depth=3, random_state=0))]
FOREST = RandomForestClassifier(5, max_depth=3, random_state=0)

CASES = [
    Case(StackingClassifier(THREE, cv=3)),
    Case(StackingClassifier(LESS, cv=3, passthrough=True), data="labels"),
    Case(StackingClassifier(THREE, GaussianNB(), cv=3), data="binary_labels"),
    Case(StackingClassifier(THREE, cv=3, stack_method="predict", passthrough=True), data="binary_labels"),
    Case(StackingClassifier(THREE[:2], TREE, cv=3, stack_method="decision_function"), data="labels"),
    Case(StackingClassifier(LESS, RidgeClassifier(), cv=3, stack_method="predict_proba"), data="flags"),
    Case(StackingClassifier(FITTED, cv="prefit", passthrough=True)),
    Case(StackingClassifier([("words", WORDS), ("numbers", NUMBERS)], cv=3), data="frame"),
    Case(StackingClassifier([("a", KNeighborsClassifier(3)), ("b", TREE)], FOREST, cv=3), data="multilabel"),
    Case(StackingRegressor(REGRESSORS, cv=3)),
    Case(StackingRegressor(REGRESSORS, DecisionTreeRegressor(max_depth=4), cv=3, passthrough=True)),
]
