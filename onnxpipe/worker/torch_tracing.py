"""Example inputs to trace a network with, and the exported program that comes of it."""

from __future__ import annotations

import re
import sys
from typing import Any, Dict, Mapping, Sequence

import numpy as np

main = sys.modules["_onnxpipe_main"]
native = main.sibling("torch_native")

BATCH = 2
"""Rows of an example: torch takes sizes 0 and 1 for constants."""


def examples(model: Any, request: Mapping[str, Any], rows: Mapping[str, Any]) -> Dict[str, Any]:
    """Arrays to trace with, by input name: the user's rows, else of the types that were asked for.

    Raises NoConverter with the flags that are missing.
    """
    known, asked = model.inputs, request["inputs"]
    if len(model.needed) == 1 and list(rows) == ["X"]:
        rows = {model.needed[0]: rows["X"]}
    lacking = [name for name in model.needed if name not in rows and not (asked.get(name) or {}).get("shape")]
    if lacking:
        flags = " ".join("--input '%s=float32[N,...]'" % name for name in lacking)
        raise main.NoConverter("what goes in isn't in the file: say it (%s), or give a --sample" % flags)
    unknown = sorted(set(asked) - set(known))
    if unknown:
        raise main.NoConverter("no input %s: there are %s" % (", ".join(unknown), ", ".join(known)))
    return {n: example(n, request, rows.get(n)) for n in known if n in rows or n in asked}


def example(name: str, request: Mapping[str, Any], rows: Any) -> Any:
    """One input's example of two rows."""
    told = request["inputs"].get(name) or {}
    kind = told.get("dtype") or ("float32" if rows is None or rows.dtype.kind == "f" else rows.dtype)
    if rows is not None:
        return np.resize(rows[:BATCH], (BATCH, *rows.shape[1:])).astype(kind)
    least = {axis: size for axis, size, _ in request["dynamic"].get(name, [])}
    usual = 32 if len(told["shape"]) == 4 else 8
    sizes = [dim or max(least.get(i, 1), usual) for i, dim in enumerate(told["shape"])]
    shape = (BATCH, *sizes[1:])
    if np.dtype(kind).kind == "f":
        return np.random.RandomState(0).standard_normal(shape).astype(kind)
    return np.zeros(shape, kind)


def traced(model: Any, request: Mapping[str, Any], given: Mapping[str, Any]) -> Any:
    """The exported program of a network, its batch and the axes asked for left open."""
    import torch

    tensors = {name: native.tensor(value) for name, value in given.items()}
    if isinstance(model, native.Script):
        from torch._export.converter import TS2EPConverter

        found = native.Exported(TS2EPConverter(model.network, tuple(tensors.values())).convert())
        found.inputs, found.outputs = list(given), list(names_of(model, given))
        return found
    register(model.run(given))
    axes = {name: open_axes(name, request) for name in given}
    found = native.Exported(torch.export.export(model.network, (), tensors, dynamic_shapes=axes))
    found.inputs = list(given)  # torch writes capitals small
    return found


def ran(model: Any, given: Mapping[str, Any]) -> Any:
    """What a network returns for its examples. Raises NoConverter where it fails by itself."""
    try:
        return model.run(given)
    except Exception as error:
        shown = ", ".join("%s %s%s" % (n, v.dtype, list(v.shape)) for n, v in given.items())
        raise main.NoConverter("the network itself fails on %s: %s" % (shown, reason(error))) from None


def register(answer: Any) -> None:
    """Let torch.export pass dataclasses of the user's."""
    import dataclasses

    import torch

    if dataclasses.is_dataclass(answer) and not isinstance(answer, (dict, type)):
        torch.export.register_dataclass(type(answer))


def open_axes(name: str, request: Mapping[str, Any]) -> Dict[int, Any]:
    """The axes of an input that are to be open."""
    import torch

    dynamic = torch.export.Dim.DYNAMIC
    found = {0: dynamic}  # type: Dict[int, Any]
    shape = (request["inputs"].get(name) or {}).get("shape") or ()
    found.update({i: dynamic for i, dim in enumerate(shape) if dim is None})
    for axis, least, most in request["dynamic"].get(name, []):
        found[axis] = dynamic(min=max(2, least), max=most) if most else dynamic
    return found


def reason(error: BaseException) -> str:
    """Why an export failed, in a line: of a long text what it says of the network's own doing."""
    text = re.sub(r"\x1b\[\d+m", "", str(error))
    told = re.findall(r"^\s*- (You marked .*?\.) If you", text, re.MULTILINE)
    told = told or re.findall(r"^\s*- (.*constrain.*)$", text, re.MULTILINE)
    return str(main.said(error, " ".join(dict.fromkeys(told))))


def names_of(model: Any, given: Mapping[str, Any]) -> Sequence[str]:
    """The names of what a network answers to its examples."""
    return list(model.ask(given))
