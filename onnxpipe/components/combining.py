"""From the answers of several models to one: the graphs between members of ensembles and cascades."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from onnxpipe.blocks import classes as named
from onnxpipe.blocks import ensembles
from onnxpipe.core.ops import Var, any_of, as_many, const, dtype_of, op, shape_of

Array = NDArray[Any]
Weights = Sequence[float] | None


def averaged(answers: Sequence[Var], weights: Weights, classes: Array | None) -> dict[str, Var]:
    """``numpy.average(answers, axis=0, weights=weights)`` of probabilities ``[N, k]`` or of numbers.

    Of probabilities ``predict_proba`` and, where the classes are known, ``predict``, the likeliest,
    the first of equals: scikit-learn's ``VotingClassifier(voting="soft")``. Of numbers ``predict``.
    """
    made = ensembles.mean(answers, weights)
    if len(shape_of(made)) != 2 or shape_of(made)[1] == 1:
        return {"predict": made}
    likeliest = {} if classes is None else {"predict": named.most_likely(made, classes)}
    return {**likeliest, "predict_proba": made}


def voted(labels: Sequence[Var], weights: Weights, classes: Array) -> dict[str, Var]:
    """``predict`` ``[N]``, the class that most (weighted) labels say, the first of equals, and ``votes``
    ``[N, k]``: scikit-learn's ``VotingClassifier(voting="hard")``.
    """
    votes = ensembles.votes(ensembles.stacked(labels), classes, weights)
    return {"predict": named.most_likely(votes, classes), "votes": votes}


def unsure(scores: Var, at: float) -> dict[str, Var]:
    """Rows whose highest score ``[N, k]`` doesn't reach ``at``, or is NaN, bool ``[N]``; ``any`` of them."""
    best = op.reduce_max(scores, const([1]), keepdims=0)
    rows = op.not_(op.greater_or_equal(best, const(at, dtype_of(scores))))
    return {"rows": rows, "any": any_of(rows)}


def picked(rows: Var, values: Mapping[str, Var]) -> dict[str, Var]:
    """The rows of each value that a mask ``[N]`` marks, as ``name``, in order."""
    return {name: op.compress(value, rows, axis=0) for name, value in values.items()}


def put_back(rows: Var, everywhere: Var, there: Var) -> Var:
    """``everywhere`` ``[N, ...]`` with its marked rows replaced by those of ``there``, in order."""
    places = op.transpose(op.non_zero(rows), perm=[1, 0])
    return as_many(op.scatter_nd(everywhere, places, there), everywhere)


def said(answer: Var, classes: Array, scores: bool) -> Var:
    """A member's label ``[N]``: that of its highest score ``[N, k]``, or its own, ``[N]`` or ``[N, 1]``."""
    return named.most_likely(answer, classes) if scores else op.reshape(answer, const([-1]))
