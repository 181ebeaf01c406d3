"""Models of more than the 2 GiB that one file holds: their large tensors lie in a second one, and stay there.

Wherever a model is passed on, such a tensor is its place in a file (by its whole path, which no model on
disk has); what runs the graph maps it from there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, external_data_helper, helper, numpy_helper

from onnxpipe.core.sessions import Weight
from onnxpipe.errors import Refusal, Unreadable

WHOLE = 2**31 - 1
"""Bytes that one protobuf message can hold: a model of more becomes two files."""
SUFFIX = ".data"
"""What the second file is named after the model's."""
APART = 1024
"""Bytes from which on a tensor goes into the second file."""
_PAGE = 4096
"""Where tensors begin: at pages, so that they can be mapped."""
_CHUNK = 2**24
_BITS: dict[int, int] = {
    TensorProto.FLOAT: 32, TensorProto.UINT8: 8, TensorProto.INT8: 8, TensorProto.UINT16: 16,
    TensorProto.INT16: 16, TensorProto.INT32: 32, TensorProto.INT64: 64, TensorProto.BOOL: 8,
    TensorProto.FLOAT16: 16, TensorProto.DOUBLE: 64, TensorProto.UINT32: 32, TensorProto.UINT64: 64,
    TensorProto.BFLOAT16: 16,
}  # fmt: skip
"""Bits of an element of the types that are kept apart."""
_OURS: set[str] = set()
"""The files that tensors lie in which were checked: no model can name another one."""


def size(tensor: TensorProto) -> int:
    """The bytes of a tensor's numbers, 0 for a type that isn't kept apart."""
    total = _BITS.get(tensor.data_type, 0) // 8
    for dim in tensor.dims:
        total *= dim
    return total


def total(model: onnx.ModelProto) -> int:
    """The bytes of a model and of the tensors that it keeps in files."""
    if fits(model):
        return int(model.ByteSize())
    return sum(map(size, model.graph.initializer))


def fits(model: onnx.ModelProto) -> bool:
    """Whether one file may hold a model as it is: it has no tensor in another one, and not too many."""
    tensors = model.graph.initializer
    return not any(map(_outside, tensors)) and sum(map(size, tensors)) <= WHOLE


def require_fits(model: onnx.ModelProto, why: str, remedy: str) -> None:
    """Raise Refusal, saying why one file is needed and what next, where a model isn't that."""
    if not fits(model):
        raise Refusal(f"the model is larger than 2 GiB, and {why}", remedy=remedy)


