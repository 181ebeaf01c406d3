"""Reading ONNX files, which may say anything: sizes, places and names are checked, then believed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath

import onnx
from onnx import TensorProto

from onnxpipe.core import weights
from onnxpipe.errors import Unreadable
from onnxpipe.lock import lfs_digest

_BITS: dict[int, int] = {
    TensorProto.FLOAT: 32, TensorProto.UINT8: 8, TensorProto.INT8: 8, TensorProto.UINT16: 16,
    TensorProto.INT16: 16, TensorProto.INT32: 32, TensorProto.INT64: 64, TensorProto.BOOL: 8,
    TensorProto.FLOAT16: 16, TensorProto.DOUBLE: 64, TensorProto.UINT32: 32, TensorProto.UINT64: 64,
    TensorProto.COMPLEX64: 64, TensorProto.COMPLEX128: 128, TensorProto.BFLOAT16: 16,
    TensorProto.UINT4: 4, TensorProto.INT4: 4,
}  # fmt: skip
"""Bits of an element in ``raw_data``; of types that aren't listed sizes are left to the runtime."""


def read(path: str | Path) -> onnx.ModelProto:
    """The model in a file, with the tensors it keeps in files beside it. Raises Unreadable.

    Of a model larger than one file holds the large tensors are left there (see ``core.weights``).
    """
    path = Path(path)
    if not path.is_file():
        raise Unreadable("no such file", where=str(path))
    model = parsed(path.read_bytes(), str(path))
    held = list(external(model))
    for tensor in held:
        _refuse_elsewhere(tensor, path)
    if held:
        try:
            weights.settled(model, held, path.parent)
        except Exception as error:  # onnx's own checks, which raise what they like
            raise Unreadable(f"its external data can't be read: {_line(error)}", where=str(path)) from None
    return model


def parsed(data: bytes, where: str = "") -> onnx.ModelProto:
    """The model in these bytes, without what it keeps in other files. Raises Unreadable."""
    if lfs_digest(data[:1024]):
        raise Unreadable("it is a Git LFS pointer, not the file itself", where=where, remedy="git lfs pull")
    try:
        model = onnx.load_model_from_string(data)
    except Exception:  # protobuf's DecodeError, whose module has no types
        model = onnx.ModelProto()
    if not model.graph.output or not model.opset_import:
        raise Unreadable("it isn't an ONNX model", where=where)
    if problem := next(problems(model), ""):
        raise Unreadable(f"the model doesn't hold together: {problem}", where=where)
    return model


def problems(model: onnx.ModelProto) -> Iterator[str]:
    """What contradicts itself in a model: types, sizes, values nobody makes, functions in circles."""
    yield from _untyped(model.graph)
    yield from filter(None, map(_misfit, tensors(model)))
    yield from _untied(model.graph, frozenset())
    for function in model.functions:
        body = onnx.GraphProto(node=function.node)
        body.output.extend(onnx.ValueInfoProto(name=name) for name in function.output)
        yield from _untied(body, frozenset(function.input))
    yield from _circles(model.functions)


def tensors(model: onnx.ModelProto) -> Iterator[TensorProto]:
    """Every constant of a model, those of nested graphs and functions included."""
    yield from _tensors(model.graph)
    for function in model.functions:
        yield from _tensors(onnx.GraphProto(node=function.node))


def external(model: onnx.ModelProto) -> Iterator[TensorProto]:
    """The constants that a model keeps in other files."""
    return (t for t in tensors(model) if t.data_location == TensorProto.EXTERNAL)


def location(tensor: TensorProto) -> str:
    """The file that an external tensor names, as it is written."""
    return next((entry.value for entry in tensor.external_data if entry.key == "location"), "")


def _tensors(graph: onnx.GraphProto) -> Iterator[TensorProto]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            for inner in (attribute.g, *attribute.graphs):
                yield from _tensors(inner)


