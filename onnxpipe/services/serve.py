"""Serving in one line: a table in, answers by output name out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx

from onnxpipe.check.feeds import feeds as _feeds
from onnxpipe.core import models
from onnxpipe.core.blank import blank, is_empty
from onnxpipe.core.fragment import metadata
from onnxpipe.core.signature import Signature
from onnxpipe.services.selftest import open_session
from onnxpipe.stitching import no_rows

Answers = dict[str, np.ndarray[Any, Any]]


class Predictor:
    """A loaded model. Calling it with a table (see ``check.frames.as_rows``) answers every output by name.

    ``signature`` says what goes in and out. Raises BadInput for a table that lacks a column.
    """

    def __init__(self, model: onnx.ModelProto | str | Path) -> None:
        proto = _model(model)
        self.signature = Signature.of(proto)
        self._missing_string = metadata(proto).get("missing_string", "")
        self._fatal = bool(no_rows.fatal(proto))
        self._session = open_session(proto)

    def __call__(self, table: Any) -> Answers:
        names = [port.name for port in self.signature.outputs]
        fed = _feeds(self.signature, table, self._missing_string)
        if self._fatal and is_empty(fed):
            return blank(self.signature, fed)
        return dict(zip(names, self._session.run(names, fed), strict=True))

    def __repr__(self) -> str:
        sides = (self.signature.inputs, self.signature.outputs)
        return " -> ".join(f"({', '.join(map(str, side))})" for side in sides)


def load(model: onnx.ModelProto | str | Path) -> Predictor:
    """A callable that answers as the model does: table in, arrays by output name out."""
    return Predictor(model)


def feeds(model: onnx.ModelProto | str | Path, table: Any) -> Answers:
    """A table as the arrays that the model's session wants, by input name."""
    proto = _model(model)
    return _feeds(Signature.of(proto), table, metadata(proto).get("missing_string", ""))


def _model(model: onnx.ModelProto | str | Path) -> onnx.ModelProto:
    return model if isinstance(model, onnx.ModelProto) else models.read(model)
