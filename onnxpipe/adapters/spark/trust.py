"""Which classes a native load of a Spark model may make objects of: exact names only.

Spark's own loader calls the ``read`` method of whatever class the metadata names.
"""

from __future__ import annotations

from collections.abc import Iterable

from onnxpipe.adapters.spark.class_names import public_name
from onnxpipe.core.registry import discover, kinds


def untrusted(names: Iterable[str], allowed: Iterable[str] = ()) -> tuple[str, ...]:
    """The names, sorted, that neither the registry, nor the list, nor the user allows."""
    discover("onnxpipe.adapters.spark")
    known = frozenset(kinds()) | CLASSES | frozenset(allowed)
    return tuple(sorted(name for name in set(names) if not {name, public_name(name)} & known))


def _names(package: str, names: str) -> set[str]:
    return {f"pyspark.ml.{package}.{name}" for name in names.split()}


CLASSES: frozenset[str] = frozenset().union(
    {"pyspark.ml.Pipeline", "pyspark.ml.PipelineModel"},
    _names(
        "feature",
        "Binarizer BucketedRandomProjectionLSH BucketedRandomProjectionLSHModel Bucketizer "
        "ChiSqSelector ChiSqSelectorModel CountVectorizer CountVectorizerModel DCT ElementwiseProduct "
        "FeatureHasher HashingTF IDF IDFModel Imputer ImputerModel IndexToString Interaction "
        "MaxAbsScaler MaxAbsScalerModel MinHashLSH MinHashLSHModel MinMaxScaler MinMaxScalerModel NGram "
        "Normalizer OneHotEncoder OneHotEncoderModel PCA PCAModel PolynomialExpansion "
        "QuantileDiscretizer RFormula RFormulaModel RegexTokenizer RobustScaler RobustScalerModel "
        "SQLTransformer StandardScaler StandardScalerModel StopWordsRemover StringIndexer "
        "StringIndexerModel TargetEncoder TargetEncoderModel Tokenizer UnivariateFeatureSelector "
        "UnivariateFeatureSelectorModel VarianceThresholdSelector VarianceThresholdSelectorModel "
        "VectorAssembler VectorIndexer VectorIndexerModel VectorSizeHint VectorSlicer Word2Vec "
        "Word2VecModel",
    ),
    _names(
        "classification",
        "DecisionTreeClassificationModel DecisionTreeClassifier FMClassificationModel FMClassifier "
        "GBTClassificationModel GBTClassifier LinearSVC LinearSVCModel LogisticRegression "
        "LogisticRegressionModel MultilayerPerceptronClassificationModel MultilayerPerceptronClassifier "
        "NaiveBayes NaiveBayesModel OneVsRest OneVsRestModel RandomForestClassificationModel "
        "RandomForestClassifier",
    ),
    _names(
        "regression",
        "AFTSurvivalRegression AFTSurvivalRegressionModel DecisionTreeRegressionModel "
        "DecisionTreeRegressor FMRegressionModel FMRegressor GBTRegressionModel GBTRegressor "
        "GeneralizedLinearRegression GeneralizedLinearRegressionModel IsotonicRegression "
        "IsotonicRegressionModel LinearRegression LinearRegressionModel RandomForestRegressionModel "
        "RandomForestRegressor",
    ),
    _names(
        "clustering",
        "BisectingKMeans BisectingKMeansModel DistributedLDAModel GaussianMixture GaussianMixtureModel "
        "KMeans KMeansModel LDA LocalLDAModel PowerIterationClustering",
    ),
    _names("recommendation", "ALS ALSModel"),
    _names("fpm", "FPGrowth FPGrowthModel"),
    _names("tuning", "CrossValidator CrossValidatorModel TrainValidationSplit TrainValidationSplitModel"),
    _names(
        "evaluation",
        "BinaryClassificationEvaluator ClusteringEvaluator MulticlassClassificationEvaluator "
        "MultilabelClassificationEvaluator RankingEvaluator RegressionEvaluator",
    ),
    {"org.apache.spark.ml.feature.ColumnPruner", "org.apache.spark.ml.feature.VectorAttributeRewriter"},
    {"org.apache.spark.mllib.clustering.BisectingKMeansModel"},
)
"""Spark ML's own classes, estimators and evaluators included: a tuned model keeps its template."""
