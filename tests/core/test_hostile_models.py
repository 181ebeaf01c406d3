"""ONNX files that lie about sizes, places, names and themselves end as refusals, quickly and small."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from onnxpipe.cli import main
from onnxpipe.core import models
from onnxpipe.errors import Unreadable
from tests.graphs import graph

SECONDS, MEGABYTES = 2, 500
Model = onnx.ModelProto


def healthy() -> Model:
    model = graph(
        "g (float[N,3] x) => (float[N,3] y) { y = Add(x, c) }".replace("{", "<float[3] c = {1, 2, 3}> {")
    )
    return Model.FromString(model.SerializeToString())


def kept_in(location: str, **entries: str) -> Callable[[Model, Path], None]:
    """A tensor kept in another file."""

    def change(model: Model, _: Path) -> None:
        tensor = model.graph.initializer[0]
        tensor.ClearField("float_data")
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in {"location": location, **entries}.items():
            tensor.external_data.add(key=key, value=value)

    return change


def linked(target: str) -> Callable[[Model, Path], None]:
    def change(model: Model, folder: Path) -> None:
        (folder / "weights.bin").symlink_to(target)
        kept_in("weights.bin")(model, folder)

    return change


def short(model: Model, folder: Path) -> None:
    (folder / "weights.bin").write_bytes(bytes(11))
    kept_in("weights.bin")(model, folder)


def sparse_terabyte(model: Model, folder: Path) -> None:
    with (folder / "weights.bin").open("wb") as file:
        os.truncate(file.fileno(), 2**40)
    kept_in("weights.bin", length=str(2**40))(model, folder)


def placed(**entries: str) -> Callable[[Model, Path], None]:
    def change(model: Model, folder: Path) -> None:
        (folder / "weights.bin").write_bytes(bytes(12))
        kept_in("weights.bin", **entries)(model, folder)

    return change


def pipe(model: Model, folder: Path) -> None:
    os.mkfifo(folder / "weights.bin")
    kept_in("weights.bin")(model, folder)


def in_constant(model: Model, folder: Path) -> None:
    """Outside, and hidden in the attribute of a node of a nested graph."""
    tensor = TensorProto(name="secret", data_type=1, dims=[1], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="/etc/hostname")
    inner = helper.make_graph(
        [helper.make_node("Constant", [], ["s"], value=tensor)], "then", [],
        [helper.make_tensor_value_info("s", 1, [1])],
    )  # fmt: skip
    model.graph.initializer.append(numpy_helper.from_array(np.array(True), "yes"))
    model.graph.node.append(helper.make_node("If", ["yes"], ["z"], then_branch=inner, else_branch=inner))


def dims(*sizes: int) -> Callable[[Model, Path], None]:
    def change(model: Model, _: Path) -> None:
        model.graph.initializer[0].dims[:] = sizes

    return change


def raw(model: Model, _: Path) -> None:
    tensor = numpy_helper.from_array(np.ones(3, np.float32), "c")
    tensor.dims[:] = [2**40]
    model.graph.initializer[0].CopyFrom(tensor)


def circle(model: Model, _: Path) -> None:
    model.graph.node.insert(0, helper.make_node("Add", ["x", "y"], ["a"]))
    model.graph.node[1].input[0] = "a"


def itself(model: Model, _: Path) -> None:
    model.graph.node[0].input[0] = "y"


def functions(model: Model, _: Path) -> None:
    imports = [helper.make_opsetid("", 21), helper.make_opsetid("own", 1)]
    for name, other in (("f", "g"), ("g", "f")):
        call = helper.make_node(other, ["a"], ["b"], domain="own")
        model.functions.append(helper.make_function("own", name, ["a"], ["b"], [call], imports))
    model.opset_import.append(imports[1])
    model.graph.node[0].CopyFrom(helper.make_node("f", ["x"], ["y"], domain="own"))


def unknown_type(model: Model, _: Path) -> None:
    model.graph.input[0].type.tensor_type.elem_type = 99


def twins(model: Model, _: Path) -> None:
    model.graph.output.append(model.graph.output[0])


def no_maker(model: Model, _: Path) -> None:
    model.graph.output[0].name = "nothing"


HOSTILE: dict[str, tuple[Callable[[Model, Path], None], str]] = {
    "weights of the system": (kept_in("/etc/hostname"), "beside the model"),
    "weights above": (kept_in("../outside.bin"), "beside the model"),
    "weights above, on Windows": (kept_in("..\\outside.bin"), "beside the model"),
    "weights of a drive": (kept_in("C:\\outside.bin"), "beside the model"),
    "weights above, in the middle": (kept_in("a/../../outside.bin"), "beside the model"),
    "weights without a name": (kept_in(""), "beside the model"),
    "weights behind a link": (linked("/etc/hostname"), "beside the model"),
    "weights behind a relative link": (linked("../outside.bin"), "beside the model"),
    "weights in a folder": (kept_in("."), "missing"),
    "weights in a pipe": (pipe, "missing"),
    "weights that aren't there": (kept_in("none.bin"), "missing"),
    "weights of too few bytes": (short, "has 11"),
    "weights of a terabyte": (sparse_terabyte, "12 bytes"),
    "weights before the start": (placed(offset="-8"), "12 bytes"),
    "weights after the end": (placed(offset=str(2**62)), "12 bytes"),
    "weights at no number": (placed(offset="x"), "no readable place"),
    "weights of an endless length": (placed(length=str(2**62)), "12 bytes"),
    "weights hidden in a branch": (in_constant, "beside the model"),
    "a tensor of 4 TiB": (dims(2**40), "declares"),
    "a raw tensor of 4 TiB": (raw, "declares"),
    "a tensor whose size overflows": (dims(2**62, 2**62), "declares"),
    "a tensor of negative size": (dims(-3), "shape"),
    "a tensor of a thousand dimensions": (dims(*[1] * 1000), "shape"),
    "two nodes in a circle": (circle, "nothing before"),
    "a node that feeds itself": (itself, "nothing before"),
    "functions that call each other": (functions, "calls itself"),
    "an unknown type": (unknown_type, "no known type"),
    "two outputs of one name": (twins, "several outputs"),
    "an output nobody makes": (no_maker, "nothing makes"),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "outside.bin").write_bytes(bytes(12))
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def test_a_healthy_one_is_read(folder: Path) -> None:
    onnx.save(healthy(), folder / "model.onnx")
    assert models.read(folder / "model.onnx") == healthy()
    assert not list(models.problems(healthy()))


def test_weights_beside_the_model_are_read(folder: Path) -> None:
    model = healthy()
    model.graph.initializer[0].CopyFrom(numpy_helper.from_array(np.array([1, 2, 3], np.float32), "c"))
    place = folder / "model.onnx"
    onnx.save(model, place, save_as_external_data=True, location="weights.bin", size_threshold=0)
    assert list(models.external(models.parsed(place.read_bytes())))
    (tensor,) = models.read(place).graph.initializer
    np.testing.assert_array_equal(numpy_helper.to_array(tensor), [1, 2, 3])


@pytest.mark.parametrize("name", HOSTILE)
def test_what_lies_is_refused(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change, says = HOSTILE[name]
    model = healthy()
    change(model, folder)
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    np.savez(folder / "rows.npz", x=np.zeros((2, 3), np.float32))
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    here = [str(folder / n) for n in ("model.onnx", "rows.npz", "out.csv", "out.onnx")]
    assert main(["verify", here[0], "--golden", str(folder)]) == 2
    assert says in capsys.readouterr().err
    assert main(["score", here[0], "--data", here[1], "-o", here[2]]) == 2
    assert main(["stitch", here[0], "-o", here[3]]) == 2
    assert main(["inspect", here[0]]) in (0, 2)
    assert "Traceback" not in capsys.readouterr().err
    assert time.process_time() - start < SECONDS
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10 < MEGABYTES
    assert not Path(here[2]).exists() and not Path(here[3]).exists()


def test_what_is_no_model_at_all(folder: Path) -> None:
    for data in (b"", b"\x00" * 50, b"{}", bytes(range(256)), onnx.ModelProto().SerializeToString()):
        (folder / "model.onnx").write_bytes(data)
        with pytest.raises(Unreadable, match="isn't an ONNX model"):
            models.read(folder / "model.onnx")


@pytest.mark.parametrize(
    ("key", "text"),
    [("stages", "[" * 100_000), ("stages", '[{"path": 1}]'), ("stages", "3"), ("fallback", '[{"a": 1}]')],
    ids=["no JSON", "no stages", "a number", "no fallback"],
)
def test_metadata_that_lies(key: str, text: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = healthy()
    model.metadata_props.add(key=f"io.onnxpipe.{key}", value=text)
    onnx.save(model, folder / "model.onnx")
    assert main(["inspect", str(folder / "model.onnx")]) == 2
    assert f"io.onnxpipe.{key}" in capsys.readouterr().err
