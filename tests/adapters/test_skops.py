"""skops archives, read as the same records as pickles, and refused where they are hostile."""

from __future__ import annotations

import functools
import io
import json
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import BernoulliNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC

import onnxpipe
from onnxpipe.adapters import compressed, pickles
from onnxpipe.adapters import skops as ours
from onnxpipe.adapters.base import Artefact
from onnxpipe.core.record import Record
from onnxpipe.errors import Unreadable
from onnxpipe.services.convert import adapter_of
from tests import datasets
from tests.harness import open_session
from tests.rigs.sklearn import answers

SAVED_AS_CALLS = ("__randomstate_ctor", "__generator_ctor", "_mareconstruct", "newObj", "__pyx_unpickle")
"""What pickle saves as a call of a helper and skops as an object of the class."""


def _columns() -> ColumnTransformer:
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    return ColumnTransformer(
        [("n", numbers, ["length", "width"]), ("c", OneHotEncoder(handle_unknown="ignore"), ["city", "size"])]
    )


FITTED: Mapping[str, Any] = {
    "columns": make_pipeline(_columns(), LogisticRegression()).fit(*datasets.load("frame")),
    "forest": RandomForestClassifier(5, random_state=0).fit(*datasets.load("labels")),
    "boosting": HistGradientBoostingClassifier(max_iter=4).fit(*datasets.load("missing")),
    "neighbours": KNeighborsClassifier().fit(*datasets.load("classes")),
    "vectors": SVC().fit(*datasets.load("binary")),
    "ufunc": FunctionTransformer(np.log1p).fit(datasets.load("positive")[0]),
    "partial": FunctionTransformer(functools.partial(np.clip, a_min=0)).fit(datasets.load("numeric")[0]),
    "search": GridSearchCV(LogisticRegression(), {"C": [1, 2]}, cv=2).fit(*datasets.load("classes")),
    "words": make_pipeline(TfidfVectorizer(), BernoulliNB()).fit(["a bc de", "bc fg", "fg hi jk"], [0, 1, 0]),
}


@pytest.mark.parametrize("name", FITTED)
def test_records_are_those_of_a_pickle(name: str) -> None:
    pickled = pickles.read(pickle.dumps(FITTED[name])).value
    assert_same(pickled, ours.read(skops.io.dumps(FITTED[name])).value)


def assert_same(a: Any, b: Any, place: str = "") -> None:
    if isinstance(a, Record):
        if not any(helper in a.kind for helper in SAVED_AS_CALLS):
            assert (a.kind, a.fields.keys()) == (b.kind, b.fields.keys()), place
            for key in a.fields:
                assert_same(a.fields[key], b.fields[key], f"{place}.{key}")
    elif isinstance(a, np.ndarray) and a.dtype != object:
        np.testing.assert_array_equal(a, b, place)
        assert a.dtype == b.dtype
    elif isinstance(a, (list, tuple, np.ndarray)):
        assert type(a) is type(b) and len(a) == len(b), place
        for i, (x, y) in enumerate(zip(a, b, strict=True)):
            assert_same(x, y, f"{place}[{i}]")
    elif isinstance(a, dict):
        assert list(a) == list(b), place
        for key in a:
            assert_same(a[key], b[key], f"{place}[{key!r}]")
    else:
        assert repr(a) == repr(b), place


@pytest.mark.parametrize("name", ["columns", "forest", "boosting"])
def test_converters_work_unchanged(name: str, tmp_path: Path) -> None:
    path = tmp_path / "saved"  # recognised by its bytes
    skops.io.dump(FITTED[name], path, compression=zipfile.ZIP_DEFLATED)
    rows = datasets.load({"columns": "frame", "forest": "labels", "boosting": "missing"}[name])[0]
    session = open_session(onnxpipe.convert(path))
    np.testing.assert_array_equal(answers(session, rows)["predict"], FITTED[name].predict(rows))


