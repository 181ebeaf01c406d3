"""skops archives read as the same inert records as pickles, without skops or scikit-learn.

An archive is a flat zip: ``schema.json`` is a tree of nodes, each naming its loader, and arrays
are members in numpy's own format. Layouts: skops/io/_general.py, _numpy.py, _scipy.py and
_sklearn.py, protocols 0 to 2 (skops 0.6 to 0.16).
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np

from onnxpipe.adapters import pickle_values as values
from onnxpipe.adapters.archive import Archive
from onnxpipe.adapters.base import Artefact
from onnxpipe.adapters.pickle_values import Global
from onnxpipe.adapters.reading import Content, reading
from onnxpipe.core.record import Record
from onnxpipe.errors import Unreadable

Node = dict[str, Any]
_PROTOCOL = 2


def looks_like(artefact: Artefact) -> bool:
    """Whether an artefact is a zip with a skops schema in it.

    A zip behind something else is none: what loads it natively goes by its first bytes.
    """
    source = artefact.path if artefact.data is None else io.BytesIO(artefact.data)
    if source is None or artefact.head(4) != b"PK\x03\x04":
        return False
    try:
        with ZipFile(source) as archive:
            return "schema.json" in archive.NameToInfo
    except (BadZipFile, ValueError, OSError, NotImplementedError, RuntimeError):
        return False  # a damaged directory


def read(data: bytes, *, where: str = "") -> Content:
    """The object a skops archive holds, as records, arrays and plain containers.

    Raises Unreadable for anything truncated, corrupt or too large; nothing in the file is run.
    """
    with reading("skops archive", where, "Save the pipeline again with skops.io.dump."):
        reader = _Reader(Archive(data))
        schema = json.loads(reader.archive.member("schema.json"))
        if type(schema.get("protocol")) is not int or not 0 <= schema["protocol"] <= _PROTOCOL:
            raise Unreadable(f"skops protocol {schema.get('protocol')!r:.20} isn't known")
        return Content(reader.value(schema), frozenset(reader.names))


class _Reader:
    """The values of nodes; ``made`` holds them by id, for nodes that only point to another."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.made: dict[Any, Any] = {}
        self.names: dict[str, Global] = {}

    def value(self, node: Any) -> Any:
        """What a node stands for. Raises Unreadable for one of unknown kind."""
        loader = node.get("__loader__") if isinstance(node, dict) else None
        if loader == "CachedNode":
            return self.made[node["__id__"]]
        if loader not in _LOADERS:
            raise Unreadable(f"it holds a node of unknown kind {loader!r:.40}")
        made = _LOADERS[loader](self, node)
        if "__id__" in node:
            self.made[node["__id__"]] = made
        return made

    def values(self, nodes: Any) -> list[Any]:
        return [self.value(node) for node in nodes]

    def name(self, node: Node) -> Global:
        """The stand-in of the class or function a node names, the same one each time."""
        module, name = node["__module__"], node["__class__"]
        dotted = f"{module}.{name}"
        if not isinstance(module, str) or not isinstance(name, str) or not dotted.isprintable():
            raise Unreadable("it refers to something that is no name")
        return self.names.setdefault(dotted, Global(module, name))

    def record(self, node: Node, args: tuple[Any, ...] = (), state: Any = None) -> Record:
        known = self.name(node)
        return Record(known.kind, known.origin, args, state=state)


def _is(node: Node, *plain: str) -> bool:
    return node["__class__"] in plain and node["__module__"] in ("builtins", "collections")


_KEYS: dict[str, Callable[[str], Any]] = {"int": int, "float": float, "int64": int, "int32": int}
_KEYS |= {"bool": lambda text: text == "true", "NoneType": lambda text: None}


def _dict(reader: _Reader, node: Node) -> Any:
    kinds = [kind["__class__"] for kind in node["key_types"]["content"]]
    pairs = zip(kinds, node["content"].items(), strict=True)
    made = {_KEYS.get(kind, str)(key): reader.value(inner) for kind, (key, inner) in pairs}
    if _is(node, "dict", "OrderedDict"):
        return made
    record = reader.record(node)
    record.items.extend(made.items())
    return record


def _defaultdict(reader: _Reader, node: Node) -> Any:
    main = node["content"].get("main")
    return reader.value(main)


def _list(reader: _Reader, node: Node) -> Any:
    items = reader.values(node["content"])
    if _is(node, "list"):
        return items
    record = reader.record(node)
    record.items.extend(items)
    return record


