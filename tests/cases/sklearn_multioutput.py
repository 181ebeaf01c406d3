"""Rows for several targets."""

from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier, MultiOutputRegressor, RegressorChain
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from tests.harness import Case

LOGISTIC = LogisticRegression()
SCALED = make_pipeline(StandardScaler(), LOGISTIC)
TREE = DecisionTreeClassifier(max_depth=3, random_state=0)
STUMP = DecisionTreeRegressor(max_depth=3, random_state=0)

CASES = [
    Case(MultiOutputClassifier(LOGISTIC), data="multioutput_labels"),
    Case(MultiOutputClassifier(TREE), data="multilabel"),
    Case(MultiOutputClassifier(LinearSVC(random_state=0)), data="multilabel"),
    Case(MultiOutputClassifier(SCALED), data="multilabel"),
    Case(MultiOutputClassifier(LOGISTIC), data="one_target"),
    Case(MultiOutputRegressor(Ridge()), data="targets"),
    Case(MultiOutputRegressor(STUMP), data="targets"),
    Case(MultiOutputRegressor(HistGradientBoostingRegressor(max_iter=2)), data="targets"),
    Case(ClassifierChain(LOGISTIC), data="multilabel"),
    Case(ClassifierChain(LOGISTIC, order=[1, 0], chain_method="predict_proba"), data="multilabel"),
    Case(ClassifierChain(LOGISTIC, chain_method="predict_log_proba"), data="multilabel"),
    Case(ClassifierChain(LinearSVC(random_state=0), chain_method="decision_function"), data="multilabel"),
    Case(
        ClassifierChain(SCALED, order="random", random_state=1, cv=2, chain_method=["decision_function"]),
        data="multilabel",
    ),
    Case(ClassifierChain(TREE), data="multilabel"),
    Case(ClassifierChain(TREE), data="number_frame_targets"),
    Case(MultiOutputClassifier(SCALED), data="number_frame_targets"),
    Case(RegressorChain(LinearRegression()), data="targets"),
    Case(RegressorChain(Ridge(), order=[1, 0], cv=2), data="targets"),
    Case(RegressorChain(STUMP), data="targets"),
    Case(RegressorChain(Ridge()), data="whole_targets"),
]
