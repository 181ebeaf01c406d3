"""One row of the Keras suite by one route, in a process of its own: ours, tf2onnx or Keras's own export.

``python -m tests.bench.keras_routes`` answers a line of JSON on standard output to each number of a row
and route on standard input, so that a parent can end it where a row takes too long or takes it down.
"""

from __future__ import annotations

import functools
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from onnxpipe.check.compare import Tolerance, compare
from onnxpipe.core.options import Options
from onnxpipe.errors import Refusal
from onnxpipe.services.convert import conversion
from tests.harness import Case, cases, open_session
from tests.rigs import keras as rig

LOOSE = 1e-4
"""What the peers are held to, or to a row's own tolerance where that is wider; ours to the judge's rule."""


def rows() -> dict[str, Case]:
    """Every row of the suite by what it says."""
    return {str(case).removesuffix("[]"): case for case in cases("keras")}


def verdict(case: Case, route: str) -> tuple[str, str]:
    """What a route makes of a row, and what it said where it makes nothing that runs."""
    trial = rig.trial(case, "native")
    names = rig.native().output_names(trial.model, len(trial.model.outputs))
    told = [next(iter(trial.natively([trial.head(trial.rows, n)], []))) for n in (rig.ROWS, 1)]
    try:
        graph = ROUTES[route](trial)
    except Refusal as error:
        return "refuses", first_line(error)
    except Exception as error:
        return "no graph", first_line(error)
    try:
        session = open_session(graph)
        found = [_asked(session, trial.head(trial.rows, n), names) for n in (rig.ROWS, 1)]
    except Exception as error:
        return "doesn't run", first_line(error)
    ours, wide = route == "ours", max(LOOSE, case.rtol or 0.0)
    tolerance = Tolerance(rtol=case.rtol) if ours else Tolerance(wide, wide)
    right = all(_alike(a, b, tolerance, not ours) for a, b in zip(told, found, strict=True))
    return ("right" if right else "wrong"), ""


def first_line(error: Exception) -> str:
    said = re.sub(r"/\S+/onnxpipe-\S+: ", "", (str(error).strip().splitlines() or [""])[0])
    return f"{type(error).__name__}: {said[:160]}"


def _asked(session: Any, given: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """A graph's answers under native's names; inputs and outputs by order where names differ."""
    ports = {port.name.removesuffix(":0"): port.name for port in session.get_inputs()}
    if not set(ports) <= set(given):
        ports = dict(zip(given, ports.values(), strict=False))
    own = [output.name for output in session.get_outputs()]
    answers = session.run(own, {port: given[name] for name, port in ports.items()})
    return dict(zip(own if set(own) == set(names) else names, answers, strict=True))


def _alike(told: Mapping[str, Any], found: Mapping[str, Any], tolerance: Tolerance, any_number: bool) -> bool:
    """Whether answers are native's, of a peer in whatever number type."""
    if any_number:
        text = [n for n in told if (told[n].dtype.kind in "OU") != (found[n].dtype.kind in "OU")]
        if text:
            return False
        found = {n: v if told[n].dtype.kind in "OU" else v.astype(told[n].dtype) for n, v in found.items()}
    return all(v.equal for v in compare(told, found, {"": tolerance}))


def _ours(trial: Any) -> Any:
    return conversion(trial.source, Options(), sample=None).model


def _tf2onnx(trial: Any) -> Any:
    """The first of tf2onnx's ways that makes a graph; ``from_keras`` finds no output of a Sequential's."""
    import keras
    import tensorflow as tf
    from tf2onnx import convert

    model = trial.model
    specs = [tf.TensorSpec(t.shape, t.dtype, rig.native().input_name(t)) for t in model.inputs]
    try:
        return convert.from_keras(model, input_signature=specs, opset=18)[0]
    except KeyError:
        pass
    try:
        plain = keras.Model(model.inputs, model.outputs)
        return convert.from_keras(plain, input_signature=specs, opset=18)[0]
    except KeyError:
        call = tf.function(lambda *given: model(given if given[1:] else given[0], training=False))
        return convert.from_function(call, input_signature=specs, opset=18)[0]


def _export(trial: Any) -> Any:
    """``model.export(format="onnx")`` of a model that was called, without which it refuses."""
    import onnx

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        trial.model.export(path, format="onnx", verbose=False)
        return onnx.load(path)


ROUTES: Mapping[str, Callable[[Any], Any]] = {"ours": _ours, "tf2onnx": _tf2onnx, "model.export": _export}


def main() -> None:
    """Answer ``[row, route]`` of each line with ``[verdict, why]``, until standard input ends."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    import logging

    logging.disable(logging.CRITICAL)
    known = rows()
    quiet = functools.partial(print, file=replies, flush=True)
    with np.errstate(all="ignore"):
        for line in sys.stdin:
            row, route = json.loads(line)
            quiet(json.dumps(verdict(known[row], route)))


if __name__ == "__main__":
    main()
