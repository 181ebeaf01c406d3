"""Which names a native load of a scikit-learn file may run: exact ones, never a module prefix.

Public estimators are trusted where the registry knows them. The rest is written out here: the
helper objects scikit-learn keeps in fitted state and the functions that rebuild arrays. A prefix
would not do: ``numpy.testing`` alone can run strings.
"""

from __future__ import annotations

from collections.abc import Iterable

from onnxpipe.adapters.pickle_values import home_of
from onnxpipe.adapters.sklearn import companions
from onnxpipe.adapters.torch import trust as torch_trust
from onnxpipe.core.record import public_name
from onnxpipe.core.registry import discover, kinds, refused
from onnxpipe.core.translations import translated


def untrusted(names: Iterable[str], allowed: Iterable[str] = ()) -> tuple[str, ...]:
    """The names, sorted, that neither the registry, nor the list, nor the user allows."""
    discover("onnxpipe.adapters.sklearn")
    companions.meet(names := tuple(names))
    public, granted = frozenset(kinds() + refused() + translated()), frozenset(allowed)
    helpers = HELPERS | torch_trust.PLAIN | torch_trust.LAYERS
    return tuple(sorted(n for n in set(names) - granted - helpers if _public(n) not in public))


def _public(name: str) -> str:
    module, _, tail = name.rpartition(".")
    return public_name(home_of(module), tail)


def _names(module: str, names: str) -> set[str]:
    return {f"{module}.{name}" for name in names.split()}


_PLAIN = set().union(
    *(
        _names(
            m, "set frozenset list dict tuple bytearray bytes slice range complex int float str bool object"
        )
        for m in ("builtins", "__builtin__")
    ),
    {"copyreg._reconstructor", "copy_reg._reconstructor", "_codecs.encode"},
    {"functools.partial"},  # calls nothing when rebuilt, and what it holds is judged by its own name
    {"collections.OrderedDict", "collections.defaultdict", "joblib.numpy_pickle.NumpyArrayWrapper"},
)

_NUMPY = set().union(
    *(_names(f"numpy.{core}.multiarray", "_reconstruct scalar") for core in ("core", "_core")),
    *(_names(f"numpy.{core}.numeric", "_frombuffer") for core in ("core", "_core")),
    _names(
        "numpy",
        "dtype ndarray matrix bool_ bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 "
        "float64 str_ object_ mean median sum min max asarray "
        # kinds of columns that a selector may name
        "generic number integer signedinteger unsignedinteger inexact floating character "
        "datetime64 timedelta64 "
        # what a FunctionTransformer may apply: elementwise functions without side effects
        "abs absolute arccos arccosh arcsin arcsinh arctan arctanh cbrt ceil clip cos cosh deg2rad degrees "
        "exp exp2 expm1 fabs floor isfinite isinf isnan log log10 log1p log2 logical_not nan_to_num negative "
        "positive rad2deg radians reciprocal rint round sign sin sinh sqrt square tan tanh trunc",
    ),
    {"numpy.ma.MaskedArray", "numpy.ma.core.MaskedArray", "numpy.ma.core._mareconstruct"},
    _names("numpy.random._pickle", "__randomstate_ctor __bit_generator_ctor __generator_ctor"),
    {"numpy.random._mt19937.MT19937", "numpy.random._pcg64.PCG64"},
    _names("numpy.random.bit_generator", "SeedSequence __pyx_unpickle_SeedSequence"),
)

_SCIPY = set().union(
    *(_names(f"scipy.sparse._{f}", f"{f}_matrix {f}_array") for f in ("csr", "csc", "coo", "lil")),
    *(_names(f"scipy.sparse.{f}", f"{f}_matrix") for f in ("csr", "csc", "coo", "lil")),
    _names("scipy.interpolate._bsplines", "BSpline _BSpline"),  # the second since 1.18
    {"scipy.interpolate._interpolate.interp1d"},
    {"scipy.interpolate.interpolate.interp1d", "scipy._lib.array_api_compat.numpy._aliases.asarray"},
)

