"""Rows for calibrated classifiers."""

from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from tests.datasets import load
from tests.harness import Case

TREE = DecisionTreeClassifier(max_depth=3, random_state=0)
RIDGE = RidgeClassifier()
SINGLE = "members answer in float32, which is widened before it is averaged"
FROZEN = FrozenEstimator(GaussianNB().fit(*load("classes")))


def rows(*arguments, data="", since="", **options):
    """A case for float64 and one for float32 rows, which make float32 scores."""
    made = CalibratedClassifierCV(*arguments, **options)
    return [
        Case(made, data=data, skip=("float32",), reason=SINGLE, since=since),
        Case(made, data=data, skip=("native",), rtol=1e-5, reason=SINGLE, since=since),
    ]


CASES = [
    *rows(RIDGE, cv=3),
    *rows(RIDGE, cv=3, data="binary_labels"),
    *rows(RIDGE, method="isotonic", cv=3, data="labels"),
    *rows(RIDGE, method="isotonic", cv=3, ensemble=False, data="binary"),
    *rows(make_pipeline(StandardScaler(), RIDGE), method="temperature", cv=3, since="1.8"),
    *rows(RIDGE, method="temperature", cv=3, data="binary_labels", since="1.8"),
    *rows(LogisticRegression(), cv=3, ensemble=False, data="odd_classes"),
    Case(CalibratedClassifierCV(TREE, cv=3), data="labels"),
    Case(CalibratedClassifierCV(TREE, cv=3, method="isotonic")),
    Case(CalibratedClassifierCV(TREE, cv=3, method="isotonic"), data="flags"),
    Case(CalibratedClassifierCV(TREE, cv=3, method="temperature"), data="labels", since="1.8"),
    Case(CalibratedClassifierCV(TREE, cv=3, method="temperature"), data="binary", since="1.8"),
    *rows(FROZEN, method="isotonic", cv=3),
    Case(CalibratedClassifierCV(RidgeClassifier(), cv=3), data="one_class"),
]
