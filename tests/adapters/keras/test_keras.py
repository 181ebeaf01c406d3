"""Keras files that aren't what they should be: told with where and what, and nothing in them run."""

from __future__ import annotations

import io
import json
import resource
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from onnxpipe import convert
from onnxpipe.adapters.base import Artefact
from onnxpipe.adapters.keras import hdf5, hdf5_process, reader, storage, trust
from onnxpipe.core.fragment import metadata
from onnxpipe.errors import BadInput, Inexact, MissingExtra, Refusal, Unreadable, Unsupported
from tests.harness import open_session
from tests.rigs.keras import native

WEIGHTS, CONFIG, METADATA = "model.weights.h5", "config.json", "metadata.json"


def layer(kind: str, **config: Any) -> dict[str, Any]:
    told = {"name": kind.lower(), "dtype": "float32", **config}
    return {"module": "keras.layers", "class_name": kind, "config": told}


def sequential(*layers: dict[str, Any]) -> dict[str, Any]:
    first = layer("InputLayer", name="x", batch_shape=[None, 2])
    config = {"name": "model", "layers": [first, *layers]}
    return {"module": "keras", "class_name": "Sequential", "config": config}


DENSE = sequential(layer("Dense", units=1, activation="linear", use_bias=True))


def weights(fill: Any = None) -> bytes:
    """The weights of one dense layer, or whatever ``fill`` puts into the group for them."""
    data = io.BytesIO()
    with h5py.File(data, "w") as file:
        group = file.create_group("layers/dense/vars")
        if fill:
            fill(group)
        else:
            group["0"], group["1"] = np.ones((2, 1), np.float32), np.zeros(1, np.float32)
    return data.getvalue()


def saved(folder: Path, config: Any = DENSE, held: bytes | None = None, **more: bytes) -> Path:
    path = folder / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(METADATA, json.dumps({"keras_version": "3.15.1"}))
        archive.writestr(CONFIG, config if isinstance(config, str) else json.dumps(config))
        archive.writestr(WEIGHTS, weights() if held is None else held)
        for name, data in more.items():
            archive.writestr(name, data)
    return path


def test_a_model_is_read_without_keras_or_tensorflow(tmp_path: Path) -> None:
    before = {"keras", "tensorflow"} & sys.modules.keys()
    model = convert(saved(tmp_path))
    assert [value.name for value in model.graph.output] == ["dense"]
    assert {"keras", "tensorflow"} & sys.modules.keys() == before


@pytest.mark.parametrize("name", ["../outside", "/etc/outside", "a\\..\\b", "assets/../../outside"])
def test_members_that_lead_outside_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="it has a member"):
        convert(saved(tmp_path, **{name: b""}))


def outside(group: Any) -> None:
    group["0"] = h5py.ExternalLink("/etc/passwd", "/")


def elsewhere(group: Any) -> None:
    group.create_dataset("0", (2, 1), "f4", external=[("/etc/passwd", 0, 8)])


def huge(group: Any) -> None:
    group.create_dataset("0", (2**40, 1), "f4", chunks=(2**10, 1))


@pytest.mark.parametrize("fill", [outside, elsewhere, huge])
def test_weights_kept_outside_the_file_or_too_large_for_it_are_refused(fill: Any, tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"of this file's own|more data than|aren't in the file"):
        convert(saved(tmp_path, held=weights(fill)))


@pytest.mark.parametrize("config", ["{", "[]", '{"class_name": "Sequential"}', "{}"])
def test_a_configuration_that_is_none_is_refused(config: str, tmp_path: Path) -> None:
    with pytest.raises(Unreadable):
        convert(saved(tmp_path, config))


def test_a_lambda_is_refused_by_name_and_never_trusted(tmp_path: Path) -> None:
    body = {"class_name": "__lambda__", "config": {"code": "4wEAAAA="}}
    path = saved(tmp_path, sequential(layer("Lambda", function=body)))
    with pytest.raises(Unsupported, match=r"keras\.layers\.Lambda"):
        convert(path, fallback=False)
    assert set(trust.untrusted(reader.names(Artefact(path)))) == {"__lambda__", "keras.layers.Lambda"}


