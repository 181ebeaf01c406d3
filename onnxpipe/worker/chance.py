"""Rows whose answer is a matter of chance: rounding decides which neighbours are nearest, or when to end."""

from __future__ import annotations

import copy
import sys
from functools import partial
from typing import Any, Callable, Dict, Iterator, List, Tuple

import numpy as np

NEIGHBOUR_TIES = "neighbour_ties"
"""What the judge calls the evidence that an answer is a matter of chance."""
COMPARED = 1e-9
"""Relative difference from which two answers differ."""
SINGLE = 1e-5
"""The same for answers that float32 went into."""
_MOVES = 8
"""How often parameters are moved by what rounding moves them."""


def neighbour_ties(model: Any, x: Any) -> Dict[str, Any]:
    """Per row, whether rounding decides what the estimator or one of its steps answers.

    Nothing for an estimator of which none is known to let it.
    """
    found = [mask for mask in (_ties(step, rows) for step, rows in _reached(model, x)) if mask is not None]
    return {NEIGHBOUR_TIES: np.logical_or.reduce(found)} if found else {}


def _reached(model: Any, x: Any, last: bool = True) -> Iterator[Tuple[Any, Any]]:
    """The estimators whose answer may hang on rounding, each with the rows that arrive at it."""
    if _searches(model, last):
        yield model, x
    for inner, arrive, ends in _inside(model, last):
        if _hides(inner, ends):
            yield from _reached(inner, arrive(x), ends)


def _hides(model: Any, last: bool) -> bool:
    """Whether an estimator's answer, or that of one inside it, may hang on rounding."""
    return _searches(model, last) or any(_hides(inner, ends) for inner, _, ends in _inside(model, last))


def _inside(model: Any, last: bool) -> Iterator[Tuple[Any, Callable[[Any], Any], bool]]:
    """The fitted estimators inside one, what brings them its rows, and whether their answer is the last."""
    steps = [step for _, step in getattr(model, "steps", [])]
    for place, step in enumerate(steps):
        yield step, model[:place].transform if place else _same, last and place == len(steps) - 1
    same = [getattr(each, "estimator", None) for each in getattr(model, "calibrated_classifiers_", [])]
    same += [each for _, each in getattr(model, "transformer_list", [])]
    beside: List[Tuple[Any, Any]] = [(each, _same) for each in same]
    beside += [(e, partial(_columns, where)) for _, e, where in getattr(model, "transformers_", [])]
    beside += _members(model)
    if hasattr(model, "final_estimator_"):
        beside.append((model.final_estimator_, model.transform))
    for inner, arrive in beside:
        yield inner, arrive, last


def _members(model: Any) -> List[Tuple[Any, Callable[[Any], Any]]]:
    """The estimators of an ensemble, or the one that stands in another; chains give theirs more than rows."""
    found = getattr(model, "estimators_", None)
    if found is None:
        held = [getattr(model, name) for name in _ALONE if hasattr(model, name)]
        return [(each, model.transform if hasattr(model, "support_") else _same) for each in held]
    if type(model).__name__.endswith("Chain") or isinstance(found, np.ndarray):  # an array of boosted trees
        return []
    places = getattr(model, "estimators_features_", [None] * len(found))
    return [(e, _same if where is None else partial(_columns, where)) for e, where in zip(found, places)]


_ALONE = ("best_estimator_", "estimator_", "regressor_")
"""What holds the one estimator of another; of ensembles an unfitted one."""


def _same(x: Any) -> Any:
    return x


def _columns(where: Any, x: Any) -> Any:
    from sklearn.utils import _safe_indexing

    return _safe_indexing(x, where, axis=1)


def _searches(step: Any, last: bool) -> bool:
    search = _search(step)
    whose = (last or search is not step) and hasattr(search, "kneighbors")
    looking = whose and 0 < _taken(step) < search.n_samples_fit_
    return bool(hasattr(step, "_mask_fit_X") or looking or type(step).__name__ in _BY_ROUNDING)


