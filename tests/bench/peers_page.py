"""The page of every estimator beside skl2onnx: totals, then one line each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tests.bench.peers import COUNTS, SETTINGS, Beside, line, measured

_TIMED = {"float32": "float32", "narrowed": "trained in float64, asked in float32", "float64": "float64"}
_HEAD = (
    "| estimator | "
    + " | ".join(f"{tool}, {name}" for name in _TIMED for tool in ("ours", "skl2onnx"))
    + " | "
    + " | ".join(f"{name}: {count:,} row{'s' * (count > 1)}" for name in _TIMED for count in COUNTS)
    + " |",
    "|---|" + "---|" * 6 + "--:|" * 6,
)
_VERDICTS = ("equal", "wrong at edges", "wrong", "crash", "not supported")


def run(setting: str, words: Sequence[str] = ()) -> str:
    """Measure every estimator, print a line each, and return the page."""
    print("## Every estimator", "", setting, "", *_HEAD, sep="\n", flush=True)
    found = []
    for each in measured(list(words)):
        found.append(each)
        print(line(each), flush=True)
    totals = [*_verdicts(found), "", *_ratios(found)]
    print("", *totals, sep="\n", flush=True)
    return "\n".join([*_introduction(setting, found), *totals, "", "## Every estimator", "", *_HEAD,
                      *(line(each) for each in found), ""])  # fmt: skip


def _introduction(setting: str, found: Sequence[Beside]) -> list[str]:
    head = (
        f"One row of the test suite for each of {len(found)} estimators: fitted, converted by both, asked "
        "the rows it was fitted on and rows exactly on, just below and just above every value where its "
        "answer may change."
    )
    return ["# scikit-learn, beside skl2onnx", "", setting, "", head, "", *_NOTES, "", "## Totals", ""]


_NOTES = (
    "- **float32**: fitted on float32 and asked float32. **narrowed**: fitted on float64 and asked float32 "
    "(`--dtype float32`), where scikit-learn and our graph compute much in float64, as its fitted numbers "
    "are; skl2onnx's graph rounds them. **float64**: fitted on and asked float64.",
    "- **equal**: ours is held to the judge's rule (labels, dtypes and shapes exact, float64 within 1e-9 "
    "unless float32 went into it or the row says and explains another tolerance), skl2onnx to 1e-5 in "
    "whatever float type it gives. **wrong at edges**: right on the rows, wrong on edges. **crash**: an "
    "exception while converting or loading. **not supported**: it says so.",
    "- A ratio is our processor time over skl2onnx's, the median over turns taken in the same run, each "
    "session on one thread, with the same outputs; bold is above the limit: 1.0, in float64 1.3. † says that "
    "skl2onnx has no float64 graph that runs, and its float32 one is held against ours.",
    "- **In brackets, alike**: beside skl2onnx's graph made to refuse what scikit-learn and ours refuse "
    "(NaN, infinities) and to answer `[N]` where they do (`tests/bench/alike.py`): what is left is what the "
    "two compute. Those promises take four to six small nodes, 0.3 to 0.4 µs each at one row, beside 4.5 µs "
    "for a call of an empty session: no graph that keeps them is as quick as one node that doesn't.",
    "- skl2onnx's text graphs name no locale and don't load where en_US isn't installed; here they are given "
    "C.UTF-8.",
)


def _verdicts(found: Sequence[Beside]) -> list[str]:
    lines = ["| | " + " | ".join(_VERDICTS) + " |", "|---|" + "--:|" * len(_VERDICTS)]
    for tool in ("ours", "skl2onnx"):
        for name, told in _TIMED.items():
            counts = Counter(each.verdicts.get((tool, name), "").partition(":")[0] for each in found)
            lines.append(f"| {tool}, {told} | " + " | ".join(str(counts[v]) for v in _VERDICTS) + " |")
    return lines


def _ratios(found: Sequence[Beside]) -> list[str]:
    lines = ["| | compared | within the limit | median ratio | highest |", "|---|--:|--:|--:|--:|"]
    for name, told in _TIMED.items():
        for count in COUNTS:
            what = f"{told}, {count:,} row{'s' * (count > 1)} (limit {SETTINGS[name].limit})"
            lines += _summary(
                what, name, [each.ratios[name, count] for each in found if (name, count) in each.ratios]
            )
            lines += _summary(
                f"{what}, alike",
                name,
                [each.alike[name, count] for each in found if (name, count) in each.alike],
            )
    return lines


def _summary(what: str, name: str, ratios: Sequence[float]) -> list[str]:
    if not ratios:
        return []
    within, middle = sum(ratio <= SETTINGS[name].limit for ratio in ratios), sorted(ratios)[len(ratios) // 2]
    return [f"| {what} | {len(ratios)} | {within} | {middle:.2f} | {max(ratios):.2f} |"]