_PANDAS = set().union(
    _names("pandas.core.indexes.base", "Index _new_Index"),
    {"pandas.core.indexes.range.RangeIndex", "pandas.RangeIndex", "pandas.Index"},
    {"pandas.StringDtype", "pandas.core.arrays.string_.StringDtype", "pandas.CategoricalDtype"},
    {"pandas.core.dtypes.dtypes.CategoricalDtype", "pandas.core.arrays.string_.StringArray"},
    {"pandas.core.arrays.string_.StringArrayNumpySemantics", "pandas.arrays.StringArray"},
    {"pandas.arrays.ArrowStringArray"},
    _names("pandas", " ".join(f"{n}Dtype" for n in ("Boolean", "Float32", "Float64", "DatetimeTZ"))),
    _names("pandas", " ".join(f"{u}Int{n}Dtype" for u in ("", "U") for n in (8, 16, 32, 64))),
    _names("pyarrow.lib", "type_for_alias _restore_array py_buffer"),
    _names("pandas._libs.arrays", "__pyx_unpickle_NDArrayBacked NDArrayBacked"),
)

_HALF = (
    "HalfSquaredError AbsoluteError PinballLoss HuberLoss HalfPoissonLoss HalfGammaLoss HalfTweedieLoss "
    "HalfTweedieLossIdentity HalfBinomialLoss HalfMultinomialLoss ExponentialLoss"
)
_METRICS = (
    "Euclidean SEuclidean Manhattan Chebyshev Minkowski Mahalanobis Hamming Canberra BrayCurtis Jaccard Dice "
    "Matching RogersTanimoto RussellRao SokalMichener SokalSneath Haversine"
)

_SKLEARN = set().union(
    {"sklearn.tree._tree.Tree", "sklearn.utils._bunch.Bunch", "sklearn.utils.Bunch"},
    _names("sklearn._loss.loss", _HALF),
    *(  # 1.7 saves them under the bare name of their module, which scikit-learn itself has loaded by then
        _names(module, f"Cy{name} __pyx_unpickle_Cy{name}")
        for name in _HALF.split()
        for module in ("sklearn._loss._loss", "_loss")
    ),
    _names(
        "sklearn._loss.link",
        "Interval IdentityLink LogLink LogitLink HalfLogitLink MultinomialLogit SymmetricMultinomialLogit",
    ),
    _names("sklearn.linear_model._glm.link", "IdentityLink LogLink LogitLink"),  # until 1.0
    _names(
        "sklearn._loss.glm_distribution",
        "NormalDistribution PoissonDistribution GammaDistribution TweedieDistribution DistributionBoundary",
    ),
    _names(
        "sklearn.ensemble._gb_losses",
        "LeastSquaresError LeastAbsoluteError HuberLossFunction QuantileLossFunction BinomialDeviance "
        "MultinomialDeviance ExponentialLoss",
    ),
    _names(
        "sklearn.ensemble._hist_gradient_boosting.loss",
        "LeastSquares LeastAbsoluteDeviation Poisson BinaryCrossEntropy CategoricalCrossEntropy",
    ),
    {"sklearn.ensemble._hist_gradient_boosting.binning._BinMapper"},
    {"sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"},
    _names(
        "sklearn.linear_model._sgd_fast",
        "Hinge SquaredHinge Log ModifiedHuber SquaredLoss Huber EpsilonInsensitive SquaredEpsilonInsensitive",
    ),
    _names("sklearn.calibration", "_CalibratedClassifier _SigmoidCalibration _TemperatureScaling"),
    _names("sklearn.cluster._birch", "_CFNode _CFSubcluster"),
    {"sklearn.cluster._bisect_k_means._BisectingTree", "sklearn.cluster._kmeans._kmeans_single_lloyd"},
    {"sklearn.cluster._kmeans._kmeans_single_elkan"},
    _names("sklearn.neighbors._kd_tree", "KDTree KDTree32 KDTree64 newObj"),
    _names("sklearn.neighbors._ball_tree", "BallTree BallTree32 BallTree64 newObj"),
    {"sklearn.metrics._dist_metrics.newObj", "sklearn.neighbors._dist_metrics.newObj"},
    *(
        _names(module, " ".join(f"{name}Distance{suffix}" for name in _METRICS.split()))
        for module in ("sklearn.metrics._dist_metrics", "sklearn.neighbors._dist_metrics")
        for suffix in ("", "32", "64")
    ),
    _names("sklearn.neural_network._stochastic_optimizers", "AdamOptimizer SGDOptimizer"),
    _names(
        "sklearn.gaussian_process.kernels",
        "RBF Matern ConstantKernel WhiteKernel RationalQuadratic ExpSineSquared DotProduct Sum Product "
        "Exponentiation CompoundKernel PairwiseKernel Hyperparameter",
    ),
    {"sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace"},
    _names(
        "sklearn.metrics._scorer",
        "_PassthroughScorer _passthrough_scorer _Scorer _PredictScorer _ProbaScorer _ThresholdScorer "
        "_MultimetricScorer _CurveScorer",
    ),
    _names(
        "sklearn.metrics._classification",
        "accuracy_score balanced_accuracy_score f1_score log_loss precision_score recall_score",
    ),
    _names(
        "sklearn.metrics._regression",
        "mean_squared_error mean_absolute_error r2_score root_mean_squared_error",
    ),
    {"sklearn.metrics._ranking.roc_auc_score"},
    _names(
        "sklearn.model_selection._classification_threshold", "_CurveScorer _threshold_scores_to_class_labels"
    ),
    _names(
        "sklearn.model_selection._split",
        "KFold StratifiedKFold GroupKFold TimeSeriesSplit RepeatedKFold RepeatedStratifiedKFold ShuffleSplit "
        "StratifiedShuffleSplit LeaveOneOut",
    ),
    _names("sklearn.feature_selection._univariate_selection", "f_classif f_regression chi2 r_regression"),
    _names("sklearn.feature_selection._mutual_info", "mutual_info_classif mutual_info_regression"),
    _names("sklearn.compose._column_transformer", "_RemainderColsList make_column_selector"),
    {"sklearn.multiclass._ConstantPredictor", "sklearn.utils.validation.check_array"},
    _names("sklearn.utils._set_output", "_SetOutputMixin"),
    _names("sklearn.utils._metadata_requests", "MetadataRequest MethodMetadataRequest"),  # tuned thresholds
    {"sklearn.neighbors._unsupervised.NearestNeighbors"},  # of LabelPropagation(kernel="knn")
    {"sklearn.utils.deprecation._DictWithDeprecatedKeys", "sklearn.impute._iterative._ImputerTriplet"},
)

