"""Rows for XGBoost's scikit-learn interface, alone and inside scikit-learn."""

from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.feature_selection import SelectFromModel
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from xgboost import XGBClassifier, XGBRegressor, XGBRFClassifier, XGBRFRegressor

from tests.boosted import Boosted
from tests.harness import Case

FEW = {"n_estimators": 8, "max_depth": 3, "random_state": 0, "n_jobs": 1}

CASES = [
    Boosted(XGBClassifier(**FEW)),
    Boosted(XGBClassifier(**FEW), data="binary"),
    Boosted(XGBClassifier(**FEW), data="missing"),
    Boosted(XGBClassifier(**FEW, objective="multi:softmax")),
    Boosted(XGBClassifier(**FEW, objective="binary:hinge"), data="binary"),
    Boosted(XGBClassifier(**FEW, base_score=0.3, scale_pos_weight=2), data="binary"),
    Boosted(XGBClassifier(**FEW), data="multilabel"),
    Boosted(XGBClassifier(**FEW, multi_strategy="multi_output_tree"), data="multilabel"),
    Boosted(XGBClassifier(**FEW, multi_strategy="multi_output_tree")),
    Boosted(XGBClassifier(**FEW, missing=0.0), data="counts"),
    Boosted(XGBClassifier(**FEW, booster="dart", rate_drop=0.4)),
    Boosted(XGBClassifier(**FEW, booster="gblinear"), data="binary"),
    Boosted(XGBClassifier(**FEW, grow_policy="lossguide", max_leaves=5, tree_method="approx")),
    Boosted(XGBClassifier(**FEW, tree_method="exact"), data="missing"),
    Boosted(XGBRFClassifier(**FEW)),
    Boosted(XGBRFClassifier(**FEW), data="binary"),
    Boosted(XGBRegressor(**FEW)),
    Boosted(XGBRegressor(**FEW), data="missing_regression"),
    Boosted(XGBRegressor(**FEW), data="targets"),
    Boosted(XGBRegressor(**FEW, multi_strategy="multi_output_tree"), data="targets"),
    Boosted(XGBRegressor(**FEW, objective="count:poisson"), data="counted"),
    Boosted(XGBRegressor(**FEW, objective="reg:gamma", base_score=2.0), data="counted"),
    Boosted(XGBRegressor(**FEW, objective="reg:tweedie"), data="counted"),
    Boosted(XGBRegressor(**FEW, objective="reg:squaredlogerror"), data="counted"),
    Boosted(XGBRegressor(**FEW, objective="reg:pseudohubererror")),
    Boosted(XGBRegressor(**FEW, objective="reg:absoluteerror")),
    Boosted(XGBRegressor(**FEW, objective="reg:quantileerror", quantile_alpha=[0.1, 0.5])),
    Boosted(XGBRegressor(**FEW, objective="reg:logistic"), data="binary"),
    Boosted(XGBRegressor(**FEW, num_parallel_tree=3, subsample=0.7)),
    Boosted(XGBRegressor(**FEW, booster="dart", rate_drop=0.4, one_drop=1)),
    Boosted(XGBRegressor(**FEW, booster="gblinear")),
    Boosted(XGBRegressor(**FEW, booster="gblinear"), data="targets"),
    Boosted(XGBRFRegressor(**FEW)),
    Case(make_pipeline(StandardScaler(), XGBClassifier(**FEW))),
    Case(
        make_pipeline(
            make_column_transformer((OneHotEncoder(), ["city", "size"]), remainder="passthrough"),
            XGBClassifier(**FEW),
        ),
        data="frame",
    ),
    Case(StackingClassifier([("xgb", XGBClassifier(**FEW))], LogisticRegression(), cv=2), data="labels"),
    Case(VotingClassifier([("xgb", XGBClassifier(**FEW))], voting="soft"), data="labels"),
    Case(CalibratedClassifierCV(XGBClassifier(**FEW), cv=2)),
    Case(GridSearchCV(XGBClassifier(**FEW), {"max_depth": [2]}, cv=2)),
    Case(MultiOutputRegressor(XGBRegressor(**FEW)), data="targets"),
    Case(make_pipeline(SelectFromModel(XGBClassifier(**FEW)), XGBClassifier(**FEW))),
    Case(
        make_pipeline(
            SelectFromModel(XGBRegressor(**FEW, importance_type="gain"), threshold="median"),
            XGBRegressor(**FEW),
        )
    ),
]