def _taken(step: Any) -> int:
    """How many neighbours are taken, 0 where no number says; a graph of distances has the row itself, too."""
    taken = getattr(step, "n_neighbors", None)
    return taken + (getattr(step, "mode", "") == "distance") if isinstance(taken, int) else 0


def _search(step: Any) -> Any:
    """What looks for the neighbours: of Isomap and LocallyLinearEmbedding another estimator within."""
    return getattr(step, "nbrs_", step)


def _ties(step: Any, x: Any) -> Any:
    if type(step).__name__ in _BY_ROUNDING:
        return _BY_ROUNDING[type(step).__name__](step, x)
    if hasattr(step, "_mask_fit_X"):
        gaps = sys.modules["_onnxpipe_main"].sibling("gaps")
        return gaps.doubtful(step, np.asarray(x, np.float64), COMPARED)
    far = _search(step).kneighbors(x, n_neighbors=_taken(step) + 1)[0]
    # Of points that share no value with the row none is nearer: NaN to nan_euclidean.
    ties = np.isclose(far[:, -2], far[:, -1], rtol=1e-12, atol=0, equal_nan=True)
    return ties | _beside_a_point(step, x, far[:, 0])


def _beside_a_point(step: Any, x: Any, nearest: Any) -> Any:
    """Rows so near to a fitted one that brute force, a difference of squares, weighs it by their rounding."""
    noisy = getattr(step, "effective_metric_", None) in ("euclidean", "nan_euclidean")
    if getattr(step, "weights", None) != "distance" or not noisy or step._fit_method != "brute":
        return np.zeros(len(x), bool)
    single = np.result_type(np.asarray(x).dtype, step._fit_X) == np.float32
    unit, compared = (np.finfo(np.float32).eps, SINGLE) if single else (np.finfo(np.float64).eps, COMPARED)
    rows, points = (np.nan_to_num(np.asarray(each, np.float64)) for each in (x, step._fit_X))
    sizes = (rows**2).sum(axis=1) + (points**2).sum(axis=1).max()
    return nearest**2 * compared < (rows.shape[1] + 2) * unit * sizes


def _amplified(features: Any, x: Any) -> Any:
    """float32 rows of whose rounding Nystroem's normalization makes more than float32 can tell.

    As far as float32 rounds a row and its products with the normalization, both are moved, at random.
    """
    x, ties = np.asarray(x), np.zeros(len(x), bool)
    finite = np.flatnonzero(np.isfinite(x.astype(np.float64)).all(axis=1))
    if x.dtype != np.float32 or features.normalization_.dtype != np.float32 or not len(finite):
        return ties
    wide, random, off = copy.copy(features), np.random.RandomState(0), np.finfo(np.float32).eps / 2
    wide.components_, turned = (np.float64(each) for each in (features.components_, features.normalization_))
    rows, usual = x[finite].astype(np.float64), features.transform(x[finite])
    for _ in range(_MOVES):
        wide.normalization_ = turned * (1 + off * random.choice([-1, 1], turned.shape))
        moved = wide.transform(rows * (1 + off * random.choice([-1, 1], rows.shape)))
        ties[finite] |= ~np.isclose(moved, usual, rtol=SINGLE, atol=0).all(axis=1)
    return ties


def _at_a_centre(clusters: Any, x: Any) -> Any:
    """Rows so near to a centre of Birch that their distance is rounding noise.

    Its square is a difference of squares (``euclidean_distances``), and off by their rounding.
    """
    x, centres = np.asarray(x, np.float64), np.asarray(clusters.subcluster_centers_, np.float64)
    ties = np.zeros(len(x), bool)
    with np.errstate(all="ignore"):
        usual = np.median(clusters.transform(centres))
        for centre in centres:
            apart = np.sqrt(((x - centre) ** 2).sum(axis=1))
            noise = (x.shape[1] + 2) * np.finfo(np.float64).eps * ((x**2).sum(axis=1) + (centre**2).sum())
            ties |= noise / np.maximum(apart, np.sqrt(noise)) > COMPARED * (usual + apart)
    return ties


