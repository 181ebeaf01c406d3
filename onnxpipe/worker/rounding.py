"""What an estimator answers when what its steps hand on moves by as much as they round.

A step that adds up, or takes an exponential, is off in its last digits, in any two libraries otherwise.
Where a threshold, a bin or a nearest neighbour behind it decides by those digits, the answer is a matter of
chance: it changes when the step's own answer does.
"""

from __future__ import annotations

import contextlib
import sys
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Set

import numpy as np

recording = sys.modules["_onnxpipe_recording"]
noise = sys.modules["_onnxpipe_main"].sibling("noise")

MOVES = "rounding_moves"
"""What the judge asks for: ``rounding_moves_<output>`` are the answers that rounding may lead to."""

_ULPS = 4
"""How far numpy's functions may be off, in units of the last place: the most that its own tests allow."""
_TERMS = 2
"""How far every number that is added up is moved: what sums of them round to is off as if they had been."""
_MOST = 5000


class Way(NamedTuple):
    """All answers up (1), down (-1) or each number at random (0), by so many units; what is added up, too,
    and what that is multiplied by.
    """

    sign: int
    ulps: int
    terms: int = 0
    weights: int = 0


_WAYS = [
    Way(1, _ULPS), Way(-1, _ULPS), *[Way(0, 1)] * 4, *[Way(0, 1, _TERMS)] * 4,
    *[Way(0, _ULPS, _TERMS, _TERMS)] * 12,
]  # fmt: skip

_SUMS = frozenset((
    "cluster", "covariance", "cross_decomposition", "decomposition", "discriminant_analysis",
    "gaussian_process", "kernel_approximation", "kernel_ridge", "linear_model", "manifold", "mixture",
    "neighbors", "neural_network", "random_projection", "semi_supervised", "svm",
))  # fmt: skip
"""Parts of scikit-learn whose estimators add up what comes."""
_FUNCTIONS = frozenset((
    "CalibratedClassifierCV", "_CalibratedClassifier", "ComplementNB", "GaussianNB", "BernoulliNB",
    "MultinomialNB", "CategoricalNB", "GradientBoostingClassifier", "HistGradientBoostingClassifier",
    "HistGradientBoostingRegressor", "IterativeImputer", "KNNImputer", "KernelCenterer", "Normalizer",
    "PowerTransformer", "QuantileTransformer", "TfidfTransformer", "TfidfVectorizer",
))  # fmt: skip
"""Estimators that end with a function, a mean or a norm."""
_EXACT = frozenset((
    "absolute", "add", "ceil", "clip", "copysign", "divide", "fabs", "floor", "isnan", "maximum", "minimum",
    "multiply", "nan_to_num", "negative", "positive", "reciprocal", "rint", "sign", "sqrt", "square",
    "subtract", "trunc",
))  # fmt: skip
"""numpy's functions that round as IEEE 754 says, if at all."""
_VANISHING = frozenset(("exp", "exp2"))
"""Functions whose 0 is what they round a number to that isn't 0."""


def moves(model: Any, table: Callable[[], Any], methods: List[str]) -> Dict[str, Any]:
    """Each output as it is and with the steps moved, ``[N, ways, ...]``; nothing where none rounds."""
    steps = [step for step in _within(model, set()) if _rounds(step)]
    if not steps:
        return {}
    told, random = [_told(model, table(), methods)], np.random.RandomState(0)
    for way in _WAYS:
        with contextlib.suppress(Exception), _moved(steps, way, random):
            told.append(_told(model, table(), methods))
    return {"%s_%s" % (MOVES, name): np.stack([each[name] for each in told], axis=1) for name in told[0]}


def _told(model: Any, x: Any, methods: List[str]) -> Dict[str, Any]:
    found: Dict[str, Any] = {}
    for method in methods:
        found.update(recording.outputs(method, getattr(model, method)(x)))
    return found


def _within(thing: Any, seen: Set[int]) -> Iterator[Any]:
    """An estimator and all that it holds."""
    if id(thing) in seen:
        return
    seen.add(id(thing))
    if isinstance(thing, np.ndarray):
        inner = list(thing.ravel()[:_MOST]) if thing.dtype == object else []
    elif isinstance(thing, (dict, list, tuple)):
        inner = list(thing.values() if isinstance(thing, dict) else thing)[:_MOST]
    elif hasattr(thing, "__dict__") and (hasattr(thing, "get_params") or type(thing).__name__ in _FUNCTIONS):
        yield thing
        inner = [] if isinstance(thing, type) else list(vars(thing).values())
    else:
        return
    for each in inner:
        if hasattr(each, "__dict__") or isinstance(each, (np.ndarray, dict, list, tuple)):
            yield from _within(each, seen)


