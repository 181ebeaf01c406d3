"""scikit-learn's own answers: the saved estimator loaded and asked."""

from __future__ import annotations

import contextlib
import re
import sys
from functools import partial
from typing import Any, Callable, Dict, List, Mapping, Tuple

recording = sys.modules["_onnxpipe_recording"]
main = sys.modules["_onnxpipe_main"]
boosters = main.sibling("boosters")
chance = main.sibling("chance")
rounding = main.sibling("rounding")
behaviour = main.sibling("probing").behaviour
table = main.sibling("sklearn_rows").table


def load(path: str, format: str, names: List[str]) -> Any:
    """The estimator in a pickle, joblib or skops file."""
    import sklearn  # a missing scikit-learn is told apart from a damaged file

    del sklearn
    if format == "skops":
        import skops.io

        return skops.io.load(path, trusted=names)
    import joblib

    found = boosters.adapted(joblib.load(path))
    if "skorch" in sys.modules:
        main.sibling("torch_native").settled(sys.modules["torch"])
    return found


def versions() -> Dict[str, str]:
    """Versions of the packages that take part in an answer."""
    found = {}
    for name in ("sklearn", "scipy", "pandas", "xgboost", "lightgbm", "skorch", "torch"):
        module = sys.modules.get(name)
        if module is not None:
            found[name] = str(getattr(module, "__version__", "?"))
    return found


def part(model: Any, path: str) -> Any:
    """The fitted estimator at a stage's path, None where the path leads to none."""
    return recording.resolve(model, path)


def answers(model: Any, rows: Mapping[str, Any], methods: List[str], optional: List[str]) -> Dict[str, Any]:
    """The estimator's answers by output name; ``optional`` methods only where it has them.

    Raises whatever the estimator raises on rows it refuses.
    """
    import joblib

    found: Dict[str, Any] = {}
    with joblib.parallel_backend("sequential"):
        for method in dict.fromkeys(re.sub(r"_\d+$", "", name) for name in methods + optional):
            if method == chance.NEIGHBOUR_TIES:
                found.update(chance.neighbour_ties(model, table(model, rows)))
                continue
            if method == rounding.MOVES:
                asked = list(dict.fromkeys(re.sub(r"_\d+$", "", name) for name in methods))
                found.update(rounding.moves(model, partial(table, model, rows), asked))
                continue
            ask = getattr(model, method, None) or boosters.margin(model, method)
            if ask is None:
                if method in optional:
                    continue
                raise main.MissingMethod("this %s has no method %s" % (type(model).__name__, method))
            try:
                answer = ask(table(model, rows))
            except Exception:
                if method in optional:  # a Gaussian process pair by pair has a predict_proba that raises
                    continue
                raise
            found.update(recording.outputs(method, alone(model, answer) if method == "transform" else answer))
    return found


def alone(model: Any, answer: Any) -> Any:
    """Rows in the shape that they have whatever rows they come with: ``[N, k]``.

    SparsePCA answers a lone row as ``[k]``: its ridge regression drops the axis. LabelBinarizer has two
    columns for two classes where there are three different labels among the rows, else the second.
    """
    last = model.steps[-1][1] if hasattr(model, "steps") else model
    if hasattr(last, "ridge_alpha") and getattr(answer, "ndim", 2) == 1:
        return answer[None]
    return answer[:, [-1]] if type(last).__name__ == "LabelBinarizer" and len(last.classes_) == 2 else answer


def caller(model: Any, rows: Mapping[str, Any], methods: List[str]) -> Callable[[], None]:
    """A call of these methods on rows that are in the estimator's own form already."""
    known = list(dict.fromkeys(re.sub(r"_\d+$", "", name) for name in methods))
    if not all(hasattr(model, name) for name in known):
        raise main.MissingMethod("this %s has no method %s" % (type(model).__name__, " or ".join(known)))
    own = table(model, rows)

    def call() -> None:
        for name in known:
            getattr(model, name)(own)

    return call


def arrive(model: Any, rows: Mapping[str, Any], path: str) -> Dict[str, Any]:
    """The columns that arrive at the stage at a path."""
    import joblib

    recorder = recording.Recorder(model, [path], path)
    with recorder, joblib.parallel_backend("sequential"), contextlib.suppress(recording.Arrived):
        run(model, rows)
    found: Dict[str, Any] = recorder.inputs.get(path, {})
    return found or recording.unfolded(recorder.raw.get(path), list(rows))


def alike(model: Any, rows: Mapping[str, Any], paths: List[str]) -> Dict[str, str]:
    """By path a word for what arrives at a stage; nothing where the estimator refuses one of the rows."""
    import joblib

    with recording.Fingerprints(model, paths) as recorder, joblib.parallel_backend("sequential"):
        try:
            run(model, rows)
        except Exception:
            return {}
    found: Dict[str, str] = recorder.inputs
    return found


def stages(
    model: Any, rows: Mapping[str, Any], wanted: Mapping[str, List[str]]
) -> Tuple[List[Dict[str, Any]], str]:
    """What each stage got and answered, and the stage that refused the rows (or "")."""
    import joblib

    with recording.Recorder(model, list(wanted)) as recorder, joblib.parallel_backend("sequential"):
        try:
            run(model, rows, wanted.get(type(model).__name__, ()))
        except Exception:
            recorder.refused = recorder.refused or type(model).__name__
        recorder.complete(wanted)
    records = [
        {"path": p, "inputs": x, "answers": recording.wanted_of(recorder.answers[p], wanted[p])}
        for p, x in recorder.inputs.items()
    ]
    return records, recorder.refused


def run(model: Any, rows: Mapping[str, Any], methods: Any = ()) -> None:
    """Let rows pass through the whole estimator: by these methods, else by the first it has."""
    chosen = [m for m in methods if callable(getattr(model, m, None))]
    chosen = chosen or [m for m in recording.METHODS if callable(getattr(model, m, None))][:1]
    for method in chosen:
        getattr(model, method)(table(model, rows))
