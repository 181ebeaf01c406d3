"""Rows for the Gaussian mixtures."""

from sklearn.mixture import BayesianGaussianMixture, GaussianMixture

from tests.harness import Case

KINDS = ("full", "tied", "diag")
SUMS = "native sums squares in float32 before it widens them: float64 answers of float32 accuracy"
ROUND = (
    GaussianMixture(3, covariance_type="spherical", random_state=0),
    BayesianGaussianMixture(n_components=3, covariance_type="spherical", random_state=0),
)

CASES = [
    *[Case(GaussianMixture(3, covariance_type=kind, random_state=0)) for kind in KINDS],
    *[Case(BayesianGaussianMixture(n_components=3, covariance_type=k, random_state=0)) for k in KINDS],
    *[Case(mixture, skip=("float32",), reason=SUMS) for mixture in ROUND],
    *[Case(mixture, skip=("native",), rtol=1e-5, reason=SUMS) for mixture in ROUND],
    Case(GaussianMixture(1)),
    Case(GaussianMixture(2, random_state=0), data="single", skip=("native",), reason="the rows are float32"),
    Case(
        BayesianGaussianMixture(
            n_components=4,
            weight_concentration_prior_type="dirichlet_distribution",
            max_iter=20,
            random_state=0,
        )
    ),
]
