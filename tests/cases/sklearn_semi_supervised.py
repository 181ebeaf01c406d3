"""Rows for classifiers fitted on rows of which some have no label."""

from sklearn.linear_model import LogisticRegression
from sklearn.metrics.pairwise import laplacian_kernel
from sklearn.semi_supervised import LabelPropagation, LabelSpreading, SelfTrainingClassifier
from sklearn.tree import DecisionTreeClassifier

from tests.harness import Case

CASES = [
    Case(SelfTrainingClassifier(LogisticRegression()), data="some_labels"),
    Case(SelfTrainingClassifier(DecisionTreeClassifier(max_depth=3), criterion="k_best"), data="some_labels"),
    Case(LabelPropagation(gamma=0.5), data="some_labels"),
    Case(LabelPropagation("knn", n_neighbors=3), data="some_labels"),
    Case(LabelSpreading(gamma=0.05), data="some_labels"),
    Case(LabelSpreading("knn", alpha=0.4), data="some_labels"),
    Case(
        LabelSpreading(laplacian_kernel),
        data="some_labels",
        refused="Python function",
        reason="a function is code, and code in a file is never run",
    ),
]