_BOOSTING = {"xgboost.core.Booster", "lightgbm.basic.Booster"}

_OPTIMIZERS = ("SGD", "Adam", "AdamW", "Adamax", "Adagrad", "Adadelta", "NAdam", "RAdam", "RMSprop", "ASGD")
_SKORCH = set().union(
    {"skorch.history.History", "skorch.setter.optimizer_setter", "builtins.print"},
    _names("skorch.dataset", "Dataset ValidSplit CVSplit"),
    _names("skorch.utils", "to_numpy noop _indexing_other _indexing_none _indexing_dict "
           "_indexing_list_tuple_of_data _indexing_ndframe _normalize_numpy_indices"),
    _names("skorch.callbacks.logging", "EpochTimer PrintLog ProgressBar"),
    _names("skorch.callbacks.scoring", "EpochScoring BatchScoring PassthroughScoring"),
    _names("skorch.callbacks.training", "EarlyStopping ParamMapper Freezer Unfreezer Initializer"),
    _names("skorch.callbacks.lr_scheduler", "LRScheduler"),
    _names("skorch.callbacks.regularization", "GradientNormClipping"),
    {"torch.utils.data.dataloader.DataLoader", "torch.utils.data.dataset.Subset"},
    {f"torch.optim.{name.lower()}.{name}" for name in _OPTIMIZERS},
)  # fmt: skip
"""What a fitted net keeps of its training. Its own class is no such name: it unpickles what it holds."""

HELPERS: frozenset[str] = frozenset(_PLAIN | _NUMPY | _SCIPY | _PANDAS | _SKLEARN | _BOOSTING | _SKORCH)
"""Every name that isn't a registered estimator and may be run all the same."""
