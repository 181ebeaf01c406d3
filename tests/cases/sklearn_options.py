"""Rows for options of linear models and trees that their own tables don't set: those read when rows are
answered, and those that give fitted state another form."""

from sklearn import (
    ensemble,
    svm,
    tree,
)
from sklearn import linear_model as linear
from sklearn.experimental import enable_halving_search_cv  # noqa: F401

from tests.harness import Case, newest

CENTRED = (
    *(linear.ElasticNet, linear.Lars, linear.LassoLars, linear.LassoLarsIC, linear.HuberRegressor),
    *(linear.ARDRegression, linear.OrthogonalMatchingPursuit, linear.RidgeCV),
    *(linear.RidgeClassifier, linear.RidgeClassifierCV, svm.LinearSVC),
)
SEEDED = (
    *(linear.TheilSenRegressor, linear.SGDRegressor, linear.PassiveAggressiveRegressor),
    *(linear.PassiveAggressiveClassifier, linear.Perceptron),
)
SEARCHED = (
    linear.LassoCV,
    linear.ElasticNetCV,
    linear.LarsCV,
    linear.LassoLarsCV,
    linear.OrthogonalMatchingPursuitCV,
)
TASKS = (
    linear.MultiTaskLasso(fit_intercept=False),
    linear.MultiTaskElasticNetCV(cv=2, alphas=5, fit_intercept=False),
)
GROWN = {"min_samples_leaf": 3, "max_leaf_nodes": 6, "ccp_alpha": 0.001, "max_features": 2, "random_state": 0}
SPLIT_BY = {"DecisionTreeClassifier": "random", "DecisionTreeRegressor": "random"}
"""What their splitter isn't by default; "best" for the others."""
CLASS_TREES = (tree.DecisionTreeClassifier, tree.ExtraTreeClassifier)
VALUE_TREES = (tree.DecisionTreeRegressor, tree.ExtraTreeRegressor)
CLASS_FORESTS = (ensemble.RandomForestClassifier, ensemble.ExtraTreesClassifier)
VALUE_FORESTS = (ensemble.RandomForestRegressor, ensemble.ExtraTreesRegressor)

