"""Rows for functions that pipelines call by name."""

import operator
from functools import partial

import numpy as np
from scipy import special
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

from tests import functions
from tests.harness import Case

KEEPING = (
    *(np.absolute, np.ceil, np.floor, np.log1p, np.negative, np.nan_to_num, np.rint, np.round, np.sign),
    *(np.sqrt, np.square, np.trunc),
)
FUNCTIONS = (
    *KEEPING,
    *(np.arccos, np.arccosh, np.arcsin, np.arcsinh, np.arctan, np.arctanh, np.cbrt, np.cos, np.cosh),
    *(np.deg2rad, np.degrees, np.exp, np.exp2, np.expm1, np.fabs, np.isfinite, np.isinf, np.isnan),
    *(np.log, np.log10, np.log2, np.positive, np.rad2deg, np.radians, np.reciprocal, np.sin, np.sinh),
    *(np.tan, np.tanh, np.logical_not),
)
SPECIAL = (
    *(special.cbrt, special.erf, special.exp10, special.exp2, special.expit, special.expm1, special.log1p),
    *(special.ndtr, abs, operator.neg, operator.pos),
    *(np.isneginf, np.isposinf, np.sinc, np.asarray, np.array, np.real, np.conjugate, np.fix),
)
BEFORE = (
    *(np.add, np.divide, np.equal, np.greater, np.greater_equal, np.less, np.less_equal, np.maximum),
    *(np.minimum, np.multiply, np.power, np.subtract),
)
WITHIN = (np.sum, np.mean, np.max, np.min, np.amax, np.amin, np.prod, np.std, np.var)


def by(function, **kw_args):
    return FunctionTransformer(function, kw_args=kw_args or None)


def target(transformer):
    return TransformedTargetRegressor(Ridge(), transformer=transformer)


ROUNDING = "numpy's float32 log1p is good to some units in the last place, which float64 after it shows"
LOGARITHMS = make_pipeline(FunctionTransformer(np.log1p), StandardScaler(), LogisticRegression())
WHOLE = "numpy answers integers, which may overflow"
NARROW = (np.square, np.abs, np.log1p)
HALF = "numpy answers truth values in bytes or in half precision"
MIXED = ColumnTransformer(
    [("a", FunctionTransformer(np.log1p), ["length", "count"]), ("b", "passthrough", ["width"])]
)

