"""A long-lived process that answers as the framework does: JSON lines in, JSON lines out.

Requests come on stdin, replies leave on a private duplicate of stdout; the real stdout is turned
to stderr, because frameworks print. Arrays travel through files in the folder a request names.
Run by path, in the interpreter that has the framework; imports nothing of onnxpipe.
"""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import re
import sys
import warnings
from typing import Any, Callable, Dict, List, Mapping

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))


def sibling(name: str) -> Any:
    """A module beside this one, under a name that no user's module can have."""
    full = "_onnxpipe_" + name
    if full not in sys.modules:
        spec = importlib.util.spec_from_file_location(full, os.path.join(HERE, name + ".py"))
        if spec is None or spec.loader is None:
            raise ImportError(name)
        module = importlib.util.module_from_spec(spec)
        sys.modules[full] = module
        spec.loader.exec_module(module)
    return sys.modules[full]


class Session:
    """One loaded model and the commands that ask it."""

    def __init__(self) -> None:
        self.wire, self.framework, self.model = sibling("wire"), None, None  # type: Any, Any, Any

    def load(self, request: Mapping[str, Any]) -> Dict[str, Any]:
        """Load the artefact with the framework's own loader."""
        sys.path += [p for p in request["paths"] if p not in sys.path]
        sibling("recording")
        self.framework = sibling(request["framework"] + "_native")
        self.model = self.framework.load(request["path"], request["format"], request["names"])
        if hasattr(self.framework, "home"):
            self.framework = sibling(self.framework.home(self.model) + "_native")
        return self.describe(request)

    def saved(self, request: Mapping[str, Any]) -> Dict[str, Any]:
        """Have a model that a factory made saved as its framework does, where that can be read as data."""
        save = getattr(self.framework, "save", None)
        if save is not None:
            save(self.model, os.path.join(request["folder"], "saved"))
        return {"saved": save is not None}

    def describe(self, _request: Mapping[str, Any]) -> Dict[str, Any]:
        """Versions of Python, numpy and the framework."""
        known = {"python": platform.python_version(), "numpy": np.__version__}
        known.update(self.framework.versions())
        return {"versions": known}

    def peer(self, request: Mapping[str, Any]) -> Dict[str, Any]:
        """The version of a peer that could export stages; nothing of it is imported."""
        return {"version": sibling("installed").version(request["exporter"])}

    def export(self, request: Mapping[str, Any]) -> Dict[str, Any]:
        """Have a peer export the part at a path; its model goes to ``export.onnx``."""
        sibling("installed").register(request["exporter"], request["modules"])
        exporter = sibling(request["exporter"] + "_export")
        part = self.framework.part(self.model, request["path"])
        if part is None:
            raise NoConverter("the original has nothing at %s" % request["path"])
        model, outputs = exporter.export(part, request["inputs"], request["opset"])
        with open(os.path.join(request["folder"], "export.onnx"), "wb") as file:
            file.write(model)
        behaviour = self.framework.behaviour(part, request["native"], list(outputs))
        return {"outputs": outputs, **behaviour}

    def program(self, request: Mapping[str, Any]) -> Dict[str, Any]:
        """Have the whole artefact exported; its graph goes to ``export.onnx``."""
        exporter = sibling(request["exporter"] + "_export")
        model, facts = exporter.program(self.model, request, self.wire.load(request["folder"], "rows"))  # type: bytes, Dict[str, Any]
        with open(os.path.join(request["folder"], "export.onnx"), "wb") as file:
            file.write(model)
        return facts

    def answers(self, request: Mapping[str, Any]) -> Dict[str, Any]:
        """The answers on every row that isn't refused, and the refused ones with their reasons."""

        def ask(rows: Mapping[str, Any]) -> Mapping[str, Any]:
            found: Mapping[str, Any] = self.framework.answers(
                self.model, rows, request["methods"], request["optional"]
            )
            return found

        apart = getattr(self.framework, "each", None)
        if apart is None or not request["split"]:
            return self._each(request, ask)
        rows = self.wire.load(request["folder"], "rows")
        doubtful = request.get("doubtful", [])
        found, refused = apart(self.model, rows, request["methods"], request["optional"], doubtful)
        self.wire.save(request["folder"], "reply", found)
        return {"refused": refused}

    def arrive(self, request: Mapping[str, Any]) -> Dict[str, Any]:
        """The columns that arrive at a stage, for every row that gets there."""

        def ask(rows: Mapping[str, Any]) -> Mapping[str, Any]:
            found: Mapping[str, Any] = self.framework.arrive(self.model, rows, request["path"])
            return found

        return self._each(request, ask)

    def alike(self, request: Mapping[str, Any]) -> Dict[str, Any]:
        """A word per stage path, the same where the same arrives; none where the framework can't tell."""
        tell = getattr(self.framework, "alike", None)
        rows = self.wire.load(request["folder"], "rows")
        return {"alike": tell(self.model, rows, request["paths"]) if tell is not None else {}}

    def stages(self, request: Mapping[str, Any]) -> Dict[str, Any]:
        """What each stage got and answered while the whole pipeline ran."""
        rows = self.wire.load(request["folder"], "rows")
        inside = getattr(self.framework, "inside", None)
        if inside is not None and request["reads"]:
            records, refused = inside(self.model, rows, request), ""
        else:
            records, refused = self.framework.stages(self.model, rows, request["wanted"])
        arrays = {}
        for i, record in enumerate(records):
            for part in ("inputs", "answers"):
                arrays.update({"%d|%s|%s" % (i, part, k): v for k, v in record[part].items()})
        self.wire.save(request["folder"], "reply", arrays)
        return {"paths": [record["path"] for record in records], "refused": refused}

    def times(self, request: Mapping[str, Any]) -> Dict[str, Any]:
        """Seconds of several calls on the same rows, which are put into the framework's own form first
        where it can say how."""
        rows = self.wire.load(request["folder"], "rows")
        caller = getattr(self.framework, "caller", None) or self._caller
        return {
            "times": sibling("timing").timed(
                caller(self.model, rows, request["methods"]), request["seconds"], request["calls"]
            )
        }

    def _caller(self, model: Any, rows: Mapping[str, Any], methods: List[str]) -> Callable[[], Any]:
        return lambda: self.framework.answers(model, rows, methods, [])

    def _each(
        self, request: Mapping[str, Any], ask: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    ) -> Dict[str, Any]:
        rows = self.wire.load(request["folder"], "rows")
        found, refused = ask(rows) if not request["split"] else {}, []  # type: Mapping[str, Any], List[Any]
        if request["split"]:
            found, refused = sibling("asking").each(ask, rows, request.get("doubtful", ()))
        self.wire.save(request["folder"], "reply", found)
        return {"refused": refused}