def _rounds(topics: Any, x: Any) -> Any:
    """Documents that end a round sooner or later as float32 rounds, which moves their topics.

    The change that ends them (``_update_doc_distribution``) is a mean of differences of numbers that add up
    to a document's words, each a sum of as many terms as there are words or topics.
    """
    x, words = np.asarray(x, np.float32), topics.components_
    ties = np.zeros(len(x), bool)
    legal = np.flatnonzero((np.isfinite(x) & (x >= 0)).all(axis=1))
    if words.dtype != np.float32 or not len(legal):
        return ties
    sizes = x[legal].sum(axis=1, dtype=np.float64) + len(words) * topics.doc_topic_prior_
    noise = sum(words.shape) * np.finfo(np.float32).eps * 2.0 ** np.ceil(np.log2(sizes)) / len(words)
    for each in np.unique(noise):
        rows = legal[noise == each]
        ends = (max(topics.mean_change_tol + sign * each, 0.0) for sign in (1, -1))
        sooner, later = (_by(topics, "mean_change_tol", end, x[rows]) for end in ends)
        ties[rows] = ~np.isclose(sooner, later, rtol=1e-6, atol=0).all(axis=1)
    return ties


def _settled(factors: Any, x: Any) -> Any:
    """Rows that NMF is done with a round sooner or later, all of a batch at once, as float32 rounds.

    What ends the rounds is a share of the first change; both are sums over features and components.
    """
    x, ties = np.asarray(x), np.zeros(len(x), bool)
    legal = np.flatnonzero((np.isfinite(x) & (x >= 0)).all(axis=1))
    if x.dtype != np.float32 or factors.components_.dtype != np.float32 or not len(legal):
        return ties
    noise = sum(factors.components_.shape) * np.finfo(np.float32).eps
    sooner, later = (_by(factors, "tol", max(factors.tol + n, 0.0), x[legal]) for n in (noise, -noise))
    ties[legal] = ~np.isclose(sooner, later, rtol=1e-6, atol=0).all(axis=1)
    return ties


def _by(model: Any, name: str, value: Any, x: Any) -> Any:
    """What a model answers with another parameter."""
    other = copy.copy(model)
    setattr(other, name, value)
    return other.transform(x)


def _factored(coder: Any, x: Any) -> Any:
    """float32 rows whose codes along a path hang on how float32 rounds the factors of the Gram matrix.

    Cholesky's factors of n atoms are those of a matrix off by up to (n + 1) units of rounding (Higham,
    Accuracy and Stability of Numerical Algorithms, theorem 10.3): so far atoms are moved, at random.
    """
    name = "dictionary" if hasattr(coder, "dictionary") else "components_"
    x, atoms = np.asarray(x), getattr(coder, name)
    ties = np.zeros(len(x), bool)
    finite = np.flatnonzero(np.isfinite(x).all(axis=1))
    if x.dtype != np.float32 or coder.transform_algorithm not in ("lars", "lasso_lars") or not len(finite):
        return ties
    off = (min(atoms.shape) + 1) * np.finfo(np.float32).eps / 2
    random, usual = np.random.RandomState(0), coder.transform(x[finite])
    for _ in range(_MOVES):
        moved = _by(coder, name, atoms * (1 + off * random.choice([-1, 1], atoms.shape)), x[finite])
        far = np.abs(moved - usual).max(axis=1)
        ties[finite] |= ~(far <= SINGLE / 2 * np.abs(usual).max(axis=1))
    return ties


_BY_ROUNDING = {
    "Birch": _at_a_centre,
    "LatentDirichletAllocation": _rounds,
    "NMF": _settled,
    "Nystroem": _amplified,
    **dict.fromkeys(("SparseCoder", "DictionaryLearning", "MiniBatchDictionaryLearning"), _factored),
}
"""What tells the rows, by the name of the estimator."""
