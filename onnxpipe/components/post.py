"""Post-processing: from scores to what a caller wants to read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks import classes as named
from onnxpipe.blocks.networks import activations
from onnxpipe.components.parameters import Classes, File, Numbers
from onnxpipe.components.registry import component
from onnxpipe.core.ops import Var, cast, const, dtype_of, is_string, op, ranked, shape_of
from onnxpipe.errors import BadManifest

Array = NDArray[Any]
PROBABILITIES = ("predict_proba", "probabilities", "probability", "output_probability")
SCORES = (*PROBABILITIES, "decision_function", "scores", "logits")


@component(*PROBABILITIES)
def sorted_probabilities(
    predict_proba: Var, *, top: int = 0, classes: Classes = None, file: File = None
) -> Mapping[str, Var]:
    """The ``top`` most likely classes (0: all): ``labels`` and ``probabilities`` ``[N, top]``, best first.

    ``argsort(-p, kind="stable")``: ties go to the class that stands first, NaN comes last. The labels
    are those of ``classes``, of ``file`` (one a line) or of the model before.
    """
    known = known_classes(predict_proba, classes, file)
    p, index = _best(predict_proba, top or len(known))
    return {"labels": named.label(index, known), "probabilities": p}


@component(*SCORES, "predict")
def labels(scores: Var, *, classes: Classes = None, file: File = None) -> Mapping[str, Var]:
    """The label of the highest score ``[N, k]``, or of a class number of any shape: ``labels``.

    ``classes[argmax(p, axis=1)]``; a number that is no class makes the session fail.
    """
    known = known_classes(scores, classes, file)
    if dtype_of(scores).kind == "f":
        return {"labels": named.most_likely(scores, known)}
    index = cast(scores, np.int64)
    beyond = op.where(op.less(index, const(0)), const(len(known)), index)
    return {"labels": op.gather(const(known), beyond, axis=0)}


@component(*PROBABILITIES)
def threshold(
    predict_proba: Var, *, at: float = 0.5, column: int = 1, classes: Classes = None
) -> Mapping[str, Var]:
    """``labels`` ``[N]``: the second class where a column of ``[N, k]`` reaches ``at``, else the first.

    ``classes[(p[:, column] >= at).astype(int)]``, as sklearn's FixedThresholdClassifier decides.
    """
    known = classes if classes is not None else np.array([False, True])
    if len(known) != 2:
        raise BadManifest(
            f"it decides between two classes, here are {len(known)}", remedy="Give two: classes=no|yes"
        )
    _refuse_beyond(predict_proba, column)
    p = op.gather(predict_proba, const(column), axis=1)
    reached = op.greater_or_equal(p, const(at, dtype_of(p)))
    return {"labels": named.label(cast(reached, np.int64), known)}


@component(*SCORES)
def top_k(scores: Var, *, top: int = 1) -> Mapping[str, Var]:
    """The ``top`` highest of each row ``[N, k]``: ``values`` and their places ``indices`` ``[N, top]``.

    ``argsort(-x, kind="stable")``: ties go to the first place, NaN comes last; a row of fewer
    values gives all it has.
    """
    values, indices = _best(scores, top)
    return {"values": values, "indices": indices}


@component("decision_function", "logits", "scores")
def softmax(scores: Var, *, axis: int = -1) -> Mapping[str, Var]:
    """``probabilities``: ``exp(x) / sum(exp(x))`` along an axis, in the shape and type of the scores."""
    return {"probabilities": op.softmax(scores, axis=axis)}


@component("decision_function", "logits", "scores")
def sigmoid(scores: Var) -> Mapping[str, Var]:
    """``probabilities``: ``1 / (1 + exp(-x))``, in the shape and type of the scores."""
    return {"probabilities": activations.sigmoid(scores)}


@component(*SCORES)
def argmax(scores: Var, *, axis: int = 1) -> Mapping[str, Var]:
    """``index``: the place of the highest score along an axis, the first of several; int64."""
    return {"index": op.arg_max(scores, axis=axis, keepdims=0)}


@component(name="cast")
def cast_to(value: Var, *, to: str = "float32") -> Mapping[str, Var]:
    """``value`` as another type, rounded or cut as ONNX's Cast does: how to allow what no wire does."""
    try:
        target = np.dtype(str) if to == "string" else np.dtype(to)
    except TypeError:
        raise BadManifest(f"{to} is no type", remedy="Say float32, float64, int64, bool or string.") from None
    return {"value": cast(value, target)}


