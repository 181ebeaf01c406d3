"""Where neighbours are equally far, which one native takes is chance: a tie, and no golden row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.cluster import Birch
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.decomposition import LatentDirichletAllocation
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import BaggingRegressor, StackingRegressor
from sklearn.feature_selection import RFE
from sklearn.impute import KNNImputer
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LinearRegression
from sklearn.manifold import Isomap, LocallyLinearEmbedding
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import onnxpipe
from onnxpipe.check.compare import CHANCE, compare
from onnxpipe.cli import main
from onnxpipe.worker import chance

pytestmark = pytest.mark.usefixtures("inhouse")

RNG = np.random.default_rng(0)
GRID = RNG.integers(0, 4, size=(300, 3)).astype(float)
LABELS = RNG.integers(0, 2, 300)


def test_equally_near_neighbours_are_ties_and_stay_out_of_the_goldens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pipeline = make_pipeline(StandardScaler(), KNeighborsClassifier(5)).fit(GRID, LABELS)
    joblib.dump(pipeline, "knn.joblib")
    np.save("grid.npy", GRID)
    report = onnxpipe.verify(onnxpipe.convert(pipeline), pipeline, {"X": GRID}, rows=300)
    assert report and all(verdict.ties > 0 for verdict in report.verdicts)
    assert len(report.agreeing()[2]) < len(report.row_origins)
    assert main(["convert", "knn.joblib", "-o", "knn.onnx", "--sample", "grid.npy"]) == 0
    assert main(["verify", "knn.onnx"]) == 0


@pytest.mark.parametrize(
    "embedding", [LocallyLinearEmbedding(n_neighbors=5, eigen_solver="dense"), Isomap(n_neighbors=5)]
)
def test_embeddings_of_neighbours_have_ties_wherever_they_stand(embedding: Any) -> None:
    pipeline = make_pipeline(embedding, StandardScaler()).fit(GRID)
    rows = GRID + RNG.integers(0, 2, (300, 1)) / 2
    report = onnxpipe.verify(onnxpipe.convert(pipeline), pipeline, {"X": rows})
    assert report and report.verdicts[0].ties > 0


def near() -> KNeighborsRegressor:
    return KNeighborsRegressor(3)


@pytest.mark.parametrize(
    "ensemble",
    [
        MultiOutputRegressor(near()),
        BaggingRegressor(near(), 3, max_features=2, random_state=0),
        StackingRegressor([("mean", DummyRegressor())], final_estimator=near(), passthrough=True, cv=2),
        TransformedTargetRegressor(
            make_pipeline(StandardScaler(), near()), func=np.negative, inverse_func=np.negative
        ),
        RFE(LinearRegression(), n_features_to_select=1),
    ],
    ids=lambda e: type(e).__name__,
)
def test_neighbours_are_looked_for_inside_whatever_holds_them(ensemble: Any) -> None:
    targets = 9 + GRID @ RNG.random((3, 2)) + RNG.normal(size=(300, 2))
    ensemble.fit(GRID, targets if isinstance(ensemble, MultiOutputRegressor) else targets[:, 0])
    found = chance.neighbour_ties(ensemble, GRID)
    assert found[CHANCE].any() if not isinstance(ensemble, RFE) else not found
    assert onnxpipe.verify(onnxpipe.convert(ensemble), ensemble, {"X": GRID}, rows=200)


def test_gaps_are_filled_in_columns_of_their_own() -> None:
    rows = np.where(RNG.random((120, 3)) < 0.2, np.nan, RNG.normal(size=(120, 3)))
    filled = ColumnTransformer([("near", KNNImputer(weights="distance"), [0, 1]), ("rest", "drop", [2])])
    model = make_pipeline(FeatureUnion([("filled", filled), ("same", FunctionTransformer(np.nan_to_num))]))
    twins = np.vstack([rows, rows])
    assert chance.neighbour_ties(model.fit(rows), twins)[CHANCE].any()


def test_no_point_is_nearer_to_a_row_of_gaps_alone() -> None:
    rng = np.random.default_rng(1)
    rows = np.where(rng.random((120, 4)) < 0.2, np.nan, rng.normal(size=(120, 4)))
    estimator = KNeighborsRegressor(metric="nan_euclidean").fit(rows, rng.normal(size=120))
    empty = np.full((1, 4), np.nan)
    report = onnxpipe.verify(onnxpipe.convert(estimator), estimator, {"X": np.vstack([rows, empty])})
    assert report and report.verdicts[0].ties > 0


def test_a_fault_in_other_rows_is_still_found() -> None:
    native = {"predict": np.array([0, 1, 1]), "predict_proba": np.array([[0.8, 0.2], [0.4, 0.6], [0.2, 0.8]])}
    graph = {"predict": np.array([1, 1, 0]), "predict_proba": native["predict_proba"][:, ::-1]}
    verdicts = compare(native, graph, evidence={CHANCE: np.array([True, False, False])})
    assert [verdict.rows_at_fault for verdict in verdicts] == [(2,), (1, 2)]
    assert [verdict.ties for verdict in verdicts] == [1, 1]


def test_a_document_that_is_far_from_ending_is_no_tie() -> None:
    documents = np.abs(RNG.normal(size=(200, 4))).astype(np.float32) * 5
    topics = LatentDirichletAllocation(3, random_state=0, max_iter=2).fit(documents)
    changed = topics.transform(documents) + np.float32(1e-3)
    told = {"transform": topics.transform(documents), **chance.neighbour_ties(topics, documents)}
    (verdict,) = compare({"transform": told["transform"]}, {"transform": changed}, evidence=told)
    assert verdict.differing + verdict.ties == 200 and 0 < verdict.ties < 20


def test_a_row_beside_a_centre_is_no_tie() -> None:
    birch = Birch(n_clusters=None, threshold=1.0).fit(GRID)
    centres = birch.subcluster_centers_
    found = chance.neighbour_ties(birch, np.concatenate([centres, centres + 0.1]))[CHANCE]
    assert found.tolist() == [True] * len(centres) + [False] * len(centres)


def test_float32_kernels_are_told_from_noise_where_their_normalization_is_mild() -> None:
    rows = RNG.normal(size=(200, 3)).astype(np.float32)
    mild, wild = (
        Nystroem(n_components=k, gamma=g, random_state=0).fit(rows) for k, g in ((4, 1), (60, 0.01))
    )
    assert chance.neighbour_ties(mild, rows)["neighbour_ties"].mean() < 0.1
    assert chance.neighbour_ties(wild, rows)["neighbour_ties"].all()
    assert not chance.neighbour_ties(wild, rows.astype(np.float64))["neighbour_ties"].any()


def test_only_rows_beside_a_point_are_weighed_by_noise() -> None:
    points = RNG.normal(size=(50, 3))
    rows = np.concatenate([points[:10] + 1e-9, points[:10] + 1e-2])
    brute = KNeighborsRegressor(weights="distance", algorithm="brute").fit(points, np.arange(50))
    assert chance.neighbour_ties(brute, rows)["neighbour_ties"].tolist() == [True] * 10 + [False] * 10
    tree = KNeighborsRegressor(weights="distance", algorithm="kd_tree").fit(points, np.arange(50))
    assert not chance.neighbour_ties(tree, rows)["neighbour_ties"].any()
