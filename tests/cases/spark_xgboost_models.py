"""Rows for XGBoost's models for Spark."""

from xgboost.spark import SparkXGBClassifier, SparkXGBRegressor

from tests.harness import Case
from tests.rigs.spark import lazy

SINGLE = {"rtol": 1e-5, "reason": "native computes in float32, with its processor's exp, and widens that"}
SMALL = {"n_estimators": 4, "max_depth": 3}

CASES = [
    Case(lazy(SparkXGBClassifier, **SMALL), **SINGLE),
    Case(lazy(SparkXGBClassifier, **SMALL, missing=0.0), data="binary", **SINGLE),
    Case(lazy(SparkXGBRegressor, **SMALL, objective="reg:pseudohubererror"), data="regression"),
    Case(
        lazy(SparkXGBRegressor, **SMALL, features_col=["length", "count"], label_col="length"), data="frame"
    ),
    Case(lazy(SparkXGBRegressor, **SMALL, base_margin_col="label"), data="regression"),
    Case(lazy(SparkXGBClassifier, **SMALL, base_margin_col="label"), data="binary", **SINGLE),
]
