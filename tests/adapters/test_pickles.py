"""The inert reader: every way an estimator's parts are saved, read back as the same data."""

from __future__ import annotations

import collections
import functools
import io
import math
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import cloudpickle
import joblib
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from onnxpipe.adapters import pickles, sparse
from onnxpipe.adapters.pickles import described
from onnxpipe.core.record import Record
from onnxpipe.errors import Refusal, Unreadable

NODES = np.dtype(
    [("left", "<i8"), ("threshold", "<f8"), ("missing", "u1"), ("bits", "<u4", (3,))], align=True
)
ARRAYS = {
    "plain": np.arange(12.0).reshape(3, 4),
    "fortran": np.asfortranarray(np.arange(12.0).reshape(3, 4)),
    "permuted": np.arange(24).reshape(2, 3, 4).transpose(1, 0, 2),
    "strided": np.arange(20)[::3],
    "big-endian": np.arange(5, dtype=">f4"),
    "booleans": np.array([True, False]),
    "text": np.array(["a", "Zoë", "東京"]),
    "bytes": np.array([b"ab", b"c"]),
    "dates": np.array(["2020-01-01", "NaT"], "M8[ns]"),
    "spans": np.array([1, 2], "m8[15m]"),
    "half": np.float16([1.5]),
    "complex": np.array([1 + 2j]),
    "scalar": np.array(3.5),
    "empty": np.empty((0, 3)),
    "empty text": np.empty((0,), "U5"),
    "nodes": np.array([(1, 0.5, 1, (1, 2, 3)), (2, -1.5, 0, (4, 5, 6))], NODES),
    "no nodes": np.empty(0, NODES),
}
OBJECTS = {
    "objects": np.array(["a", None, 1.5, ("t", 2)], object),
    "object matrix": np.array([["a", "b"], ["c", None]], object),
    "arrays in arrays": np.array([np.arange(3.0), np.array(["x"], object), None], object),
    "no objects": np.empty((0, 2), object),
}

VALUES = [
    *(None, True, False, 0, -1, 255, 256, 65536, 2**31, -(2**31), 2**70, -(2**70), 1.5, math.inf),
    *("", "é\n'\\", "x" * 300, b"", b"ab\x00", b"y" * 300, bytearray(b"z")),
    *((), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), [], [1, [2]], {}, {"a": {1: (2,)}}, {1, 2}, frozenset("ab")),
    *(
        slice(1, None, 2),
        range(3),
        1 + 2j,
        collections.OrderedDict(a=1, b=2),
        collections.defaultdict(list, a=[1]),
    ),
    *(np.float64(1.5), np.int64(-3), np.str_("é"), np.bool_(True), np.datetime64("2020-01-02")),
]
SCIENTIFIC = [
    *(
        pd.Index(["a", "b"]),
        pd.Series([1.0, 2.0]),
        pd.DataFrame({"a": [1], "b": ["x"]}),
        pd.CategoricalDtype(["x"]),
    ),
    *(np.random.RandomState(0), np.random.default_rng(0), np.ma.masked_array([1, 2], [True, False])),
]


def plain(value: Any, protocol: int) -> bytes:
    return pickle.dumps(value, protocol=protocol)


def by_joblib(value: Any, protocol: int, compress: Any = 0) -> bytes:
    file = io.BytesIO()
    joblib.dump(value, file, protocol=protocol, compress=compress)
    return file.getvalue()


def assert_same(a: Any, b: Any) -> None:
    if isinstance(a, np.ndarray) and a.dtype == object:
        assert b.dtype == object and a.shape == b.shape
        for x, y in zip(a.ravel(), b.ravel(), strict=True):
            assert_same(x, y)
    elif isinstance(a, np.ndarray):
        assert a.dtype.newbyteorder("=") == b.dtype and a.shape == b.shape
        np.testing.assert_array_equal(a, b)
        assert b.flags.aligned and not b.flags.writeable
    else:
        assert type(a) is type(b) and a == b


@pytest.mark.parametrize("save", [plain, by_joblib])
@pytest.mark.parametrize("protocol", range(6))
def test_arrays_of_every_kind(protocol: int, save: Any) -> None:
    saved = save({**ARRAYS, **OBJECTS, "again": ARRAYS["nodes"], "after": "end"}, protocol)
    read = pickles.read(saved).value
    for name, array in {**ARRAYS, **OBJECTS}.items():
        assert_same(array, read[name])
    assert_same(ARRAYS["nodes"], read["again"])
    assert read["after"] == "end"


@pytest.mark.parametrize("protocol", range(6))
def test_a_dtype_used_twice_is_the_same_both_times(protocol: int) -> None:
    first, second = pickles.read(plain([np.zeros(2, NODES), np.ones(2, NODES)], protocol)).value
    assert first.dtype == second.dtype == NODES


@pytest.mark.parametrize("protocol", range(6))
def test_plain_values_of_every_kind(protocol: int) -> None:
    for value, read in zip(VALUES, pickles.read(plain(VALUES, protocol)).value, strict=True):
        assert read == value
        assert type(read) is (dict if isinstance(value, dict) else type(value))


def test_shared_and_cyclic_objects_stay_so() -> None:
    loop: list[Any] = []
    loop.append(loop)
    read = pickles.read(pickle.dumps({"a": loop, "b": loop})).value
    assert read["a"] is read["b"] is read["a"][0]