def test_a_function_anywhere_else_is_not_trusted(tmp_path: Path) -> None:
    command = {"module": "os", "class_name": "system", "config": "ls"}
    held = layer("Dense", units=1, kernel_initializer=command)
    path = saved(tmp_path, sequential(held))
    assert trust.untrusted(reader.names(Artefact(path))) == ("os.system",)


def test_a_layer_of_the_users_own_is_refused_by_its_name(tmp_path: Path) -> None:
    own = {"module": "shop.layers", "class_name": "Basket", "config": {"name": "basket"}}
    with pytest.raises(Unsupported, match=r"shop\.layers\.Basket"):
        convert(saved(tmp_path, sequential(own)), fallback=False)


def test_what_a_model_has_no_use_for_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path)
    with pytest.raises(BadInput, match="no input y: the model has x"):
        convert(path, inputs={"y": ("float32", None)})
    with pytest.raises(Inexact, match="float32"):
        convert(path, dtype="float64")


def test_small_probabilities_keep_their_digits(tmp_path: Path) -> None:
    config = sequential(layer("Dense", units=1, activation="sigmoid", use_bias=True))
    session = open_session(convert(saved(tmp_path, config)))
    x = np.linspace(-40, 3, 100, dtype=np.float32)
    answers = session.run(None, {"x": np.column_stack([x, np.zeros_like(x)])})[0][:, 0]
    np.testing.assert_allclose(answers, 1 / (1 + np.exp(-x.astype(float))), rtol=1e-6)


def test_layers_in_half_precision_are_told_to_the_judge(tmp_path: Path) -> None:
    config = sequential(layer("Dense", units=1, activation="linear", use_bias=True, dtype="mixed_float16"))
    assert metadata(convert(saved(tmp_path, config)))["half"] == "model/dense"


def test_without_h5py_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path)
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(MissingExtra, match=r"onnxpipe\[keras\]") as told:
        convert(path)
    assert told.value.where == str(path)


@pytest.mark.parametrize("program", ["import os; os.abort()", "import time; time.sleep(60)"])
def test_a_library_that_breaks_down_over_a_file_ends_no_process_but_its_own(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "program.py").write_text(program)
    path = saved(tmp_path)
    with monkeypatch.context() as other:
        other.setattr(hdf5_process, "_PROGRAM", tmp_path / "program.py")
        other.setattr(hdf5_process, "_SECONDS", 0.5)
        hdf5_process.READER.close()
        with pytest.raises(Unreadable, match="broke down over it"):
            convert(path)
    assert convert(path)


def test_files_are_read_by_turns() -> None:
    first, second = (
        hdf5.File(weights(lambda group, n=n: group.update({"0": np.full(2, n)}))) for n in (1, 2)
    )
    read = [file.root.array("layers/dense/vars/0").tolist() for file in (first, second, first)]
    assert read == [[1, 1], [2, 2], [1, 1]]


def test_weights_alone_are_told_apart_from_a_model(tmp_path: Path) -> None:
    path = tmp_path / "model.weights.h5"
    path.write_bytes(weights())
    with pytest.raises(Unreadable, match="weights but no model"):
        convert(path)


def linked(group: Any) -> None:
    group["0"] = h5py.SoftLink("/layers/dense")


def circular(group: Any) -> None:
    group["0"] = group


def virtual(group: Any) -> None:
    layout = h5py.VirtualLayout((2, 1), "f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (2, 1))
    group.create_virtual_dataset("0", layout)


def objects(group: Any) -> None:
    group.create_dataset("0", (2, 1), h5py.string_dtype())


def zeros(group: Any) -> None:
    """300 MB in some kilobytes."""
    group.create_dataset("0", (75_000_000, 1), "f4", chunks=(75_000, 1), compression="gzip")


@pytest.mark.parametrize("fill", [linked, circular, virtual, objects, zeros])
@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_weights_that_are_none_are_refused_in_no_time(fill: Any, suffix: str, tmp_path: Path) -> None:
    held = weights(fill)
    path = saved(tmp_path, held=held)
    if suffix == "h5":
        path = tmp_path / "model.h5"
        with h5py.File(path, "w") as file:
            file.attrs["keras_version"], file.attrs["model_config"] = "3.15.1", json.dumps(DENSE)
            group = file.create_group("model_weights")
            group.attrs["layer_names"] = ["dense"]
            inner = group.create_group("dense")
            inner.attrs["weight_names"] = ["0"]
            fill(inner)
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    with pytest.raises(Refusal):
        convert(path)
    assert time.process_time() - start < 2
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10 < 500


def test_archives_that_unpack_without_end_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "FLOOR", 2**20)
    for name in (WEIGHTS, CONFIG, "assets/words.txt"):
        path = tmp_path / f"{name.replace('/', '_')}.keras"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            held = {METADATA: b"{}", CONFIG: json.dumps(DENSE), WEIGHTS: weights(), name: bytes(2**23)}
            for member, data in held.items():
                archive.writestr(member, data)
        with pytest.raises(Unreadable, match="more than any model would"):
            convert(path)


