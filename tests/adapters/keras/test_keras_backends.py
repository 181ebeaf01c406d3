"""Keras on torch and on JAX: code that calls them is exported by them, and they answer for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest

from onnxpipe.adapters import keras as adapter
from onnxpipe.adapters.base import Artefact
from onnxpipe.core.options import Options
from onnxpipe.errors import ExportFailed
from onnxpipe.services.natives import programs
from onnxpipe.services.natives.native import Native, Where
from tests.inhouse import program
from tests.keras_backend_models import MODULE
from tests.rigs import tensorflow as rig

ROWS = np.random.default_rng(0).normal(size=(5, 5, 3)).astype(np.float32)
ODD = np.array([[np.nan, 1, -1], [np.inf, -np.inf, 0], [1e-20, -1e-20, 90]], np.float32)
CODE = ("__lambda__", "keras.layers.Lambda")
NEEDED = {
    "layers": (*CODE, "Soft", "clipped"),
    "class": ("Norms",),
    "running": ("Running",),
    "noise": ("Noise",),
}


@cache
def folder(library: str) -> Path:
    """Where the models are that were saved on a backend; the test is skipped without its library."""
    pytest.importorskip(library)
    found = Path(mkdtemp(prefix="onnxpipe-"))
    subprocess.run([sys.executable, "-m", "tests.keras_backend_models", library, str(found)], check=True)
    return found


def native(library: str, name: str) -> Native:
    """A worker with one of the models; nothing tells the backend but the code in it."""
    names = [each if each in CODE else f"{MODULE.format(library)}.{each}" for each in NEEDED[name]]
    return Native(Artefact(folder(library) / f"{name}.keras"), adapter, Where(trust=tuple(names)))


def rows_of(name: str) -> dict[str, list[Any]]:
    """Rows of several counts by input."""
    if name == "layers":
        return {"the x": [ROWS[:, 0], ROWS[:1, 0], ROWS[:0, 0], ODD]}
    if name == "class":
        return {"x": [ROWS[:, :, 0], ROWS[:1, :, 0], ROWS[:0, :, 0]]}
    return {"steps": [ROWS, ROWS[:1, :3], ROWS[:0], ROWS[:, :1]]}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("library", "name"),
    [("torch", "layers"), ("torch", "class"), ("jax", "layers"), ("jax", "class"), ("jax", "running")],
)
def test_code_goes_through_its_own_backend(library: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    with native(library, name) as asked:
        assert library in asked.versions and "tensorflow" not in asked.versions
        made = asked.program("keras", Options(), None)
        fragment = programs.finished("keras", made.model, made.facts, Options())[1]
        session = ort.InferenceSession(fragment.model.SerializeToString())
        outputs = [output.name for output in session.get_outputs()]
        assert len(outputs) == {"layers": 5, "class": 2, "running": 1}[name]
        ((given, batches),) = rows_of(name).items()
        for rows in batches:
            wanted = asked.answers({given: rows}, outputs)
            for output, found in zip(outputs, session.run(outputs, {given: rows}), strict=True):
                rig.same(found, wanted[output])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("library", "name", "said"),
    [
        ("jax", "noise", "no translation for these steps of JAX .*random_bits"),
        ("torch", "running", "torch.onnx can't export it; dynamo: .*steps?|x0"),
    ],
)
def test_what_a_backend_cant_export_is_said(
    library: str, name: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    with native(library, name) as asked, pytest.raises(ExportFailed, match=said):
        asked.program("keras", Options(), None)


def backend() -> Any:
    return program().sibling("keras_backend")


@pytest.mark.parametrize(
    ("told", "file", "names", "expected"),
    [
        ("jax", "torch", ("tests.keras_torch_classes.Soft",), "jax"),  # the environment comes first
        ("", "torch", ("shop.layers.Basket",), "torch"),  # then keras.json
        ("torch", "torch", ("keras.layers.Dense", "builtins.slice"), "tensorflow"),  # no code: anywhere alike
        ("", "tensorflow", ("tests.keras_torch_classes.Soft",), "torch"),  # whose default tells nothing
        ("", "", ("tests.keras_jax_classes",), "jax"),
        ("", "", ("tests.keras_jax_classes.Soft", "tests.keras_torch_classes.Soft"), "tensorflow"),
        ("", "", ("tests.keras_classes.Shop",), "tensorflow"),
        ("", "", ("keras.layers.TorchModuleWrapper",), "torch"),
        ("numpy", "", ("shop.layers.Basket",), "tensorflow"),
    ],
)
def test_backend_is_the_one_that_keras_is_told(
    told: str,
    file: str,
    names: tuple[str, ...],
    expected: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("KERAS_BACKEND", told)
    if file:
        (tmp_path / "keras.json").write_text(json.dumps({"backend": file}))
    backend().choose("{}", "3.15.1", list(names))
    assert os.environ["KERAS_BACKEND"] == expected


@pytest.mark.parametrize(("config", "version"), [('{"dtype": "string"}', "3.15.1"), ("{}", "2.15.0")])
def test_text_and_keras_2_are_tensorflows(config: str, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    backend().choose(config, version, ["shop.layers.Basket"])
    assert os.environ["KERAS_BACKEND"] == "tensorflow"


def test_bytecode_tells_what_it_calls() -> None:
    import marshal

    def calls() -> Any:
        import torch.nn.functional as functional

        return functional

    plain = compile("lambda x: x", "torch/jax.py", "eval")
    assert list(backend().called(marshal.dumps(calls.__code__))) == ["torch"]
    assert list(backend().called(marshal.dumps(plain))) == []
