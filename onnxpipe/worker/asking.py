"""Asking the original rows of which it may refuse some."""

from __future__ import annotations

import sys
from typing import Any, Callable, Dict, List, Mapping, Sequence, Tuple

import numpy as np

main = sys.modules["_onnxpipe_main"]


def each(
    ask: Callable[[Mapping[str, Any]], Mapping[str, Any]],
    rows: Mapping[str, Any],
    doubtful: Sequence[int] = (),
) -> Tuple[Dict[str, Any], List[Tuple[int, str]]]:
    """Answers on the accepted rows, in order, and (row, reason) of the refused ones.

    A refused batch is halved until the rows at fault stand alone; ``doubtful`` rows do from the start.
    """
    found, places, refused = [], [], []  # type: List[Mapping[str, Any]], List[Any], List[Tuple[int, str]]
    every = np.arange(len(next(iter(rows.values()))))
    sure = np.setdiff1d(every, np.asarray(doubtful, np.int64))
    todo = [np.array([row]) for row in np.setdiff1d(every, sure)[::-1]] + [sure] * (
        len(sure) > 0 or not len(every)
    )
    while todo:
        which = todo.pop()
        try:
            found.append(ask(rows if len(which) == len(every) else {n: v[which] for n, v in rows.items()}))
            places.append(which)
        except main.MissingMethod:
            raise
        except Exception as error:
            refused += [(int(row), main.said(error)) for row in which if len(which) == 1]
            if len(which) > 1:
                todo += [which[len(which) // 2 :], which[: len(which) // 2]]
    if len(found) == 1:
        return dict(found[0]), sorted(refused)
    names = [name for name in found[0] if all(name in part for part in found)] if found else []
    order = np.argsort(np.concatenate(places or [every]), kind="stable")
    return {name: np.concatenate([part[name] for part in found])[order] for name in names}, sorted(refused)
