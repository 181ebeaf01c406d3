"""Several targets, each by an estimator of its own. Formulas: sklearn/multioutput.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from onnxpipe.adapters.sklearn.delegation import all_by, columns_of_first, edges_of_all, members, shared
from onnxpipe.adapters.sklearn.linear_regressors import linear_regressor
from onnxpipe.blocks import linear
from onnxpipe.core.apply import apply, floating
from onnxpipe.core.guards import guarded
from onnxpipe.core.ops import Var, cast, concat, dtype_of, op, shape_of, take_columns
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import Answers, converts
from onnxpipe.core.table import Due, Table


def _predictions(stage: Stage, answers: list[Answers]) -> Var:
    """The predictions of all targets ``[N, targets]``."""
    predicted: list[Any] = [each["predict"] for each in answers]
    if len({dtype_of(each).kind == "U" for each in predicted}) > 1:
        raise stage.unsupported("predicts text for one target and numbers for another")
    return linear.stacked(predicted)


@converts("sklearn.multioutput.MultiOutputRegressor", columns=columns_of_first, edges=edges_of_all)
def multi_output_regressor(stage: Stage, x: Table) -> Answers:
    """Each target's prediction, ``[N, targets]``."""
    inner = members(stage)
    x = shared(stage, x, inner)
    if all_by(inner, linear_regressor) and all(np.ndim(each.coef_) == 1 for each in inner):
        coef = np.stack([each.coef_ for each in inner])
        return {"predict": linear.affine(floating(x), coef, np.ravel([each.intercept_ for each in inner]))}
    return {"predict": _predictions(stage, [apply(each, x) for each in inner])}


@converts("sklearn.multioutput.MultiOutputClassifier", columns=columns_of_first, edges=edges_of_all)
def multi_output_classifier(stage: Stage, x: Table) -> Answers:
    """Each target's label ``[N, targets]``, and its probabilities as ``predict_proba_i``."""
    inner = members(stage)
    x = shared(stage, x, inner)
    answers = [apply(each, x) for each in inner]
    all_know = all("predict_proba" in each for each in answers)
    proba = {f"predict_proba_{i}": each["predict_proba"] for i, each in enumerate(answers) if all_know}
    return {"predict": _predictions(stage, answers), **proba}


def _response(answers: Mapping[str, Any], method: str) -> Var:
    """One number per row ``[N, 1]``: probabilities are those of the second class."""
    if method == "predict_log_proba":
        return op.log(_response(answers, "predict_proba"))
    answer: Var = answers[method]
    column = take_columns(answer, [1]) if len(shape_of(answer)) == 2 else linear.as_column(answer)
    return cast(column, np.float64)


def _columns(stage: Stage) -> Sequence[str]:
    return columns_of_first(stage)[: int(stage.n_features_in_)]


def _edges(stage: Stage) -> Mapping[int, Any]:
    """Those of the columns that come in; the other ones are answers of members before."""
    return {i: values for i, values in edges_of_all(stage).items() if i < int(stage.n_features_in_)}


_CHAINED = ("predict", "predict_proba", "decision_function")


@converts(
    "sklearn.multioutput.ClassifierChain", "sklearn.multioutput.RegressorChain",
    dtype=np.float64, columns=_columns, edges=_edges,
)  # fmt: skip
def chain(stage: Stage, x: Var, due: Due) -> Answers:
    """Each target's answers ``[N, targets]`` float64; each estimator also sees those of the ones before."""
    method, answers, finite = stage.get("chain_method_", "predict"), [], True
    seen = [guarded(stage.context, x, due.check)]
    for each in members(stage):
        answers.append(apply(each, Table.of(concat(seen, 1), finite=finite).kept(due.stored)))
        seen.append(_response(answers[-1], method))
        finite = finite and method == "predict" and _is_whole(answers[-1]["predict"])
    common = [m for m in _CHAINED if all(m in each for each in answers)]
    made = {m: seen[1:] if m == method else [_response(each, m) for each in answers] for m in common}
    order = np.argsort(np.asarray(stage.order_))
    return {m: take_columns(concat(columns, 1), order) for m, columns in made.items()}


def _is_whole(labels: Any) -> bool:
    """Whether an answer can't be NaN or infinite."""
    return dtype_of(labels).kind in "iub"
