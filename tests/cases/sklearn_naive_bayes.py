"""Rows for naive Bayes."""

from sklearn.naive_bayes import BernoulliNB, CategoricalNB, ComplementNB, GaussianNB, MultinomialNB

from tests.harness import Case

COUNTING = (MultinomialNB(), ComplementNB(), BernoulliNB(), CategoricalNB(min_categories=40))

CASES = [
    Case(GaussianNB()),
    Case(GaussianNB(), data="binary"),
    Case(GaussianNB(), data="labels"),
    Case(GaussianNB(), data="flags"),
    Case(GaussianNB(), data="one_class"),
    Case(GaussianNB(priors=[0.2, 0.3, 0.5], var_smoothing=1e-3)),
    Case(GaussianNB(), data="single", skip=("native",), reason="the rows are float32"),
    *[Case(estimator, data="counts") for estimator in COUNTING],
    *[Case(estimator, data="count_labels") for estimator in COUNTING],
    *[Case(estimator, data="whole") for estimator in COUNTING],
    Case(MultinomialNB(), data="positive"),
    Case(MultinomialNB(alpha=0.0, fit_prior=False), data="positive"),
    Case(MultinomialNB(alpha=[0.1, 0.2, 0.3, 0.4], class_prior=[0.2, 0.3, 0.5]), data="positive"),
    Case(ComplementNB(norm=True), data="positive"),
    Case(ComplementNB(norm=True, alpha=0.1), data="counts"),
    Case(ComplementNB(), data="one_class_counts"),
    Case(BernoulliNB(binarize=0.1), data="positive"),
    Case(BernoulliNB(binarize=2, fit_prior=False), data="counts"),
    Case(BernoulliNB(), data="labels"),
    Case(BernoulliNB(binarize=None), data="bits"),
    Case(CategoricalNB(alpha=0.1, fit_prior=False), data="counts"),
]
