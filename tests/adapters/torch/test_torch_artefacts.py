"""Everything people save a network as: read by torch in the worker, exported, and compared with it."""

from __future__ import annotations

import argparse
import json
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from sklearn.preprocessing import StandardScaler

pytest.importorskip("torch", reason="PyTorch isn't installed")

import torch

from onnxpipe.adapters.base import Artefact
from onnxpipe.adapters.torch import reader, trust
from onnxpipe.core.options import Axis, Options
from onnxpipe.errors import BadInput, Inexact, Unreadable, Untrusted
from onnxpipe.services.convert import adapter_of, artefact_of, convert
from tests import nets
from tests.rigs import torch as rig
from tests.shell import onnxpipe, told

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("torch")]
NUMBERS = Options(inputs={"x": ("float32", (None, 8))})
ROWS = np.random.default_rng(0).normal(size=(5, 8)).astype(np.float32)


def weights(path: Path, prefix: str = "", **more: Any) -> None:
    torch.manual_seed(1)
    state = {prefix + name: value for name, value in nets.Named().state_dict().items()}
    if path.suffix == ".safetensors":
        from safetensors.torch import save_file

        save_file(state, path)
    else:
        torch.save({"state_dict": state, **more} if more else state, path)
    (path.parent / "config.json").write_text(json.dumps({"hidden": 16}))


def module(path: Path) -> None:
    torch.save(nets.Named(), path)


def sequential(path: Path) -> None:
    torch.save(torch.nn.Sequential(torch.nn.Linear(8, 3), torch.nn.ELU()), path)


def script(path: Path) -> None:
    torch.jit.save(torch.jit.script(nets.Named()), path)


def trace(path: Path) -> None:
    torch.jit.save(torch.jit.trace(nets.Named().body, torch.randn(2, 8)), path)


SAVED: list[tuple[str, Callable[..., None], str, dict[str, Any]]] = [
    ("module.pt", module, "", {}),
    ("layers.pt", sequential, "", {}),
    ("script.pt", script, "", {}),
    ("trace.pt", trace, "", {}),
    ("state.pt", weights, "tests.nets:made", {}),
    ("state.safetensors", weights, "tests.nets:configured", {}),
    ("last.ckpt", weights, "tests.nets:configured",
     {"prefix": "model.", "hyper_parameters": {"hidden": 16}}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "save", "factory", "more"), SAVED, ids=[case[0] for case in SAVED])
def test_what_is_saved_answers_as_torch(
    tmp_path: Path, name: str, save: Callable[..., None], factory: str, more: dict[str, Any]
) -> None:
    save(tmp_path / name, **more)
    model = rig.worker("torch_native").load(str(tmp_path / name), f"factory {factory}" if factory else "", [])
    options = Options(inputs={model.needed[0]: ("float32", (None, 8))})
    session = ort.InferenceSession(rig.exported(model, options).model.SerializeToString())
    (given,) = session.get_inputs()
    assert given.shape == ["N", 8]
    for count in (0, 1, 5):
        rows = {given.name: ROWS[:count]}
        native = model.ask(rows)
        for value, output in zip(session.run(None, rows), session.get_outputs(), strict=True):
            np.testing.assert_allclose(value, native[output.name], rtol=1e-5, atol=1e-6)


def test_fields_name_the_outputs(tmp_path: Path) -> None:
    module(tmp_path / "net.pt")
    made = rig.exported(rig.loaded(tmp_path / "net.pt"), NUMBERS)
    assert [str(port) for port in made.signature.outputs] == [
        "scores: float32[N, 3]",
        "shares: float32[N, 3]",
    ]


def test_fields_of_a_dataclass_name_the_outputs_and_a_range_is_kept(tmp_path: Path) -> None:
    torch.save(nets.Summing(), tmp_path / "net.pt")
    model = rig.loaded(tmp_path / "net.pt")
    asked = Options(inputs={"x": ("float32", (None, 5, 3))}, dynamic={"x": (Axis(1, 2, 64),)})
    made = rig.exported(model, asked)
    assert [str(port) for port in (*made.signature.inputs, *made.signature.outputs)] == [
        "x: float32[N, x_1, 3]", "mean: float32[N, 3]", "most: float32[N, 3]",
    ]  # fmt: skip
    session = ort.InferenceSession(made.model.SerializeToString())
    for shape in ((1, 2, 3), (4, 64, 3), (0, 7, 3)):
        rows = {"x": np.random.default_rng(0).normal(size=shape).astype(np.float32)}
        for name, value in zip(("mean", "most"), session.run(["mean", "most"], rows), strict=True):
            np.testing.assert_allclose(value, model.ask(rows)[name], rtol=1e-5, atol=1e-6)


