"""Tables that lie about their size, unpack without end or hold odd things: read or refused, in no time."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import os
import resource
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from onnxpipe.errors import Refusal
from onnxpipe.services.judging import rows
from onnxpipe.services.judging.rows import load_rows
from onnxpipe.services.score import _streamed

SECONDS, MEGABYTES = 2, 500
MIB = 2**20


@contextmanager
def within_limits() -> Iterator[None]:
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    yield
    assert time.process_time() - start < SECONDS
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10 < MEGABYTES


def parquet(columns: dict[str, Any], **options: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out, **options)
    return out.getvalue()


def header(shape: tuple[int, ...], kind: str = "<f8") -> bytes:
    """An array of numpy's that says it has this shape, and holds nothing."""
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, {"descr": kind, "fortran_order": False, "shape": shape})
    return out.getvalue()


def npz(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.npy", data)
    return out.getvalue()


def headed(text: bytes) -> bytes:
    return b"\x93NUMPY\x01\x00v\x00" + text.ljust(117) + b"\n"


def pickled() -> bytes:
    out = io.BytesIO()
    np.save(out, np.array([{}], object), allow_pickle=True)
    return out.getvalue()


WIDE = 10_000
UNFOLDING = pa.DictionaryArray.from_arrays(np.zeros(1000, np.int32), ["x" * MIB])
"""A GiB of text, kept as one MiB and where it goes."""
NAMES = ",".join(f"c{i}" for i in range(WIDE))
ODD = {
    "t": pd.to_timedelta([1, 2]),
    "b": [b"\xff", None],
    "u": pa.array(["a", None], pa.large_string()),
}
REFUSED: dict[str, Callable[[], bytes]] = {
    "csv: nothing": lambda: b"",
    "csv: zeros": lambda: bytes(100_000),
    "csv: noise": lambda: np.random.default_rng(0).bytes(100_000),
    "csv: UTF-16": lambda: "a,b\n1,x\n".encode("utf-16"),
    "csv: latin-1": lambda: b"a,b\n1,caf\xe9\n",
    "csv: latin-1 in a name": lambda: b"caf\xe9,b\n1,2\n",
    "csv: rows of other lengths": lambda: b"a,b\n1,2\n1,2,3\n",
    "csv: one name twice": lambda: b"a,a\n1,2\n",
    "csv: a gzip bomb": lambda: gzip.compress(b"a\n" + b"1\n" * 2**22),
    "csv: a bz2 bomb": lambda: bz2.compress(bytes(8 * MIB)),
    "csv: half a gzip": lambda: gzip.compress(np.random.default_rng(0).bytes(9999))[:5000],
    "json: lists without end": lambda: b"[" * 1_000_000,
    "json: objects without end": lambda: b'{"a":' * 200_000,
    "json: deep lists": lambda: b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n",
    "json: deep objects": lambda: b'{"a":' * 20_000 + b"1" + b"}" * 20_000 + b"\n",
    "json: rows of numbers": lambda: b"[1, 2]",
    "json: rows of lists": lambda: b"[[1, 2]]",
    "json: no row": lambda: b"[]",
    "json: halves of characters": lambda: b'[{"a": "\\ud800"}]',
    "json: integers beyond any": lambda: b'[{"a": 1' + b"0" * 4000 + b"}]",
    "json: integers of too many digits": lambda: b'[{"a": 1' + b"0" * 100_000 + b"}]",
    "json: mixed": lambda: b'{"a": 1}\n{"a": "x"}\n',
    "json: a gzip bomb": lambda: gzip.compress(b'{"a": 1}\n' + b" " * (8 * MIB)),
    "parquet: no more than a name": lambda: b"PAR1",
    "parquet: a footer of 4 GiB": lambda: b"PAR1" + bytes(100) + b"\xff\xff\xff\xffPAR1",
    "parquet: many rows of one value": lambda: parquet({"a": np.zeros(2**21, np.int8)}),
    "parquet: text that unfolds": lambda: parquet({"a": UNFOLDING}, store_schema=False),
    "parquet: text that unfolds in one page": lambda: parquet(
        {"a": ["x" * (20 * MIB)]}, use_dictionary=False, compression="zstd"
    ),
    "parquet: encrypted": lambda: b"PARE" + bytes(100) + b"PARE",
    "npy: ten GiB": lambda: header((10 * 2**27,)) + bytes(16),
    "npy: an exabyte": lambda: header((2**57,)),
    "npy: overflow": lambda: header((2**40, 2**40)),
    "npy: negative": lambda: header((-1,)),
    "npy: objects": pickled,
    "npy: subarrays": lambda: headed(
        b"{'descr': ('<f8', (1000000000,)), 'fortran_order': False, 'shape': (3,)}"
    ),
    "npy: code for a header": lambda: headed(b"__import__('os').system('touch ran')"),
    "npy: a header without end": lambda: b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + b"(" * 100_000,
    "npz: a bomb": lambda: npz(a=header((2**22,)) + bytes(2**25)),
    "npz: objects": lambda: npz(a=pickled()),
    "npz: ten GiB": lambda: npz(a=header((10 * 2**27,)) + bytes(16)),
    "npz: no arrays": lambda: npz(a=b"text"),
    "npz: not even": lambda: npz(a=header((2,)) + bytes(16), b=header((3,)) + bytes(24)),
}  # fmt: skip
"""Refused, whatever they are called."""

READ: dict[str, Callable[[], bytes]] = {
    "csv: one quoted cell of many lines": lambda: b'a,b\n"' + b"x,y\n" * (2 * MIB) + b'",1\n',
    "csv: an open quote": lambda: b'a\n"' + b"x\n" * 100_000,
    "csv: NUL bytes": lambda: b"a,b\nx\0y,1\n",
    "csv: a byte order mark": lambda: b"\xef\xbb\xbfa,b\n1,2\n",
    "csv: line ends of Windows": lambda: b'a,b\r\n1,"x\r\ny"\r\n',
    "csv: thousands of columns": lambda: NAMES.encode() + b"\n" + b"1," * (WIDE - 1) + b"1\n",
    "csv: numbers beyond any": lambda: b"a\n1e999\n-1e999\n" + b"9" * 100_000 + b"\n",
    "csv: no rows": lambda: b"a,b\n",
    "csv: compressed": lambda: gzip.compress(b"a,b\n1,x\n"),
    "json: a text of many brackets": lambda: json.dumps({"a": "[" * 2 * MIB + '\\"{'}).encode() + b"\n",
    "json: compressed": lambda: gzip.compress(b'{"a": 1}\n'),
    "parquet: nested": lambda: parquet({"a": [[{"b": [1, 2]}], []], "m": [{"k": 1}, None], "n": [1, 2]}),
    "parquet: kinds of its own": lambda: parquet(ODD),
}  # fmt: skip
"""Read, each with its columns."""


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that small bombs are beyond."""
    monkeypatch.setattr(rows, "_BYTES", 2**24)
    monkeypatch.setattr(rows, "_CELLS", 2**20)


def saved(data: bytes, folder: Path) -> Path:
    path = folder / "rows"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_table_is_refused(name: str, small: None, tmp_path: Path) -> None:
    path = saved(REFUSED[name](), tmp_path)
    with within_limits(), pytest.raises(Refusal) as refused:
        load_rows(path)
    assert str(path) in str(refused.value) and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", READ)
def test_what_is_only_odd_is_read(name: str, tmp_path: Path) -> None:
    path = saved(READ[name](), tmp_path)
    with within_limits():
        assert load_rows(path)


@pytest.mark.parametrize("name", [name for name in REFUSED if name.startswith("parquet: text that")])
def test_what_unfolds_is_refused_batch_by_batch_too(name: str, small: None, tmp_path: Path) -> None:
    path = saved(REFUSED[name](), tmp_path)
    with within_limits(), pytest.raises(Refusal, match=r"bombs do|more than any"):
        for _ in _streamed(path):
            pass


def test_the_measure_itself_is_within_the_limits(tmp_path: Path) -> None:
    path = saved(REFUSED["parquet: text that unfolds"](), tmp_path)
    with within_limits(), pytest.raises(Refusal, match="256 MiB"):
        load_rows(path)


def test_text_comes_batch_by_batch_as_places_among_distinct_ones(tmp_path: Path) -> None:
    columns = {"a": ["x", None, "x"], "c": pd.Categorical(["u", "v", "u"]), "n": [1, 2, 3]}
    (batch,) = _streamed(saved(parquet(columns), tmp_path))
    assert batch.to_pydict() == {"a": ["x", None, "x"], "c": ["u", "v", "u"], "n": [1, 2, 3]}
    assert all(pa.types.is_dictionary(batch.schema.field(name).type) for name in "ac")


def test_what_has_no_end_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(Refusal, match="neither a file nor a folder"):
            load_rows(path)


def test_a_folder_of_parts_is_measured_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(3):
        (tmp_path / f"part-{i}.parquet").write_bytes(parquet({"a": ["x" * 9999] * 50}))
    (tmp_path / "_SUCCESS").touch()
    assert len(load_rows(tmp_path)["a"]) == 150
    monkeypatch.setattr(rows, "_BYTES", MIB)
    monkeypatch.setattr(rows, "_PACKED", 1)
    with pytest.raises(Refusal, match="bombs do"):
        load_rows(tmp_path)
