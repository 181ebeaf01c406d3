"""Which transformers answer scipy's sparse matrices, as far as anyone behind them can tell.

Rules: ``transform`` of each class, scikit-learn 1.0 to 1.9.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from onnxpipe.adapters.sklearn import composition, dictionaries, resampling
from onnxpipe.core.plan import Stage
from onnxpipe.core.record import Record
from onnxpipe.core.stored import Stored, stored, stores

_SELECTORS = (
    "VarianceThreshold SelectKBest SelectPercentile SelectFpr SelectFdr SelectFwe GenericUnivariateSelect "
    "SelectFromModel RFE RFECV SequentialFeatureSelector"
)


def _named(home: str, names: str) -> list[str]:
    return [f"sklearn.{home}.{name}" for name in names.split()]


@stores(
    *_named(
        "preprocessing", "StandardScaler MaxAbsScaler RobustScaler Normalizer Binarizer PolynomialFeatures"
    ),
    *_named("feature_selection", _SELECTORS),
    "sklearn.kernel_approximation.AdditiveChi2Sampler",
    *resampling.SAMPLERS,
)
def _as_it_came(_stage: Stage, came: Stored) -> Stored:
    return came


@stores(*_named("feature_extraction.text", "CountVectorizer TfidfVectorizer TfidfTransformer"))
def _always(_stage: Stage, came: Stored) -> Stored:
    return max(came, Stored.NONZERO)


@stores(
    *_named("preprocessing", "QuantileTransformer FunctionTransformer"),
    *_named("random_projection", "SparseRandomProjection"),
)
def _perhaps_zeros(stage: Stage, came: Stored) -> Stored:
    """Sparse where the rows came so; what is computed of numbers other than 0 may be 0."""
    if came is Stored.DENSE or stage.get("dense_output", False):
        return Stored.DENSE
    return came if stage.get("func", "") is None else Stored.SOME_ZEROS


@stores("sklearn.preprocessing.OneHotEncoder", "sklearn.ensemble.RandomTreesEmbedding")
def _ones(stage: Stage, _came: Stored) -> Stored:
    return Stored.NONZERO if stage.get("sparse_output", True) else Stored.DENSE


@stores("sklearn.preprocessing.KBinsDiscretizer")
def _bins(stage: Stage, _came: Stored) -> Stored:
    return Stored.NONZERO if stage.encode == "onehot" else Stored.DENSE


@stores("sklearn.preprocessing.SplineTransformer")
def _splines(stage: Stage, _came: Stored) -> Stored:
    return Stored.SOME_ZEROS if stage.get("sparse_output", False) else Stored.DENSE


@stores(*_named("neighbors", "KNeighborsTransformer RadiusNeighborsTransformer"))
def _distances(_stage: Stage, _came: Stored) -> Stored:
    return Stored.SOME_ZEROS


@stores("sklearn.feature_extraction.text.HashingVectorizer", "sklearn.feature_extraction.FeatureHasher")
def _hashed(stage: Stage, _came: Stored) -> Stored:
    """Words, or numbers with a sign, that meet in a column may cancel out."""
    counts = stage.get("input_type", "string") == "string" or stage.kind.endswith("Vectorizer")
    return Stored.NONZERO if counts and not stage.alternate_sign else Stored.SOME_ZEROS


@stores("sklearn.feature_extraction.DictVectorizer")
def _keys(stage: Stage, _came: Stored) -> Stored:
    """A key that isn't there is left out, a number 0 isn't."""
    if not stage.sparse:
        return Stored.DENSE
    return Stored.SOME_ZEROS if dictionaries.has_numbers(stage) else Stored.NONZERO


@stores("sklearn.impute.MissingIndicator")
def _indicators(stage: Stage, came: Stored) -> Stored:
    sparse = came is not Stored.DENSE if stage.sparse == "auto" else stage.sparse
    return Stored.NONZERO if sparse else Stored.DENSE


@stores("sklearn.impute.SimpleImputer")
def _imputed(stage: Stage, came: Stored) -> Stored:
    """Sparse rows stay so, with what they are filled with, be it 0."""
    if came is Stored.DENSE or np.all(np.asarray(stage.statistics_) != 0):
        return came
    return Stored.SOME_ZEROS


@stores("sklearn.pipeline.Pipeline", "imblearn.pipeline.Pipeline")
def _last(stage: Stage, came: Stored) -> Stored:
    for name, step in stage.steps:
        if isinstance(step, Record):
            came = stored(stage.child(name, step), came)
    return came


@stores("sklearn.compose.ColumnTransformer")
def _columns(stage: Stage, came: Stored) -> Stored:
    """Sparse where so much of it was zero when it was fitted, or some member is."""
    members = ((name, step) for name, step, _ in composition.members(stage))
    return max(Stored.NONZERO, _most(stage, members, came)) if stage.sparse_output_ else Stored.DENSE


@stores("sklearn.pipeline.FeatureUnion")
def _union(stage: Stage, came: Stored) -> Stored:
    return _most(stage, (entry for entry in stage.transformer_list if entry[1] != "drop"), came)


def _most(stage: Stage, members: Iterable[tuple[str, Any]], came: Stored) -> Stored:
    """What stands beside a sparse matrix leaves its zeros out, too."""
    each = (stored(stage.child(n, s), came) if isinstance(s, Record) else came for n, s in members)
    return max(each, default=Stored.DENSE)
