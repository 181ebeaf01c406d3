"""A server that speaks the Open Inference Protocol (v2) over HTTP, asked as a session is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import parse_qs, quote, urlsplit

from onnxpipe.check.rows import stacked
from onnxpipe.check.runtimes import protocol
from onnxpipe.check.runtimes.connection import Connection
from onnxpipe.check.runtimes.protocol import Array, Body
from onnxpipe.core.signature import Port, Signature
from onnxpipe.errors import BadInput, ServerFailed

_REFUSES = (400, 413, 422, 500)
"""What servers answer for rows that the model can't take (Triton 400 and 500, MLServer 400, 422 and 500)."""
_BINARY = {"binary_tensor_data", "binary_data"}
_AT_MOST = re.compile(r"batch-size must be <= (\d+)")
"""How Triton says that there are too many rows in a request."""


class RowsRefused(Exception):
    """The server refuses the rows, and says why."""


class Address(NamedTuple):
    """Where a model is served; ``tensors`` is json, binary, or empty for the best that the server knows."""

    scheme: str
    host: str
    root: str
    model: str
    version: str
    tensors: str

    @classmethod
    def of(cls, url: str, model: str) -> Address:
        """An address: the URL of a server, or of a model (``/v2/models/NAME[/versions/V]``) at one.

        ``model`` is the name where the URL has none. Raises BadInput for what is neither.
        """
        parts = urlsplit(url)
        root, _, path = parts.path.rstrip("/").partition("/v2/models/")
        name, _, version = path.partition("/versions/")
        tensors = parse_qs(parts.query).get("tensors", [""])[-1]
        if parts.scheme not in ("http", "https") or not parts.netloc or "/" in name + version:
            raise BadInput("no server's address", where=url, remedy="http://HOST:PORT[/v2/models/NAME]")
        if tensors not in ("", "json", "binary"):
            raise BadInput(f"no such form of tensors: {tensors}", where=url, remedy="?tensors=json or binary")
        if not (name or model):
            raise BadInput(
                "nothing says which model to ask for", where=url,
                remedy=f"{parts.scheme}://{parts.netloc}/v2/models/NAME",
            )  # fmt: skip
        return cls(parts.scheme, parts.netloc, root.removesuffix("/v2"), name or model, version, tensors)

    @property
    def path(self) -> str:
        """The path of the model."""
        version = f"/versions/{quote(self.version)}" if self.version else ""
        return f"{self.root}/v2/models/{quote(self.model)}{version}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}{self.path}"


class Server:
    """A served model. ``versions`` is what the server calls itself; no answer may take over ``timeout`` s.

    Raises ServerFailed where it can't be reached or has no such model.
    """

    def __init__(self, address: Address, timeout: float) -> None:
        self.address = address
        self._connection = Connection(address.scheme, address.host, timeout, str(address))
        about = self._told(f"{address.root}/v2")
        self.versions = {str(about.get("name", "server")): str(about.get("version", "?"))}
        known = set(map(str, about.get("extensions") or ()))
        self.binary = address.tensors == "binary" or (not address.tensors and bool(known & _BINARY))
        self.most = 0
        self._ports: Mapping[str, Any] = self._told(address.path)

    def fits(self, signature: Signature) -> None:
        """Raise BadInput where the server's model has other inputs or outputs than the graph's."""
        for kind, ports in (("inputs", signature.inputs), ("outputs", signature.outputs)):
            told = self._ports.get(kind)
            if not told:  # some servers take what comes
                continue
            theirs = {port.get("name"): port.get("datatype") for port in told}
            lacking = {port.name for port in ports} - theirs.keys()
            extra = theirs.keys() - {port.name for port in ports} if kind == "inputs" else set()
            typed = kind == "inputs" and any(_otherwise(port, theirs.get(port.name)) for port in ports)
            if lacking or extra or typed:
                listed = ", ".join(f"{p.get('name')}: {p.get('datatype')}{p.get('shape')}" for p in told)
                ours = ", ".join(map(str, ports))
                raise BadInput(
                    f"the server's model has other {kind} than the graph: {listed}, not {ours}",
                    where=str(self.address),
                    remedy="Name the model, or its version, in the URL: http://HOST:PORT/v2/models/NAME.",
                )

    def run(self, names: Sequence[str], rows: Mapping[str, Array]) -> list[Array]:
        """The answers ``names`` to rows. Raises RowsRefused, or ServerFailed for what is no answer."""
        total = min((len(value) for value in rows.values()), default=0)
        step = self.most or max(1, total)
        parts = []
        for start in range(0, max(1, total), step):
            part = {name: value[start : start + step] for name, value in rows.items()}
            try:
                parts.append(self._asked(names, part))
            except RowsRefused as error:
                if (found := _AT_MOST.search(str(error))) and 0 < int(found[1]) < step:
                    self.most = int(found[1])
                    return self.run(names, rows)
                raise
        return parts[0] if len(parts) == 1 else list(map(stacked, zip(*parts, strict=True)))

    def _asked(self, names: Sequence[str], rows: Mapping[str, Array]) -> list[Array]:
        try:
            body = protocol.request(rows, names, binary=self.binary)
        except ValueError as error:
            raise self._failed(f"the rows can't be sent: {error}") from None
        status, answer = self._connection.sent("POST", f"{self.address.path}/infer", body)
        if status != 200:
            raise self._refused(status, answer.data)
        try:
            found = protocol.answers(answer)
        except (ValueError, OverflowError, RecursionError) as error:  # also for what is no JSON
            raise self._failed(f"its answer breaks the protocol: {error}") from None
        if lacking := [name for name in names if name not in found]:
            raise self._failed(f"its answer lacks {', '.join(lacking)}")
        return [found[name] for name in names]

    def _told(self, path: str) -> dict[str, Any]:
        """What the server says at a path."""
        status, answer = self._connection.sent("GET", path, Body(b""))
        if status != 200:
            raise self._failed(f"{path} is answered with {status}{_reason(answer.data)}")
        try:
            told = json.loads(answer.data)
        except ValueError:
            told = None
        if not isinstance(told, dict):
            raise self._failed(f"{path} is no JSON object: does it speak the Open Inference Protocol?")
        return told

    def _refused(self, status: int, data: bytes) -> Exception:
        """The rows' fault where the server says in the protocol's words what it was, else the server's."""
        reason = _reason(data)
        if status in _REFUSES and reason:
            return RowsRefused(f"{status}{reason}")
        return self._failed(f"it answers with {status}{reason}")

    def _failed(self, what: str) -> ServerFailed:
        return ServerFailed(what, where=str(self.address))


def _otherwise(port: Port, datatype: Any) -> bool:
    return datatype is not None and datatype != protocol.DATATYPES.get(port.dtype)


def _reason(data: bytes) -> str:
    """What an answer gives as its error, after a colon; empty where it gives none."""
    try:
        told = json.loads(data)
    except ValueError:
        return ""
    said = (told.get("error") or told.get("detail")) if isinstance(told, dict) else None
    return f": {str(said).strip()[:300]}" if said else ""