def test_a_branch_on_data_is_refused(tmp_path: Path) -> None:
    torch.save(nets.Branching(), tmp_path / "net.pt")
    with pytest.raises(rig.worker("main").NoConverter, match="Converting a tensor to a Python boolean"):
        rig.exported(rig.loaded(tmp_path / "net.pt"), NUMBERS)
    torch.jit.save(torch.jit.script(nets.Branching()), tmp_path / "script.pt")
    model = rig.loaded(tmp_path / "script.pt")
    session = ort.InferenceSession(rig.exported(model, NUMBERS).model.SerializeToString())
    for rows in (np.ones((2, 8), np.float32), -np.ones((2, 8), np.float32)):
        np.testing.assert_array_equal(session.run(None, {"x": rows})[0], model.ask({"x": rows})["output"])


def test_what_goes_in_is_asked_for(tmp_path: Path) -> None:
    module(tmp_path / "net.pt")
    with pytest.raises(rig.worker("main").NoConverter, match=r"--input 'x=float32\[N,...\]'"):
        rig.exported(rig.loaded(tmp_path / "net.pt"), Options())


def test_a_batch_that_the_code_fixes_is_told(tmp_path: Path) -> None:
    net = torch.nn.Sequential(torch.nn.Unflatten(0, (2, 1)), torch.nn.Flatten(0, 1))
    torch.save(net, tmp_path / "net.pt")
    options = Options(inputs={"input": ("float32", (None, 8))})
    with pytest.raises(Inexact, match="hasn't one answer per row"):
        rig.exported(rig.loaded(tmp_path / "net.pt"), options)


def test_dropout_left_on_is_refused(tmp_path: Path) -> None:
    net = torch.nn.Sequential(torch.nn.Linear(8, 3), torch.nn.Dropout())
    example = (torch.randn(2, 8),)
    torch.export.save(torch.export.export(net.train(), example), tmp_path / "net.pt2")
    with pytest.raises(rig.worker("main").NoConverter, match="as in training"):
        rig.exported(rig.loaded(tmp_path / "net.pt2"), Options())


def test_pickled_code_needs_trust(tmp_path: Path) -> None:
    module(tmp_path / "net.pt")
    with pytest.raises(Untrusted, match=r"tests\.nets\.Named") as caught:
        convert(tmp_path / "net.pt")
    assert caught.value.names == ("tests.nets.Named",)
    sequential(tmp_path / "layers.pt")
    assert trust.untrusted(reader.names(Artefact(tmp_path / "layers.pt"))) == ()


def test_nothing_of_a_hostile_module_is_run(tmp_path: Path) -> None:
    class Hostile:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "harmed",))

    net = torch.nn.Linear(2, 2)
    net.extra = Hostile()
    torch.save(net, tmp_path / "net.pt")
    with pytest.raises(Untrusted, match=r"pathlib"):
        convert(tmp_path / "net.pt")
    assert not (tmp_path / "harmed").exists()


def test_a_factory_needs_trust_and_weights_need_a_network(tmp_path: Path) -> None:
    weights(tmp_path / "w.pt")
    with pytest.raises(Untrusted, match=r"--trust tests\.nets\.made"):
        convert(f"tests.nets:made@{tmp_path / 'w.pt'}")
    with pytest.raises(ValueError, match="weights and no network"):
        rig.loaded(tmp_path / "w.pt")
    with pytest.raises(Unreadable, match="no such file"):
        artefact_of("tests.nets:made@nowhere.pt")


LIGHTNING = Path(__file__).parents[3] / "fixtures" / "torch_lightning"


def test_a_lightning_checkpoint_answers_as_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(LIGHTNING)
    artefact = artefact_of(f"network:network@{LIGHTNING / 'last.ckpt'}")
    names = reader.names(artefact)
    assert names == {"network.network"}
    model = rig.worker("torch_native").load(str(artefact.path), "factory network:network", sorted(names))
    made = rig.exported(model, Options(inputs={"input": ("float32", (None, 1, 8, 8))}))
    session = ort.InferenceSession(made.model.SerializeToString())
    recorded = np.load(LIGHTNING / "recorded.npz")
    (found,) = session.run(None, {"input": recorded["input"]})
    np.testing.assert_allclose(found, recorded["output"], rtol=1e-5, atol=1e-6)