def _set(reader: _Reader, node: Node) -> Any:
    items = reader.values(node["content"])
    values.keys_allowed(items)
    return set(items)


def _tuple(reader: _Reader, node: Node) -> Any:
    items = tuple(reader.values(node["content"]))
    return items if _is(node, "tuple") else reader.record(node, items)


def _function(reader: _Reader, node: Node) -> Global:
    inner = node.get("content")
    if isinstance(inner, dict):  # protocol 0
        node = {"__module__": inner["module_path"], "__class__": inner["function"]}
    return reader.name(node)


def _partial(reader: _Reader, node: Node) -> Record:
    inner = node["content"]
    state = tuple(reader.value(inner[part]) for part in ("func", "args", "kwds", "namespace"))
    return reader.record(node, (state[0],), state)


def _method(reader: _Reader, node: Node) -> Record:
    owner, name = node["content"]["obj"], node["content"]["func"]
    return Record("builtins.getattr", "builtins.getattr", (reader.value(owner), str(name)))


def _object(reader: _Reader, node: Node) -> Record:
    return reader.record(node, state=reader.value(node["content"]) if node.get("content") else None)


def _constructed(reader: _Reader, node: Node) -> Record:
    return reader.record(node, tuple(reader.value(node["content"])))


def _operator(reader: _Reader, node: Node) -> Record:
    return reader.record(node, tuple(reader.value(node["attrs"])))


def _reduced(reader: _Reader, node: Node) -> Record:
    args = reader.value(node["__reduce__"]["args"])
    return reader.record(node, tuple(args), reader.value(node["content"]))


def _slice(_reader: _Reader, node: Node) -> slice:
    inner = node["content"]
    return slice(inner["start"], inner["stop"], inner["step"])


def _array(reader: _Reader, node: Node) -> Any:
    if node["type"] == "json":
        return _objects(reader, node)
    made = reader.archive.array(node["file"])
    return made if node["__class__"] == "ndarray" else made[()]


def _objects(reader: _Reader, node: Node) -> Any:
    """An object array, saved as lists within lists."""
    shape = reader.value(node["shape"])
    items = reader.values(node["content"])
    for _ in range(len(shape) - 1):
        items = [inner for outer in items for inner in outer]
    return values.objects(items, shape, "C")


def _dtype(reader: _Reader, node: Node) -> np.dtype[Any]:
    made: np.dtype[Any] = reader.value(node["content"]).dtype
    return made


def _masked(reader: _Reader, node: Node) -> Record:
    return reader.record(node, state={part: reader.value(node["content"][part]) for part in ("data", "mask")})


def _generator(reader: _Reader, node: Node) -> Record:
    return reader.record(node, state=node["content"])


def _sparse(reader: _Reader, node: Node) -> Record:
    """A scipy matrix under the attribute names that its pickle has."""
    inner = Archive(reader.archive.member(node["file"]))
    state: dict[str, Any] = {"_shape": tuple(int(n) for n in inner.array("shape.npy"))}
    for part in ("data", "indices", "indptr", "row", "col", "offsets"):
        if f"{part}.npy" in inner.members:
            state[part] = inner.array(f"{part}.npy")
    return reader.record(node, state=state)


_LOADERS: dict[str, Callable[[_Reader, Node], Any]] = {
    "DictNode": _dict,
    "DefaultDictNode": _defaultdict,
    "_DictWithDeprecatedKeysNode": _defaultdict,
    "ListNode": _list,
    "SetNode": _set,
    "TupleNode": _tuple,
    "FunctionNode": _function,
    "TypeNode": lambda reader, node: reader.name(node),
    "PartialNode": _partial,
    "MethodNode": _method,
    "ObjectNode": _object,
    "ConstructorFromReduceNode": _constructed,
    "OperatorFuncNode": _operator,
    "TreeNode": _reduced,
    "LossNode": _reduced,
    "QuantileForestNode": _reduced,
    "JsonNode": lambda _reader, node: json.loads(node["content"]),
    "BytesNode": lambda reader, node: reader.archive.member(node["file"]),
    "BytearrayNode": lambda reader, node: bytearray(reader.archive.member(node["file"])),
    "SliceNode": _slice,
    "NdArrayNode": _array,
    "MaskedArrayNode": _masked,
    "DTypeNode": _dtype,
    "RandomStateNode": _generator,
    "RandomGeneratorNode": _generator,
    "SparseMatrixNode": _sparse,
}
