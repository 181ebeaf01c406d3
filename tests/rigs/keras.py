"""Keras in the harness: one TensorFlow makes and saves all cases, and answers through the worker's code."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from packaging.version import Version

from onnxpipe.adapters.base import Artefact
from onnxpipe.adapters.keras import reader
from onnxpipe.core.plan import Plan
from onnxpipe.core.signature import Port
from tests.harness import Case
from tests.inhouse import program

ROWS = 5
_WORDS = ("red", "green", "blue", "Zoë", "", "unseen")
_TEXTS = (
    *("The cat sat.", "", " \t", "Zoë ZOË zoë; the CAT!", "日本 語，日本", "a-b\u00a0c\u2003d\x85e"),
    *("the\x0bcat", "é😀\u0301 x" * 9, "\n\x0c\r x", "İSTANBUL ΣΑΣ ß", "'\"'", "_sat_ (cat)", "nu\0l the"),
    *("0123456789abcdef" * 9, "日本" * 11, "x" * 64, "y" * 65, "1234567", "12345678"),
    *("𐐀\U0010ffff", "w" * 40),
)
"""Texts of every length that hashes tell apart, with white space and case beyond ASCII's."""


@dataclass(frozen=True)
class Layer:
    """A layer yet to be made: TensorFlow takes seconds to import, so nobody does before it is needed."""

    name: str
    given: tuple[Any, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    framework = "keras"

    def __repr__(self) -> str:
        told = [*map(repr, self.given), *(f"{k}={v!r}" for k, v in self.parameters.items())]
        return f"{self.name}({', '.join(told)})"

    def made(self) -> Any:
        kind = getattr(native().keras().layers, self.name)
        return kind(*map(_made, self.given), **{k: _made(v) for k, v in self.parameters.items()})


@dataclass(frozen=True)
class Net:
    """A model yet to be made. ``inputs`` are (shape of a row, dtype) or a shape alone; ``build`` makes a
    model of ``keras`` where layers in a row don't say it; ``about`` is the kind the row is of; ``suffix``
    the format it is saved in.
    """

    layers: tuple[Layer, ...] = ()
    inputs: tuple[Any, ...] = ()
    build: Callable[[Any], Any] | None = None
    about: tuple[str, ...] = ()
    suffix: str = ".keras"
    highest: int = 3
    framework = "keras"

    def __repr__(self) -> str:
        end = "" if self.suffix == ".keras" else f", {self.suffix}"
        if self.build:
            return f"{self.build.__name__}{end}"
        ((shape, dtype),) = self.inputs
        told = "" if dtype == "float32" else f" {dtype}"
        return f"{' '.join(map(repr, self.layers))} on {shape}{told}{end}"


def layer(name: str, *given: Any, **parameters: Any) -> Layer:
    """A layer of keras.layers by name."""
    return Layer(name, given, parameters)


def on(shape: Any, *layers: Layer, dtype: str = "float32", **more: Any) -> Net:
    """Layers in a row on rows of a shape."""
    return Net(layers, ((shape, dtype),), **more)


def net(build: Callable[[Any], Any], *about: str, **more: Any) -> Net:
    """A model that a function of ``keras`` makes, about these kinds."""
    return Net((), (), build, about, **more)


def _made(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return type(value)(map(_made, value))
    return value.made() if isinstance(value, Layer) else value


@cache
def native() -> Any:
    """The worker's module that asks Keras, in this process."""
    return program().sibling("keras_native")


@cache
def _home() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="onnxpipe-keras-")


def kinds(case: Case) -> tuple[str, ...]:
    """The public names of the layers that a case is about."""
    row = () if case.estimator.build else ("keras.Sequential",)
    return (*case.estimator.about, *(f"keras.layers.{n}" for n in _names(case.estimator.layers)), *row)


def _names(layers: Sequence[Any]) -> Iterator[str]:
    for each in layers:
        if isinstance(each, Layer):
            yield each.name
            yield from _names([*each.given, *each.parameters.values()])
        elif isinstance(each, (list, tuple)):
            yield from _names(each)


def _is_recurrent(case: Case) -> bool:
    return any(kind.endswith(("LSTM", "GRU", "RNN")) for kind in kinds(case))


def trial(case: Case, dtype: str) -> Made:
    return Made(case)


def installed(version: str) -> bool:
    """Whether Keras is at least of this version ("3.10")."""
    from importlib.metadata import version as of

    return Version(of("keras")) >= Version(version)


_known: dict[str, tuple[Any, Path]] = {}


def _saved(made: Net) -> tuple[Any, Path]:
    """The model of a case and where it is saved, once for every row that says the same."""
    if repr(made) not in _known:
        _known[repr(made)] = _made_and_saved(made)
    return _known[repr(made)]


def _made_and_saved(made: Net) -> tuple[Any, Path]:
    """The model of a case, its weights drawn at random, and where it is saved."""
    keras = native().keras()
    keras.utils.set_random_seed(7)
    if made.build is not None:
        model = made.build(keras)
    else:
        ((shape, dtype),) = made.inputs
        model = keras.Sequential([keras.Input(shape, dtype=dtype), *(each.made() for each in made.layers)])
    rng = np.random.default_rng(7)
    for weight in model.weights:
        learnt = weight.path.split("/")[-2].rstrip("_0123456789") == "normalization"  # by adapt
        if np.dtype(weight.dtype).kind == "f" and not learnt:
            weight.assign(_drawn(weight, rng))
    path = Path(_home().name) / f"{len(list(Path(_home().name).iterdir()))}{made.suffix}"
    model.save(path)
    return model, path


def _drawn(weight: Any, rng: np.random.Generator) -> Any:
    """Weights of the size that training leaves them at; spreads are positive."""
    spread = rng.normal(size=weight.shape) / max(1.0, float(np.prod(weight.shape[:-1]))) ** 0.5
    return np.abs(spread) + 0.1 if "variance" in weight.path else spread


class Made:
    """A model that Keras made and saved."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.model, self.source = _saved(case.estimator)
        self.sample = None
        ports = tuple(reader.input_ports(reader.root_of(Artefact(self.source))[1]))
        rng = np.random.default_rng(3)
        self.rows = {port.name: _values(port, case.estimator.highest, rng) for port in ports}
        self.wanted: tuple[str, ...] = ()

    def edges(self, plan: Plan) -> Any:
        return self.rows

    def hostile(self, plan: Plan) -> Sequence[Any]:
        """Rows of a matrix with something in them that isn't an ordinary number."""
        odd: list[Any] = []
        for name, value in self.rows.items():
            if value.dtype.kind == "f" and value.ndim == 2 and not self.case.finite:
                odd += [self._with(name, each) for each in (np.nan, np.inf, -np.inf, -0.0, 1e15)]
            if value.dtype.kind == "f" and value.ndim == 3 and _is_recurrent(self.case):
                odd += self._spoilt(name)
            if value.dtype.kind == "i":
                odd += [self._with(name, each) for each in (-1, 2**20)]
            if value.dtype.kind == "O":
                odd.append(self._texts(name))
        return odd

    def _spoilt(self, name: str) -> list[dict[str, Any]]:
        """All rows, with NaN from some step on in the second, infinities in the third, and nothing but 0."""
        rows, none = ({n: value.copy() for n, value in self.rows.items()} for _ in range(2))
        rows[name][1, 2, 0], rows[name][2, 1, :2], none[name][...] = np.nan, (np.inf, -np.inf), 0
        return [rows, none]

    def _texts(self, name: str) -> dict[str, Any]:
        """Rows of one odd text each, in every column of an input."""
        rows = {n: np.repeat(v[:1], len(_TEXTS), axis=0) for n, v in self.rows.items()}
        rows[name].T[...] = np.array(_TEXTS, object)
        return rows

    def _with(self, name: str, value: float) -> dict[str, Any]:
        row = {n: v[:1].copy() for n, v in self.rows.items()}
        row[name][(0,) * row[name].ndim] = value
        return row

    def head(self, rows: Any, n: int) -> Any:
        return {name: value[:n] for name, value in rows.items()}

    def feeds(self, session: ort.InferenceSession, rows: Any) -> dict[str, Any]:
        return {port.name: rows[port.name] for port in session.get_inputs()}

    def natively(self, batches: Sequence[Any], doubtful: Sequence[int]) -> Iterator[Mapping[str, Any] | None]:
        names = native().output_names(self.model, len(self.model.outputs))
        for batch in batches:
            try:
                yield native().answers(self.model, batch, names, [])
            except Exception:  # TensorFlow's errors, which have no common type
                yield None


def _values(port: Port, highest: int, rng: np.random.Generator) -> Any:
    """Rows for an input: numbers around 0, small whole numbers, words. Open sizes are 4."""
    shape = (ROWS, *(4 if size is None else size for size in port.shape[1:]))
    if port.is_string:
        return np.array(_WORDS, object)[rng.integers(0, len(_WORDS), shape)]
    kind = np.dtype(port.dtype)
    return (rng.normal(size=shape) if kind.kind == "f" else rng.integers(0, highest, shape)).astype(kind)
