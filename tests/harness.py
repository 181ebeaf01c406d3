"""One harness for all converters: a case is fitted, saved, read back, converted, run and compared.

A case is a row of a table in ``tests/cases``. What a row buys is ``conform`` below. How a framework
fits, saves and answers is its rig's business: ``tests/rigs/<framework>.py``.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import onnx
import onnxruntime as ort

from onnxpipe.check.batches import none_of
from onnxpipe.check.compare import Tolerance, compare
from onnxpipe.core.options import Options
from onnxpipe.core.plan import Plan
from onnxpipe.core.sessions import extended
from onnxpipe.services.convert import conversion

warnings.filterwarnings("ignore")
DTYPES = ("native", "float32")
METHODS = ("predict", "predict_proba", "decision_function", "transform", "score_samples")
"""What scikit-learn's estimators are asked."""


def plain(estimator: Any) -> str:
    """An estimator on one line, without addresses: the same in every run."""
    return re.sub(r" at 0x\w+", "", " ".join(repr(estimator).split()))


def newest(kind: Any, **parameters: Any) -> Any:
    """An estimator with those of its parameters that the installed version has."""
    known = inspect.signature(kind).parameters
    return kind(**{name: value for name, value in parameters.items() if name in known})


@dataclass(frozen=True)
class Case:
    """One row: an unfitted estimator, the data it is fitted on, and what to expect.

    ``data`` names a function of the rig's datasets (default: what the estimator's kind needs).
    ``rtol`` loosens the comparison, ``refused`` expects a refusal whose text contains it,
    ``skip`` names dtypes not tried, ``huge`` is a smaller value to try in one column where native
    answers the usual one with rounding noise, ``finite`` leaves infinities untried where native's answer
    to them hangs on the order it adds in; each needs its ``reason``. ``since`` is the version
    of the framework that brought what the row tries: under an older one it isn't collected.
    """

    estimator: Any
    data: str = ""
    methods: tuple[str, ...] = METHODS
    options: Mapping[str, Any] = field(default_factory=dict)
    rtol: float | None = None
    refused: str = ""
    skip: tuple[str, ...] = ()
    huge: float = 1e30
    finite: bool = False
    reason: str = ""
    since: str = ""

    def __post_init__(self) -> None:
        departs = self.rtol is not None or self.skip or self.refused or self.huge != 1e30 or self.finite
        if departs and not self.reason:
            raise ValueError(f"{self} departs from the rule without a reason")

    def __str__(self) -> str:
        return f"{plain(self.estimator)}[{self.data}]"

    @property
    def rig(self) -> Rig:
        """The rig of the estimator's framework."""
        rig: Rig = importlib.import_module(f"tests.rigs.{getattr(self.estimator, 'framework', 'sklearn')}")
        return rig

    @property
    def kind(self) -> str:
        """The registry's name of what the estimator becomes."""
        return self.rig.kinds(self)[0]


class Trial(Protocol):
    """A fitted and saved estimator, ready to be asked. ``rows`` are its own rows in the dtype on trial.

    ``source`` is what ``convert`` gets, ``wanted`` the outputs to compare.
    """

    rows: Any
    source: Any
    sample: Any
    wanted: tuple[str, ...]

    def edges(self, plan: Plan) -> Any:
        """``rows`` and, below them, rows at which the answer changes."""
        ...

    def hostile(self, plan: Plan) -> Sequence[Any]:
        """Batches of one row that holds something pipelines trip over."""
        ...

    def head(self, rows: Any, n: int) -> Any:
        """The first ``n`` rows."""
        ...

    def feeds(self, session: ort.InferenceSession, rows: Any) -> dict[str, Any]:
        """Rows as the graph wants them."""
        ...

    def natively(self, batches: Sequence[Any], doubtful: Sequence[int]) -> Iterator[Mapping[str, Any] | None]:
        """The original's answers to each batch, None where it refuses it.

        ``doubtful`` batches are those the graph refuses: the original may be asked them apart.
        """
        ...


