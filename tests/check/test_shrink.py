"""Failing rows become plain, and print as tests that rebuild them bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onnxpipe.check.rows import slots
from onnxpipe.check.shrink import as_pytest, default_row, fewer, literal, shrink
from onnxpipe.core.signature import Port, Signature

SIGNATURE = Signature((Port("X", "float64", ("N", 20)), Port("city", "string", ("N", 1))), ())
CELLS = slots(SIGNATURE)


def rows(n: int = 30) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    cities = np.array(["Oslo", "Oslo", "Bergen"], object)
    return {"X": rng.normal(size=(n, 20)), "city": cities[np.arange(n) % 3][:, None]}


def test_only_the_cells_that_matter_are_left() -> None:
    made = rows()
    made["X"][4, [3, 17]] = 7.123, 8.5

    def fails(batch: Any) -> Any:
        return (batch["X"][:, 3] > 5) & (batch["X"][:, 17] > 5)

    default = default_row(made, CELLS, fails)
    assert default is not None
    row, left = shrink({k: v[4:5] for k, v in made.items()}, default, CELLS, fails)
    assert sorted(slot.column for slot in left) == [3, 17]
    assert (row["X"][0, 3], row["X"][0, 17]) == (7.0, 8.0)
    assert row["city"][0, 0] == "Oslo"


def test_text_that_matters_is_shortened() -> None:
    made = rows()
    made["city"][5] = "Trondheim"
    row = {k: v[5:6] for k, v in made.items()}
    default = default_row(made, CELLS, lambda b: np.char.startswith(b["city"][:, 0].astype(str), "T"))
    assert default is not None
    row, left = shrink(row, default, CELLS, lambda b: np.char.startswith(b["city"][:, 0].astype(str), "T"))
    assert [slot.name for slot in left] == ["city"]
    assert row["city"][0, 0] == "T"


def test_words_that_dont_matter_are_left_out() -> None:
    text = " ".join(f"w{i}" for i in range(300))
    row = {"X": np.zeros((1, 20)), "city": np.array([[text]], object)}
    default = {"X": np.zeros((1, 20)), "city": np.array([["Oslo"]], object)}
    asked = []

    def fails(batch: Any) -> Any:
        asked.append(len(batch["city"]))
        words = [set(text.split(" ")) for text in batch["city"][:, 0]]
        return np.array([{"w17", "w200"} <= held for held in words])

    row, _ = shrink(row, default, CELLS, fails)
    assert row["city"][0, 0] == "w17 w200"
    assert len(asked) < 60


def test_where_every_row_fails_there_is_no_default() -> None:
    assert default_row(rows(), CELLS, lambda batch: np.ones(len(batch["X"]), bool)) is None


def test_a_fault_of_the_batch_keeps_the_rows_it_needs() -> None:
    made = rows()
    made["X"][9, 0] = 50.0

    def fails(batch: Any) -> Any:
        return (np.arange(len(batch["X"])) == 0) & (batch["X"][:, 0].max() > 40)

    kept = fewer(made, 2, fails)
    assert len(kept["X"]) == 2
    assert kept["X"][1, 0] == 50.0


@given(st.lists(st.floats(), min_size=1, max_size=4), st.text())
def test_literals_rebuild_arrays_bit_for_bit(numbers: list[float], text: str) -> None:
    single = np.float32([[0.1, np.nan]])
    for array in (np.array([numbers]), single, np.array([[text]], object), np.array([[True]])):
        again = eval(literal(array), {"np": np})
        assert again.dtype == array.dtype
        assert again.shape == array.shape
        if array.dtype.kind == "O":
            assert again.tolist() == array.tolist()
        else:
            np.testing.assert_array_equal(again, array)
            assert (np.signbit(again) == np.signbit(array))[~np.isnan(array)].all()


@pytest.mark.parametrize("native", [None, {"predict": np.array(["a"], object), "score": np.array([np.nan])}])
def test_the_printed_test_is_python(native: Any) -> None:
    source = as_pytest({"X": np.array([[1.0, -0.0]])}, native)
    space: dict[str, Any] = {}
    exec(compile(source, "pasted", "exec"), space)
    assert callable(space["test_counterexample"])
    assert ("pytest.raises" in source) == (native is None)