@pytest.mark.parametrize(
    "config",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        json.dumps({**DENSE, "config": {**DENSE["config"], "layers": [DENSE] * 3}}),
        json.dumps(sequential(layer("Dense", units=2**40))),
        json.dumps(sequential(layer("Dense", units="1" * 5000))),
        json.dumps(sequential({"module": "os", "class_name": "system", "config": {"name": "touch ran"}})),
    ],
    ids=["lists", "objects", "itself", "huge", "digits", "a command"],
)
def test_configurations_that_lie_are_refused(config: str, tmp_path: Path) -> None:
    start = time.process_time()
    with pytest.raises(Refusal):
        convert(saved(tmp_path, config))
    assert time.process_time() - start < 2 and not Path("ran").exists()


@pytest.mark.parametrize("entry", [bytes(16), b"\1" + bytes(7) + b"\xff" * 8])
def test_texts_that_lead_in_a_circle_are_refused(entry: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(DENSE)
    data = path.read_bytes()
    at = data.index(b"GCOL\x01\0\0\0") + 16
    path.write_bytes(data[:at] + entry + data[at + 16 :])
    with pytest.raises(Unreadable, match="in a circle"):
        convert(path)


def test_attributes_of_odd_types_are_refused_unread(tmp_path: Path) -> None:
    """A text whose type says neither text nor list, over which HDF5 2.0 ends the process."""
    path = tmp_path / "model.h5"
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(DENSE)
    data = bytearray(path.read_bytes())
    kind = data.index(b"model_config\0") + 16
    assert data[kind : kind + 2] == b"\x19\x01"
    data[kind + 1] = 0x7F
    path.write_bytes(data)
    with pytest.raises(Unreadable, match="holds no text"):
        convert(path)


@pytest.mark.slow
@pytest.mark.xdist_group("keras")
def test_every_public_layer_is_known() -> None:
    """A layer that a new Keras brings is listed among those not converted yet, until it has a converter."""
    layers = native().keras().layers
    held = {k for k in vars(layers).values() if isinstance(k, type) and issubclass(k, layers.Layer)}
    names = {k: {name for name, value in vars(layers).items() if value is k} for k in held}
    known = {name.rpartition(".")[2] for name in trust.CLASSES if name.startswith("keras.layers.")}
    bases = {"Layer", "Wrapper"}
    code = {"Lambda", "TFSMLayer", "JaxLayer", "FlaxLayer", "TorchModuleWrapper"}
    assert [called for called in names.values() if not called & (known | bases | code)] == []


@pytest.mark.slow
@pytest.mark.xdist_group("keras")
def test_networks_too_deep_for_all_rows_at_once_are_asked_in_portions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keras, portions = native().keras(), native().main.sibling("keras_portions")
    layers = [keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(2, name="y")]
    model = keras.Sequential([keras.Input((3,), name="x"), *layers])
    rows = {"x": np.random.default_rng(0).normal(size=(7, 3)).astype(np.float32)}
    assert portions.numbers(model, rows) == 6
    (whole,) = portions.portions(model, rows)
    wanted = native().answers(model, whole, ["y"], [])
    monkeypatch.setattr(portions, "LARGEST", 12)
    assert [len(part["x"]) for part in portions.portions(model, rows)] == [2, 2, 2, 1]
    np.testing.assert_allclose(native().answers(model, rows, ["y"], [])["y"], wanted["y"], rtol=1e-5)
    sounds = keras.Sequential([keras.Input((300,), name="x"), keras.layers.MelSpectrogram(16, 64)])
    (together,) = portions.portions(sounds, {"x": np.zeros((7, 300), np.float32)})
    assert len(together["x"]) == 7