def rewritten(path: Path, hyper_parameters: Any) -> Artefact:
    """The checkpoint with other hyperparameters, as a factory's artefact."""
    held = torch.load(LIGHTNING / "last.ckpt", weights_only=True)
    torch.save({**held, "hyper_parameters": hyper_parameters}, path)
    return artefact_of(f"network:network@{path}")


def test_what_hyperparameters_are_of_needs_trust(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(LIGHTNING)
    settings = {"width": 12, "dropout": 0.1, "more": argparse.Namespace(rate=1)}
    artefact = rewritten(tmp_path / "last.ckpt", settings)
    with pytest.raises(Untrusted, match=r"--trust argparse\.Namespace --trust network\.network"):
        convert(artefact)
    load = rig.worker("torch_native").load
    with pytest.raises(pickle.UnpicklingError, match="Weights only load failed"):
        load(str(artefact.path), "factory network:network", ["network.network"])
    assert load(str(artefact.path), "factory network:network", sorted(reader.names(artefact))).needed == [
        "input"
    ]


def test_nothing_of_a_hostile_checkpoint_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Hostile:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "harmed",))

    monkeypatch.syspath_prepend(LIGHTNING)
    artefact = rewritten(tmp_path / "last.ckpt", {"width": 12, "dropout": Hostile()})
    with pytest.raises(Untrusted, match=r"--trust __builtin__\.getattr --trust pathlib\.Path"):
        convert(artefact, trust=["network.network"])
    with pytest.raises(pickle.UnpicklingError, match="Weights only load failed"):
        rig.worker("torch_native").load(str(artefact.path), "factory network:network", ["network.network"])
    assert not (tmp_path / "harmed").exists()


def test_pickles_of_modules_are_told_from_others() -> None:
    data = pickle.dumps(nets.Named())
    assert adapter_of(Artefact(None, data)).framework == "torch"
    assert adapter_of(artefact_of(nets.Named())).framework == "torch"
    assert adapter_of(Artefact(None, pickle.dumps({"_modules": 1}))).framework == "sklearn"


def test_a_factory_on_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("from torch import nn\n\ndef make():\n    return nn.Linear(8, 3)\n")
    torch.save(torch.nn.Linear(8, 3).state_dict(), tmp_path / "w.pt")
    done = onnxpipe(
        "convert", "net:make@w.pt", "-o", "net.onnx", "--trust", "net.make", "--input", "input=float32[N,8]",
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, told(done)
    assert "EQUAL on" in told(done)
    lock = json.loads((tmp_path / "net.onnx.lock").read_text())
    assert lock["source"]["path"] == "w.pt"
    assert "net:make@w.pt" in lock["command"]


def test_halves_go_in_and_other_types_have_a_way_out(tmp_path: Path) -> None:
    torch.save(torch.nn.Sequential(torch.nn.Linear(8, 4), torch.nn.ELU()).half(), tmp_path / "net.pt")
    model = rig.loaded(tmp_path / "net.pt")
    made = rig.exported(model, Options(inputs={"input": ("float16", (None, 8))}))
    assert [str(port) for port in (*made.signature.inputs, *made.signature.outputs)] == [
        "input: float16[N, 8]", "output: float16[N, 4]",
    ]  # fmt: skip
    rows = {"input": ROWS.astype(np.float16)}
    session = ort.InferenceSession(made.model.SerializeToString())
    # Two steps of float16, which keeps 11 bits.
    np.testing.assert_allclose(session.run(None, rows)[0], model.ask(rows)["output"], rtol=2e-3, atol=1e-3)
    for kind, way in (
        ("bfloat16", r"x\.bfloat16\(\)"),
        ("complex64", r"view_as_complex"),
        ("float8", "Known"),
    ):
        with pytest.raises(BadInput, match=f"no type {kind} for input x") as caught:
            Options(inputs={"x": (kind, (None, 8))})
        assert re.search(way, caught.value.remedy)
    with pytest.raises(BadInput, match="X can't be float16") as caught:
        convert(StandardScaler().fit(ROWS), inputs={"X": ("float16", (None, 8))})
    assert "float32" in caught.value.remedy
