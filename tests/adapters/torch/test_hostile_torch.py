"""What torch would run on loading a file is told before torch sees it: pickles, sizes, guards, operators."""

from __future__ import annotations

import io
import json
import pickle
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from onnxpipe.adapters.base import Artefact
from onnxpipe.adapters.torch import archives, reader, trust
from onnxpipe.cli import main
from onnxpipe.errors import Unreadable
from onnxpipe.worker import torch_loading
from tests.hostile import SYSTEM

SECONDS = 2
EVIL = SYSTEM.replace(b"{canary}", b"_canary_") + b"."
TENSOR = {"path_name": "weight_0", "is_param": True, "use_pickle": False, "tensor_meta": {}}
GUARD = "L['d']['one x'].size()[0] == 1 or max(1, L['x'].a[0].size()[1] // 2) <= math.floor(2.5)"
SPEC = '[1, {"type": "builtins.dict", "context": "[\\"one x\\", \\"two\\"]", "children_spec": []}]'


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit that small bombs are beyond."""
    monkeypatch.setattr(archives, "FLOOR", 2**20)


def archive(members: dict[str, bytes | str], *more: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in (*members.items(), *more):
            made.writestr(name, data)
    return out.getvalue()


def torch_saved(data: bytes = pickle.dumps((1,), 2)) -> bytes:
    return archive({"x/data.pkl": data, "x/version": "3"})


def program(
    size: str = "Symbol('s0', integer=True)*2", target: str = "torch.ops.aten.add.Tensor"
) -> dict[str, Any]:
    node = {
        "target": target,
        "inputs": [{"name": "a", "arg": {"as_string": "any (text)"}}],
        "metadata": {"f(": "g()"},
    }
    values = {"x": {"sizes": [{"as_expr": {"expr_str": size}}]}}
    graph = {"nodes": [node], "tensor_values": values}
    return {
        "graph_module": {"graph": graph, "in_spec": SPEC},
        "guards_code": [GUARD],
        "torch_version": "2.13.0+cpu",
    }


def exported(held: dict[str, Any] | None = None, **members: bytes | str) -> bytes:
    """An exported program as torch lays it out; members by path, ``__`` for ``/``."""
    named = {f"m/{name.replace('__', '/')}": data for name, data in members.items()}
    return archive({
        "m/models/model.json": json.dumps(held or program()),
        "m/data/weights/model_weights_config.json": json.dumps({"config": {"w": TENSOR}}),
        "m/data/weights/weight_0": EVIL,
        "m/data/sample_inputs/model.pt": torch_saved(),
        "m/archive_version": "0", "m/.data/version": "6", **named,
    })  # fmt: skip


def config(**entry: Any) -> str:
    return json.dumps({"config": {"w": TENSOR, "v": {**TENSOR, **entry}}})


def told(data: bytes) -> tuple[str, ...]:
    return trust.untrusted(reader.names(Artefact(None, data)))


def test_a_plain_program_needs_no_trust() -> None:
    assert told(exported()) == ()
    assert told(archive({"serialized_exported_program.json": json.dumps(program()), "version": "8.1",
                         "serialized_state_dict.pt": torch_saved(), "extra_files/a": "b"})) == ()  # fmt: skip


FILES = "torch.ops.aten.from_file.default"
FACTORY = json.dumps({"default_factory_module": "os", "default_factory_name": "system"})
PROGRAMS: dict[str, tuple[bytes, str]] = {
    "inputs": (exported(**{"data__sample_inputs__model.pt": torch_saved(EVIL)}), "os.system"),
    "a weight that is a pickle": (
        exported(**{"data__weights__model_weights_config.json": config(use_pickle=True)}), "os.system"),
    "a weight of two minds": (
        exported(**{"data__weights__other_weights_config.json": config(use_pickle=True)}), "os.system"),
    "an object": (
        exported(**{"data__constants__model_constants_config.json": config(path_name="opaque_obj_0"),
                    "data__constants__opaque_obj_0": EVIL}), "os.system"),
    "weights of before": (exported(**{"data__weights__model.pt": torch_saved(EVIL)}), "os.system"),
    "any other member": (exported(surprise=EVIL), "os.system"),
    "an operator of another module": (exported(program(target="torch.os.system")), "torch.os.system"),
    "a library": (exported(program(target="torch.ops.load_library")), "torch.ops.load_library"),
    "a file": (exported(program(target=FILES)), FILES),
    "insides": (exported(program(target="torch.ops.aten.__class__")), "torch.ops.aten.__class__"),
    "compiled code": (exported(data__aotinductor__model__a="x"), "torch._C._aoti.AOTIModelPackageLoader"),
    "a factory of dicts": (exported({**program(), "in_spec": FACTORY.join("[]")}), "os.system"),
    "the old layout": (
        archive({"serialized_exported_program.json": json.dumps(program()), "serialized_constants.pt": EVIL}),
        "os.system"),
}  # fmt: skip


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_a_program_would_run_needs_trust(name: str) -> None:
    data, says = PROGRAMS[name]
    assert told(data) == (says,)


CALL = "__import__('os').system('touch _canary_')"
REFUSED: dict[str, bytes] = {
    "a size that is code": exported(program(size=CALL)),
    "a size that opens files": exported(program(size="open(x)")),
    "a size with attributes": exported(program(size="x.y")),
    "a size without end": exported(program(size="s" * 100_000)),
    "a guard that is code": exported({**program(), "guards_code": [CALL]}),
    "a guard that calls an input": exported({**program(), "guards_code": ["L['x'].tolist() == 1"]}),
    "a guard with a text that ends": exported({**program(), "guards_code": ["L['a\" + f() + \"b'] == 1"]}),
    "a name that is code": exported({**program(), "in_spec": json.dumps([f"x={CALL}"])}),
    "a key that is code": exported({**program(), f"x={CALL}": 1}),
    "a weight from elsewhere": exported(
        **{"data__weights__model_weights_config.json": config(path_name="../x")}
    ),
    "no pickle where one belongs": exported(**{"data__sample_inputs__model.pt": b"text"}),
    "TorchScript where a pickle belongs": exported(
        **{"data__sample_inputs__model.pt": archive({"x/constants.pkl": ""})}
    ),
    "no JSON": archive({"m/models/model.json": "{"}),
    "JSON without end": archive({"m/models/model.json": "[" * 100_000}),
    "one name twice": archive({"x/data.pkl": EVIL}, ("x/data.pkl", pickle.dumps(1, 2))),
    "one name in two cases": archive({"x/data.pkl": pickle.dumps(1, 2), "x/DATA.pkl": EVIL}),
    "two folders": archive({"x/data.pkl": pickle.dumps(1, 2), "y/data.pkl": EVIL}),
    "a member above": archive({"x/data.pkl": pickle.dumps(1, 2), "x/../../y": b""}),
    "a bomb": archive({"x/data.pkl": bytes(2**22)}),
    "a bomb within": exported(**{"data__sample_inputs__model.pt": archive({"x/data.pkl": bytes(2**22)})}),
    "half a zip": archive({"x/data.pkl": EVIL, "x/more": bytes(range(256))})[:-40],
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_hides_code_or_lies_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.pt2").write_bytes(REFUSED[name])
    start = time.process_time()
    assert main(["convert", "net.pt2", "-o", "net.onnx"]) == 2
    said = capsys.readouterr().err
    assert "net.pt2: " in said and "Traceback" not in said and time.process_time() - start < SECONDS
    assert [path.name for path in Path().iterdir()] == ["net.pt2"]


@pytest.mark.parametrize("name", [*PROGRAMS, "a pickled module"])
def test_nothing_is_run_without_trust(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.pt2").write_bytes(PROGRAMS[name][0] if name in PROGRAMS else torch_saved(EVIL))
    assert main(["convert", "net.pt2", "-o", "net.onnx"]) == 2
    assert "--trust" in capsys.readouterr().err
    assert [path.name for path in Path().iterdir()] == ["net.pt2"]


@pytest.mark.parametrize("code", ["torch.from_file('a', True, 9)", "ops.aten.save(x, 'a')", "torch.save(x)"])
def test_torchscript_that_reaches_files_needs_trust(code: str) -> None:
    members = {
        "x/constants.pkl": b"\x80\x02).",
        "x/data.pkl": b"\x80\x02).",
        "x/code/__torch__.py": f"y = {code}",
    }
    assert told(archive(members))[0] in ("torch.from_file", "torch.save")
    assert told(archive({**members, "x/code/__torch__.py": "y = torch.saved(x.save)"})) == ()


def test_an_archive_behind_a_pickle_is_no_archive(tmp_path: Path) -> None:
    """Else the pickle would be asked about trust, and the archive loaded."""
    path = tmp_path / "net.pt"
    path.write_bytes(pickle.dumps(1) + exported())
    assert torch_loading.members(str(path)) == set()
    with pytest.raises(Unreadable):
        reader.names(Artefact(None, b"PK" + pickle.dumps(1)))
