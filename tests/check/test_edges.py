"""Faults that show in rows at an edge alone: ends of integer types, colliding hashes, odd images, clips."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd
import pytest
from onnx import helper
from sklearn.feature_extraction import FeatureHasher
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import onnxpipe
from onnxpipe.services.convert import adapter_of, artefact_of
from onnxpipe.services.natives import native
from onnxpipe.services.stitch import stitched
from tests.faults.benching import Bench, Remembering
from tests.faults.planting import Fault, attribute, constant, nodes, planted
from tests.inhouse import Inhouse

INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
THROUGH = {
    **{f"{a} through {b}": (a, b) for a, b in zip(INTEGERS, INTEGERS[4:] + INTEGERS[:4], strict=True)},
    "int32 through int16": ("int32", "int16"),
    "int64 through int32": ("int64", "int32"),
    "int64 through float32": ("int64", "float32"),
    "uint16 through uint8": ("uint16", "uint8"),
}


def benched(pipeline: Any, rows: Any, budget: int = 500, **options: Any) -> Bench:
    """A pipeline and its graph, the original asked in this process."""
    artefact = artefact_of(pipeline)
    models = {"native": onnxpipe.convert(pipeline, **options)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native, "Process", Inhouse)
        return Bench(Remembering(artefact, adapter_of(artefact)), models, rows, budget)


@pytest.fixture(scope="module")
def whole_numbers() -> Iterator[Bench]:
    """A column of every type of integers, all of them small."""
    drawn = np.random.default_rng(0).integers(0, 9, (30, len(INTEGERS)))
    frame = pd.DataFrame({kind: drawn[:, i].astype(kind) for i, kind in enumerate(INTEGERS)})
    made = benched(make_pipeline(StandardScaler()).fit(frame), frame, sample=frame)
    yield made
    made.native.close()


def detour(model: onnx.ModelProto, name: str, kind: str) -> onnx.ModelProto:
    """A copy that takes an input for one of another type before it widens it."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    for node in made.graph.node:
        node.input[:] = ["detour" if value == name else value for value in node.input]
    other = helper.np_dtype_to_tensor_dtype(np.dtype(kind))
    made.graph.node.insert(0, helper.make_node("Cast", [name], ["detour"], to=other))
    return made


def test_whole_numbers_keep_their_ends(whole_numbers: Bench) -> None:
    assert whole_numbers.judged(whole_numbers.models["native"])


@pytest.mark.parametrize("name", THROUGH)
def test_a_whole_number_that_turns_over_is_found(whole_numbers: Bench, name: str) -> None:
    broken = detour(whole_numbers.models["native"], *THROUGH[name])
    report = whole_numbers.judged(broken)
    assert not report
    found = report.counterexample
    assert found is not None and found.cells == (THROUGH[name][0],) and found.origin.startswith("special")


DICTIONARIES = pd.DataFrame({"city": ["Oslo", "Rome", "Bern"], "size": ["S", "M", "L"], "count": [0.5, 1, 2]})
TOKENS = [["red", "apple"], ["green", "pear"], ["blue", "plum"], ["white", "fig"]]
HASHED = {
    "dict": (DICTIONARIES, {"city": ("string", None), "size": ("string", None), "count": ("float64", None)}),
    "string": (TOKENS, {}),
}


@pytest.mark.parametrize("kind", HASHED)
def test_texts_that_meet_in_a_column_are_added_up(kind: str) -> None:
    rows, inputs = HASHED[kind]
    hasher = FeatureHasher(2**14, input_type=kind)
    made = benched(hasher, rows, inputs=inputs)
    assert made.judged(made.models["native"])
    overwritten = attribute("FeatureHasher", "ScatterElements", "reduction", lambda _: "none")
    report = made.judged(planted(Fault("", "", "", "FeatureHasher", overwritten), made.models["native"]))
    assert not report
    found = report.counterexample
    assert found is not None and found.origin == "edge: FeatureHasher: texts side by side", found


