"""From a LIBSVM model file to a plan. Layout: svm_save_model and svm_load_model in svm.cpp (3.37)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from onnxpipe.adapters import svm_text
from onnxpipe.adapters.base import Artefact, Rows
from onnxpipe.adapters.libsvm import machines, vectors
from onnxpipe.adapters.reading import reading
from onnxpipe.core.options import Options
from onnxpipe.core.plan import Plan, Stage
from onnxpipe.core.registry import discover
from onnxpipe.errors import Unreadable

framework = "libsvm"

_TYPES = {
    **dict.fromkeys(("svm_type", "kernel_type"), "str"),
    **dict.fromkeys(("degree", "nr_class", "total_sv"), "int"),
    **dict.fromkeys(("gamma", "coef0"), "float"),
    **dict.fromkeys(("label", "nr_sv"), "ints"),
    **dict.fromkeys(("rho", "probA", "probB", "prob_density_marks"), "floats"),
}
_KINDS = ("c_svc", "nu_svc", "one_class", "epsilon_svr", "nu_svr")
_PARAMETERS = {
    "linear": (),
    "polynomial": ("degree", "gamma", "coef0"),
    "rbf": ("gamma",),
    "sigmoid": ("gamma", "coef0"),
    "precomputed": (),
}
"""What each kernel reads from the header."""
_MARKS = 10


def recognises(artefact: Artefact) -> bool:
    """Whether the bytes begin as a LIBSVM model does."""
    return artefact.head(9) == b"svm_type "


def names(artefact: Artefact) -> frozenset[str]:
    """None: a text of numbers refers to nothing."""
    return frozenset()


def outline(artefact: Artefact) -> tuple[Stage, ...]:
    """The one stage. Raises Unreadable."""
    discover(__package__ or "")
    with reading("LIBSVM model", str(artefact), "Save it again with svm_save_model or svm-train."):
        state = _state(artefact.read())
    return (Stage(f"libsvm.{state['svm_type']}", state["svm_type"], state),)


def read(artefact: Artefact, options: Options, sample: Rows | None = None) -> Plan:
    """The plan of a saved model. Raises Unreadable, Unsupported and BadInput."""
    (stage,) = outline(artefact)
    return Plan(framework, "", stage, (svm_text.matrix_port(machines.width(stage), False, options, sample),))


def _state(data: bytes) -> dict[str, Any]:
    """The header's entries with ``sv_coef`` ``[nr_class - 1, total_sv]`` and the vectors ``SV``."""
    state, body = svm_text.parts(data, _TYPES, "SV")
    svm_text.require(state, dict.fromkeys(("svm_type", "kernel_type", "nr_class", "total_sv")))
    kernel, count = state["kernel_type"], state["nr_class"]
    if state["svm_type"] not in _KINDS or kernel not in _PARAMETERS:
        raise Unreadable(f"unknown SVM {state['svm_type'][:80]!r} with kernel {kernel[:80]!r}")
    if not 1 <= count <= len(body) + 2 or not 0 <= state["total_sv"] <= len(body):
        raise Unreadable("it announces more classes or support vectors than it has room for")
    svm_text.require(state, _sizes(state) | dict.fromkeys(_PARAMETERS[kernel]))
    if sum(state.get("nr_sv", [state["total_sv"]])) != state["total_sv"] or min(state.get("nr_sv", [0])) < 0:
        raise Unreadable("its classes have other support vectors than it has in all")
    state["sv_coef"], state["SV"] = vectors.read(body, state["total_sv"], count - 1)
    if kernel != "precomputed" and state["SV"].indices.min(initial=1) < 1:
        raise Unreadable("a support vector has the index 0, and indices count from 1")
    return state


def _sizes(state: Mapping[str, Any]) -> dict[str, int | None]:
    """How many values the lists in the header have."""
    count = state["nr_class"]
    sizes: dict[str, int | None] = {"rho": count * (count - 1) // 2}
    if state["svm_type"] in ("c_svc", "nu_svc"):
        sizes |= {"label": count, "nr_sv": count}
    for name in ("probA", "probB"):
        sizes |= {name: sizes["rho"]} if name in state else {}
    return sizes | ({"prob_density_marks": _MARKS} if "prob_density_marks" in state else {})
