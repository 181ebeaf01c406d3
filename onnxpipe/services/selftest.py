"""Does a freshly made model hold together? The checker, a session, and batches of every size."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort

from onnxpipe.core import weights
from onnxpipe.core.options import OPSET
from onnxpipe.core.portability import Operator, operators
from onnxpipe.core.sessions import extended, opened
from onnxpipe.core.signature import Port, Signature, numpy_dtype, sized
from onnxpipe.errors import Inexact

Feeds = Mapping[str, np.ndarray[Any, Any]]


def open_session(model: onnx.ModelProto | bytes | str) -> ort.InferenceSession:
    """A quiet single-threaded CPU session of a model, its bytes or its path.

    Raises onnxruntime's errors, MissingExtra where it needs onnxruntime-extensions.
    """
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    extended(options, model)
    if isinstance(model, onnx.ModelProto):
        source, apart = weights.light(model)
        return opened(source, options, apart)
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def selftest(model: onnx.ModelProto, rows: Feeds | None = None) -> None:
    """Check a model in full, load it, and run it on 0 rows and, where there are any, on 1, 2 and all.

    ``rows`` are inputs that the model must answer. Raises Inexact naming the stages where another
    opset than ours is the reason; any other failure is a bug of ours and escapes as it is.
    """
    try:
        onnx.checker.check_model(weights.outlined(model), full_check=True)
        session = open_session(model)
        for batch in _batches(sized(model), rows):
            session.run(None, dict(batch))
    except Exception as error:
        asked = opset(model)
        if asked == OPSET:
            raise
        raise Inexact(
            f"--opset {asked} can't hold this graph: {short(error)}{_culprits(model, asked)}",
            remedy=f"Leave out --opset (the default is {OPSET}), or choose a "
            f"{'higher' if asked < OPSET else 'lower'} one.",
        ) from None


def opset(model: onnx.ModelProto) -> int:
    """The ai.onnx opset a model declares."""
    return max((int(e.version) for e in model.opset_import if e.domain in ("", "ai.onnx")), default=OPSET)


def _batches(signature: Signature, rows: Feeds | None) -> Iterator[Feeds]:
    yield {port.name: empty(port) for port in signature.inputs}
    if rows:
        count = min(len(column) for column in rows.values())
        for n in sorted({1, 2, count}):
            if n <= count:
                yield {name: column[:n] for name, column in rows.items()}


def empty(port: Port) -> np.ndarray[Any, Any]:
    """No rows of an input: the batch axis 0, other open axes 1."""
    shape = [dim if isinstance(dim, int) else int(i > 0) for i, dim in enumerate(port.shape)]
    return np.zeros(shape, object if port.is_string else numpy_dtype(port.dtype))


def _culprits(model: onnx.ModelProto, asked: int) -> str:
    """The stages whose operators changed between the opset asked for and ours."""
    stages = sorted({made.stage or made.output for made in operators(model) if _changed(made, asked)})
    return f" (stages in question: {', '.join(stages)})" if stages else ""


def _changed(made: Operator, asked: int) -> bool:
    if made.domain:
        return False
    try:
        versions = {onnx.defs.get_schema(made.type, v, made.domain).since_version for v in (asked, OPSET)}
    except onnx.defs.SchemaError:
        return True
    return len(versions) > 1


def short(error: Exception) -> str:
    """The first line of an error, without onnxruntime's prefixes and places in its source."""
    line = str(error).strip().partition("\n")[0]
    line = re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ", "", line)
    return re.sub(r"^/\S+:\d+ .*?\) (?=[A-Z])", "", line)