BATCH = """parts:
- {name: small, component: image, parameters: {resize: 4x4, interpolation: bilinear, batch: yes}}
reference: pillow:score
rows: 60
"""
PILLOW = """import numpy as np
from PIL import Image


def score(rows):
    images = rows["image"]
    made = [np.asarray(Image.fromarray(each).resize((4, 4), Image.BILINEAR)) for each in images]
    return np.reshape(made, (-1, 4, 4, 3)).astype("u1") %s
"""


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("", ""),
        ("+ (images.shape[1] == 1 and images.shape[2] > 1)", "H of 1 and W of 7: other answers"),
        ("+ (images.shape[1] == 31)", "H of 31 and W of 30: other answers"),
        ("- (images.min(axis=(1, 2, 3), keepdims=True) == 255)", "image: all 255"),
    ],
)
def test_batches_of_images_have_odd_sizes_and_contents(
    fault: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pillow.py").write_text(PILLOW % fault)
    Path("pipeline.yaml").write_text(BATCH)
    model = stitched("pipeline.yaml").model
    report = onnxpipe.verify(model, "pipeline.yaml", trust=["pillow.score"], rows=60)
    assert bool(report) is not bool(fault)
    assert told in report.to_text()


WORDS = {"words": np.array([["red", "apple"], ["green", "pear"], ["blue", "plum"], ["white", "fig"]], object)}

CROSSED = {"x": WORDS["words"][:, :1], "y": WORDS["words"][:, 1:]}
NOISE = np.random.default_rng(0).normal(size=(20, 6, 6, 1)).astype("f4")


def hashing(keras: Any) -> Any:
    x = keras.Input((2,), name="words", dtype="string")
    return keras.Model(x, keras.layers.Hashing(999, output_mode="count", name="hashed")(x), name="net")


def crossed(keras: Any) -> Any:
    x, y = (keras.Input((1,), name=name, dtype="string") for name in "xy")
    layer = keras.layers.HashedCrossing(499, output_mode="one_hot", name="hashed")
    return keras.Model([x, y], layer([x, y]), name="net")


def shrunk(keras: Any) -> Any:
    x = keras.Input((2,), name="x")
    return keras.Model(x, keras.layers.Dense(3, activation="hard_shrink", name="shrunk")(x), name="net")


def pictured(keras: Any) -> Any:
    x = keras.Input((6, 6, 1), name="x")
    y = keras.layers.Conv2D(2, 3, activation="relu6", name="capped")(x)
    return keras.Model(x, keras.layers.GlobalAveragePooling2D()(y), name="net")


def without_last(values: Any) -> Any:
    """Buckets, or their encoding, without the last one."""
    values[..., -1] = -7
    return values


def uncapped(model: onnx.ModelProto) -> None:
    """relu6 as relu."""
    for node in nodes(model, "net/capped", "Clip"):
        node.op_type = "Relu"
        del node.input[1:]


IN_NETWORKS = {
    "words that meet": (
        hashing,
        WORDS,
        attribute("net/hashed", "ScatterElements", "reduction", lambda _: "max"),
    ),
    "the last bucket": (crossed, CROSSED, constant("net/hashed", "Equal", 1, without_last, which=-1)),
    "a jump of an activation": (
        shrunk,
        {"x": NOISE[:, 0, :2, 0]},
        constant("net/shrunk", "Greater", 1, lambda a: a + 0.00006),
    ),
    "a cap of a convolution": (pictured, {"x": NOISE}, uncapped),
}


@pytest.mark.slow
@pytest.mark.xdist_group("keras")
@pytest.mark.parametrize("name", IN_NETWORKS)
def test_edges_inside_networks(name: str, tmp_path: Path) -> None:
    pytest.importorskip("tensorflow")
    from tests.rigs.keras import native as keras_native

    build, rows, plant = IN_NETWORKS[name]
    keras = keras_native().keras()
    keras.utils.set_random_seed(0)
    build(keras).save(path := tmp_path / "net.keras")
    made = benched(path, rows, 200)
    assert made.judged(made.models["native"])
    report = made.judged(planted(Fault("", "", "", "", plant), made.models["native"]))
    assert not report
    found = report.counterexample
    assert found is not None and found.origin.startswith(("edge: net/", "special: x: ")), found
    assert {report.row_origins[i] for v in report.verdicts for i in v.rows_at_fault} <= {"edge", "special"}