def _refuse_elsewhere(tensor: TensorProto, path: Path) -> None:
    """Raise Unreadable where a tensor's file isn't beside the model or holds less than is declared."""
    name = location(tensor)
    outside = any(
        kind(name).is_absolute() or ".." in kind(name).parts for kind in (PurePosixPath, PureWindowsPath)
    )
    target, home = (path.parent / name).resolve(), path.parent.resolve()
    if not name or outside or not target.is_relative_to(home):
        raise Unreadable(
            f"its tensor {tensor.name!r} is kept in {name!r}, which isn't beside the model", where=str(path),
            remedy="Only files in the model's own folder are read: put it there, and name it without a path.",
        )  # fmt: skip
    if not target.is_file():
        raise Unreadable(f"the file {name!r} of its tensor {tensor.name!r} is missing", where=str(path))
    entries = {entry.key: entry.value for entry in tensor.external_data}
    try:
        start, length = int(entries.get("offset") or 0), int(entries.get("length") or -1)
    except ValueError:
        raise Unreadable(f"tensor {tensor.name!r} has no readable place", where=str(path)) from None
    size, wanted = target.stat().st_size, _bytes(tensor)
    if start < 0 or start + max(length, wanted) > size or (0 <= length != wanted >= 0):
        raise Unreadable(
            f"tensor {tensor.name!r} of {wanted} bytes doesn't lie in {name!r}, which has {size}",
            where=str(path),
        )  # fmt: skip


def _bytes(tensor: TensorProto) -> int:
    """The bytes a tensor needs, -1 where its type doesn't tell."""
    bits = _BITS.get(tensor.data_type)
    return -1 if bits is None else -(-math.prod(tensor.dims) * bits // 8)


def _misfit(tensor: TensorProto) -> str:
    """Why a tensor can't be what it declares, empty where it can."""
    if any(dim < 0 for dim in tensor.dims) or len(tensor.dims) > 64:
        return f"tensor {tensor.name!r} has the shape {list(tensor.dims)[:8]}"
    held, wanted = len(tensor.raw_data), _bytes(tensor)
    if held and wanted >= 0 and held != wanted:
        return f"tensor {tensor.name!r} declares {wanted} bytes and holds {held}"
    if not held and tensor.data_location != TensorProto.EXTERNAL:
        fields = (tensor.float_data, tensor.int32_data, tensor.int64_data, tensor.double_data,
                  tensor.uint64_data, tensor.string_data)  # fmt: skip
        most, count = max(map(len, fields)), math.prod(tensor.dims)
        # Two halves of a complex number and of a byte are entries of their own, or share one.
        if tensor.data_type and not count // 2 <= most <= 2 * max(count, 1):
            return f"tensor {tensor.name!r} declares {count} values and holds {most}"
    return ""


def _untyped(graph: onnx.GraphProto) -> Iterator[str]:
    for value in (*graph.input, *graph.output):
        kind = value.type.tensor_type.elem_type
        if value.type.HasField("tensor_type") and kind not in TensorProto.DataType.values():
            yield f"{value.name!r} is of no known type ({kind})"
    names = [value.name for value in graph.output]
    yield from (f"several outputs are called {name!r}" for name in set(names) if names.count(name) > 1)


def _untied(graph: onnx.GraphProto, outer: frozenset[str]) -> Iterator[str]:
    """Values that are read before anything makes them: wrong names, and circles."""
    held = (*(t.name for t in graph.initializer), *(s.values.name for s in graph.sparse_initializer))
    known = {*outer, *(value.name for value in graph.input), *held, ""}
    for node in graph.node:
        if strange := [name for name in node.input if name not in known]:
            yield f"nothing before {node.op_type} {node.name!r} makes {strange[0]!r}"
        inner = [g for a in node.attribute for g in (*((a.g,) if a.HasField("g") else ()), *a.graphs)]
        seen = frozenset(known) if inner else frozenset()
        for body in inner:
            yield from _untied(body, seen)
        known.update(node.output)
    yield from (
        f"nothing makes the output {o.name!r}" for o in graph.output if o.name not in known or not o.name
    )


def _circles(functions: Iterable[onnx.FunctionProto]) -> Iterator[str]:
    """Functions that call themselves, by any way round."""
    calls = {(f.domain, f.name): {(n.domain, n.op_type) for n in _all(f.node)} for f in functions}
    done: set[tuple[str, str]] = set()
    while free := [name for name in calls.keys() - done if not (calls[name] & calls.keys()) - done]:
        done.update(free)
    yield from (f"function {name[1]!r} calls itself" for name in sorted(calls.keys() - done)[:1])


def _all(nodes: Iterable[onnx.NodeProto]) -> Iterator[onnx.NodeProto]:
    for node in nodes:
        yield node
        for attribute in node.attribute:
            for graph in (attribute.g, *attribute.graphs):
                yield from _all(graph.node)


def _line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