@component()
def transpose(value: Var, *, perm: Numbers) -> Mapping[str, Var]:
    """``value`` with its axes in the order ``perm``: ``0|3|1|2`` makes NCHW of NHWC."""
    if sorted(perm) != list(range(len(shape_of(value)))):
        raise BadManifest(f"perm {perm} doesn't order the axes of {shape_of(value)}")
    return {"value": op.transpose(value, perm=perm)}


@component()
def rename(values: Mapping[str, Var], **names: str) -> Mapping[str, Var]:
    """Every output of the part before, under new names: ``rename:old=new``."""
    if unknown := sorted(names.keys() - values.keys()):
        raise BadManifest(
            f"there is no {unknown[0]} before it", remedy=f"There are: {', '.join(values) or 'none'}"
        )
    made = {names.get(name, name): value for name, value in values.items()}
    if len(made) < len(values):
        raise BadManifest("two outputs would have one name")
    return made


def _refuse_beyond(scores: Var, column: int) -> None:
    shape = shape_of(scores)
    if len(shape) != 2:
        raise BadManifest(f"it takes scores [N, k], not {scores.type}")
    if isinstance(shape[1], int) and not -shape[1] <= column < shape[1]:
        raise BadManifest(f"there is no column {column} among {shape[1]}")


def _best(scores: Var, top: int) -> tuple[Var, Var]:
    """The ``top`` highest of each row and their places ``[N, top]``, NaN last."""
    if top < 1:
        raise BadManifest(f"top can't be {top}", remedy="Write a number from 1.")
    floor = const(-np.inf, dtype_of(scores))
    # TopK takes NaN for the highest value of all.
    keys = op.where(op.isnan(scores), floor, scores)
    _, places = ranked(keys, _clamped(scores, top))
    return op.gather_elements(scores, places, axis=1), places


def _clamped(scores: Var, top: int) -> Var:
    """``min(top, k)`` for scores ``[N, k]``, int64 ``[1]``: TopK refuses more than there is."""
    if not is_string(scores) and len(shape_of(scores)) == 2 and dtype_of(scores).kind == "f":
        width = shape_of(scores)[1]
        if isinstance(width, int):
            return const([min(top, width)])
        return op.min([const([top]), op.shape(scores, start=1, end=2)])
    raise BadManifest(
        f"it takes floating point scores [N, k], not {scores.type}", remedy="Wire another output to it."
    )


def known_classes(scores: Var, classes: Classes, file: Path | None) -> Array:
    """The labels of the columns of ``scores``. Raises BadManifest for none and for a wrong number."""
    known = lines(file) if file is not None else classes
    if known is None:
        raise BadManifest(
            "nobody says what the classes are called",
            remedy="Give them: classes=no|yes, or file=labels.txt with one a line.",
        )
    shape = shape_of(scores)
    width = shape[1] if dtype_of(scores).kind == "f" and len(shape) == 2 else None
    if isinstance(width, int) and width != len(known):
        raise BadManifest(f"{len(known)} labels are given for {width} scores")
    return known


def lines(file: Path) -> Array:
    """The lines of a text file as labels. Raises BadManifest where it can't be read."""
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadManifest(f"{file} can't be read: {error}") from None
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines:
        raise BadManifest(f"{file} holds no labels")
    return np.array([line.strip() for line in lines])
