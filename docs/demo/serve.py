"""A small server of ONNX models that speaks the Open Inference Protocol (v2), for trying things out.

    python serve.py digits.onnx pipe.onnx --port 8000

JSON and binary tensors, the standard library and onnxruntime alone. In production Triton, MLServer,
KServe and OpenVINO speak the same.
"""

from __future__ import annotations

import argparse
import json
import struct
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import onnxruntime as ort

HEADER = "Inference-Header-Content-Length"
TYPES = {"tensor(string)": "BYTES", "tensor(float)": "FP32", "tensor(double)": "FP64", "tensor(bool)": "BOOL"}
TYPES |= {f"tensor({u}int{n})": f"{u}int{n}".upper() for u in ("", "u") for n in (8, 16, 32, 64)}
NUMPY = {"FP32": "<f4", "FP64": "<f8", "BOOL": "?"}
NUMPY |= {f"{u}INT{n}": f"<{u or 'i'}{n // 8}".lower() for u in ("", "U") for n in (8, 16, 32, 64)}


class Handler(BaseHTTPRequestHandler):
    """One request: what the server is, what a model is, or a model's answers."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    sessions: Mapping[str, ort.InferenceSession] = MappingProxyType({})
    extensions: Sequence[str] = ("binary_tensor_data",)

    def do_GET(self) -> None:
        if self.path == "/v2":
            self.say(200, {"name": "serve.py", "version": "1", "extensions": [*self.extensions]})
        elif session := self.session(self.path.removeprefix("/v2/models/")):
            self.say(200, {"name": self.path.rpartition("/")[2], "platform": "onnx", **ports(session)})
        else:
            self.say(404, {"error": f"no model at {self.path}"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        session = self.session(self.path.removeprefix("/v2/models/").removesuffix("/infer"))
        try:
            self.answer(*inferred(session, body, self.headers[HEADER]))
        except Exception as error:
            self.say(400, {"error": str(error)})

    def session(self, name: str) -> Any:
        return self.sessions.get(name)

    def say(self, status: int, told: Any) -> None:
        self.answer(told, b"", status)

    def answer(self, told: Any, blob: bytes, status: int = 200) -> None:
        text = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/octet-stream" if blob else "application/json")
        self.send_header("Content-Length", str(len(text) + len(blob)))
        if blob:
            self.send_header(HEADER, str(len(text)))
        self.end_headers()
        self.wfile.write(text + blob)

    def log_message(self, *_: object) -> None:
        """Requests aren't logged."""


def ports(session: ort.InferenceSession) -> dict[str, Any]:
    """A model's inputs and outputs, -1 for open axes."""
    return {
        kind: [
            {"name": v.name, "datatype": TYPES[v.type],
             "shape": [dim if isinstance(dim, int) else -1 for dim in v.shape]}
            for v in values
        ]
        for kind, values in (("inputs", session.get_inputs()), ("outputs", session.get_outputs()))
    }  # fmt: skip


def inferred(session: ort.InferenceSession, body: bytes, header: str | None) -> tuple[Any, bytes]:
    """The answer to a request: its JSON, and the bytes that follow it."""
    size = int(header or len(body))
    asked, rest, fed = json.loads(body[:size]), body[size:], {}
    for entry in asked["inputs"]:
        length = entry.get("parameters", {}).get("binary_data_size", 0)
        fed[entry["name"]] = array(entry, rest[:length])
        rest = rest[length:]
    names = [entry["name"] for entry in asked.get("outputs", ())] or [v.name for v in session.get_outputs()]
    binary = all(e.get("parameters", {}).get("binary_data") for e in asked.get("outputs", [{}]))
    types = {value.name: TYPES[value.type] for value in session.get_outputs()}
    entries, blobs = [], []
    for name, value in zip(names, session.run(names, fed), strict=True):
        entry = {"name": name, "shape": list(value.shape), "datatype": types[name]}
        blobs.append(packed(value) if binary else b"")
        size = {"parameters": {"binary_data_size": len(blobs[-1])}}
        entries.append(entry | (size if binary else {"data": value.ravel().tolist()}))
    return {"model_name": "model", "outputs": entries}, b"".join(blobs)


def array(entry: dict[str, Any], data: bytes) -> np.ndarray:
    """An input as onnxruntime takes it."""
    if entry["datatype"] == "BYTES":
        flat = np.array(entry["data"] if "data" in entry else texts(data), object)
    elif "data" in entry:
        flat = np.array(entry["data"], NUMPY[entry["datatype"]])
    else:
        flat = np.frombuffer(data, NUMPY[entry["datatype"]])
    return flat.reshape(entry["shape"])


def texts(data: bytes) -> list[str]:
    """Texts with the length of each before it."""
    found = []
    while data:
        stop = 4 + struct.unpack_from("<I", data)[0]
        found.append(data[4:stop].decode())
        data = data[stop:]
    return found


def packed(value: np.ndarray) -> bytes:
    """An output's bytes."""
    if value.dtype.kind != "O":
        return value.tobytes()
    encoded = [text.encode() for text in value.ravel()]
    return b"".join(struct.pack("<I", len(text)) + text for text in encoded)


def serve(handler: type[Handler] = Handler) -> None:
    """Serve the models named on the command line, each under its file's name, until interrupted."""
    parser = argparse.ArgumentParser()
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--port", type=int, default=8000)
    given = parser.parse_args()
    handler.sessions = {path.stem: ort.InferenceSession(path) for path in given.models}
    server = ThreadingHTTPServer(("127.0.0.1", given.port), handler)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    serve()
