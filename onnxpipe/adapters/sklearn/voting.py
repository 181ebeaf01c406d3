"""Voting: majorities and means over members. Formulas: sklearn/ensemble/_voting.py."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from onnxpipe.adapters.sklearn.delegation import edges_of_all, members
from onnxpipe.adapters.sklearn.members import asked, inner_columns
from onnxpipe.blocks import classes, ensembles
from onnxpipe.core.apply import tensor
from onnxpipe.core.ops import Var, concat, const, op, promote
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import Answers, converts
from onnxpipe.core.table import Table


def _weights(stage: Stage) -> Sequence[float] | None:
    """The members' weights, without those of dropped ones; None for equal ones."""
    if stage.weights is None:
        return None
    pairs = zip(stage.estimators, stage.weights, strict=True)
    return [weight for (_, each), weight in pairs if not isinstance(each, str)]


def _said(stage: Stage, x: Table) -> Var:
    """What each member predicts ``[N, m]``."""
    return ensembles.stacked([tensor(each["predict"]) for each in asked(members(stage), x)])


@converts("sklearn.ensemble.VotingClassifier", columns=inner_columns, edges=edges_of_all)
def voting_classifier(stage: Stage, x: Table) -> Answers:
    """The class with the most votes, or with the highest mean share; ``transform``: what members say."""
    if stage.voting == "soft":
        return _soft(stage, x)
    said, known = _said(stage, x), np.asarray(stage.classes_)
    votes = ensembles.votes(said, np.arange(len(known)), _weights(stage))
    return {"predict": classes.most_likely(votes, known), "transform": said}


def _soft(stage: Stage, x: Table) -> Answers:
    """Shares averaged; ``transform`` gives the members' own ``[N, m * k]``, or unflattened ``[m, N, k]``."""
    each = promote(*(tensor(answers["predict_proba"]) for answers in asked(members(stage), x)))
    proba = ensembles.mean(each, _weights(stage))
    if stage.flatten_transform:
        apart = concat(each, 1)
    else:
        apart = concat([op.unsqueeze(part, const([0])) for part in each], 0)
    return {
        "predict": classes.most_likely(proba, stage.classes_),
        "predict_proba": proba,
        "transform": apart,
    }


@converts("sklearn.ensemble.VotingRegressor", columns=inner_columns, edges=edges_of_all)
def voting_regressor(stage: Stage, x: Table) -> Answers:
    """The (weighted) mean of the members' answers ``[N]``; ``transform``: the answers ``[N, m]``."""
    answers = [tensor(each["predict"]) for each in asked(members(stage), x)]
    return {"predict": ensembles.mean(answers, _weights(stage)), "transform": ensembles.stacked(answers)}
