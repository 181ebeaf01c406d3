"""What random pipelines are made of, by what comes in: numbers, numbers with gaps, tables, texts."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import (
    cluster,
    compose,
    decomposition,
    ensemble,
    feature_extraction,
    feature_selection,
    impute,
    kernel_approximation,
    pipeline,
    preprocessing,
    random_projection,
    tree,
)
from sklearn.experimental import enable_iterative_imputer  # noqa: F401

from tests.random_models import Make, Models

TEXT = feature_extraction.text
NUMERIC = ("numeric", "classes", "binary", "labels", "binary_labels", "regression", "targets", "multilabel")


class Maker(Models):
    """Estimators drawn by one generator; ``depth`` left tells how far parts may hold parts."""

    def pipeline(self) -> tuple[Any, str]:
        """An unfitted pipeline and the data set it is meant for."""
        data = self.one([*NUMERIC, "missing", "missing_regression", "frame", "frame", "frame", "words"])
        steps = [self.entry(data), *(self.transformer(2) for _ in range(self.rng.integers(3)))]
        target = {
            "frame": "classes",
            "words": "classes",
            "missing": "classes",
            "numeric": "binary",
            "missing_regression": "regression",
        }.get(data, data)
        last = self.model(target, 2) if self.flip(0.85) else None
        whole = pipeline.make_pipeline(*(s for s in (*steps, last) if s is not None))
        if target not in ("targets", "multilabel") and last is not None and self.flip(0.15):
            return self.around(whole, target), data
        return whole, data

    def entry(self, data: str) -> Any:
        """What makes a full numeric matrix of a data set's rows."""
        if data == "frame":
            return self.table()
        if data == "words":
            return pipeline.make_pipeline(impute.SimpleImputer(strategy="most_frequent"), self.categories())
        return self.filled(2) if data.startswith("missing") else self.transformer(3)

    def table(self) -> Any:
        """A column transformer over the mixed table."""
        numbers = self.one([["length", "width", "count"], ["width"], ["count", "length"]])
        words = self.one([["city", "size"], ["size"], ["city"]])
        chosen: list[Any] = [("numbers", self.filled(1), numbers), ("words", self.categories(), words)]
        if self.flip(0.4):
            chosen.append(("text", self.text(), "city"))
        if self.flip(0.3):
            chosen.append(("bare", self.one(["passthrough", "drop"]), ["count"]))
        if self.flip(0.3):
            chosen.append(("more", self.transformer(1), compose.make_column_selector("^(length|count)$")))
        made = compose.ColumnTransformer(
            [chosen[i] for i in self.rng.permutation(len(chosen))],
            sparse_threshold=self.one([0.0, 0.3, 1.0]),
            transformer_weights=self.one([None, {"numbers": 0.5, "words": 2.0}]),
        )
        return made.set_output(transform="pandas") if made.sparse_threshold == 0 and self.flip(0.2) else made

    def categories(self) -> Any:
        """An encoder of text."""
        return self.one(
            [
                lambda: preprocessing.OneHotEncoder(
                    handle_unknown=self.one(["ignore", "error"]), sparse_output=self.flip()
                ),
                lambda: preprocessing.OneHotEncoder(
                    drop=self.one(["first", "if_binary"]), sparse_output=False
                ),
                lambda: preprocessing.OneHotEncoder(
                    handle_unknown="infrequent_if_exist", min_frequency=40, sparse_output=False
                ),
                lambda: preprocessing.OneHotEncoder(
                    max_categories=2, handle_unknown="ignore", dtype=np.float32, sparse_output=False
                ),
                lambda: preprocessing.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
                lambda: preprocessing.OrdinalEncoder(),
                lambda: preprocessing.TargetEncoder(random_state=self.seed()),
            ]
        )()

    def text(self) -> Any:
        """A vectorizer of one column of text."""
        return self.one(
            [
                lambda: TEXT.CountVectorizer(binary=self.flip()),
                lambda: TEXT.CountVectorizer(analyzer=self.one(["char", "char_wb"]), ngram_range=(1, 2)),
                lambda: TEXT.TfidfVectorizer(sublinear_tf=self.flip(), norm=self.one(["l1", "l2", None])),
                lambda: TEXT.HashingVectorizer(n_features=16, alternate_sign=self.flip()),
            ]
        )()

    def filled(self, depth: int) -> Any:
        """What makes full numbers of numbers with gaps."""
        first = self.one(
            [
                lambda: impute.SimpleImputer(
                    strategy=self.one(["mean", "median", "most_frequent"]), add_indicator=self.flip(0.3)
                ),
                lambda: impute.KNNImputer(n_neighbors=3, weights=self.one(["uniform", "distance"])),
                lambda: impute.IterativeImputer(max_iter=2, random_state=0),
                lambda: pipeline.make_union(impute.SimpleImputer(), impute.MissingIndicator(features="all")),
                lambda: pipeline.make_pipeline(preprocessing.StandardScaler(), impute.SimpleImputer()),
            ]
        )()
        return (
            first if depth < 1 or self.flip() else pipeline.make_pipeline(first, self.transformer(depth - 1))
        )

    def transformer(self, depth: int) -> Any:
        """A transformer of full numbers."""
        if depth > 0 and self.flip(0.35):
            return self.combined(depth - 1)
        return self.one([*self.elementwise(), *self.projections(), *self.selectors()])()

    def combined(self, depth: int) -> Any:
        def inner() -> Any:
            return self.transformer(depth)

        return self.one(
            [
                lambda: pipeline.make_pipeline(inner(), inner()),
                lambda: pipeline.make_union(inner(), inner()),
                lambda: pipeline.FeatureUnion(
                    [("a", inner()), ("b", self.one(["drop", "passthrough"]))],
                    transformer_weights={"a": 0.25},
                ),
                lambda: compose.make_column_transformer((inner(), [0, -1]), remainder="passthrough"),
                lambda: compose.make_column_transformer(
                    (inner(), slice(0, 2)), ("drop", [2]), remainder=inner()
                ),
                lambda: pipeline.Pipeline([("a", "passthrough"), ("b", inner())]),
            ]
        )()

    def elementwise(self) -> list[Make]:
        p = preprocessing
        return [
            lambda: p.StandardScaler(with_mean=self.flip(0.8), with_std=self.flip(0.8)),
            lambda: p.MinMaxScaler(clip=self.flip()),
            lambda: p.MaxAbsScaler(),
            lambda: p.RobustScaler(with_centering=self.flip(0.8)),
            lambda: p.Normalizer(self.one(["l1", "l2", "max"])),
            lambda: p.Binarizer(threshold=0.1),
            lambda: p.QuantileTransformer(
                n_quantiles=20, output_distribution=self.one(["uniform", "normal"])
            ),
            lambda: p.PowerTransformer(standardize=self.flip()),
            lambda: p.KBinsDiscretizer(
                4,
                encode=self.one(["onehot", "onehot-dense", "ordinal"]),
                quantile_method="averaged_inverted_cdf",
            ),
            lambda: p.FunctionTransformer(
                self.one([np.tanh, np.arctan, np.abs, np.square, np.cbrt, np.exp2])
            ),
        ]

    def projections(self) -> list[Make]:
        seed, d = self.seed(), decomposition
        return [
            lambda: preprocessing.PolynomialFeatures(2, interaction_only=self.flip()),
            lambda: preprocessing.SplineTransformer(
                n_knots=4,
                degree=self.one([1, 2, 3]),
                extrapolation=self.one(["constant", "linear", "periodic"]),
            ),
            lambda: d.PCA(2, whiten=self.flip(), random_state=seed),
            lambda: d.TruncatedSVD(2, random_state=seed),
            lambda: d.FactorAnalysis(2),
            lambda: d.IncrementalPCA(2),
            lambda: d.FastICA(2, random_state=seed),
            lambda: d.KernelPCA(2, kernel=self.one(["rbf", "poly", "linear"])),
            lambda: kernel_approximation.Nystroem(n_components=5, random_state=seed),
            lambda: kernel_approximation.RBFSampler(n_components=4, random_state=seed),
            lambda: random_projection.GaussianRandomProjection(3, random_state=seed),
            lambda: random_projection.SparseRandomProjection(3, random_state=seed),
            lambda: cluster.KMeans(3, n_init=1, random_state=seed),
            lambda: cluster.FeatureAgglomeration(2),
            lambda: ensemble.RandomTreesEmbedding(3, max_depth=2, random_state=seed),
        ]

    def selectors(self) -> list[Make]:
        f = feature_selection
        return [
            lambda: f.VarianceThreshold(),
            lambda: f.SelectPercentile(percentile=60),
            lambda: f.SelectKBest(k=self.one([1, 2, "all"])),
            lambda: f.SelectFromModel(tree.ExtraTreeClassifier(random_state=0)),
            lambda: f.RFE(tree.DecisionTreeRegressor(max_depth=2, random_state=0), n_features_to_select=2),
        ]
