"""Rows for discriminant analysis."""

from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis

from tests.harness import Case, newest

CASES = [
    Case(LinearDiscriminantAnalysis()),
    Case(LinearDiscriminantAnalysis(), data="binary"),
    Case(LinearDiscriminantAnalysis(), data="labels"),
    Case(LinearDiscriminantAnalysis(n_components=1), data="labels"),
    Case(LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto")),
    Case(
        LinearDiscriminantAnalysis(solver="lsqr"), methods=("predict", "predict_proba", "decision_function")
    ),
    Case(LinearDiscriminantAnalysis(priors=[0.2, 0.8]), data="binary_labels"),
    Case(LinearDiscriminantAnalysis(), data="single", skip=("native",), reason="the rows are float32"),
    Case(QuadraticDiscriminantAnalysis()),
    Case(QuadraticDiscriminantAnalysis(), data="binary"),
    Case(QuadraticDiscriminantAnalysis(reg_param=0.1, priors=[0.2, 0.3, 0.5]), data="labels"),
    Case(newest(QuadraticDiscriminantAnalysis, solver="eigen", shrinkage=0.2), data="binary_labels"),
]
