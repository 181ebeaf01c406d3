"""The support tables, generated from the registry and the rows: ``python -m tests.support`` writes them."""

from __future__ import annotations

import importlib
import inspect
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyspark
import sklearn
from pyspark.ml.base import Transformer
from sklearn.utils import all_estimators

from onnxpipe.adapters.keras.trust import CLASSES
from onnxpipe.core.record import public_name
from onnxpipe.core.registry import discover, kinds
from onnxpipe.core.translations import translated, translation
from tests.harness import METHODS, Case, cases, plain

FUNCTIONS = Path("docs/support/functions.md")
BOOSTERS = Path("docs/support/boosters.md")
TORCH = Path("docs/support/torch.md")
_PRECISION = {"native": "float64", "float32": "float32"}


@dataclass(frozen=True)
class Framework:
    """What a page is about: the framework's name, version and package, and everything it could convert."""

    name: str
    title: str
    version: str
    prefix: str
    nouns: tuple[str, str]
    precision: Mapping[str, str]
    everything: Callable[[], list[str]]
    within: str = "float64 within 1e-9, labels exactly"
    peers: tuple[str, ...] = ()
    """Who else converts it: the last columns of the page of benchmarks that tells how well."""

    @property
    def page(self) -> Path:
        return Path("docs/support") / f"{self.name}.md"

    @property
    def measured(self) -> Path:
        return Path("docs/benchmarks") / f"{self.name}-peers.md"


def inference_estimators() -> list[str]:
    """The public names of every estimator of scikit-learn that has something to do at inference."""
    found = (kind for _, kind in all_estimators() if any(hasattr(kind, method) for method in METHODS))
    return sorted(public_name(kind.__module__, kind.__qualname__) for kind in found)


_SPARK = ("feature", "classification", "regression", "clustering", "recommendation", "fpm", "tuning")


def transformers() -> list[str]:
    """The names of everything in pyspark.ml that transforms: models and transformers."""
    found = ["pyspark.ml.PipelineModel"]
    for package in _SPARK:
        module = importlib.import_module(f"pyspark.ml.{package}")
        held = ((name, getattr(module, name)) for name in module.__all__)
        found += [
            f"{module.__name__}.{n}"
            for n, kind in held
            if isinstance(kind, type) and issubclass(kind, Transformer) and not kind.__subclasses__()
        ]
    return sorted(found)


def keras_layers() -> list[str]:
    """The names of Keras's layers, those aside that only say what else there is."""
    known = {*CLASSES, "keras.layers.Lambda"} - {
        f"keras.layers.{name}" for name in ("InputLayer", "Pipeline")
    }
    return sorted(kind for kind in known if kind.startswith("keras.layers."))


FRAMEWORKS = (
    Framework("sklearn", "scikit-learn", sklearn.__version__, "sklearn.", ("estimator", "estimators"),
              _PRECISION, inference_estimators),
    Framework("spark", "Spark ML", pyspark.__version__, "pyspark.ml.", ("class", "classes"),
              {"native": "float64", "float32": "float32 inputs"}, transformers,
              peers=("onnxmltools",)),
    Framework("keras", "Keras", version("keras"), "keras.layers.", ("layer", "layers"),
              {"native": "float32"}, keras_layers, "float32 within 1e-5, whole numbers and text exactly",
              peers=("tf2onnx", "model.export")),
)  # fmt: skip


def table(framework: Framework) -> str:
    """The page: one line per converted estimator, then what is refused, then what is missing."""
    discover(f"onnxpipe.adapters.{framework.name}")
    rows: dict[str, list[Case]] = defaultdict(list)
    for case in cases(framework.name):
        for kind in dict.fromkeys(case.rig.kinds(case)):
            rows[kind].append(case)
    everything = framework.everything()
    converted = [kind for kind in everything if kind in kinds()]
    left = [kind.removeprefix(framework.prefix) for kind in everything if kind not in {*kinds(), *rows}]
    one, many = framework.nouns
    refused = dict.fromkeys(
        _refusal(framework, case) for kind in sorted(rows) for case in rows[kind] if case.refused
    )
    return "\n".join(
        [
            f"# {framework.title}: what is converted",
            "",
            f"{len(converted)} of the {len(everything)} {many} of {framework.title} {framework.version} "
            "that do something at inference. Each row of the suite fits, saves, reads back, converts twice, "
            f"checks, runs on 0, 1, 2 and n rows and on the {one}'s own edges, and compares with the "
            f"original: {framework.within}.",
            "",
            *_beside(framework),
            f"| {one} | rows | precision |" + "".join(f" {peer} |" for peer in framework.peers),
            "|---|---|---|" + "---|" * len(framework.peers),
            *(_line(framework, kind, rows[kind]) for kind in converted),
            "",
            "## Refused by name",
            "",
            f"{len(refused)} rows are refused, for the reasons below; the error says what to do instead.",
            "",
            *refused,
            "",
            "## Not converted",
            "",
            (", ".join(left) or "Nothing") + ".",
            "",
        ]
    )