CASES = [
    *[Case(FunctionTransformer(function)) for function in (*FUNCTIONS, *SPECIAL, special.logit)],
    *[Case(FunctionTransformer(function), data="whole") for function in KEEPING],
    Case(FunctionTransformer(np.tan), data="quarter_turns"),
    *[Case(FunctionTransformer(function), data="whole") for function in (np.invert, np.logical_not)],
    Case(FunctionTransformer(np.invert), data="truths"),
    Case(FunctionTransformer(np.logical_not), data="truths"),
    *[Case(FunctionTransformer(partial(function, 2))) for function in BEFORE],
    *[Case(FunctionTransformer(partial(function, 0.5)), data="whole") for function in BEFORE],
    *[Case(FunctionTransformer(partial(function, np.nan))) for function in (np.maximum, np.minimum)],
    *[Case(by(function, axis=1, keepdims=True)) for function in WITHIN],
    *[Case(by(function, axis=1)) for function in (special.softmax, np.cumsum)],
    Case(by(np.cumsum, axis=-1), data="whole"),
    Case(FunctionTransformer(partial(np.maximum, 0)), data="whole", refused="on integers", reason=WHOLE),
    Case(by(np.sum, axis=1, keepdims=True), data="whole", refused="on integers", reason=WHOLE),
    Case(by(np.sum, axis=1), refused="keepdims=True", reason="one number per row is no table"),
    Case(by(np.cumsum, axis=0), refused="adds up rows", reason="its answer hangs on the whole batch"),
    Case(FunctionTransformer()),
    Case(FunctionTransformer(validate=True)),
    Case(FunctionTransformer(np.log1p, validate=True), data="positive"),
    Case(by(np.clip, a_min=-1, a_max=2.5)),
    Case(by(np.clip, a_min=[-1.0, 0.0, -0.1, -2.0], a_max=None)),
    Case(by(np.clip, a_min=0.5, a_max=2), data="whole"),
    Case(
        by(np.clip, a_min=-1, a_max=[2.5, 9.1, 0.1]),
        data="number_frame",
        skip=("float32",),
        reason="whether pandas widens a float32 column hangs on its values",
    ),
    Case(
        by(np.clip, a_min=[-1, 2, 0.1], a_max=None),
        data="number_frame",
        skip=("native",),
        refused="between lists of limits",
        reason="whether pandas widens a float32 column hangs on its values",
    ),
    Case(
        by(np.clip, a_min=1, a_max=[2.5, 0.9, 4]),
        data="number_frame",
        skip=("float32",),
        refused="limits that cross",
        reason="pandas moves the lower ones too",
    ),
    Case(by(np.round, decimals=2)),
    Case(by(np.round, decimals=-1)),
    Case(by(np.nan_to_num, nan=-1.0, posinf=5.0), data="missing"),
    Case(FunctionTransformer(partial(np.clip, a_min=0, a_max=1))),
    *[
        Case(LOGARITHMS, data="positive", skip=skip, rtol=rtol, reason=ROUNDING)
        for skip, rtol in ((("float32",), None), (("native",), 1e-6))
    ],
    *[
        Case(MIXED, data="frame", skip=skip, rtol=rtol, reason=ROUNDING)
        for skip, rtol in ((("float32",), None), (("native",), 1e-6))
    ],
    Case(
        ColumnTransformer([("a", FunctionTransformer(np.square), ["length", "count"])]),
        data="frame",
    ),
    Case(FunctionTransformer(np.square), data="number_frame"),
    Case(FunctionTransformer(np.abs, validate=True), data="number_frame"),
    Case(TransformedTargetRegressor(func=np.log1p, inverse_func=np.expm1), data="number_frame"),
    Case(by(functions.ratio, above=0, below=1)),
    Case(by(functions.ratio, above=0, below=1, offset=2.0)),
    Case(
        FunctionTransformer(functions.untranslated),
        refused="tests.functions.untranslated",
        reason="no translation is registered for it",
    ),
    Case(
        by(functions.ratio, above=0, below=1, other=2),
        refused="other=2",
        reason="the translation takes no such keyword",
    ),
    Case(
        FunctionTransformer(np.reciprocal),
        data="whole",
        refused="reciprocal of integers",
        reason="numpy answers integers cut to 0",
    ),
    Case(TransformedTargetRegressor(LinearRegression()), data="regression"),
    Case(TransformedTargetRegressor(func=np.log1p, inverse_func=np.expm1), data="counted"),
    Case(TransformedTargetRegressor(Ridge(), func=np.log, inverse_func=np.exp), data="counted"),
    Case(TransformedTargetRegressor(func=np.cbrt, inverse_func=np.sinh, check_inverse=False), data="targets"),
    Case(TransformedTargetRegressor(func=np.sqrt, inverse_func=np.square), data="counted"),
    Case(
        TransformedTargetRegressor(
            RandomForestRegressor(5, random_state=0), func=np.log, inverse_func=np.exp
        ),
        data="counted",
    ),
    Case(target(StandardScaler()), data="regression"),
    Case(target(StandardScaler(with_mean=False)), data="targets"),
    Case(target(MinMaxScaler()), data="targets"),
    Case(target(MaxAbsScaler()), data="regression"),
    Case(target(RobustScaler()), data="regression"),
    Case(target(PowerTransformer()), data="targets"),
    Case(target(PowerTransformer("box-cox", standardize=False)), data="counted"),
    Case(target(QuantileTransformer(n_quantiles=20)), data="regression"),
    Case(target(make_pipeline(FunctionTransformer(np.log1p, np.expm1), StandardScaler())), data="counted"),
    Case(target(QuantileTransformer(n_quantiles=20, output_distribution="normal")), data="regression"),
    Case(
        target(QuantileTransformer(n_quantiles=20)),
        data="targets",
        refused="several targets",
        reason="one search tree serves one column of quantiles",
    ),
    Case(
        target(PCA(n_components=1)),
        data="targets",
        refused="inverse_transform",
        reason="the way back through PCA isn't written",
    ),
    Case(make_pipeline(StandardScaler(), FunctionTransformer(np.square))),
    *[
        Case(FunctionTransformer(function), data="narrow_frame", refused="half precision", reason=HALF)
        for function in NARROW
    ],
]
