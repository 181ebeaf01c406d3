"""Tensors as the Open Inference Protocol (v2) has them in HTTP bodies: JSON, or bytes behind a JSON header.

https://github.com/kserve/open-inference-protocol; the bytes: Triton's binary tensor data extension.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxpipe.core.signature import dtype_name, numpy_dtype

Array = NDArray[Any]

DATATYPES = {
    "bool": "BOOL", "string": "BYTES", "float16": "FP16", "float32": "FP32", "float64": "FP64",
    "bfloat16": "BF16",
    **{f"{sign}int{bits}": f"{sign.upper()}INT{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)},
}  # fmt: skip
"""The protocol's names of types, by those of signatures."""
_TYPES = {theirs: ours for ours, theirs in DATATYPES.items()}
_LENGTH = struct.Struct("<I")


class Body(NamedTuple):
    """The bytes of a request or an answer; ``header`` is how many of them are JSON where not all are."""

    data: bytes
    header: int | None = None


def request(rows: Mapping[str, Array], outputs: Sequence[str], *, binary: bool) -> Body:
    """The body that asks for ``outputs`` on ``rows``. Raises ValueError for what is no tensor."""
    inputs, blobs = [], []
    for name, value in rows.items():
        entry: dict[str, Any] = {"name": name, "shape": list(value.shape), "datatype": _datatype(value)}
        if binary:
            blobs.append(_packed(value))
            entry["parameters"] = {"binary_data_size": len(blobs[-1])}
        else:
            entry["data"] = value.ravel().tolist()
        inputs.append(entry)
    asked = [{"name": name, "parameters": {"binary_data": binary}} for name in outputs]
    text = json.dumps({"inputs": inputs, "outputs": asked}).encode()
    return Body(text + b"".join(blobs), len(text) if binary else None)


def answers(body: Body) -> dict[str, Array]:
    """The arrays by name in an answer. Raises ValueError for what breaks the protocol."""
    told = json.loads(body.data if body.header is None else body.data[: body.header])
    rest = b"" if body.header is None else body.data[body.header :]
    if not isinstance(told, dict) or not isinstance(told.get("outputs"), list):
        raise ValueError('it has no "outputs"')
    found, start = {}, 0
    for entry in told["outputs"]:
        size = _binary_size(entry)
        found[entry["name"]] = _array(entry, rest[start : start + size] if size is not None else None)
        start += size or 0
    if start != len(rest):
        raise ValueError(f"{len(rest)} bytes of tensors where {start} were said to follow")
    return found


def _datatype(value: Any) -> str:
    name = dtype_name(value.dtype) if isinstance(value, np.ndarray) else type(value).__name__
    if name not in DATATYPES:
        raise ValueError(f"the protocol has no {name}")
    return DATATYPES[name]


def _packed(value: Array) -> bytes:
    """An array's bytes, row by row, little-endian; text with the length of each before it."""
    if dtype_name(value.dtype) != "string":
        return value.astype(value.dtype.newbyteorder("<")).tobytes()
    texts = [str(text).encode("utf-8", "surrogatepass") for text in value.ravel().tolist()]
    return b"".join(_LENGTH.pack(len(text)) + text for text in texts)


def _binary_size(entry: Any) -> int | None:
    """How many bytes behind the header are an output's, None where its data is in the header."""
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise ValueError("an output has no name")
    parameters = entry.get("parameters")
    size = parameters.get("binary_data_size") if isinstance(parameters, dict) else None
    if size is not None and (not isinstance(size, int) or size < 0):
        raise ValueError(f"{entry['name']} has a binary_data_size of {size}")
    return size


def _array(entry: Mapping[str, Any], data: bytes | None) -> Array:
    name, shape, datatype = entry["name"], entry.get("shape"), entry.get("datatype")
    if datatype not in _TYPES:
        raise ValueError(f"{name} is of no type of the protocol: {datatype}")
    if not isinstance(shape, list) or not all(isinstance(dim, int) and dim >= 0 for dim in shape):
        raise ValueError(f"{name} has no shape: {shape}")
    flat = _listed(entry, datatype) if data is None else _unpacked(name, data, datatype)
    if flat.size != math.prod(shape):
        raise ValueError(f"{name} has {flat.size} values, which aren't the {shape} that it says")
    return flat.reshape(shape)


def _unpacked(name: str, data: bytes, datatype: str) -> Array:
    if datatype == "BYTES":
        return _texts(list(_pieces(name, data)))
    dtype = numpy_dtype(_TYPES[datatype])
    if len(data) % dtype.itemsize:
        raise ValueError(f"{name} has {len(data)} bytes, which are no whole {datatype}")
    return np.frombuffer(data, dtype.newbyteorder("<")).astype(dtype)


def _pieces(name: str, data: bytes) -> Iterator[bytes]:
    start = 0
    while start < len(data):
        stop = start + 4 + (_LENGTH.unpack_from(data, start)[0] if start + 4 <= len(data) else len(data))
        if stop > len(data):
            raise ValueError(f"a text of {name} is cut off")
        yield data[start + 4 : stop]
        start = stop


def _listed(entry: Mapping[str, Any], datatype: str) -> Array:
    """The flat values of JSON data, nested or not; null is NaN, which strict JSON can't say."""
    flat = list(_flattened(entry.get("data")))
    if datatype == "BYTES":
        return _texts(flat)
    dtype = numpy_dtype(_TYPES[datatype])
    kinds = {"b": (bool,), "i": (int,), "u": (int,)}.get(dtype.kind, (int, float, type(None)))
    if not all(isinstance(value, kinds) for value in flat):
        raise ValueError(f"{entry['name']} is said to be {datatype}, but holds other values")
    if type(None) in kinds:
        return np.array([np.nan if value is None else value for value in flat], np.float64).astype(dtype)
    return np.array(flat, dtype)


def _flattened(data: Any) -> Iterator[Any]:
    if not isinstance(data, list):
        raise ValueError("an output's data is no list")
    for value in data:
        if isinstance(value, list):
            yield from _flattened(value)
        else:
            yield value


def _texts(values: Sequence[Any]) -> Array:
    out = np.empty(len(values), object)
    out[:] = [v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in values]
    return out
