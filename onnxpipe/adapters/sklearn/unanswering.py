"""Estimators of scikit-learn's that have no answer to new rows, so that no graph can give it."""

from __future__ import annotations

from onnxpipe.core.registry import refuses

_CLUSTERERS = (
    "AgglomerativeClustering", "DBSCAN", "HDBSCAN", "OPTICS", "SpectralBiclustering", "SpectralClustering",
    "SpectralCoclustering",
)  # fmt: skip
_EMBEDDINGS = ("ClassicalMDS", "MDS", "SpectralEmbedding", "TSNE")
_COVARIANCES = (
    "EmpiricalCovariance", "GraphicalLasso", "GraphicalLassoCV", "LedoitWolf", "MinCovDet", "OAS",
    "ShrunkCovariance",
)  # fmt: skip

refuses(
    "knows only the rows it was fitted on: scikit-learn itself has no predict for others "
    "(a classifier fitted on its labels_ has)",
    *(f"sklearn.cluster.{name}" for name in _CLUSTERERS),
    nearest=("sklearn.cluster.KMeans", "sklearn.cluster.Birch", "sklearn.cluster.MeanShift"),
)
refuses(
    "knows only the rows it was fitted on: scikit-learn itself has no transform for others",
    *(f"sklearn.manifold.{name}" for name in _EMBEDDINGS),
    nearest=("sklearn.manifold.Isomap", "sklearn.manifold.LocallyLinearEmbedding"),
)
refuses(
    "estimates a covariance: it neither transforms nor predicts",
    *(f"sklearn.covariance.{name}" for name in _COVARIANCES),
    nearest=("sklearn.covariance.EllipticEnvelope",),
)
