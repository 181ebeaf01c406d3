"""The support table, generated from the registry and the rows: ``python -m tests.support`` writes it."""

from __future__ import annotations

import inspect
from collections import defaultdict
from pathlib import Path

import sklearn
from sklearn.utils import all_estimators

from onnxpipe.core.record import public_name
from onnxpipe.core.registry import discover, kinds, translated, translation
from tests.harness import DTYPES, METHODS, Case, cases, plain

PAGE = Path("docs/support/sklearn.md")
FUNCTIONS = Path("docs/support/functions.md")
_PRECISION = {"native": "float64", "float32": "float32"}


def inference_estimators() -> list[str]:
    """The public names of every estimator that has something to do at inference."""
    found = (kind for _, kind in all_estimators() if any(hasattr(kind, method) for method in METHODS))
    return sorted(public_name(kind.__module__, kind.__qualname__) for kind in found)


def table() -> str:
    """The page: one line per converted estimator, then what is refused, then what is missing."""
    discover("onnxpipe.adapters.sklearn")
    rows: dict[str, list[Case]] = defaultdict(list)
    for case in cases("sklearn"):
        rows[case.kind].append(case)
    everything = inference_estimators()
    converted = [kind for kind in everything if kind in kinds()]
    return "\n".join(
        [
            "# scikit-learn: what is converted",
            "",
            f"{len(converted)} of the {len(everything)} estimators of scikit-learn {sklearn.__version__} "
            "that do something at inference. Each row of the suite fits, saves, reads back, converts twice, "
            "checks, runs on 0, 1, 2 and n rows and on the estimator's own edges, and compares with the "
            "original: float64 within 1e-9, labels exactly.",
            "",
            "| estimator | rows | precision |",
            "|---|---|---|",
            *(_line(kind, rows[kind]) for kind in converted),
            "",
            "## Refused by name",
            "",
            *(_refusal(case) for kind in sorted(rows) for case in rows[kind] if case.refused),
            "",
            *_missing([kind for kind in everything if kind not in kinds()]),
        ]
    )


def _missing(lacking: list[str]) -> list[str]:
    if not lacking:
        return []
    return [
        "## Not converted yet",
        "",
        ", ".join(kind.removeprefix("sklearn.") for kind in lacking) + ".",
        "",
    ]


def _line(kind: str, rows: list[Case]) -> str:
    exact = [case for case in rows if not case.refused]
    precisions = [_PRECISION[d] for d in DTYPES if any(d not in case.skip for case in exact)]
    return f"| {kind.removeprefix('sklearn.')} | {len(exact)} | {', '.join(precisions)} |"


def _refusal(case: Case) -> str:
    where = ", ".join(_PRECISION[d] for d in DTYPES if d not in case.skip)
    rows = f" on {where} rows" if case.skip else ""
    return f"- `{plain(case.estimator)}`{rows}: {case.reason}"


def functions() -> str:
    """The page of the functions that FunctionTransformer may call, with the keywords that are understood."""
    discover("onnxpipe.adapters.sklearn")
    ours = [name for name in translated() if name.split(".")[0] in ("numpy", "scipy")]
    return "\n".join(
        [
            "# Functions that are translated",
            "",
            f"{len(ours)} functions that a `FunctionTransformer` or a `TransformedTargetRegressor` may name, "
            "with what may stand in `kw_args` or a `functools.partial`. Any other is refused by name until "
            "[a translation](../sklearn.md#functions) says what it is.",
            "",
            "| function | with |",
            "|---|---|",
            *(f"| `{name}` | {_keywords(name)} |" for name in ours),
            "",
        ]
    )


def _keywords(name: str) -> str:
    known = translation(name)
    assert known is not None
    words = [word for word in inspect.signature(known.translate).parameters if word not in ("stage", "x")]
    if words == ["before"]:
        return f"`partial({name.rpartition('.')[2]}, NUMBER)`"
    return ", ".join(f"`{word}`" for word in words)


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(table(), encoding="utf-8")
    FUNCTIONS.write_text(functions(), encoding="utf-8")