@pytest.mark.parametrize(
    "compress", [0, 1, 3, 6, 9, ("gzip", 3), ("bz2", 3), ("lzma", 3), ("xz", 3), ("zlib", 2)]
)
def test_compressed_joblib_files(compress: Any) -> None:
    saved = by_joblib([ARRAYS["plain"], OBJECTS["objects"], "end"], 4, compress)
    first, objects, end = pickles.read(saved).value
    assert_same(ARRAYS["plain"], first)
    assert_same(OBJECTS["objects"], objects)
    assert end == "end"


def test_lz4_and_ancient_joblib_files_are_refused_with_a_way_out() -> None:
    with pytest.raises(Unreadable, match="lz4") as caught:
        pickles.read(b'\x04"M\x18' + bytes(20))
    assert "zlib" in caught.value.remedy
    with pytest.raises(Unreadable, match=r"joblib before 0\.10"):
        pickles.read(b"ZF0x13                  x")


def test_joblib_files_without_alignment() -> None:
    class Wrapper:
        """What joblib up to 1.1 wrote: no padding before the bytes."""

        def __reduce__(self) -> Any:
            state = {"subclass": np.ndarray, "shape": (7,), "order": "C", "dtype": array.dtype}
            return joblib.numpy_pickle.NumpyArrayWrapper, (None, None, None, None), state

    array = np.arange(7, dtype="f4")
    stream = pickle.dumps(Wrapper(), protocol=2)[:-1] + array.tobytes() + b"."
    assert_same(array, pickles.read(stream).value)


def test_scientific_objects_are_records() -> None:
    matrix = pickles.read(pickle.dumps(sp.csr_matrix(np.eye(3)))).value
    assert matrix.kind == "scipy.sparse.csr_matrix" and matrix.get("_shape") == (3, 3)
    np.testing.assert_array_equal(matrix.get("indices"), [0, 1, 2])
    for value in SCIENTIFIC:
        assert isinstance(pickles.read(pickle.dumps(value)).value, Record)


@pytest.mark.parametrize("layout", ["csr_matrix", "csc_matrix", "coo_matrix", "csr_array", "coo_array"])
def test_sparse_matrices_unfold(layout: str) -> None:
    full = np.array([[0.0, 1.5, 0.0], [2.0, 0.0, -1.0]])
    record = pickles.read(pickle.dumps(getattr(sp, layout)(full))).value
    assert sparse.is_sparse(record)
    np.testing.assert_array_equal(sparse.dense(record), full)
    record.state = {**record.state, "_shape": (2, 1)}
    with pytest.raises(Unreadable):
        sparse.dense(record)


def test_callables_are_named() -> None:
    def named(value: Any) -> str:
        return described(pickles.read(pickle.dumps(value)).value)

    assert named(np.log1p) == "numpy.log1p"
    assert named(len) == "builtins.len"
    assert named(math.sqrt) == "math.sqrt"
    assert named(functools.partial(np.clip, a_min=0)) == "partial(numpy.clip)"
    assert named("abc".upper) == "getattr('abc', 'upper')"
    assert named(Path.exists).endswith("exists")


def test_functions_saved_by_value_are_named_and_never_run() -> None:
    factor = 3
    saved = cloudpickle.dumps(lambda x: x * factor)
    read = pickles.read(saved).value
    assert described(read) == "<lambda>, Python code in the file, which is never run"


def test_a_lambda_in_a_pipeline_is_refused_by_place_and_name(tmp_path: Path) -> None:
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    import onnxpipe

    live = make_pipeline(StandardScaler(), FunctionTransformer(lambda x: x + 1)).fit(np.eye(3))
    path = tmp_path / "pipeline.pkl"
    path.write_bytes(cloudpickle.dumps(live))
    with pytest.raises(Refusal) as caught:
        onnxpipe.convert(path)
    for part in ("Pipeline/functiontransformer", "<lambda>", "never run"):
        assert part in str(caught.value)
    with pytest.raises(Unreadable, match="pickled") as live_error:
        onnxpipe.convert(live)
    assert "named functions" in live_error.value.remedy


def test_names_are_all_that_a_native_load_would_import() -> None:
    saved = by_joblib([np.array([collections.Counter("a")], object), np.log1p], 4)
    names = pickles.read(saved).globals
    assert {"collections.Counter", "numpy.log1p", "joblib.numpy_pickle.NumpyArrayWrapper"} <= names


CODE = """
import sys, time
import onnxpipe
onnxpipe.convert({path!r})
banned = {{"sklearn", "scipy", "pandas", "joblib", "skops", "skl2onnx"}} & set(sys.modules)
print(time.process_time(), *banned)
"""


@pytest.mark.parametrize("name", ["penguins_forest/pipeline.joblib", "scaled_logistic/pipeline.skops"])
def test_converting_imports_no_framework(name: str) -> None:
    path = str(Path(__file__).parents[2] / "fixtures" / name)
    out = subprocess.run(
        [sys.executable, "-c", CODE.format(path=path)], capture_output=True, text=True, check=True
    )
    seconds, *banned = out.stdout.split()
    assert not banned
    assert float(seconds) < 4  # about 1 on an idle machine, most of it onnx and spox
