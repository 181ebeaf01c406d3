"""Rows for XGBoost behind stages that answer sparse matrices, whose zeros it takes for missing."""

from sklearn.compose import make_column_transformer
from sklearn.ensemble import AdaBoostRegressor, StackingClassifier
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.feature_selection import RFE, SelectKBest
from sklearn.multioutput import RegressorChain
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    OneHotEncoder,
    StandardScaler,
)
from xgboost import XGBClassifier, XGBRegressor

from tests.harness import Case

FEW = {"n_estimators": 8, "max_depth": 3, "random_state": 0, "n_jobs": 1}


def _few(encoder, **more):
    """Few columns hold something, so scikit-learn makes the rows sparse, and the numbers with them."""
    return make_column_transformer((encoder, ["city"]), remainder="passthrough", **more)


CASES = [
    Case(make_pipeline(_few(OneHotEncoder()), XGBClassifier(**FEW)), data="many_cities"),
    Case(make_pipeline(_few(OneHotEncoder(), sparse_threshold=0), XGBClassifier(**FEW)), data="many_cities"),
    Case(make_pipeline(_few(OneHotEncoder(sparse_output=False)), XGBClassifier(**FEW)), data="many_cities"),
    Case(
        make_pipeline(
            _few(OneHotEncoder()), MaxAbsScaler(), StandardScaler(with_mean=False), XGBClassifier(**FEW)
        ),
        data="many_cities",
    ),
    Case(
        make_pipeline(
            _few(OneHotEncoder()),
            FunctionTransformer(None, accept_sparse=True),
            XGBClassifier(**FEW, missing=1.0),
        ),
        data="many_cities",
    ),
    Case(
        make_pipeline(
            _few(OneHotEncoder()),
            StackingClassifier([("xgb", XGBClassifier(**FEW))], XGBClassifier(**FEW), cv=2, passthrough=True),
        ),
        data="many_cities",
    ),
    Case(make_pipeline(KBinsDiscretizer(), XGBRegressor(**FEW))),
    Case(make_pipeline(KBinsDiscretizer(), AdaBoostRegressor(XGBRegressor(**FEW), n_estimators=3))),
    Case(make_pipeline(KBinsDiscretizer(), RFE(XGBClassifier(**FEW), n_features_to_select=9))),
    Case(make_pipeline(KBinsDiscretizer(), RegressorChain(XGBRegressor(**FEW))), data="targets"),
    Case(make_pipeline(TfidfVectorizer(), SelectKBest(k=3), XGBClassifier(**FEW)), data="documents"),
    Case(
        make_pipeline(
            make_union(CountVectorizer(), HashingVectorizer(n_features=8, alternate_sign=False)),
            XGBClassifier(**FEW),
        ),
        data="documents",
    ),
]