class Rig(Protocol):
    """What a framework brings to the harness: a module of ``tests.rigs``."""

    def kinds(self, case: Case) -> tuple[str, ...]:
        """The registry's names of all that a case converts, what the row is about first."""
        ...

    def trial(self, case: Case, dtype: str) -> Trial:
        """The case fitted and saved."""
        ...

    def installed(self, version: str) -> bool:
        """Whether the framework is at least of this version ("1.8")."""
        ...


def cases(prefix: str) -> list[Case]:
    """The rows of ``tests/cases/<prefix>_*.py`` that the installed framework can fit."""
    home = importlib.import_module("tests.cases")
    names = sorted(m.name for m in pkgutil.iter_modules(home.__path__) if m.name.startswith(prefix))
    rows = [case for name in names for case in importlib.import_module(f"tests.cases.{name}").CASES]
    return [case for case in rows if not getattr(case, "since", "") or case.rig.installed(case.since)]


def conform(case: Case, dtype: str) -> None:
    """Assert all a row buys: see the calls."""
    trial = case.rig.trial(case, dtype)
    options = Options(**{"dtype": dtype, "outputs": trial.wanted, **case.options})
    made = conversion(trial.source, options, sample=trial.sample)
    again = conversion(trial.source, options, sample=trial.sample)
    assert made.model.SerializeToString() == again.model.SerializeToString()
    onnx.checker.check_model(made.model, full_check=True)
    session = open_session(made.model)
    rows, hostile = trial.edges(made.plan), trial.hostile(made.plan)
    batches = [rows, *(trial.head(rows, n) for n in (1, 2)), *hostile]
    got = [attempt(session, trial, batch) for batch in batches]
    expected = list(trial.natively(batches, [i for i, answers in enumerate(got) if answers is None]))
    for batch, answers in zip(batches[:3], expected[:3], strict=True):
        assert answers is not None, f"{case}: native refuses its own rows"
        _assert_same(case, answers, _run(session, trial, batch), "")
    _assert_zero_rows(session, trial, expected[2] or {})
    for batch, answers, ours in zip(batches[3:], expected[3:], got[3:], strict=True):
        _assert_same_or_both_refuse(case, answers, ours, repr(batch))


def open_session(model: onnx.ModelProto) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    source = model.SerializeToString()
    return ort.InferenceSession(source, extended(options, model), providers=["CPUExecutionProvider"])


def _run(session: ort.InferenceSession, trial: Trial, rows: Any) -> dict[str, Any]:
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, trial.feeds(session, rows)), strict=True))


def attempt(session: ort.InferenceSession, trial: Trial, rows: Any) -> dict[str, Any] | None:
    """The graph's answers to rows, None where it refuses them."""
    try:
        return _run(session, trial, rows)
    except Exception:
        return None


def _assert_same(case: Case, expected: Mapping[str, Any], got: Mapping[str, Any], on: str) -> None:
    for verdict in compare(expected, got, {"": Tolerance(rtol=case.rtol)}):
        assert verdict.equal, f"{case}: {verdict}{on}"


def _assert_zero_rows(session: ort.InferenceSession, trial: Trial, two: Mapping[str, Any]) -> None:
    """No rows make answers of the shapes that ``two`` rows make, but for the batch axis."""
    got = session.run(list(two), trial.feeds(session, trial.head(trial.rows, 0)))
    declared = {output.name: output.shape for output in session.get_outputs()}
    for (name, want), none in zip(two.items(), got, strict=True):
        # Not the first axis where members' answers are stacked.
        batch = want.shape.index(2) if 2 in want.shape else 0
        assert none_of(*(np.moveaxis(each, batch, 0) for each in (none, want)), declared[name])


def _assert_same_or_both_refuse(
    case: Case, expected: Mapping[str, Any] | None, got: Mapping[str, Any] | None, row: str
) -> None:
    assert (expected is None) == (got is None), (
        f"{case}: native {'refuses' if expected is None else 'answers'}, the graph does not, on {row}"
    )
    if expected is not None and got is not None:
        _assert_same(case, expected, got, f" on {row}")
