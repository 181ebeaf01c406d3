"""Rows for support vector machines."""

import numpy as np
from sklearn.svm import SVC, SVR, NuSVC, NuSVR, OneClassSVM

from tests.harness import Case

KERNELS = ("linear", "poly", "rbf", "sigmoid")

CASES = [
    *[Case(SVC(kernel=kernel)) for kernel in KERNELS],
    *[Case(SVC(kernel=kernel), data="binary_labels") for kernel in KERNELS],
    Case(SVC(kernel="precomputed"), data="gram"),
    Case(SVC(kernel="poly", degree=2, gamma=0.1, coef0=0.5), data="labels"),
    Case(SVC(gamma="auto"), data="odd_classes"),
    Case(SVC(decision_function_shape="ovo"), data="labels"),
    Case(SVC(break_ties=True)),
    Case(SVC(class_weight="balanced"), data="flags"),
    Case(SVC(probability=True, random_state=0)),
    Case(SVC(probability=True, random_state=0, C=100.0), data="binary"),
    Case(SVC(kernel="linear", probability=True, random_state=0), data="labels"),
    Case(SVC(), data="single"),
    Case(
        SVC(break_ties=True, decision_function_shape="ovo"),
        refused="decision_function_shape='ovr'",
        reason="native refuses to predict",
    ),
    Case(SVC(kernel=np.dot), data="gram", refused="Python function", reason="it isn't data"),
    *[Case(NuSVC(nu=0.2, kernel=kernel)) for kernel in ("linear", "rbf")],
    Case(NuSVC(nu=0.2, probability=True, random_state=0), data="labels"),
    *[Case(SVR(kernel=kernel)) for kernel in KERNELS],
    Case(SVR(kernel="precomputed"), data="gram"),
    *[Case(NuSVR(kernel=kernel)) for kernel in ("linear", "rbf")],
    *[Case(OneClassSVM(kernel=kernel)) for kernel in KERNELS],
    Case(OneClassSVM(nu=0.1, gamma=0.01)),
]
