"""Rows for CatBoost's estimators in pickles, alone and inside scikit-learn."""

from catboost import CatBoost, CatBoostClassifier, CatBoostRegressor
from sklearn.compose import make_column_transformer
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder, StandardScaler

from tests.boosted import Boosted
from tests.harness import Case

FEW = {"iterations": 8, "depth": 3, "verbose": 0, "thread_count": 1, "allow_writing_files": False}

CASES = [
    Boosted(CatBoostClassifier(**FEW)),
    Boosted(CatBoostClassifier(**FEW), data="binary_labels"),
    Boosted(CatBoostClassifier(**FEW), data="labels"),
    Boosted(CatBoostClassifier(**FEW), data="odd_classes"),
    Boosted(CatBoostClassifier(**FEW), data="missing"),
    Boosted(CatBoostClassifier(**FEW, loss_function="MultiClassOneVsAll")),
    Boosted(CatBoostClassifier(**FEW, grow_policy="Lossguide")),
    Boosted(CatBoostRegressor(**FEW), data="missing_regression"),
    Boosted(CatBoostRegressor(**FEW, nan_mode="Max"), data="missing_regression"),
    Boosted(CatBoostRegressor(**FEW, grow_policy="Depthwise"), data="missing_regression"),
    Case(CatBoost({**FEW, "loss_function": "MAE"}), data="regression", methods=("predict",)),
    Case(make_pipeline(StandardScaler(), CatBoostClassifier(**FEW)), data="labels"),
    Case(
        make_pipeline(
            make_column_transformer((OrdinalEncoder(), ["city", "size"]), remainder="passthrough"),
            CatBoostClassifier(**FEW),
        ),
        data="frame",
    ),
    Case(MultiOutputRegressor(CatBoostRegressor(**FEW)), data="targets"),
    Case(VotingClassifier([("a", CatBoostClassifier(**FEW)), ("b", LogisticRegression())], voting="soft")),
]
