"""Rows for options that no family's own table sets: those read when rows are answered, and those that
give fitted state another form."""

import numpy as np
from sklearn import (
    cluster,
    compose,
    cross_decomposition,
    decomposition,
    discriminant_analysis,
    dummy,
    feature_selection,
    impute,
    kernel_ridge,
    manifold,
    mixture,
    naive_bayes,
    neighbors,
    neural_network,
    preprocessing,
    semi_supervised,
    svm,
    tree,
)
from sklearn import linear_model as linear
from sklearn.covariance import ShrunkCovariance
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_extraction import image, text
from sklearn.kernel_approximation import Nystroem
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    HalvingRandomSearchCV,
    RandomizedSearchCV,
    TunedThresholdClassifierCV,
)

from tests import functions
from tests.datasets import load
from tests.harness import Case, newest

CALLED = "a Python function"
REFIT = "native keeps no estimator and can't answer either"
SINGLE = "scikit-learn's lasso_cd takes no float32 rows for float64 atoms"
WIDENED = "native's codes of float32 rows are float32, and only split into float64"
FAR = "for rows far from all fitted points, native answers what rounding leaves of 0"
FITTED = "scikit-learn's NMF transforms no rows of another float type than it was fitted on"

SCALE = preprocessing.StandardScaler()
TREE = tree.DecisionTreeClassifier(random_state=0)
DEPTHS = {"max_depth": [2, 3]}
LOGISTIC = linear.LogisticRegression()
WEIGHTED = {"metric": "minkowski", "metric_params": {"w": [1, 2, 3, 4]}}
SHRUNK = ShrunkCovariance()
CODERS = (decomposition.DictionaryLearning, decomposition.MiniBatchDictionaryLearning)
SPLIT = {
    "transform_n_nonzero_coefs": 2,
    "split_sign": True,
    "n_components": 3,
    "random_state": 0,
    "max_iter": 5,
}
POSITIVE = {"transform_alpha": 0.2, "positive_code": True, "transform_max_iter": 50, "fit_algorithm": "cd"}
POSITIVE |= {"n_components": 3, "random_state": 0, "max_iter": 5}

