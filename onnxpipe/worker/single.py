"""What every model that is one stage answers alike, whatever library it is of."""

from __future__ import annotations

import sys
from typing import Any, Dict, List, Mapping, Tuple

main = sys.modules["_onnxpipe_main"]


def chosen(known: Mapping[str, Any], methods: List[str], optional: List[str]) -> Dict[str, Any]:
    """The answers asked for. Raises MissingMethod for one of ``methods`` that the model hasn't."""
    lacking = [m for m in methods if m not in known]
    if lacking:
        raise main.MissingMethod("this model has no %s" % ", ".join(lacking))
    return {m: known[m] for m in methods + optional if m in known}


def stages(
    rows: Mapping[str, Any], wanted: Mapping[str, List[str]], known: Mapping[str, Any]
) -> Tuple[List[Dict[str, Any]], str]:
    """The record of the one stage, and that none refused."""
    path = next(iter(wanted))
    answers = chosen(known, [], wanted[path])
    return [{"path": path, "inputs": arrive(None, rows, path), "answers": answers}], ""


def arrive(model: Any, rows: Mapping[str, Any], path: str) -> Dict[str, Any]:
    """The rows themselves, column by column: nothing comes before the model."""
    return {str(i): value for i, value in enumerate(rows.values())}