def test_other_zips_are_not_taken_for_one(tmp_path: Path) -> None:
    path = tmp_path / "arrays.npz"
    np.savez(path, X=np.eye(2))
    assert not ours.looks_like(Artefact(path))
    with pytest.raises(Unreadable):
        adapter_of(Artefact(path))


def archive(schema: Any, **members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("schema.json", schema if isinstance(schema, str) else json.dumps(schema))
        for name, data in members.items():
            made.writestr(name.replace("__", "."), data)
    return file.getvalue()


def node(loader: str, **more: Any) -> dict[str, Any]:
    return {"__class__": "list", "__module__": "builtins", "__loader__": loader, "protocol": 2, **more}


def npy(array: Any, **options: Any) -> bytes:
    np.save(file := io.BytesIO(), array, **options)
    return file.getvalue()


ARRAY = node("NdArrayNode", __class__="ndarray", __module__="numpy", type="numpy", file="a.npy")
HUGE = npy(np.zeros(2)).replace(b"(2,), }          ", b"(99999999999,), }")
LAUGHS = functools.reduce(
    lambda inner, _: node("ListNode", content=[inner] * 2), range(12), node("JsonNode", content="1")
)
HOSTILE: Mapping[str, bytes] = {
    "no zip": b"PK\x03\x04 not really",
    "no schema": archive({}).replace(b"schema.json", b"scheme.json"),
    "no json": archive("{"),
    "deep json": archive("[" * 100_000),
    "deep nodes": archive('{"protocol":2,"__loader__":"ListNode","content":[' * 5_000 + "]}" * 5_000),
    "protocol 3": archive(node("JsonNode", content="1", protocol=3)),
    "no protocol": archive({"__loader__": "JsonNode", "content": "1"}),
    "unknown loader": archive(node("EvalNode", content="1")),
    "loader that is a list": archive({**node("ListNode"), "__loader__": []}),
    "node that is text": archive(node("ListNode", content=["text"])),
    "node in itself": archive(
        node("ListNode", __id__=1, content=[{"__loader__": "CachedNode", "__id__": 1}])
    ),
    "names outside": archive({}, **{"../../etc/passwd": b""}),
    "names absolute": archive({}, **{"/etc/passwd": b""}),
    "names of windows": archive({}, **{"C:\\x": b""}),
    "missing member": archive(ARRAY),
    "member that is a number": archive({**ARRAY, "file": 3}),
    "objects": archive(ARRAY, a__npy=npy(np.array([{}], object), allow_pickle=True)),
    "huge array": archive(ARRAY, a__npy=HUGE),
    "no array": archive(ARRAY, a__npy=b"os.system"),
    "header of code": archive(
        ARRAY, a__npy=npy(np.zeros(2)).replace(b"{'descr': '<f8'", b"{'descr': eval()")
    ),
    "unhashable member": archive({**ARRAY, "file": []}),
    "name that is no text": archive(node("TypeNode", __class__=3)),
    "set of lists": archive(node("SetNode", content=[node("ListNode", content=[])])),
    "array of a wrong shape": archive(
        {**ARRAY, "type": "json", "content": [], "shape": node("JsonNode", content="[9]")}
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_archives_are_refused(name: str) -> None:
    with pytest.raises(Unreadable):
        ours.read(HOSTILE[name])


def test_a_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onnxpipe.adapters.archive.FLOOR", 2**20)
    assert compressed.FLOOR > 2**20
    with pytest.raises(Unreadable, match="more than any model"):
        ours.read(archive(ARRAY, a__npy=npy(np.zeros(2**20))))


def test_methods_and_functions_are_only_named() -> None:
    method = node(
        "MethodNode", content={"func": "system", "obj": node("TypeNode", __class__="path", __module__="os")}
    )
    content = ours.read(
        archive(node("ListNode", content=[method, node("FunctionNode", __class__="system", __module__="os")]))
    )
    first, second = content.value
    assert pickles.described(first) == "getattr(os.path, 'system')"
    assert pickles.described(second) == "os.system"
    assert {"os.path", "os.system"} <= content.globals
    assert len(ours.read(archive({**LAUGHS, "protocol": 2})).value) == 2
