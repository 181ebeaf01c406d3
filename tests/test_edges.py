"""Faults that show in rows at an edge alone: ends of integer types, colliding hashes, odd images, clips."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import onnx
import pandas as pd
import pytest
from onnx import helper
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import onnxpipe
from onnxpipe.services.convert import adapter_of, artefact_of
from tests.faults.benching import Bench, Remembering

INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
THROUGH = {
    **{f"{a} through {b}": (a, b) for a, b in zip(INTEGERS, INTEGERS[4:] + INTEGERS[:4], strict=True)},
    "int32 through int16": ("int32", "int16"),
    "int64 through int32": ("int64", "int32"),
    "int64 through float32": ("int64", "float32"),
    "uint16 through uint8": ("uint16", "uint8"),
}


def benched(pipeline: Any, rows: Any, budget: int = 500) -> Bench:
    artefact = artefact_of(pipeline)
    models = {"native": onnxpipe.convert(pipeline, sample=rows)}
    return Bench(Remembering(artefact, adapter_of(artefact)), models, rows, budget)


@pytest.fixture(scope="module")
def whole_numbers() -> Iterator[Bench]:
    """A column of every type of integers, all of them small."""
    drawn = np.random.default_rng(0).integers(0, 9, (30, len(INTEGERS)))
    frame = pd.DataFrame({kind: drawn[:, i].astype(kind) for i, kind in enumerate(INTEGERS)})
    made = benched(make_pipeline(StandardScaler()).fit(frame), frame)
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