def _adds(step: Any) -> bool:
    names = type(step).__module__.split(".")
    return names[0] == "sklearn" and len(names) > 1 and names[1] in _SUMS


def _named(step: Any) -> str:
    """The name of the function that a FunctionTransformer has."""
    return str(getattr(getattr(step, "func", None), "__name__", ""))


def _rounds(step: Any) -> bool:
    """Whether what a step hands on is off in its last digits."""
    name = type(step).__name__
    if name == "FunctionTransformer":
        return step.func is not None and _named(step) not in _EXACT
    return name in _FUNCTIONS or _adds(step)


@contextlib.contextmanager
def _moved(steps: List[Any], way: Way, random: Any) -> Iterator[None]:
    """Inside, the steps' answers are moved."""
    from sklearn import kernel_approximation
    from sklearn.metrics import pairwise

    before: List[Any] = []
    try:
        changes = [(step, {**_weights(step, way, random), **_methods(step, way, random)}) for step in steps]
        changes += [
            (pairwise, {"euclidean_distances": noise.distances(pairwise.euclidean_distances, random)})
        ]
        waves = {n: getattr(kernel_approximation, n) for n in ("fft", "ifft")}
        changes += [(kernel_approximation, {n: noise.waves(wave, random) for n, wave in waves.items()})]
        for step, changed in changes:
            for name, value in changed.items():
                before.append((step, name, step.__dict__.get(name, _NONE)))
                step.__dict__[name] = value
        yield
    finally:
        for step, name, was in reversed(before):
            if was is _NONE:
                del step.__dict__[name]
            else:
                step.__dict__[name] = was


_NONE = object()


def _weights(step: Any, way: Way, random: Any) -> Dict[str, Any]:
    """What a step that adds up multiplies by, moved: each product is off by its own rounding."""
    held = vars(step).items() if _adds(step) and way.weights else ()
    arrays = {n: v for n, v in held if isinstance(v, np.ndarray) and v.dtype.kind == "f" and n != "classes_"}
    return {name: _shifted(value, way.weights, 0, random) for name, value in arrays.items()}


def _methods(step: Any, way: Way, random: Any) -> Dict[str, Any]:
    """A step's methods, their answers moved, and what comes to one that adds up."""
    found = {method: recording.callable_of(step, method) for method in recording.METHODS[:-1]}
    moving = {m: _moving(step, bound, way, random) for m, bound in found.items() if bound is not None}
    searching = isinstance(getattr(step, "n_neighbors", None), int) and hasattr(step, "n_samples_fit_")
    return {**moving, "kneighbors": noise.neighbours(step, random)} if searching else moving


def _moving(step: Any, bound: Callable[..., Any], way: Way, random: Any) -> Callable[..., Any]:
    adds, vanishes = _adds(step) and way.terms, _named(step) in _VANISHING

    def call(x: Any, *args: Any, **kwargs: Any) -> Any:
        answer = bound(_shifted(x, way.terms, 0, random) if adds else x, *args, **kwargs)
        return _shifted(answer, way.ulps, way.sign, random, _same(x, vanishes))

    return call


def _same(x: Any, vanishes: bool) -> Callable[[Any], Any]:
    """What tells the numbers of an answer that are no sums and no function's values, but 0 or what came."""

    def told(answer: Any) -> Any:
        kept = (answer == 0) & (not vanishes)
        return kept | (answer == x) if isinstance(x, np.ndarray) and x.shape == answer.shape else kept

    return told


def _none(answer: Any) -> Any:
    return answer == 0


def _shifted(value: Any, ulps: int, sign: int, random: Any, kept: Callable[[Any], Any] = _none) -> Any:
    """Numbers off by some units in their last place, but those to be kept, infinities and NaN."""
    if hasattr(value, "iloc") and hasattr(value, "columns"):
        value = value.copy()
        for i in (i for i, kind in enumerate(value.dtypes) if getattr(kind, "kind", "") == "f"):
            value.isetitem(i, _shifted(value.iloc[:, i].to_numpy(), ulps, sign, random))
        return value
    if hasattr(value, "data") and hasattr(value, "tocsr"):
        value = value.copy()
        value.data = _shifted(value.data, ulps, sign, random)
        return value
    if isinstance(value, list):
        return [_shifted(each, ulps, sign, random, kept) for each in value]
    if not isinstance(value, np.ndarray) or value.dtype.kind != "f":
        return value
    moved = value.copy()  # in the order that it is kept in
    steps = ulps * sign if sign else random.randint(-ulps, ulps + 1, value.shape)
    some = np.isfinite(value) & ~kept(value)
    with np.errstate(all="ignore"):
        moved[some] += (steps * np.spacing(value)).astype(value.dtype)[some]
    return moved
