"""The original's own answers, asked of a worker process in the framework's interpreter."""

from __future__ import annotations

import math
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray

from onnxpipe.adapters.base import Adapter, Artefact, Rows
from onnxpipe.core import weights
from onnxpipe.core.options import Options
from onnxpipe.core.plan import Stage
from onnxpipe.services.natives import spill
from onnxpipe.services.natives.allowed import trusted_names
from onnxpipe.services.natives.arrays import labels, with_gaps
from onnxpipe.services.natives.loads import format_of, placed
from onnxpipe.services.natives.process import Process
from onnxpipe.worker import wire

Array = NDArray[Any]
Arrays = Mapping[str, Array]
Ports = Mapping[str, str]
Columns = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Where:
    """Where the original is asked: the interpreter, seconds per request, names the user allows, and which
    of a SavedModel's signatures.
    """

    python: str = ""
    timeout: float = 300.0
    trust: tuple[str, ...] = ()
    signature: str = ""


class Each(NamedTuple):
    """Answers on the rows that weren't refused, in order, and the reasons by row of those that were."""

    answers: Arrays
    refused: Mapping[int, str]


class StageRecord(NamedTuple):
    """What one stage got (arrays side by side) and answered, by method."""

    inputs: tuple[Array, ...]
    answers: Arrays


class Export(NamedTuple):
    """A peer's model of one stage, its output by method, and how the stage itself behaves.

    ``answers`` are dtype and sizes of a row by method, as far as the stage answered plain rows;
    ``refuses`` which values it refuses: nothing, infinite or nonfinite.
    """

    model: onnx.ModelProto
    outputs: Mapping[str, str]
    answers: Mapping[str, tuple[str, tuple[int, ...]]]
    refuses: str


class Program(NamedTuple):
    """A whole artefact's graph, and what its exporter told of it (see ``onnxpipe/worker``)."""

    model: onnx.ModelProto
    facts: Mapping[str, Any]


