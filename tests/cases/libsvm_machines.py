"""Rows for LIBSVM: every SVM with every kernel, probabilities, one to four classes."""

from tests.svm import Trained

KERNELS = {
    "linear": "-t 0",
    "polynomial": "-t 1 -d 3 -g 0.3 -r 0.1",
    "rbf": "-t 2 -g 0.3",
    "sigmoid": "-t 3 -g 0.1 -r 0.1",
    "precomputed": "-t 4",
}


def _row(options: str, classes: int = 0, **more: bool) -> Trained:
    return Trained("libsvm", options, classes, **more)


CASES = [
    *[_row(f"-s 0 {kernel}", 2, recorded=True) for kernel in KERNELS.values()],
    *[_row(f"-s 0 {kernel} -b 1", 4, recorded=True) for kernel in KERNELS.values()],
    *[_row(f"-s 0 {kernel} -b 1", 3, sparse=True) for kernel in list(KERNELS.values())[:4]],
    *[_row(f"-s 0 {kernel} -b 1", 2) for kernel in KERNELS.values()],
    *[_row(f"-s 1 {kernel} -n 0.2", 4) for kernel in KERNELS.values()],
    _row("-s 1 -t 2 -n 0.2 -b 1", 2, recorded=True),
    *[_row(f"-s 2 {kernel} -n 0.4") for kernel in KERNELS.values()],
    *[_row(f"-s 2 {kernel} -n 0.4 -b 1", recorded=True) for kernel in list(KERNELS.values())[:4]],
    *[_row(f"-s 3 {kernel}") for kernel in KERNELS.values()],
    *[_row(f"-s 4 {kernel}") for kernel in KERNELS.values()],
    _row("-s 3 -t 2 -b 1", recorded=True),
    _row("-s 4 -t 1 -d 2 -r 1", sparse=True, recorded=True),
    _row("-s 3 -t 1 -d 0"),
]
