"""Rows for voting."""

from sklearn.compose import make_column_transformer
from sklearn.ensemble import VotingClassifier, VotingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from tests.harness import Case

TREE = DecisionTreeClassifier(max_depth=3, random_state=0)
THREE = [("a", LogisticRegression()), ("b", GaussianNB()), ("c", TREE)]
LESS = [("a", LogisticRegression()), ("gone", "drop"), ("b", GaussianNB()), ("c", TREE)]
WORDS = make_pipeline(
    make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["city", "size"])), LogisticRegression()
)
NUMBERS = make_pipeline(
    make_column_transformer((make_pipeline(SimpleImputer(), StandardScaler()), ["length", "width", "count"])),
    LogisticRegression(),
)
FILLED = make_pipeline(SimpleImputer(), LogisticRegression())
REGRESSORS = [("a", Ridge()), ("b", DecisionTreeRegressor(max_depth=3)), ("c", Ridge(5.0))]

CASES = [
    Case(VotingClassifier(THREE)),
    Case(VotingClassifier(THREE, weights=[0.1, 0.2, 0.3]), data="labels"),
    Case(VotingClassifier(LESS, weights=[1, 7, 1, 2]), data="binary_labels"),
    Case(VotingClassifier(THREE, voting="soft")),
    Case(
        VotingClassifier(LESS, voting="soft", weights=[2, 7, 1, 1.5], flatten_transform=False), data="labels"
    ),
    Case(VotingClassifier([("words", WORDS), ("numbers", NUMBERS)], voting="soft"), data="frame"),
    Case(VotingClassifier([("a", FILLED), ("b", TREE), ("c", FILLED)]), data="missing"),
    Case(VotingClassifier([("a", FILLED), ("b", GaussianNB())]), data="labels"),
    Case(VotingRegressor(REGRESSORS)),
    Case(make_pipeline(VotingRegressor(REGRESSORS), Ridge())),
    Case(make_pipeline(VotingClassifier(THREE[1:], voting="soft"), TREE), data="binary_labels"),
    Case(VotingRegressor([("a", Ridge()), ("gone", "drop"), ("b", Ridge(5.0))], weights=[2, 7, 0.5])),
]
