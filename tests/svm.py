"""Rows for LIBSVM and LIBLINEAR: trained by the library, or taken from where its answers are recorded.

``python -m tests.svm`` records: it needs both libraries, which come as sources and need a compiler.
"""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from onnxpipe.worker import main as worker

HOME = Path(__file__).parent.parent / "fixtures" / "svm"
_KINDS = {
    "libsvm": dict(enumerate(("c_svc", "nu_svc", "one_class", "epsilon_svr", "nu_svr"))),
    "liblinear": {
        0: "L2R_LR", 1: "L2R_L2LOSS_SVC_DUAL", 2: "L2R_L2LOSS_SVC", 3: "L2R_L1LOSS_SVC_DUAL", 4: "MCSVM_CS",
        5: "L1R_L2LOSS_SVC", 6: "L1R_LR", 7: "L2R_LR_DUAL", 11: "L2R_L2LOSS_SVR", 12: "L2R_L2LOSS_SVR_DUAL",
        13: "L2R_L1LOSS_SVR_DUAL", 21: "ONECLASS_SVM",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Trained:
    """One row: a library and its training options; ``classes`` 0 for a number as target.

    ``sparse`` data hold zeros, which the libraries don't write; ``recorded`` rows are also held
    against answers from a file, so that they need no library.
    """

    library: str
    options: str
    classes: int = 0
    sparse: bool = False
    recorded: bool = False

    def __str__(self) -> str:
        return f"{self.kind} {self.options} of {self.classes}{' sparse' * self.sparse}"

    @property
    def kind(self) -> str:
        number = int(re.search(r"-s (\d+)", self.options).group(1))  # type: ignore[union-attr]
        return f"{self.library}.{_KINDS[self.library][number]}"

    @property
    def serial(self) -> bool:
        return "-t 4" in self.options

    @property
    def file(self) -> Path:
        return HOME / f"{re.sub(r'[^A-Za-z0-9.]+', '_', str(self))}.json"

    @property
    def available(self) -> bool:
        return importlib.util.find_spec(self.library) is not None


def data(case: Trained) -> tuple[Any, Any]:
    """What a row is trained on: ``x`` ``[40, 4]`` and what is to be found."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 4))
    if case.sparse:
        x[:, :3][rng.random((40, 3)) < 0.6] = 0
    y = x[:, 0] + x[:, 1] ** 2 + 0.3 * rng.normal(size=40)
    if case.classes:
        y = np.digitize(y, np.quantile(y, np.arange(1, case.classes) / case.classes)) * 3.0 - 1
    return (x @ x.T if case.serial else x), y


def trained(case: Trained, path: Path) -> None:
    """Train a row and save the model."""
    x, y = data(case)
    if case.library == "liblinear":
        from liblinear import liblinearutil

        if os.name == "posix":
            ctypes.CDLL(None).srand(1)  # else the solver shuffles as tests before this one left it
        liblinearutil.save_model(str(path), liblinearutil.train(y.tolist(), x, f"{case.options} -q"))
    else:
        from libsvm import svmutil

        rows = [[i + 1, *row] for i, row in enumerate(x.tolist())] if case.serial else x
        svmutil.svm_save_model(str(path), svmutil.svm_train(y.tolist(), rows, f"{case.options} -q"))


def native(case: Trained, path: Path, rows: Any) -> dict[str, Any]:
    """All that the library itself answers."""
    sys.modules.setdefault("_onnxpipe_main", worker)
    asked = importlib.import_module(f"onnxpipe.worker.{case.library}_native")
    found: dict[str, Any] = asked.asked(asked.load(str(path), "", []), rows)
    return found


def rows_of(case: Trained) -> Any:
    """Training rows, new ones, and rows that hold each odd value in each of a few columns."""
    x = data(case)[0]
    odd = [np.nan, np.inf, -np.inf, -0.0, 0.0, 1e30]
    made = np.repeat(x[:1], 4 * len(odd), axis=0)
    made[np.arange(len(made)), np.repeat(np.arange(4), len(odd))] = np.tile(odd, 4)
    several = np.stack([np.full(x.shape[1], np.nan), np.zeros(x.shape[1]), x[1], x[1]])
    several[2:, :2] = [[np.nan, np.inf], [np.inf, -np.inf]]
    new = np.random.default_rng(1).normal(size=(20, x.shape[1])) * 3
    return np.concatenate([x[:8] if case.serial else x[:20], new[:3] if case.serial else new, made, several])


def record(case: Trained) -> None:
    """Write a row's model, rows and answers."""
    path = HOME / "model"
    trained(case, path)
    rows = rows_of(case)
    answers = {name: [value.dtype.name, value.tolist()] for name, value in native(case, path, rows).items()}
    held = {"model": path.read_text("ascii"), "X": rows.tolist(), "answers": answers}
    path.unlink()
    case.file.write_text(json.dumps(held, separators=(",", ":")) + "\n", encoding="ascii")


def recorded(case: Trained) -> tuple[str, Any, Mapping[str, Any]]:
    """The model's text, the rows, and the library's answers."""
    held = json.loads(case.file.read_text("ascii"))
    answers = {name: np.array(values, dtype) for name, (dtype, values) in held["answers"].items()}
    return held["model"], np.array(held["X"]), answers


if __name__ == "__main__":
    from tests.harness import cases

    HOME.mkdir(exist_ok=True)
    for each in [*cases("libsvm"), *cases("liblinear")]:
        if each.recorded:
            record(each)
