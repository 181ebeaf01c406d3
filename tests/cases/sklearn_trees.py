"""Rows for single trees and forests."""

from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import (
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreeClassifier,
    ExtraTreeRegressor,
)

from tests.harness import Case

FEW = {"n_estimators": 8, "random_state": 0}

CASES = [
    Case(DecisionTreeClassifier()),
    Case(DecisionTreeClassifier(max_depth=3), data="labels"),
    Case(DecisionTreeClassifier(criterion="entropy", max_leaf_nodes=6), data="binary_labels"),
    Case(DecisionTreeClassifier(max_depth=3, class_weight="balanced"), data="odd_classes"),
    Case(DecisionTreeClassifier(max_depth=3), data="one_class"),
    Case(DecisionTreeClassifier(max_depth=4), data="missing"),
    Case(DecisionTreeClassifier(max_depth=4), data="multilabel"),
    Case(DecisionTreeClassifier(max_depth=4), data="multioutput_labels"),
    Case(DecisionTreeClassifier(splitter="random", ccp_alpha=0.01, random_state=0)),
    Case(DecisionTreeRegressor()),
    Case(DecisionTreeRegressor(max_depth=4, criterion="absolute_error")),
    Case(DecisionTreeRegressor(max_depth=4), data="missing_regression"),
    Case(DecisionTreeRegressor(min_samples_split=1000)),
    Case(DecisionTreeRegressor(max_depth=4), data="targets"),
    Case(DecisionTreeRegressor(max_depth=4, monotonic_cst=[1, 0, 0, -1])),
    Case(ExtraTreeClassifier(random_state=0)),
    Case(ExtraTreeClassifier(random_state=0, max_depth=3), data="missing"),
    Case(ExtraTreeClassifier(random_state=0, splitter="best", max_depth=3)),
    Case(ExtraTreeRegressor(random_state=0)),
    Case(ExtraTreeRegressor(random_state=0, max_depth=3), data="targets"),
    Case(RandomForestClassifier(**FEW)),
    Case(RandomForestClassifier(**FEW, max_depth=3)),
    Case(RandomForestClassifier(**FEW), data="binary_labels"),
    Case(RandomForestClassifier(**FEW, max_depth=3), data="labels"),
    Case(RandomForestClassifier(**FEW, class_weight="balanced_subsample", max_depth=4), data="missing"),
    Case(RandomForestClassifier(**FEW), data="multioutput_labels"),
    Case(RandomForestClassifier(n_estimators=100, max_depth=1, random_state=0, min_samples_leaf=60)),
    Case(RandomForestRegressor(**FEW)),
    Case(RandomForestRegressor(**FEW, criterion="poisson", max_depth=3), data="counts"),
    Case(RandomForestRegressor(**FEW, max_depth=4), data="missing_regression"),
    Case(RandomForestRegressor(**FEW, max_depth=4), data="targets"),
    Case(ExtraTreesClassifier(**FEW, bootstrap=True), data="labels"),
    Case(ExtraTreesClassifier(**FEW, max_depth=3), data="missing"),
    Case(ExtraTreesRegressor(**FEW)),
    Case(ExtraTreesRegressor(**FEW, max_depth=3), data="targets"),
    Case(DecisionTreeClassifier(max_depth=3, random_state=0), data="narrow_frame"),
]