CASES = [
    # linear models
    *[Case(kind(fit_intercept=False)) for kind in CENTRED],
    *[Case(kind(fit_intercept=False, random_state=0)) for kind in SEEDED],
    *[Case(kind(fit_intercept=False, cv=2)) for kind in SEARCHED],
    *[Case(task, data="targets") for task in TASKS],
    Case(linear.MultiTaskElasticNet(l1_ratio=0.9, alpha=0.1), data="targets"),
    Case(linear.MultiTaskLassoCV(cv=2, alphas=5, fit_intercept=False), data="targets"),
    *[Case(kind(positive=True)) for kind in (linear.LassoLars, linear.LassoLarsIC, linear.RidgeClassifier)],
    *[Case(kind(positive=True, cv=2)) for kind in (linear.LassoCV, linear.ElasticNetCV, linear.LassoLarsCV)],
    Case(linear.ElasticNet(positive=True, l1_ratio=0.2, precompute=True)),
    Case(linear.Lars(n_nonzero_coefs=2, fit_path=False)),
    Case(linear.QuantileRegressor(fit_intercept=False, alpha=0.1)),
    Case(linear.GammaRegressor(fit_intercept=False, alpha=0.1), data="counted"),
    Case(linear.TweedieRegressor(power=2, fit_intercept=False, solver="newton-cholesky"), data="counted"),
    Case(linear.PoissonRegressor(solver="newton-cholesky"), data="counted"),
    Case(linear.RidgeCV(alphas=[0.1, 10.0], alpha_per_target=True), data="targets"),
    Case(linear.RidgeCV(alphas=[0.1, 10.0], cv=3, scoring="r2")),
    Case(linear.RidgeClassifierCV(alphas=[0.1, 10.0], cv=3, class_weight="balanced")),
    Case(linear.RidgeClassifier(solver="lsqr", class_weight="balanced")),
    Case(
        linear.LogisticRegression(solver="saga", l1_ratio=0.5, C=0.5, class_weight="balanced", random_state=0)
    ),
    Case(linear.LogisticRegression(penalty="l1", solver="liblinear", intercept_scaling=2.0), data="binary"),
    Case(
        newest(
            linear.LogisticRegressionCV,
            Cs=2,
            cv=2,
            use_legacy_attributes=False,
            solver="newton-cholesky",
            fit_intercept=False,
        )
    ),
    Case(newest(linear.LogisticRegressionCV, Cs=2, cv=2, use_legacy_attributes=False, refit=False)),
    Case(linear.SGDRegressor(loss="huber", penalty="l1", early_stopping=True, random_state=0)),
    Case(
        linear.SGDClassifier(
            penalty="elasticnet", class_weight="balanced", early_stopping=True, random_state=0
        )
    ),
    Case(linear.SGDOneClassSVM(nu=0.1, average=True, random_state=0)),
    *[
        Case(kind(average=True, loss=loss, random_state=0))
        for kind, loss in (
            (linear.PassiveAggressiveRegressor, "squared_epsilon_insensitive"),
            (linear.PassiveAggressiveClassifier, "squared_hinge"),
        )
    ],
    Case(linear.Perceptron(penalty="l2", class_weight="balanced", random_state=0)),
    Case(linear.RANSACRegressor(loss="squared_error", residual_threshold=1.0, random_state=0)),
    Case(
        svm.LinearSVR(loss="squared_epsilon_insensitive", intercept_scaling=2.0, epsilon=0.1, random_state=0)
    ),
    Case(svm.LinearSVC(loss="hinge", class_weight="balanced", random_state=0)),
    # trees
    *[
        Case(
            kind(
                criterion="entropy",
                splitter=SPLIT_BY.get(kind.__name__, "best"),
                class_weight="balanced",
                **GROWN,
            )
        )
        for kind in CLASS_TREES
    ],
    *[
        Case(kind(criterion="absolute_error", splitter=SPLIT_BY.get(kind.__name__, "best"), **GROWN))
        for kind in VALUE_TREES
    ],
    *[Case(kind(monotonic_cst=[1, 0, 0, -1], random_state=0), data="binary") for kind in CLASS_TREES],
    *[Case(kind(monotonic_cst=[1, 0, 0, -1], random_state=0)) for kind in VALUE_TREES],
    *[
        Case(
            kind(
                4,
                criterion="log_loss",
                bootstrap=True,
                max_samples=0.5,
                class_weight="balanced_subsample",
                **GROWN,
            )
        )
        for kind in CLASS_FORESTS
    ],
    *[
        Case(kind(4, criterion="absolute_error", bootstrap=True, max_samples=0.5, **GROWN))
        for kind in VALUE_FORESTS
    ],
    *[
        Case(kind(4, oob_score=True, bootstrap=True, monotonic_cst=[1, 0, 0, 0], random_state=0), data=data)
        for kinds, data in ((CLASS_FORESTS, "binary"), (VALUE_FORESTS, "regression"))
        for kind in kinds
    ],
    Case(
        ensemble.GradientBoostingClassifier(
            n_estimators=6,
            learning_rate=0.5,
            subsample=0.5,
            criterion="squared_error",
            n_iter_no_change=2,
            **GROWN,
        )
    ),
    Case(ensemble.HistGradientBoostingClassifier(max_iter=4, max_depth=2, max_bins=9, learning_rate=0.5)),
    Case(
        ensemble.HistGradientBoostingRegressor(
            max_iter=4,
            l2_regularization=1.0,
            interaction_cst="no_interactions",
            max_features=0.5,
            random_state=0,
        )
    ),
    Case(ensemble.AdaBoostRegressor(n_estimators=3, learning_rate=0.5, loss="square", random_state=0)),
    Case(ensemble.BaggingRegressor(n_estimators=3, bootstrap=False, max_samples=0.5, random_state=0)),
]
