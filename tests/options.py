"""Which constructor options bear on an answer, found by watching: those that native or a converter reads.

An option that neither reads when rows are answered acts in fitting alone, and reaches the graph as
fitted state.
"""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator

from onnxpipe.core.options import Options
from onnxpipe.core.plan import Stage
from onnxpipe.services.convert import conversion
from tests.harness import Case, cases
from tests.rigs.sklearn import Fitted

HARMLESS: Mapping[str, str] = {
    "cache_size": "memory that fitting may take",
    "copy": "whether native works in the caller's array",
    "input": "texts in files are refused before anything is fitted",
    "n_jobs": "how many rows are answered at once",
    "verbose": "what is printed",
    "warm_start": "whether fitting goes on from where it was",
}
"""Options that are read when rows are answered and yet don't bear on the answer, and why."""


def parameters(kind: type) -> dict[str, Any]:
    """The constructor options of an estimator and their defaults."""
    return {name: each.default for name, each in inspect.signature(kind).parameters.items()}


def inside(value: Any, seen: set[int] | None = None) -> Iterator[BaseEstimator]:
    """An estimator and all that it holds, each once."""
    seen = set() if seen is None else seen
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, BaseEstimator):
        yield value
        value = vars(value)
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for part in value:
            yield from inside(part, seen)


@cache
def varied() -> Mapping[type, frozenset[str]]:
    """Per estimator, the options that some row sets to something else than their default."""
    found: dict[type, set[str]] = defaultdict(set)
    for case in cases("sklearn"):
        for each in inside(case.estimator):
            defaults = parameters(type(each))
            found[type(each)] |= {
                n for n, d in defaults.items() if n in vars(each) and not _same(vars(each)[n], d)
            }
    return {kind: frozenset(names) for kind, names in found.items()}


def _same(value: Any, default: Any) -> bool:
    if isinstance(value, np.ndarray) or default is inspect.Parameter.empty:
        return False
    return value is default or (type(value) is type(default) and bool(value == default))


def read(case: Case, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The options that native reads to answer two rows, and those that the converter reads."""
    dtype = "float32" if "native" in case.skip else "native"
    made = Fitted(case, dtype)
    options = Options(**{"dtype": dtype, "outputs": made.wanted, **case.options})
    found = _by_converter(made, options, monkeypatch) | _by_native(made)
    return found & set(parameters(type(case.estimator)))


def _by_converter(made: Fitted, options: Options, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    found: set[str] = set()

    def spied(method: Any) -> Any:
        def ask(stage: Stage, name: str, *rest: Any) -> Any:
            if stage.kind == made.case.kind:
                found.add(name)
            return method(stage, name, *rest)

        return ask

    with monkeypatch.context() as patch:
        for method in ("__getattr__", "get"):
            patch.setattr(Stage, method, spied(getattr(Stage, method)))
        conversion(made.source, options, sample=made.sample)
    return found


def _by_native(made: Fitted) -> set[str]:
    found: set[str] = set()
    kind = type(made.source)

    def get(self: Any, name: str) -> Any:
        found.add(name)
        return kind.__getattribute__(self, name)

    made.source.__class__ = type(kind.__name__, (kind,), {"__getattribute__": get})
    for method in made.wanted:
        getattr(made.source, method)(made.head(made.rows, 2))
    return found


_FITTING = """
aggressive_elimination algorithm alpha alpha_1 alpha_2 alpha_init batch_size beta_1 beta_2 bootstrap C
callback ccp_alpha class_weight code_init compute_distances compute_full_tree compute_inverse_components
compute_labels compute_score connectivity convergence_iter copy_x copy_X copy_X_train covariance_prior
criterion cv decode_error degrees_of_freedom_prior dict_init dual early_stopping eigen_solver encoding
eps epsilon error_score eta0 evaluate_every factor feature_name_combiner fit_path force_alpha
forget_factor fresh_restarts_max_iter fun_args gcv_mode hessian_tol importance_getter init init_size
interaction_cst intercept_scaling is_data_valid is_model_valid iterated_power jitter l1_ratio l1_ratios
l2_regularization lambda_1 lambda_2 lambda_init leaf_size learning_decay learning_offset learning_rate
learning_rate_init loss max_features max_fun max_iter max_iter_predict max_leaf_nodes max_n_alphas
max_no_improvement max_resources max_skips max_subpopulation max_trials mean_prior means_init memory
min_bin_freq min_impurity_decrease min_resources min_samples_leaf min_samples_split
min_weight_fraction_leaf modified_tol momentum monotonic_cst n_init n_iter n_iter_no_change
n_nonzero_coefs n_oversamples n_restarts_optimizer n_subsamples n_targets neighbors_algorithm
nesterovs_momentum noise_variance noise_variance_init nu oob_score penalty perp_tol positive_dict
power_iteration_normalizer power_t pre_dispatch precisions_init precompute random_state
reassignment_ratio refit reg_covar resource return_train_score scale score_func scoring seeds selection
shrinking shuffle solver solver_options step stop_n_inliers stop_probability stop_score store_covariance
store_cv_results subsample support_fraction threshold threshold_lambda tol topic_word_prior total_samples
transform_input U_init V_init validation_fraction verbose_feature_names_out verbose_interval w_init
weights_init
"""
FITTING = frozenset(_FITTING.split())
"""Options that act in fitting alone where no row sets them; that they aren't read later is checked too."""


def unheeded(kind: type) -> set[str]:
    """The options of an estimator that no row sets and no list names."""
    return set(parameters(kind)) - varied().get(kind, frozenset()) - set(HARMLESS) - FITTING
