"""Rows for several classes by binary estimators."""

from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, SGDClassifier
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier, OutputCodeClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from tests.harness import Case

LOGISTIC = LogisticRegression()
TREE = DecisionTreeClassifier(max_depth=3, random_state=0)
SVC = LinearSVC(random_state=0)
CHOSEN = make_pipeline(ColumnTransformer([("a", StandardScaler(), ["width", "count"])]), LOGISTIC)
SCALED = make_pipeline(StandardScaler(), LOGISTIC)

CASES = [
    Case(OneVsRestClassifier(LOGISTIC), data="classes"),
    Case(OneVsRestClassifier(LOGISTIC), data="labels"),
    Case(OneVsRestClassifier(LOGISTIC), data="binary_labels"),
    Case(OneVsRestClassifier(LOGISTIC), data="multilabel"),
    Case(OneVsRestClassifier(LOGISTIC), data="constant_labels"),
    # Its first label is constant and claims a decision_function, which the others lack.
    Case(OneVsRestClassifier(TREE), data="constant_labels", methods=("predict", "predict_proba")),
    Case(OneVsRestClassifier(SVC), data="odd_classes"),
    Case(OneVsRestClassifier(SVC), data="flags"),
    Case(OneVsRestClassifier(SVC), data="multilabel"),
    Case(OneVsRestClassifier(TREE), data="missing"),
    Case(OneVsRestClassifier(TREE), data="multilabel"),
    Case(OneVsRestClassifier(TREE), data="binary"),
    Case(OneVsRestClassifier(GaussianNB()), data="small_ints"),
    Case(OneVsRestClassifier(LinearRegression()), data="labels"),
    Case(OneVsRestClassifier(Ridge()), data="binary_labels"),
    Case(OneVsRestClassifier(SCALED), data="labels"),
    Case(
        OneVsRestClassifier(make_pipeline(OneHotEncoder(handle_unknown="ignore"), LOGISTIC)),
        data="full_words",
    ),
    Case(OneVsRestClassifier(LOGISTIC), data="one_class"),
    Case(OneVsRestClassifier(LOGISTIC), data="number_frame"),
    Case(OneVsRestClassifier(CHOSEN), data="number_frame"),
    Case(OneVsOneClassifier(LOGISTIC), data="number_frame"),
    Case(OneVsOneClassifier(LOGISTIC), data="classes"),
    Case(OneVsOneClassifier(SVC), data="labels"),
    Case(OneVsOneClassifier(SVC), data="binary_labels"),
    Case(OneVsOneClassifier(TREE), data="missing"),
    Case(OneVsOneClassifier(TREE), data="binary"),
    Case(OneVsOneClassifier(GaussianNB()), data="odd_classes"),
    Case(OneVsOneClassifier(SGDClassifier(random_state=0)), data="whole"),
    Case(OneVsOneClassifier(SCALED), data="four_classes"),
    Case(OneVsOneClassifier(KNeighborsClassifier(3)), data="four_classes"),
    Case(OneVsOneClassifier(DummyClassifier()), data="four_classes"),
    Case(OutputCodeClassifier(LOGISTIC, random_state=0), data="classes"),
    Case(OutputCodeClassifier(SVC, code_size=2, random_state=1), data="labels"),
    Case(OutputCodeClassifier(TREE, code_size=3, random_state=0), data="four_classes"),
    Case(OutputCodeClassifier(RandomForestClassifier(5, random_state=0), code_size=2, random_state=3)),
]
