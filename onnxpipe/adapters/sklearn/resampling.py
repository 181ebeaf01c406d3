"""imbalanced-learn: samplers, which only training knows, and ensembles fitted on what samplers left.

Formulas: imblearn/pipeline.py and imblearn/ensemble, 0.12 to 0.14.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from onnxpipe.adapters.sklearn import adaboost, bagging, composition, forests, trees
from onnxpipe.adapters.sklearn.members import inner_columns
from onnxpipe.core.ops import Var
from onnxpipe.core.plan import Stage
from onnxpipe.core.record import Record
from onnxpipe.core.registry import Answers, columns, converts
from onnxpipe.core.table import Check, Due, Table

_SAMPLERS = {
    "over_sampling": "ADASYN RandomOverSampler KMeansSMOTE SMOTE BorderlineSMOTE SVMSMOTE SMOTENC SMOTEN",
    "under_sampling": "ClusterCentroids RandomUnderSampler InstanceHardnessThreshold NearMiss TomekLinks "
    "EditedNearestNeighbours RepeatedEditedNearestNeighbours AllKNN OneSidedSelection "
    "CondensedNearestNeighbour NeighbourhoodCleaningRule",
    "combine": "SMOTEENN SMOTETomek",
}
SAMPLERS = tuple(f"imblearn.{home}.{name}" for home, names in _SAMPLERS.items() for name in names.split())


@converts(*SAMPLERS, refuses=Check.NOTHING)
def sampler(stage: Stage, x: Table) -> Table:
    """The rows as they are: samplers change the rows that a model is fitted on, and no others."""
    return x


def _columns(stage: Stage) -> Sequence[str]:
    """The columns of the first step that does something."""
    steps = [stage.child(name, step) for name, step in stage.steps if isinstance(step, Record)]
    return next((columns(step) or () for step in steps if step.kind not in SAMPLERS), ())


@converts("imblearn.pipeline.Pipeline", columns=_columns)
def pipeline(stage: Stage, x: Table) -> Answers:
    """Each step on the answer of the one before; the last one's answers."""
    return composition.pipeline(stage, x)


@converts(
    "imblearn.ensemble.BalancedRandomForestClassifier",
    dtype=np.float32, refuses=trees.refused, edges=trees.edges,
)  # fmt: skip
def balanced_forest(stage: Stage, x: Var, check: Check) -> Answers:
    """The mean of the trees' class shares, and the most likely class."""
    return forests.forest_classifier(stage, x, check)


def _bare(stage: Stage) -> Stage:
    """The ensemble with the last steps of its members in their place, where samplers are the others."""
    return replace(stage, state={**stage.state, "estimators_": [_model(each) for each in stage.estimators_]})


def _model(member: Record) -> Record:
    *before, (_, last) = member.get("steps") or [("", member)]
    samplers = all(isinstance(step, Record) and step.kind in SAMPLERS for _, step in before)
    return last if samplers else member


def _bagged_edges(stage: Stage) -> Mapping[int, Any]:
    return bagging.edges(_bare(stage))


def _bagged_columns(stage: Stage) -> list[str]:
    return bagging.member_columns(_bare(stage))


@converts(
    "imblearn.ensemble.BalancedBaggingClassifier", "imblearn.ensemble.EasyEnsembleClassifier",
    refuses=Check.NOTHING, columns=_bagged_columns, edges=_bagged_edges,
)  # fmt: skip
def balanced_bagging(stage: Stage, x: Table) -> Answers:
    """The mean of the members' class shares."""
    return bagging.bagging_classifier(_bare(stage), x)


@converts("imblearn.ensemble.RUSBoostClassifier", columns=inner_columns, edges=adaboost.edges)
def rus_boost(stage: Stage, x: Var, due: Due) -> Answers:
    """The weighted vote as a score per class, a single one for two, and a softmax of it."""
    return adaboost.adaboost_classifier(stage, x, due)
