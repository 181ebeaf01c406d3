"""What runs a graph while it is judged, by the name or the address a user gives."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import onnxruntime as ort

from onnxpipe.check.runtimes import web
from onnxpipe.check.runtimes.graph import Runtime
from onnxpipe.check.runtimes.server import Address, Server
from onnxpipe.errors import BadInput

LOCAL = ("onnxruntime", "reference")


def runtime_of(said: str, model: Path | None, timeout: float) -> Runtime:
    """The runtime: a name of ``LOCAL``, one of the web's, with the npm package's folder behind a colon, or
    the server at an address, where the model is called as its file.

    Raises BadInput for what is none, ServerFailed where the server can't be asked in ``timeout`` s.
    """
    if said in LOCAL:
        return said
    if said.partition(":")[0] in web.NAMES:
        return web.Web(said, timeout)
    if not said.startswith(("http://", "https://")):
        raise BadInput(
            f"no such runtime: {said}", remedy=f"{', '.join(LOCAL + web.NAMES)} or http://HOST:PORT"
        )
    return Server(Address.of(said, model.stem if model else ""), timeout)


def versions_of(runtime: Runtime) -> Mapping[str, str]:
    """What ran the graph, for the report."""
    return runtime.versions if not isinstance(runtime, str) else {"onnxruntime": ort.__version__}
