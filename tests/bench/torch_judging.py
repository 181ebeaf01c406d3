"""PyTorch's own check before the faults planted in networks of PyTorch, ours and optimum's rule beside it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx_ir
import torch
from torch.onnx.verification import verify_onnx_program

import onnxpipe
from onnxpipe.core.signature import Signature
from onnxpipe.services.convert import adapter_of, artefact_of
from onnxpipe.services.natives.native import Native
from tests.bench.measure import session
from tests.faults import Fault, planted
from tests.faults.benching import Bench
from tests.faults.networks import FAULTS, PIPELINES

OURS, OWN, DUMMY = "onnxpipe verify", "torch.onnx.verification", "allclose on a dummy batch"
_ABSOLUTE, _RELATIVE = 5e-3, 1e-1
"""Beyond both, the report of ``torch.onnx.export(..., verify=True)`` marks an output."""


def of_torch() -> list[tuple[Fault, dict[str, bool]]]:
    """Each fault with what every judge found; raises where one rejects the correct graph."""
    with tempfile.TemporaryDirectory() as folder:
        path = PIPELINES["torch"].save(Path(folder))
        program, artefact = torch.export.load(path), artefact_of(path)
        good = onnxpipe.convert(path)
        with Native(artefact, adapter_of(artefact)) as native:
            bench = Bench(native, {"native": good}, budget=PIPELINES["torch"].rows)
            found: dict[str, Callable[[onnx.ModelProto], bool]] = {
                OURS: lambda model: bool(bench.judged(model)),
                OWN: lambda model: own(model, program),
                DUMMY: lambda model: dummy(model, program),
            }
            if rejecting := [name for name, judge in found.items() if not judge(good)]:
                raise AssertionError(f"the correct graph is rejected by {rejecting}")
            faults = [fault for fault in FAULTS if fault.pipeline == "torch"]
            return [(f, {n: not judge(planted(f, good)) for n, judge in found.items()}) for f in faults]


def own(model: onnx.ModelProto, program: Any) -> bool:
    """``verify_onnx_program`` on the example that the program was exported with.

    It answers with errors alone; they are judged as its own report does.
    """
    asked = torch.onnx.ONNXProgram(onnx_ir.from_proto(model), program)
    told = verify_onnx_program(asked, args=program.example_inputs[0])
    return not any(info.max_abs_diff >= _ABSOLUTE or info.max_rel_diff >= _RELATIVE for info in told)


def dummy(model: onnx.ModelProto, program: Any) -> bool:
    """optimum's rule: ``numpy.allclose`` with ``atol=1e-5`` on one batch of two made-up rows."""
    (port,) = Signature.of(model).inputs
    rows = np.random.default_rng(0).random([2, *port.shape[1:]]).astype(np.float32)
    (got,) = session(model.SerializeToString()).run(None, {port.name: rows})
    told = program.module()(torch.from_numpy(rows)).detach().numpy()
    return bool(np.allclose(told, got, atol=1e-5))


def section() -> str:
    """The part of the page on networks of PyTorch."""
    lines = of_torch()
    names = list(lines[0][1])
    table = [f"| fault | {' | '.join(names)} |", "|---" * (1 + len(names)) + "|"]
    for fault, by in lines:
        table.append(f"| {fault.name} | {' | '.join('yes' if by[name] else '**no**' for name in names)} |")
    return (
        "## Networks of PyTorch\n\n"
        f"Faults in an exported program of PyTorch {torch.__version__} before `verify_onnx_program`, which "
        "runs the example that the program was exported with and reports the largest errors; from "
        f"{_ABSOLUTE:g} absolute or {_RELATIVE:g} relative on, an output counts as different, as in the "
        "report of `torch.onnx.export`. optimum isn't run: its rule is written out.\n\n" + "\n".join(table)
    )