class Native:
    """One worker with one loaded artefact; a context manager, reused for many requests.

    Raises Untrusted before anything is loaded, MissingExtra where the framework isn't installed,
    NativeFailed where the worker dies, hangs past the time limit or can't load the artefact.
    """

    def __init__(self, artefact: Artefact, adapter: Adapter, where: Where | None = None) -> None:
        self.artefact, self.adapter, self.where = artefact, adapter, where or Where()
        self.versions: Mapping[str, str] = {}
        self.names = trusted_names(artefact, adapter, self.where.trust)
        self._process = Process(self.where.python, self.where.timeout, str(artefact))
        self._folder = tempfile.TemporaryDirectory(prefix="onnxpipe-")
        try:
            self._load()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Native:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def answers(self, rows: Arrays, outputs: Sequence[str], optional: Sequence[str] = ()) -> Arrays:
        """The original's answers by output name. Raises NativeRefused where it refuses any row."""
        self._ask("answers", rows, methods=list(outputs), optional=list(optional), split=False)
        return self._arrays()

    def each(
        self, rows: Arrays, outputs: Sequence[str], optional: Sequence[str] = (), doubtful: Sequence[int] = ()
    ) -> Each:
        """As ``answers``, but refused rows don't hide the others.

        ``doubtful`` rows are likely to be refused, which spares looking for those that are.
        """
        reply = self._ask(
            "answers", rows, methods=list(outputs), optional=list(optional), split=True,
            doubtful=[int(row) for row in doubtful],
        )  # fmt: skip
        return Each(self._arrays(), dict(map(tuple, reply["refused"])))

    def filled(self, rows: Arrays, outputs: Sequence[str]) -> Arrays:
        """The answers, with NaN (None among text) in every row that was refused."""
        told, refused = self.each(rows, outputs)
        flat = {name: value.reshape(len(value), math.prod(value.shape[1:])) for name, value in told.items()}
        gaps = {name: with_gaps(value, list(refused)) for name, value in flat.items()}
        return {name: value.reshape(len(value), *told[name].shape[1:]) for name, value in gaps.items()}

    def arrive(self, rows: Arrays, path: str) -> Array:
        """The matrix ``[N, d]`` that arrives at a stage; NaN or None in rows that don't get there."""
        reply = self._ask("arrive", rows, path=path, split=True)
        parts = list(self._arrays().values())
        if not parts:
            return np.full((_length(rows), 0), np.nan)
        found = parts[0] if len(parts) == 1 else np.concatenate([p.astype(object) for p in parts], 1)
        refused = [row for row, _ in reply["refused"]]
        return with_gaps(found.reshape(len(found), -1), refused)

    def alike(self, rows: Arrays, paths: Sequence[str]) -> Mapping[str, str]:
        """By path a word for what arrives at a stage, the same where the same does; of some stages none."""
        told: Mapping[str, str] = self._ask("alike", rows, paths=list(paths))["alike"]
        return told

    def stages(
        self, rows: Arrays, wanted: Mapping[str, Sequence[str]], **told: Any
    ) -> tuple[Mapping[str, StageRecord], str]:
        """Records by stage path for the rows, and the path of the stage that refused them, or "".

        ``told`` is what a program's framework has to know of the graph (see ``onnxpipe/worker``).
        """
        lists = {path: list(methods) for path, methods in wanted.items()}
        reply = self._ask("stages", rows, wanted=lists, **{"reads": {}, **told})
        inputs: dict[str, list[Array]] = {path: [] for path in reply["paths"]}
        answers: dict[str, dict[str, Array]] = {path: {} for path in reply["paths"]}
        for key, array in self._arrays().items():
            index, part, name = key.split("|", 2)
            path = reply["paths"][int(index)]
            if part == "inputs":
                inputs[path].append(array)
            else:
                answers[path][name] = labels(array)
        return {p: StageRecord(tuple(inputs[p]), answers[p]) for p in inputs}, reply["refused"]

    def export(self, stage: Stage, exporter: str, takes: Ports, native: Ports, columns: Columns) -> Export:
        """A peer's model of a stage: the dtypes it is to take and those that natively arrive, by input.

        ``columns`` are the columns' names by input. Raises ExportFailed.
        """
        takes_, native_ = (
            [{"name": name, "dtype": kind, "columns": columns[name]} for name, kind in kinds.items()]
            for kinds in (takes, native)
        )
        reply = self._process.request(
            {
                "command": "export", "exporter": exporter, "path": stage.path, "inputs": takes_,
                "native": native_, "opset": stage.options.opset, "folder": self._folder.name,
                # What was allowed and isn't in the artefact may be a module that registers converters.
                "modules": self._more(),
            }
        )  # fmt: skip
        model = onnx.load(Path(self._folder.name) / "export.onnx")
        answers = {method: (kind, tuple(sizes)) for method, (kind, sizes) in reply["answers"].items()}
        return Export(model, reply["outputs"], answers, reply["refuses"])

    def program(self, exporter: str, options: Options, sample: Rows | None) -> Program:
        """The graph of the whole artefact, which is a program, as its exporter makes it.

        ``sample`` are rows to trace it with. Raises ExportFailed.
        """
        wire.save(self._folder.name, "rows", sample or {})
        inputs = {
            name: {"dtype": kind, "shape": None if shape is None else list(shape)}
            for name, (kind, shape) in options.inputs.items()
        }
        reply = self._process.request(
            {
                "command": "program", "exporter": exporter, "folder": self._folder.name,
                "opset": options.opset, "inputs": inputs, "outputs": list(options.outputs),
                "whole": weights.WHOLE,
                "dynamic": {name: [list(axis) for axis in axes] for name, axes in options.dynamic.items()},
            }
        )  # fmt: skip
        return Program(spill.taken(Path(self._folder.name) / "export.onnx"), reply)

    def saved(self) -> bytes | None:
        """What a factory made as its framework saves it, None where that can't be read as data."""
        reply = self._process.request({"command": "saved", "folder": self._folder.name})
        return (Path(self._folder.name) / "saved").read_bytes() if reply["saved"] else None

    def times(self, rows: Arrays, outputs: Sequence[str], seconds: float, calls: int) -> list[float]:
        """Seconds of each of several calls, as many as fit into ``seconds`` but at least ``calls``."""
        reply = self._ask("times", rows, methods=list(outputs), seconds=seconds, calls=calls)
        return [float(taken) for taken in reply["times"]]

    def close(self) -> None:
        """End the worker and everything it started; safe to call twice."""
        self._process.close()
        self._folder.cleanup()

    def _load(self) -> None:
        path = placed(self.artefact, self.adapter, Path(self._folder.name))
        same = not self.where.python or self.where.python == sys.executable
        own = self.artefact.live or bool(self.where.trust)
        reply = self._process.request(
            {
                "command": "load", "path": str(path.resolve()),
                "format": format_of(self.artefact, self.where.signature),
                "framework": self.adapter.framework, "names": [*self.names, *self._more()],
                # Classes of the user's own live where this interpreter finds them.
                "paths": [str(Path.cwd()), *(sys.path if same else [])] if own else [],
            }
        )  # fmt: skip
        self.versions = reply["versions"]

    def _more(self) -> list[str]:
        """What was allowed and isn't in the artefact."""
        return [name for name in self.where.trust if name not in self.names]

    def _ask(self, command: str, rows: Arrays, **more: Any) -> dict[str, Any]:
        wire.save(self._folder.name, "rows", rows)
        return self._process.request({"command": command, "folder": self._folder.name, **more})

    def _arrays(self) -> Arrays:
        return {name: labels(array) for name, array in wire.load(self._folder.name, "reply").items()}


def _length(rows: Arrays) -> int:
    return len(next(iter(rows.values())))
