"""Rows for LIBLINEAR: every solver, with and without a bias, two classes and four."""

from tests.svm import Trained

CLASSIFIERS = range(8)
REGRESSORS = (11, 12, 13)


def _row(options: str, classes: int = 0, **more: bool) -> Trained:
    return Trained("liblinear", options, classes, **more)


CASES = [
    *[_row(f"-s {solver}", 2) for solver in CLASSIFIERS],
    *[_row(f"-s {solver} -B 1.5", 2, recorded=solver in (0, 4)) for solver in CLASSIFIERS],
    *[_row(f"-s {solver} -B 1", 4, recorded=solver in (4, 5, 6)) for solver in CLASSIFIERS],
    _row("-s 0 -B 0 -w2 3 -w5 0.5", 3),
    *[_row(f"-s {solver} -B {bias}", recorded=bias == 1) for solver in REGRESSORS for bias in (-1, 1)],
    _row("-s 21 -n 0.3", recorded=True),
    _row("-s 21 -n 0.3", sparse=True),
]
