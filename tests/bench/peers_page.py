"""The page of every estimator beside skl2onnx: totals, then one line each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tests.bench.peers import COUNTS, DTYPES, LIMITS, Beside, line, measured

_HEAD = (
    "| estimator | ours float32 | skl2onnx float32 | ours float64 | skl2onnx float64 "
    "| float32, 1 row | 10,000 rows | float64, 1 row | 10,000 rows |",
    "|---|---|---|---|---|--:|--:|--:|--:|",
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
    "- **equal**: ours is held to the judge's rule (labels, dtypes and shapes exact, float64 within 1e-9 "
    "unless the row says and explains another tolerance), skl2onnx to 1e-5 in whatever float type it gives. "
    "**wrong at edges**: right on the rows, wrong on edges. **crash**: an exception while converting or "
    "loading. **not supported**: it says so.",
    "- A ratio is our processor time over skl2onnx's, the median over turns taken in the same run, each "
    "session on one thread, with the same outputs; bold is above 1.0 (float32) or 1.3 (float64). The "
    "machine had other work to do. † says that skl2onnx has no float64 graph that runs, and its "
    "float32 one is held against ours.",
    "- Ours refuses what scikit-learn refuses (NaN, infinities, unknown categories), with three to six small "
    "nodes that skl2onnx's graphs don't have. At one row each costs 0.3 to 0.4 µs, beside 4.5 µs for a call "
    "of an empty session: where skl2onnx has one or two nodes, that shows.",
    "- skl2onnx's text graphs name no locale and don't load where en_US isn't installed; here they are given "
    "C.UTF-8.",
)


def _verdicts(found: Sequence[Beside]) -> list[str]:
    lines = ["| | " + " | ".join(_VERDICTS) + " |", "|---|" + "--:|" * len(_VERDICTS)]
    for tool in ("ours", "skl2onnx"):
        for dtype in DTYPES:
            counts = Counter(each.verdicts.get((tool, dtype), "").partition(":")[0] for each in found)
            lines.append(f"| {tool}, {dtype} | " + " | ".join(str(counts[v]) for v in _VERDICTS) + " |")
    return lines


def _ratios(found: Sequence[Beside]) -> list[str]:
    lines = ["| | compared | within the limit | median ratio | highest |", "|---|--:|--:|--:|--:|"]
    for dtype in DTYPES:
        for count in COUNTS:
            ratios = sorted(each.ratios[dtype, count] for each in found if (dtype, count) in each.ratios)
            if ratios:
                within = sum(ratio <= LIMITS[dtype] for ratio in ratios)
                middle, most = ratios[len(ratios) // 2], ratios[-1]
                what = f"{dtype}, {count:,} row{'s' * (count > 1)} (limit {LIMITS[dtype]})"
                cells = (what, len(ratios), within, f"{middle:.2f}", f"{most:.2f}")
                lines.append("| " + " | ".join(map(str, cells)) + " |")
    return lines
