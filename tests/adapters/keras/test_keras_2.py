"""Files that Keras 2 saved: graphs answer as it does, and Keras 3 isn't asked what it reads otherwise."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from onnxpipe import convert
from onnxpipe.errors import NativeFailed
from tests.adapters.keras.test_keras import CONFIG, METADATA, WEIGHTS, layer, sequential, weights
from tests.harness import open_session
from tests.inhouse import Inhouse
from tests.rigs.keras import native
from tests.test_fixtures import HOME

TABLE = np.arange(10, dtype=np.float32).reshape(5, 2)


def embedding(path: Path, version: str, *sizes: int) -> Path:
    """A model of one embedding of ``TABLE``, as a version of Keras saved it."""
    table, told = io.BytesIO(), layer("Embedding", input_dim=5, output_dim=2)
    with h5py.File(table, "w") as file:
        file["layers/embedding/vars/0"] = TABLE
    config = sequential(told)
    config["config"]["layers"][0]["config"].update(batch_shape=[None, *sizes], dtype="int32")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(METADATA, json.dumps({"keras_version": version}))
        archive.writestr(CONFIG, json.dumps(config))
        archive.writestr(WEIGHTS, table.getvalue())
    return path


@pytest.mark.parametrize("told", ["hard_sigmoid", {"class_name": "function", "config": "hard_sigmoid"}])
def test_what_keras_2_computed_otherwise_follows_its_version(told: Any, tmp_path: Path) -> None:
    dense = layer("Dense", units=1, activation=told, use_bias=True)
    x, answers = np.array([[-3, 0], [0.5, 0.25], [2, 1], [1, np.nan]], np.float32), []
    for version in ("2.16.0", "3.15.1"):
        path = tmp_path / "model.keras"
        with zipfile.ZipFile(path, "w") as archive:
            held = {METADATA: {"keras_version": version}, CONFIG: sequential(dense)}
            for name, each in held.items():
                archive.writestr(name, json.dumps(each))
            archive.writestr(WEIGHTS, weights())
        answers.append(open_session(convert(path)).run(None, {"x": x})[0][:, 0])
    total = x.sum(axis=1)
    np.testing.assert_allclose(answers[0], np.clip(total * 0.2 + 0.5, 0, 1), rtol=1e-6)
    np.testing.assert_allclose(answers[1], np.clip((total + 3) / 6, 0, 1), rtol=1e-6)


@pytest.mark.parametrize(("version", "lowest"), [("2.15.0", 0), ("3.15.1", -5)])
def test_an_embedding_of_keras_2_refuses_what_keras_3_counts_from_the_end(
    version: str, lowest: int, tmp_path: Path
) -> None:
    session = open_session(convert(embedding(tmp_path / "model.keras", version, 2)))
    for word in range(-7, 8):
        x = np.array([[0, word]], np.int32)
        if lowest <= word < 5:
            np.testing.assert_array_equal(session.run(None, {"x": x})[0], TABLE[x])
        else:
            with pytest.raises(Exception, match="indices element out of data bounds"):
                session.run(None, {"x": x})


@pytest.mark.parametrize("sizes", [(), (3,), (2, 3)])
@pytest.mark.parametrize(("version", "lowest"), [("2.15.0", 0), ("3.15.1", -5)])
def test_rows_that_an_embedding_refuses_are_flagged(
    version: str, lowest: int, sizes: tuple[int, ...], tmp_path: Path
) -> None:
    path = embedding(tmp_path / "model.keras", version, *sizes)
    session = open_session(convert(path, on_invalid="flag"))
    words = np.arange(-7, 8, dtype=np.int32)
    x = np.zeros((len(words), *sizes), np.int32)
    x.reshape(len(words), -1)[:, -1] = words
    answer, invalid = session.run(None, {"x": x})
    fine = (words >= lowest) & (words < 5)
    np.testing.assert_array_equal(invalid, ~fine)
    np.testing.assert_array_equal(answer[fine], TABLE[x[fine]])
    assert len(session.run(None, {"x": x[:0]})[0]) == 0


def loaded(path: Path) -> Inhouse:
    """A worker that holds the model in a file."""
    worker = Inhouse("", 600, "the worker")
    told = {"framework": "keras", "path": str(path), "format": "", "names": [], "paths": []}
    worker.request({"command": "load", **told})
    return worker


def as_if_by_keras_2(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        file.attrs["keras_version"] = "2.15.0"


@pytest.mark.slow
@pytest.mark.xdist_group("keras")
def test_keras_3_stands_in_for_keras_2_and_counts_no_words_from_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keras = native().keras()
    monkeypatch.setattr(keras.layers.Embedding, "call", keras.layers.Embedding.call)
    monkeypatch.setitem(sys.modules, "tf_keras", None)
    model = keras.Sequential([keras.Input((2,), dtype="int32", name="x"), keras.layers.Embedding(5, 2)])
    model.save(tmp_path / "model.h5")
    as_if_by_keras_2(tmp_path / "model.h5")
    read = native().load(str(tmp_path / "model.h5"), "", [])
    words = np.array([[0, 4]], np.int32)
    np.testing.assert_array_equal(read(words), model(words))
    with pytest.raises(Exception, match="no row of weights below 0"):
        read(np.array([[0, -1]], np.int32))


@pytest.mark.slow
@pytest.mark.xdist_group("keras")
@pytest.mark.parametrize("name", ["keras_2_h5/model.h5", "keras_2_archive/model.keras", "hard_sigmoid"])
def test_what_keras_3_reads_otherwise_or_not_at_all_wants_tf_keras(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keras, path = native().keras(), HOME / name
    monkeypatch.setitem(sys.modules, "tf_keras", None)
    if name == "hard_sigmoid":
        path = tmp_path / "model.h5"
        keras.Sequential([keras.Input((2,), name="x"), keras.layers.Dense(2, activation=name)]).save(path)
        as_if_by_keras_2(path)
    with pytest.raises(NativeFailed, match="Keras 2 saved it") as caught:
        loaded(path)
    assert "pip install tf_keras" in str(caught.value.remedy)
