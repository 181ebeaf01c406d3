"""onnxruntime-web as a runtime: WebAssembly in a headless browser or in node, asked as a session is."""

from __future__ import annotations

import base64
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from onnxpipe.check.runtimes.visitor import Visitor
from onnxpipe.core import weights
from onnxpipe.errors import BadInput, Refusal

Array = NDArray[Any]

NAMES = ("onnxruntime-web", "browser")
"""The WebAssembly of the npm package onnxruntime-web, in node and in a headless browser."""
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_FLAGS = ("--headless=new", "--disable-gpu", "--no-first-run", "--disable-background-networking")


class RunFailed(Exception):
    """The session failed, and says why."""


class Web:
    """The runtime, started once; models are opened in it as sessions."""

    def __init__(self, said: str, timeout: float) -> None:
        """Raises BadInput where the package isn't found, Refusal without node or a browser."""
        name, _, folder = said.partition(":")
        self._package = found(folder)
        dist = self._package / "dist"
        make = _in_browser() if name == "browser" else _in_node(dist)
        self.visitor, self._sessions = Visitor(dist, make, timeout), 0
        facts = json.loads((self._package / "package.json").read_text("utf-8"))
        self.versions = {
            f"onnxruntime-web ({'browser' if name == 'browser' else 'node'})": str(facts["version"])
        }

    def session(self, model: onnx.ModelProto) -> Session:
        """The model, opened. Raises RunFailed where it can't be."""
        weights.require_fits(model, "onnxruntime-web takes one file", "Leave out --runtime.")
        self._sessions += 1
        data = base64.b64encode(model.SerializeToString()).decode()
        _checked(self.visitor.ask({"session": self._sessions, "model": data}))
        return Session(self.visitor, self._sessions)


class Session:
    """A model opened in the runtime."""

    def __init__(self, visitor: Visitor, number: int) -> None:
        self._visitor, self._number = visitor, number

    def run(self, names: Sequence[str], feeds: Mapping[str, Array]) -> list[Array]:
        """The answers by these names. Raises RunFailed where the session fails."""
        held = {name: _encoded(np.asarray(values)) for name, values in feeds.items()}
        reply = _checked(self._visitor.ask({"session": self._number, "names": list(names), "feeds": held}))
        return [_decoded(reply["answers"][name]) for name in names]


def found(folder: str) -> Path:
    """The npm package, in a folder that is it or holds it, or where node would look for it from here.

    Raises BadInput where it isn't there.
    """
    here = Path(folder or ".").resolve()
    homes = [here, *here.parents] if not folder else [here]
    places = [place for home in homes for place in (home / "node_modules" / NAMES[0], home / NAMES[0])]
    for place in [here, *places] if folder else places:
        if (place / "dist").is_dir() and (place / "package.json").is_file():
            return place
    raise BadInput(
        "the npm package onnxruntime-web isn't there", where=str(here),
        remedy="npm install onnxruntime-web, or name the folder: --runtime onnxruntime-web:node_modules",
    )  # fmt: skip


def _in_node(dist: Path) -> Any:
    node = shutil.which("node")
    if node is None:
        raise Refusal("node isn't installed", remedy="https://nodejs.org, or --runtime browser")
    script = Path(__file__).parents[2] / "worker" / "web.mjs"
    return lambda url, _: [node, str(script), url, (dist / "ort.node.min.mjs").as_uri()]


def _in_browser() -> Any:
    browser = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _BROWSERS)), None)
    if browser is None:
        raise Refusal("no Chromium or Chrome was found", remedy="Set CHROMIUM to its path.")
    rooted = ("--no-sandbox",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()
    return lambda url, folder: [browser, *_FLAGS, *rooted, f"--user-data-dir={folder}", url]


def _encoded(array: Array) -> dict[str, Any]:
    dims = list(array.shape)
    if array.dtype.kind in "OUST":
        texts = ["" if value is None else str(value) for value in array.ravel().tolist()]
        return {"type": "string", "dims": dims, "data": texts}
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return {"type": array.dtype.name, "dims": dims, "data": data}


def _decoded(held: Mapping[str, Any]) -> Array:
    shape = [int(size) for size in held["dims"]]
    if held["type"] == "string":
        return np.array(held["data"], object).reshape(shape)
    return np.frombuffer(base64.b64decode(held["data"]), np.dtype(str(held["type"]))).reshape(shape).copy()


def _checked(reply: dict[str, Any]) -> dict[str, Any]:
    if "error" in reply:
        raise RunFailed(str(reply["error"]))
    return reply
