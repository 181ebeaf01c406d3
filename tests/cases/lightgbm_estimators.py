"""Rows for LightGBM's scikit-learn interface, alone and inside scikit-learn."""

from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import StackingRegressor, VotingClassifier
from sklearn.feature_selection import SelectFromModel
from sklearn.linear_model import Ridge
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder, StandardScaler

from tests.boosted import Boosted
from tests.harness import Case

FEW = {"n_estimators": 8, "num_leaves": 7, "min_child_samples": 5, "n_jobs": 1, "verbose": -1}
FOREST = {"boosting_type": "rf", "subsample": 0.6, "subsample_freq": 1}

CASES = [
    Boosted(LGBMClassifier(**FEW)),
    Boosted(LGBMClassifier(**FEW), data="binary_labels"),
    Boosted(LGBMClassifier(**FEW), data="labels"),
    Boosted(LGBMClassifier(**FEW), data="odd_classes"),
    Boosted(LGBMClassifier(**FEW), data="missing"),
    Boosted(LGBMClassifier(**FEW, objective="multiclassova", sigmoid=1.7)),
    Boosted(LGBMClassifier(**FEW, objective="binary", sigmoid=0.4), data="binary"),
    Boosted(LGBMClassifier(**FEW, objective="cross_entropy"), data="binary"),
    Boosted(LGBMClassifier(**FEW, objective="multiclass", num_class=2), data="binary"),
    Boosted(LGBMClassifier(**FEW, boosting_type="dart", drop_rate=0.5)),
    Boosted(LGBMClassifier(**FEW, data_sample_strategy="goss")),
    Boosted(LGBMClassifier(**FEW, **FOREST)),
    Boosted(LGBMClassifier(**FEW, linear_tree=True), data="missing"),
    Boosted(LGBMClassifier(**FEW, categorical_feature=[0, 3], min_data_per_group=5), data="counts"),
    Boosted(LGBMRegressor(**FEW)),
    Boosted(LGBMRegressor(**FEW), data="missing_regression"),
    Boosted(LGBMRegressor(**FEW, zero_as_missing=True), data="missing_regression"),
    Boosted(LGBMRegressor(**FEW, use_missing=False), data="missing_regression"),
    Boosted(LGBMRegressor(**FEW, reg_sqrt=True)),
    Boosted(LGBMRegressor(**FEW, **FOREST)),
    Boosted(LGBMRegressor(**FEW, linear_tree=True), data="missing_regression"),
    Boosted(LGBMRegressor(**FEW, linear_tree=True, linear_lambda=1)),
    Boosted(LGBMRegressor(**FEW, objective="poisson"), data="counted"),
    Boosted(LGBMRegressor(**FEW, extra_trees=True, monotone_constraints=[1, 0, -1, 0])),
    Case(make_pipeline(StandardScaler(), LGBMClassifier(**FEW)), data="labels"),
    Case(
        make_pipeline(
            make_column_transformer((OrdinalEncoder(), ["city", "size"]), remainder="passthrough"),
            LGBMClassifier(**FEW),
        ),
        data="frame",
    ),
    Case(StackingRegressor([("lgbm", LGBMRegressor(**FEW))], Ridge(), cv=2)),
    Case(VotingClassifier([("lgbm", LGBMClassifier(**FEW))], voting="soft"), data="labels"),
    Case(CalibratedClassifierCV(LGBMClassifier(**FEW), cv=2)),
    Case(MultiOutputRegressor(LGBMRegressor(**FEW)), data="targets"),
    Case(make_pipeline(SelectFromModel(LGBMClassifier(**FEW)), LGBMClassifier(**FEW))),
    Case(
        make_pipeline(
            SelectFromModel(LGBMRegressor(**FEW, importance_type="gain"), threshold="median"),
            LGBMRegressor(**FEW),
        )
    ),
]
