"""Pickles that attack their reader, by name; ``{canary}`` is a file that no reader may create."""

from __future__ import annotations

import gzip
import pickle
import struct

import numpy as np

CANARY = b"touch {canary}"
GIB10 = 10 * 2**30


def named(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


def text(value: str | bytes) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return b"X" + struct.pack("<I", len(raw)) + raw


def call(module: str, name: str, *args: bytes) -> bytes:
    return named(module, name) + b"(" + b"".join(args) + b"tR"


def number(value: int) -> bytes:
    raw = value.to_bytes(10, "little", signed=True)
    return b"\x8a" + bytes([len(raw)]) + raw


def shape(*dims: int) -> bytes:
    return b"(" + b"".join(number(d) for d in dims) + b"t"


def dtype(spec: str, fields: bytes = b"NNN") -> bytes:
    made = call("numpy", "dtype", text(spec), b"\x89", b"\x88")
    return made + b"(K\x03" + text("<") + fields + b"J\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"


EMPTY = call("numpy._core.multiarray", "_reconstruct", named("numpy", "ndarray"), shape(0), text("b"))


def array(dims: bytes, kind: bytes, data: bytes, version: bytes = b"K\x01") -> bytes:
    return EMPTY + b"(" + version + dims + kind + b"\x89" + data + b"tb"


def wrapper(dims: bytes, kind: bytes, extra: bytes = b"") -> bytes:
    made = named("joblib.numpy_pickle", "NumpyArrayWrapper") + b")\x81}("
    made += text("shape") + dims + text("dtype") + kind + text("order") + text("C") + extra
    return made + b"ub"


BYTES = b"C\x10" + bytes(16)
SYSTEM = call("os", "system", text(CANARY))
NESTED_CALL = b"\x80\x04" + SYSTEM + b"."
OBJECTS = dtype("O")
DEEP = 200_000

HARMLESS: dict[str, bytes] = {
    "os.system": SYSTEM,
    "posix.system": call("posix", "system", text(CANARY)),
    "eval": call("builtins", "eval", text("open('{canary}', 'w')")),
    "exec": call("builtins", "exec", text("open('{canary}', 'w')")),
    "python 2 eval": call("__builtin__", "eval", text("open('{canary}', 'w')")),
    "import": call("builtins", "__import__", text("antigravity")),
    "subprocess": call("subprocess", "Popen", text(CANARY)),
    "getattr chain": call(
        "builtins", "getattr", call("builtins", "getattr", named("os", "path"), text("os")), text("system")
    )
    + b"("
    + text(CANARY)
    + b"tR",
    "dotted name": b"\x80\x04" + text("os") + text("path.os.system") + b"\x93" + text(CANARY) + b"\x85R",
    "INST": b"(" + text(CANARY) + b"ios\nsystem\n",
    "OBJ": b"(" + named("os", "system") + text(CANARY) + b"o",
    "NEWOBJ": named("os", "system") + text(CANARY) + b"\x85\x81",
    "NEWOBJ_EX": named("subprocess", "Popen") + b")}" + text("args") + text(CANARY) + b"s\x92",
    "numpy runs strings": call(
        "numpy.testing._private.utils", "runstring", text("open('{canary}', 'w')"), b"}"
    ),
    "numpy.load": call("numpy", "load", text("{canary}"), b"N", b"\x88"),
    "pickle in a pickle": call("pickle", "loads", b"B" + struct.pack("<I", len(NESTED_CALL)) + NESTED_CALL),
    "joblib.load": call("joblib.numpy_pickle", "load", text("{canary}")),
    "timeit": call("timeit", "timeit", text("open('{canary}', 'w')")),
    "state that is called": named("types", "SimpleNamespace")
    + b")\x81}"
    + text("__setstate__")
    + named("os", "system")
    + b"sb",
    "state setter": call("functools", "partial", named("os", "system"))
    + b"("
    + named("os", "system")
    + b"("
    + text(CANARY)
    + b"t}Ntb",
    "objects of joblib": wrapper(shape(1), OBJECTS) + NESTED_CALL,
    "billion laughs": b"]q\x00"
    + b"".join(b"](h" + bytes([i]) + b"h" + bytes([i]) + b"eq" + bytes([i + 1]) for i in range(100)),
    "deep lists": b"]" * DEEP + b"a" * (DEEP - 1),
    "deep tuples": b")" + b"\x85" * DEEP,
    "deep calls": b"".join([named("a", "b") * 20_000, b")", b"\x85R" * 20_000]),
    "a list in itself": b"]q\x00h\x00a",
    "huge memo index": b"Nr\xff\xff\xff\xff",
    "popped calls": SYSTEM + b"0N",
    "range": call("builtins", "range", number(2**70)),
    "million marks": b"(" * 500_000 + b"N",
    "many sets": b"\x80\x04" + b"\x8f" * 500_000,
}
"""Read as records of what they would have called."""

LAUGHS = HARMLESS["billion laughs"]
REFUSED: dict[str, bytes] = {
    "name of a billion laughs": LAUGHS + b"2\x93",
    "module of a billion laughs": LAUGHS + text("f") + b"\x93",
    "call of a billion laughs": LAUGHS + b")R",
    "items of a billion laughs": b"K\x01" + LAUGHS + b"2s",
    "state of a billion laughs": b"K\x01" + LAUGHS + b"b",
    "array shaped like a billion laughs": array(LAUGHS, dtype("f8"), BYTES),
    "array typed like a billion laughs": array(shape(2), LAUGHS, BYTES),
    "array filled with a billion laughs": array(shape(2), dtype("f8"), LAUGHS),
    "dtype of a billion laughs": call("numpy", "dtype", LAUGHS),
    "scalar of a billion laughs": call("numpy._core.multiarray", "scalar", dtype("f8"), LAUGHS),
    "joblib array shaped like a billion laughs": wrapper(LAUGHS, dtype("f8")),
    "joblib array typed like a billion laughs": wrapper(shape(2), LAUGHS),
    "text encoded like a billion laughs": call("_codecs", "encode", LAUGHS, text("latin1")),
    "key of a billion laughs": b"}" + LAUGHS + b"Ns",
    "persistent id of a billion laughs": LAUGHS + b"Q",
    "nothing": b"",
    "only a stop": b".",
    "stack underflow": b"0000",
    "unknown opcode": b"\xff\xfe",
    "protocol 9": b"\x80\x09N",
    "persistent id": b"Pos.system\n",
    "binary persistent id": text("os.system") + b"Q",
    "extension 1": b"\x82\x01",
    "extension 4": b"\x84\x01\x00\x00\x00",
    "out-of-band buffer": b"\x80\x05\x97",
    "name of numbers": b"K\x01K\x02\x93",
    "name with control characters": named("os", "\x1b[2Jsystem"),
    "call of a number": b"K\x01)R",
    "call of an array": array(shape(2), dtype("f8"), BYTES) + b")R",
    "call without a tuple": named("os", "system") + b"]R",
    "new of a record": SYSTEM + b")\x81",
    "bytearray of a size": call("builtins", "bytearray", number(GIB10)),
    "bytes of a size": call("builtins", "bytes", number(GIB10)),
    "list of a range": call("builtins", "list", call("builtins", "range", number(10**12))),
    "set of a range": call("builtins", "set", call("builtins", "range", number(10**12))),
    "list of a number": call("builtins", "list", number(GIB10)),
    "text longer than the file": b"\x8d" + struct.pack("<Q", GIB10) + b"abc",
    "bytes longer than the file": b"\x8e" + struct.pack("<Q", 2**63) + b"abc",
    "bytearray longer than the file": b"\x80\x05\x96" + struct.pack("<Q", GIB10),
    "frame longer than the file": b"\x80\x04\x95" + struct.pack("<Q", GIB10) + b"N",
    "number of negative length": b"\x8b\xff\xff\xff\xff1",
    "number of many digits": b"L" + b"9" * 1_000_000 + b"L\n",
    "array of 10 GiB": array(shape(GIB10), dtype("f8"), BYTES),
    "array of huge dimensions": array(shape(2**62, 2**62), dtype("f8"), BYTES),
    "array of negative shape": array(shape(-1), dtype("f8"), BYTES),
    "array of a list as shape": array(b"]", dtype("f8"), BYTES),
    "array of too few bytes": array(shape(3), dtype("f8"), BYTES),
    "array of pointers": array(shape(2), OBJECTS, BYTES),
    "array without state": EMPTY,
    "array filled twice": array(shape(2), dtype("f8"), BYTES) + b"(K\x01" + shape(1) + b"tb",
    "array of a doubled start": EMPTY + b"2(K\x01" + shape(2) + dtype("f8") + b"\x89" + BYTES + b"tb\x86",
    "array in itself": EMPTY + b"q\x00(K\x01" + shape(1) + OBJECTS + b"\x89]h\x00atb",
    "array state of a number": EMPTY + b"K\x01b",
    "array whose dtype is text": array(shape(2), text("f8"), BYTES),
    "array of sixty dimensions": array(shape(*[1] * 60), dtype("u1"), b"C\x01a"),
    "array of nothings": array(shape(2**40), dtype("V0"), b"C\x00"),
    "buffer that is a number": call(
        "numpy._core.numeric", "_frombuffer", number(8), dtype("f8"), shape(1), text("C")
    ),
    "buffer of too many": call(
        "numpy._core.numeric", "_frombuffer", BYTES, dtype("f8"), shape(GIB10), text("C")
    ),
    "scalar of no bytes": call("numpy._core.multiarray", "scalar", dtype("f8"), b"C\x00"),
    "scalar of no dtype": call("numpy._core.multiarray", "scalar", text("f8"), BYTES),
    "dtype of a list": call("numpy", "dtype", b"]"),
    "dtype of a huge subarray": dtype("V8", b"(" + dtype("f8") + shape(2**31, 2**31) + b"tNN"),
    "dtype of commas": call("numpy", "dtype", text("f8,(1000000000,)f8")),
    "dtype with fields outside": call("numpy", "dtype", text("V8"), b"\x89", b"\x88")
    + b"(K\x03"
    + text("|")
    + b"N("
    + text("a")
    + b"t}"
    + text("a")
    + b"("
    + dtype("f8")
    + number(2**40)
    + b"tsK\x08K\x01K\x00tb",
    "joblib array of 10 GiB": wrapper(shape(GIB10), dtype("f8")),
    "joblib array of no dtype": wrapper(shape(2), text("f8")) + bytes(16),
    "joblib array of no shape": wrapper(b"N", dtype("f8")) + bytes(16),
    "joblib array padded beyond": wrapper(
        shape(2), dtype("f8"), text("numpy_array_alignment_bytes") + b"K\x10"
    )
    + b"\xff",
    "joblib objects for ever": wrapper(shape(1), OBJECTS) * 3000,
    "joblib array in a pickle of its own": wrapper(shape(1), OBJECTS)
    + b"\x80\x04"
    + wrapper(shape(len(SYSTEM)), dtype("u1"))
    + SYSTEM
    + b".",
    "joblib array hidden in a call": call(
        "functools", "partial", named("joblib.numpy_pickle", "NumpyArrayWrapper")
    ),
    "joblib array hidden in an object": named("functools", "partial")
    + b"("
    + named("joblib.numpy_pickle", "NumpyArrayWrapper")
    + b"t\x81",
    "state of a function": named("os", "system") + b"N}" + text("__code__") + b"Ns\x86b",
    "state of a list": b"]}b",
    "state of a dict": b"}}b",
    "items of a number": b"K\x01K\x02K\x03s",
    "elements of a number": b"K\x01(K\x02e",
    "half a pair": b"}(K\x01u",
    "key of nested tuples": b")" + b"2\x86" * 60 + b"0}" + b")" + b"2\x86" * 60 + b"Ns",
    "set of nested tuples": b"\x80\x04\x8f(" + b")" + b"2\x86" * 60 + b"\x90",
    "key without bound": b"}" + b"\x8b" + struct.pack("<i", 4000) + b"\x01" * 4000 + b"Ns",
    "unhashable key": b"}]Ns",
    "copies of copies": b"]("
    + b"N" * 50_000
    + b"eq\x000("
    + (named("builtins", "list") + b"h\x00\x85R") * 5_000
    + b"t",
    "encoded over and over": text("x" * 100_000)
    + b"q\x000("
    + (named("_codecs", "encode") + b"h\x00\x85R") * 20_000
    + b"t",
    "state over and over": named("a", "b")
    + b")\x81}("
    + b"".join(text(str(i)) + b"N" for i in range(50_000))
    + b"uq\x00b"
    + b"h\x00b" * 20_000,
    "half a gzip": gzip.compress(np.random.default_rng(0).bytes(9999))[:5000],
    "lz4": b'\x04"M\x18' + bytes(40),
    "truncated": pickle.dumps(list(range(99)))[:-20],
}
"""Refused as unreadable."""
