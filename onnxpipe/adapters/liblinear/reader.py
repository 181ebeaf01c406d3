"""From a LIBLINEAR model file to a plan. Layout: save_model and load_model in linear.cpp (2.50)."""

from __future__ import annotations

from typing import Any

from onnxpipe.adapters import svm_text
from onnxpipe.adapters.base import Artefact, Rows
from onnxpipe.adapters.reading import reading
from onnxpipe.core.options import Options
from onnxpipe.core.plan import Plan, Stage
from onnxpipe.core.registry import discover, find
from onnxpipe.errors import Unreadable

framework = "liblinear"

_OLDER = {
    "L2_LR": "L2R_LR",
    "L2LOSS_SVM_DUAL": "L2R_L2LOSS_SVC_DUAL",
    "L2LOSS_SVM": "L2R_L2LOSS_SVC",
    "L1LOSS_SVM_DUAL": "L2R_L1LOSS_SVC_DUAL",
}
"""What solvers were called up to 1.4."""
_TYPES = {
    "solver_type": "str",
    **dict.fromkeys(("nr_class", "nr_feature"), "int"),
    "label": "ints",
    **dict.fromkeys(("bias", "rho"), "float"),
}


def recognises(artefact: Artefact) -> bool:
    """Whether the bytes begin as a LIBLINEAR model does."""
    return artefact.head(12) == b"solver_type "


def names(artefact: Artefact) -> frozenset[str]:
    """None: a text of numbers refers to nothing."""
    return frozenset()


def outline(artefact: Artefact) -> tuple[Stage, ...]:
    """The one stage. Raises Unreadable."""
    discover(__package__ or "")
    with reading("LIBLINEAR model", str(artefact), "Save it again with save_model or train."):
        state = _state(artefact.read())
    return (Stage(f"liblinear.{state['solver_type']}", state["solver_type"], state),)


def read(artefact: Artefact, options: Options, sample: Rows | None = None) -> Plan:
    """The plan of a saved model. Raises Unreadable, Unsupported and BadInput."""
    (stage,) = outline(artefact)
    return Plan(framework, "", stage, (svm_text.matrix_port(stage.nr_feature, True, options, sample),))


def _state(data: bytes) -> dict[str, Any]:
    """The header's entries with ``w`` ``[nr_feature, scores]``, one row more where there is a bias."""
    state, body = svm_text.parts(data, _TYPES, "w")
    svm_text.require(state, dict.fromkeys(("solver_type", "nr_class", "nr_feature", "bias")))
    solver, count = _OLDER.get(state["solver_type"], state["solver_type"]), state["nr_class"]
    if find(f"liblinear.{solver}") is None:
        raise Unreadable(f"unknown solver {solver[:80]!r}")
    if "label" in state:
        svm_text.require(state, {"label": count})
    scores = 1 if count == 2 and solver != "MCSVM_CS" else count
    rows = state["nr_feature"] + (state["bias"] >= 0)
    words = body.split()
    if scores < 1 or rows < 0 or len(words) != rows * scores:
        raise Unreadable(f"it announces {rows} x {scores} weights and has {len(words)}")
    return {**state, "solver_type": solver, "w": svm_text.numbers(words).reshape(rows, scores)}