class MissingMethod(Exception):
    """The estimator has no such method: no row's fault."""


class NoConverter(Exception):
    """A peer knows nothing of a kind of stage."""


def first_line(error: BaseException) -> str:
    """What an error says first, cut at 300 characters; of one in a layer, what went wrong there."""
    text = re.sub(r"\x1b\[\d*m", "", str(error))
    lines = [line.strip() for line in text.splitlines() if line.strip()] or [""]
    if lines[0].endswith("in user code:"):
        kinds = [i for i, line in enumerate(lines) if re.match(r"\w+(Error|Exception): ", line)] or [0]
        lines = [lines[kinds[-1]].partition(": ")[2], *lines[kinds[-1] + 1 :]]
    in_layer = lines[0].startswith("Exception encountered when calling") and len(lines) > 1
    return lines[1 if in_layer else 0][:300]


def said(error: BaseException, what: str = "") -> str:
    """An error's kind and the first line of its text, or ``what`` instead; of a lack of memory just that."""
    what, name = what or first_line(error), type(error).__name__
    if isinstance(error, MemoryError) or "can't allocate memory" in what:
        return "there isn't enough memory for it"
    return "%s: %s" % (name, what) if what else name


def handle(session: Session, request: Mapping[str, Any]) -> Dict[str, Any]:
    """The reply to one request; errors become data."""
    try:
        reply: Dict[str, Any] = getattr(session, request["command"])(request)
        return {"ok": True, **reply}
    except ModuleNotFoundError as error:
        return {"ok": False, "kind": "missing", "module": error.name or "", "message": first_line(error)}
    except NoConverter as error:
        return {"ok": False, "kind": "unexported", "message": first_line(error), "known": False}
    except MissingMethod as error:
        return {"ok": False, "kind": "failed", "message": first_line(error)}
    except Exception as error:
        kind = {"load": "failed", "export": "unexported", "program": "unexported", "saved": "failed"}.get(
            request["command"], "refused"
        )
        return {"ok": False, "kind": kind, "message": said(error)}


def main() -> None:
    """Answer requests until stdin ends."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    requests = os.fdopen(os.dup(0), encoding="utf-8")
    with open(os.devnull) as nothing:  # code that reads stdin would take requests, or wait for ever
        os.dup2(nothing.fileno(), 0)
    # No module of the user's may be shadowed by a file of this folder.
    sys.path[:] = [p for p in sys.path if os.path.abspath(p or os.getcwd()) != HERE]
    sys.modules["_onnxpipe_main"] = sys.modules["__main__"]
    warnings.simplefilter("ignore")
    session = Session()
    for line in requests:
        # On a line of its own, whatever an interpreter that starts up may have printed.
        replies.write("\n" + json.dumps(handle(session, json.loads(line))) + "\n")
        replies.flush()


if __name__ == "__main__":
    main()