def outlined(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model for onnx's checker, which takes 2 GiB at most: tensors kept apart are inputs in it."""
    return model if fits(model) else _with(model, {t.name: None for t in _apart(model)})


def light(model: onnx.ModelProto) -> tuple[bytes, dict[str, Weight]]:
    """The serialized graph without its large tensors, and those by name, where it doesn't fit in one."""
    if fits(model):
        return _serialized(model), {}
    apart = {tensor.name: tensor for tensor in _apart(model)}
    stubs = {name: _stub(tensor, name, 0) for name, tensor in apart.items()}
    return _serialized(_with(model, stubs)), {name: _weight(tensor) for name, tensor in apart.items()}


def files(model: onnx.ModelProto, name: str) -> dict[str, bytes | Iterable[bytes]]:
    """What a model is written as, by file name: one file called ``name``, or that and one with its data."""
    if fits(model):
        return {name: _serialized(model)}
    stubs, offset = {}, 0
    apart = _apart(model)
    for tensor in apart:
        stubs[tensor.name] = _stub(tensor, name + SUFFIX, offset)
        offset = _paged(offset + size(tensor))
    return {name: _serialized(_with(model, stubs)), name + SUFFIX: _data(apart)}


def alone(model: onnx.ModelProto) -> bytes:
    """The bytes of a model, for where there are no files. Raises Refusal where they would be two."""
    require_fits(model, "standard output is one file", "Name a file: -o model.onnx")
    return _serialized(model)


def write(model: onnx.ModelProto, folder: Path, name: str) -> None:
    """Write a model into a folder, as one file or two."""
    for each, data in files(model, name).items():
        with (folder / each).open("wb") as stream:
            stream.writelines([data] if isinstance(data, bytes) else data)


def whole(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with all its tensors in memory."""
    held = [tensor for tensor in model.graph.initializer if _outside(tensor)]
    return _with(model, {tensor.name: _loaded(tensor) for tensor in held}) if held else model


def settled(model: onnx.ModelProto, outside: Iterable[TensorProto], folder: Path) -> None:
    """Change a model that was read in place: its tensors ``outside`` of it are in files of a folder, checked.

    All are loaded where one file could hold them, else only the small ones. Raises what onnx does.
    """
    outside = list(outside)
    large = sum(map(size, outside)) + model.ByteSize() > WHOLE
    top = {tensor.name for tensor in model.graph.initializer}
    for tensor in outside:
        if large and tensor.name in top and size(tensor) >= APART:
            _OURS.add(path := str((folder / _entries(tensor)["location"]).resolve()))
            tensor.CopyFrom(_stub(tensor, path, int(_entries(tensor).get("offset") or 0)))
        else:
            external_data_helper.load_external_data_for_tensor(tensor, str(folder))
            tensor.data_location = TensorProto.DEFAULT
            del tensor.external_data[:]


def _place(tensor: TensorProto) -> tuple[str, int]:
    """A tensor's file and where it begins in it. Raises Unreadable for one that wasn't checked."""
    entries = _entries(tensor)
    if entries.get("location") not in _OURS:
        raise Unreadable(
            f"its tensor {tensor.name!r} is kept in {entries.get('location')!r}, which wasn't read",
            remedy="Give the model's path, or load it with its data (onnx.load).",
        )
    return entries["location"], int(entries.get("offset") or 0)


def _weight(tensor: TensorProto) -> Weight:
    """The bits of a tensor, mapped where they lie in a file."""
    kind = np.dtype(f"u{_BITS[tensor.data_type] // 8}")
    if not _outside(tensor):
        return Weight(tensor.data_type, np.frombuffer(_raw(tensor), kind).reshape(tensor.dims))
    path, offset = _place(tensor)
    bits = np.memmap(path, kind, "r", offset, tuple(tensor.dims))
    return Weight(tensor.data_type, bits if bits.flags.aligned else np.array(bits))


def _entries(tensor: TensorProto) -> dict[str, str]:
    return {entry.key: entry.value for entry in tensor.external_data}


def _apart(model: onnx.ModelProto) -> list[TensorProto]:
    return [t for t in model.graph.initializer if _outside(t) or size(t) >= APART]


def _outside(tensor: TensorProto) -> bool:
    return bool(tensor.data_location == TensorProto.EXTERNAL)


def _stub(tensor: TensorProto, location: str, offset: int) -> TensorProto:
    """A tensor without its numbers, which are in a file."""
    made = TensorProto(name=tensor.name, data_type=tensor.data_type, dims=tensor.dims)
    made.data_location = TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", offset), ("length", size(tensor))):
        made.external_data.add(key=key, value=str(value))
    return made


def _with(model: onnx.ModelProto, others: Mapping[str, TensorProto | None]) -> onnx.ModelProto:
    """The model with others in place of some of its tensors; in place of None stands an input."""
    made = onnx.ModelProto()
    _copied(model, made, "graph")
    _copied(model.graph, made.graph, "initializer")
    given = {value.name for value in model.graph.input}
    for tensor in model.graph.initializer:
        other = others.get(tensor.name, tensor)
        if other is not None:
            made.graph.initializer.append(other)
        elif tensor.name not in given:
            made.graph.input.append(
                helper.make_tensor_value_info(tensor.name, tensor.data_type, list(tensor.dims))
            )
    return made


def _copied(source: onnx.ModelProto | onnx.GraphProto, target: object, without: str) -> None:
    """Copy all fields of a message that are set but one."""
    for field, value in source.ListFields():
        if field.name == without:
            continue
        if hasattr(value, "extend"):
            getattr(target, field.name).extend(value)
        elif hasattr(value, "CopyFrom"):
            getattr(target, field.name).CopyFrom(value)
        else:
            setattr(target, field.name, value)


def _serialized(model: onnx.ModelProto) -> bytes:
    """The bytes of a model, the same each time. Raises Refusal for more than a file holds."""
    try:
        data = bytes(model.SerializeToString(deterministic=True))
    except Exception:  # protobuf's EncodeError, whose module has no types
        data = b""
    if not data or len(data) > WHOLE:
        raise Refusal(
            "the model is larger than 2 GiB even without its weights: no ONNX file can hold that",
            remedy="Convert its largest stage on its own, and serve it behind the others.",
        )
    return data


def _data(tensors: Iterable[TensorProto]) -> Iterator[bytes]:
    """The numbers of tensors one after another, each from a page's beginning."""
    for tensor in tensors:
        yield from _numbers(tensor)
        yield bytes(_paged(size(tensor)) - size(tensor))


def _numbers(tensor: TensorProto) -> Iterator[bytes]:
    if not _outside(tensor):
        yield _raw(tensor)
        return
    (path, offset), left = _place(tensor), size(tensor)
    with Path(path).open("rb") as stream:
        stream.seek(offset)
        while left and (chunk := stream.read(min(left, _CHUNK))):
            left -= len(chunk)
            yield chunk


def _raw(tensor: TensorProto) -> bytes:
    """A tensor's numbers as its file holds them."""
    data: bytes = tensor.raw_data or numpy_helper.to_array(tensor).tobytes()
    return data


def _loaded(tensor: TensorProto) -> TensorProto:
    made = TensorProto(name=tensor.name, data_type=tensor.data_type, dims=tensor.dims)
    made.raw_data = b"".join(_numbers(tensor))
    return made


def _paged(offset: int) -> int:
    return -(-offset // _PAGE) * _PAGE