CASES = [
    # kernels
    Case(svm.NuSVC(nu=0.2, kernel="poly", degree=2, coef0=1.0, gamma=0.1, decision_function_shape="ovo")),
    Case(svm.NuSVC(nu=0.2, break_ties=True, class_weight="balanced")),
    *[Case(kind(kernel="poly", degree=2, coef0=1.0, gamma=0.05)) for kind in (svm.NuSVR, svm.SVR)],
    Case(svm.OneClassSVM(kernel="poly", degree=2, coef0=1.0, gamma=0.05)),
    Case(
        Nystroem(functions.overlap, kernel_params={"above": 0}, n_components=5, random_state=0),
        refused="kernel",
        reason=CALLED,
    ),
    # neighbours
    Case(neighbors.KNeighborsRegressor(metric="chebyshev", weights="distance")),
    Case(neighbors.KNeighborsRegressor(metric="minkowski", p=3, metric_params=WEIGHTED["metric_params"])),
    Case(neighbors.RadiusNeighborsClassifier(6.0, metric="manhattan", outlier_label=0)),
    Case(neighbors.RadiusNeighborsClassifier(6.0, **WEIGHTED, outlier_label=0)),
    Case(neighbors.KernelDensity(breadth_first=False, leaf_size=5)),
    Case(
        neighbors.KernelDensity(atol=1e-3),
        refused="only to within",
        reason="native stops when it is near enough",
    ),
    Case(
        impute.KNNImputer(metric=functions.gap), data="missing", refused="measures or weighs", reason=CALLED
    ),
    # decompositions, mixtures, clusters
    *[
        case
        for coder in CODERS
        for case in (
            Case(
                coder(transform_algorithm="lasso_cd", **POSITIVE),
                skip=("float32",),
                reason=SINGLE,
                since="1.8",
            ),
            Case(coder(transform_algorithm="omp", **SPLIT), skip=("float32",), reason=WIDENED),
            Case(coder(transform_algorithm="omp", **SPLIT), skip=("native",), rtol=1e-5, reason=WIDENED),
        )
    ],
    Case(
        decomposition.NMF(3, alpha_W=0.1, alpha_H=0.2, random_state=0),
        data="positive",
        skip=("float32",),
        reason=FITTED,
    ),
    Case(decomposition.MiniBatchNMF(3, alpha_H=0.2, fresh_restarts=True, random_state=0), data="positive"),
    Case(decomposition.FastICA(3, algorithm="deflation", whiten_solver="eigh", random_state=0)),
    Case(
        decomposition.KernelPCA(3, kernel="rbf", fit_inverse_transform=True, alpha=0.1, eigen_solver="dense")
    ),
    Case(mixture.GaussianMixture(2, init_params="random", reg_covar=1e-3, random_state=0)),
    Case(
        mixture.BayesianGaussianMixture(
            n_components=2,
            weight_concentration_prior=0.5,
            mean_precision_prior=2.0,
            init_params="random",
            random_state=0,
        )
    ),
    Case(cluster.AffinityPropagation(damping=0.7, preference=-50, random_state=0)),
    Case(
        cluster.AffinityPropagation(affinity="precomputed", random_state=0),
        data="gram",
        refused="precomputed",
        reason="native refuses to predict",
    ),
    Case(cluster.MeanShift(bandwidth=4, cluster_all=False)),
    Case(cluster.Birch(n_clusters=3, branching_factor=5), methods=("predict",)),
    Case(cluster.FeatureAgglomeration(None, distance_threshold=20.0, linkage="average", metric="manhattan")),
    Case(
        discriminant_analysis.LinearDiscriminantAnalysis(solver="lsqr", covariance_estimator=SHRUNK),
        methods=("predict", "predict_proba", "decision_function"),
    ),
    Case(discriminant_analysis.QuadraticDiscriminantAnalysis(store_covariance=True)),
    # naive Bayes and networks
    Case(naive_bayes.BernoulliNB(class_prior=[0.2, 0.3, 0.5], alpha=0.5, force_alpha=False)),
    Case(naive_bayes.CategoricalNB(class_prior=[0.2, 0.3, 0.5]), data="counts"),
    Case(naive_bayes.ComplementNB(class_prior=[0.2, 0.3, 0.5], fit_prior=False), data="counts"),
    *[
        Case(kind(hidden_layer_sizes=(3,), solver="lbfgs", max_iter=30, random_state=0))
        for kind in (neural_network.MLPClassifier, neural_network.MLPRegressor)
    ],
    # what is put around others
    Case(
        compose.ColumnTransformer([("a", SCALE, [0, 2]), ("b", SCALE, [1])], transformer_weights={"a": 0.5})
    ),
    Case(
        compose.ColumnTransformer(
            [("a", preprocessing.OneHotEncoder(), ["city"]), ("b", SCALE, ["length"])],
            sparse_threshold=0.9,
            remainder="drop",
        ),
        data="frame",
    ),
    Case(GridSearchCV(TREE, DEPTHS, cv=2, scoring=["accuracy", "f1_macro"], refit="f1_macro")),
    *[
        Case(search, data="regression", methods=("predict",), refused="refit=False", reason=REFIT)
        for search in (
            RandomizedSearchCV(linear.Ridge(), {"alpha": [1.0, 5.0]}, n_iter=2, cv=2, refit=False),
            HalvingGridSearchCV(linear.Ridge(), {"alpha": [1.0, 5.0]}, cv=2, refit=False),
            HalvingRandomSearchCV(linear.Ridge(), {"alpha": [1.0, 5.0]}, cv=2, n_candidates=2, refit=False),
        )
    ],
    Case(TunedThresholdClassifierCV(LOGISTIC, cv=3, response_method="decision_function"), data="binary"),
    Case(
        TunedThresholdClassifierCV(LOGISTIC, cv=3, response_method="predict_proba", thresholds=7),
        data="binary",
    ),
    Case(
        feature_selection.SelectFromModel(linear.Lasso(alpha=0.01).fit(*load("regression")), prefit=True),
        data="regression",
    ),
    Case(
        feature_selection.GenericUnivariateSelect(feature_selection.chi2, mode="k_best", param=2),
        data="counts",
    ),
    # preprocessing and text
    Case(preprocessing.QuantileTransformer(n_quantiles=20, ignore_implicit_zeros=True), data="zeros"),
    Case(preprocessing.LabelBinarizer(sparse_output=True), data="label_words"),
    Case(
        preprocessing.FunctionTransformer(np.sqrt, accept_sparse=True, feature_names_out="one-to-one"),
        data="positive",
    ),
    Case(
        compose.TransformedTargetRegressor(
            transformer=preprocessing.FunctionTransformer(
                np.log1p, np.clip, inv_kw_args={"a_min": 0.0, "a_max": 2.0}, check_inverse=False
            )
        ),
        data="counted",
    ),
    Case(
        dummy.DummyClassifier(strategy="stratified", random_state=0),
        refused="random",
        reason="native draws a class for each row by its place in the batch",
    ),
    Case(
        image.PatchExtractor(patch_size=(3, 4), max_patches=2, random_state=0),
        data="images",
        refused="random",
        reason="native draws patches by the images' place in the batch",
    ),
    Case(
        text.TfidfVectorizer(lowercase=False, strip_accents="unicode", token_pattern=r"\b\w+\b"),
        data="documents",
    ),
    *[
        Case(kind(**{step: made}), data="letters", refused=f"its {step}", reason=CALLED)
        for kind in (text.HashingVectorizer, text.TfidfVectorizer)
        for step, made in (("tokenizer", str.split), ("preprocessor", str.upper))
    ],
    # what else gives fitted state another form
    Case(manifold.Isomap(metric="manhattan", path_method="FW", n_neighbors=6), huge=1e3, reason=FAR),
    Case(
        manifold.Isomap(metric="minkowski", p=3, n_neighbors=6, neighbors_algorithm="ball_tree"),
        huge=1e3,
        reason=FAR,
    ),
    Case(manifold.Isomap(**WEIGHTED, n_neighbors=6), huge=1e3, reason=FAR),
    Case(neighbors.KNeighborsTransformer(**WEIGHTED)),
    Case(neighbors.RadiusNeighborsTransformer(radius=6.0, p=1, algorithm="ball_tree")),
    Case(neighbors.RadiusNeighborsTransformer(radius=6.0, **WEIGHTED)),
    Case(neighbors.RadiusNeighborsRegressor(6.0, **WEIGHTED)),
    Case(neighbors.LocalOutlierFactor(novelty=True, **WEIGHTED)),
    Case(semi_supervised.LabelSpreading(kernel="knn", n_neighbors=4), data="some_labels"),
    Case(semi_supervised.SelfTrainingClassifier(LOGISTIC, criterion="k_best", k_best=20), data="some_labels"),
    Case(semi_supervised.SelfTrainingClassifier(LOGISTIC, threshold=0.9), data="some_labels"),
    *[
        Case(kind(n_components=1, scale=False), data="targets")
        for kind in (cross_decomposition.CCA, cross_decomposition.PLSCanonical, cross_decomposition.PLSSVD)
    ],
    *[
        Case(each, refused="kernel", reason=CALLED)
        for each in (
            decomposition.KernelPCA(2, kernel=functions.overlap, kernel_params={"above": 0}),
            kernel_ridge.KernelRidge(kernel=functions.overlap, kernel_params={"above": 0}),
        )
    ],
    *[
        Case(kind(linear.Ridge(), step=2, importance_getter="coef_"), data="regression")
        for kind in (feature_selection.RFE, feature_selection.RFECV)
    ],
    Case(
        newest(
            discriminant_analysis.QuadraticDiscriminantAnalysis, solver="eigen", covariance_estimator=SHRUNK
        )
    ),
    Case(cluster.Birch(n_clusters=None, threshold=2.0, compute_labels=False), methods=("predict",)),
    *[
        Case(preprocessing.KBinsDiscretizer(4, quantile_method=each))
        for each in ("linear", "median_unbiased")
    ],
    Case(TunedThresholdClassifierCV(LOGISTIC.fit(*load("binary")), cv="prefit", refit=False), data="binary"),
    Case(text.TfidfVectorizer(max_df=0.5, max_features=20), data="documents"),
    *[
        Case(kind(hidden_layer_sizes=(3,), early_stopping=True, max_iter=30, random_state=0))
        for kind in (neural_network.MLPClassifier, neural_network.MLPRegressor)
    ],
]
