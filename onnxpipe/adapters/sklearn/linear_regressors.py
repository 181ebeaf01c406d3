"""Linear regressors. Formulas: sklearn/linear_model/_base.py, _glm/glm.py and _ransac.py."""

from __future__ import annotations

from onnxpipe.blocks import linear
from onnxpipe.core.apply import apply
from onnxpipe.core.ops import Var, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import Answers, converts
from onnxpipe.core.table import Table


@converts(
    "sklearn.linear_model.LinearRegression",
    "sklearn.linear_model.Ridge",
    "sklearn.linear_model.RidgeCV",
    "sklearn.linear_model.Lasso",
    "sklearn.linear_model.LassoCV",
    "sklearn.linear_model.ElasticNet",
    "sklearn.linear_model.ElasticNetCV",
    "sklearn.linear_model.MultiTaskLasso",
    "sklearn.linear_model.MultiTaskLassoCV",
    "sklearn.linear_model.MultiTaskElasticNet",
    "sklearn.linear_model.MultiTaskElasticNetCV",
    "sklearn.linear_model.Lars",
    "sklearn.linear_model.LarsCV",
    "sklearn.linear_model.LassoLars",
    "sklearn.linear_model.LassoLarsCV",
    "sklearn.linear_model.LassoLarsIC",
    "sklearn.linear_model.OrthogonalMatchingPursuit",
    "sklearn.linear_model.OrthogonalMatchingPursuitCV",
    "sklearn.linear_model.BayesianRidge",
    "sklearn.linear_model.ARDRegression",
    "sklearn.linear_model.HuberRegressor",
    "sklearn.linear_model.TheilSenRegressor",
    "sklearn.linear_model.SGDRegressor",
    "sklearn.linear_model.PassiveAggressiveRegressor",
    "sklearn.linear_model.QuantileRegressor",
    "sklearn.svm.LinearSVR",
)
def linear_regressor(stage: Stage, x: Var) -> Answers:
    """``x @ coef_.T + intercept_``, ``[N]`` or ``[N, targets]``."""
    return {"predict": linear.affine(x, stage.coef_, stage.intercept_)}


def _link(stage: Stage) -> str:
    """The link of a generalised linear model: log unless a TweedieRegressor says or implies else."""
    link = stage.get("link", "log")
    if link == "auto":
        return "identity" if stage.power <= 0 else "log"
    return str(link)


@converts(
    "sklearn.linear_model.PoissonRegressor",
    "sklearn.linear_model.GammaRegressor",
    "sklearn.linear_model.TweedieRegressor",
)
def generalised_linear_regressor(stage: Stage, x: Var) -> Answers:
    """The inverse link of ``x @ coef_ + intercept_``, ``[N]``."""
    raw = linear.affine(x, stage.coef_, stage.intercept_)
    return {"predict": op.exp(raw) if _link(stage) == "log" else raw}


@converts("sklearn.linear_model.RANSACRegressor")
def ransac_regressor(stage: Stage, x: Table) -> Answers:
    """What the regressor answers that was fitted on the inliers."""
    return {"predict": apply(stage.child("estimator_", stage.estimator_), x)["predict"]}