def _line(framework: Framework, kind: str, rows: list[Case]) -> str:
    exact = [case for case in rows if not case.refused]
    told = [framework.precision[d] for d in framework.precision if any(d not in case.skip for case in exact)]
    name = kind.removeprefix(framework.prefix)
    peers = "".join(f" {each} |" for each in _verdicts(framework, name))
    return f"| {name} | {len(exact)} | {', '.join(told)} |{peers}"


def _beside(framework: Framework) -> list[str]:
    """What the columns of peers are about, if there are any."""
    if not framework.peers:
        return []
    page = framework.measured.name
    return [f"The last columns tell how others fare on these rows, as [measured](../benchmarks/{page}).", ""]


def _verdicts(framework: Framework, name: str) -> list[str]:
    """For each peer what a page of benchmarks says in the lines of this name, like verdicts counted."""
    if not framework.peers:
        return []
    lines = framework.measured.read_text(encoding="utf-8").splitlines()
    rows = [line.removesuffix(" |").split(" | ") for line in lines if line.startswith(f"| {name} | `")]
    columns = [Counter(row[place] for row in rows) for place in range(-len(framework.peers), 0)]
    return [", ".join(v if n == 1 else f"{n} {v}" for v, n in counts.most_common()) for counts in columns]


def _refusal(framework: Framework, case: Case) -> str:
    where = ", ".join(framework.precision[d] for d in framework.precision if d not in case.skip)
    rows = f" on {where} rows" if case.skip else ""
    return f"- `{plain(case.estimator)}`{rows}: {case.reason}"


def boosters() -> str:
    """The page of boosting libraries: estimators with their rows, and what is held of files they save."""
    from tests.adapters.boosters import test_lightgbm, test_xgboost

    suites = {"XGBoost": ("xgboost", test_xgboost.SAVED), "LightGBM": ("lightgbm", test_lightgbm.SAVED)}
    return "\n".join(
        [
            "# XGBoost and LightGBM: what is converted",
            "",
            "Each row of the suite fits, saves, reads back, converts twice, checks, runs on 0, 1, 2 and n "
            "rows, on every threshold and category and next to it, on NaN and infinities, in two precisions, "
            "and compares with the library: XGBoost's float32 within 1e-5, LightGBM's float64 within 1e-9.",
            "",
            *(line for title, suite in suites.items() for line in _library(title, *suite)),
        ]
    )


def torch_layers() -> str:
    """The page of torch.nn's layers, from the rows."""
    rows = cases("torch")
    held = [row for row in rows if not row.refused]
    layers = sorted({row.kind for row in held} - {"operations"})
    return "\n".join(
        [
            "# PyTorch: layers that were tried",
            "",
            f"{len(layers)} layers of torch.nn and {len(held) - sum(r.kind in layers for r in held)} "
            "operations, saved as `.pt2` with an open batch, exported from there and compared with torch "
            "within 1e-5 on batches and lengths that they weren't traced with.",
            "",
            "| layer | rows |",
            "|---|---|",
            *(f"| {k} | {', '.join(f'`{r.text}`' for r in held if r.kind == k)} |" for k in layers),
            "",
            "## Operations",
            "",
            *(f"- `{row.text}`" for row in held if row.kind == "operations"),
            "",
            "## Refused",
            "",
            *(f"- `{row.text}`: {row.refused}" for row in rows if row.refused),
            "",
            "## skorch",
            "",
            "Nets after one epoch, exported with what their `predict` and `predict_proba` do:",
            "",
            *(f"- `{row.text}`{row.refused and f': refused, {row.refused}'}" for row in cases("skorch")),
            "",
        ]
    )


def _library(title: str, name: str, saved: Mapping[str, Sequence[str]]) -> list[str]:
    home = f"{name}.sklearn."
    kinds_of = [kind for case in cases(name) for kind in _inside(case.estimator) if kind.startswith(home)]
    return [
        f"## {title}",
        "",
        "| estimator | rows |",
        "|---|---|",
        *(f"| {kind.removeprefix(home)} | {kinds_of.count(kind)} |" for kind in sorted(set(kinds_of))),
        "",
        "| files | |",
        "|---|---|",
        *(f"| {what} | {', '.join(f'`{each}`' for each in values)} |" for what, values in saved.items()),
        "",
    ]


def _inside(estimator: Any) -> list[str]:
    """The public names of an estimator and of those it is made with."""
    inner = [value for value in estimator.get_params().values() if hasattr(value, "get_params")]
    return list(
        dict.fromkeys(public_name(type(e).__module__, type(e).__qualname__) for e in [estimator, *inner])
    )


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
    for framework in FRAMEWORKS:
        framework.page.parent.mkdir(exist_ok=True)
        framework.page.write_text(table(framework), encoding="utf-8")
    FUNCTIONS.write_text(functions(), encoding="utf-8")
    BOOSTERS.write_text(boosters(), encoding="utf-8")
    TORCH.write_text(torch_layers(), encoding="utf-8")
