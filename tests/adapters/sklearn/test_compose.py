"""Pipelines put together by chance, a few of them: ``python -m tests.compose`` tries any number."""

from __future__ import annotations

import pytest

from tests.compose import made, tried


@pytest.mark.parametrize(("seed", "dtype"), [(100, "native"), (101, "float32"), (103, "native")])
def test_a_pipeline_of_chance_conforms(seed: int, dtype: str) -> None:
    found = tried(made(seed), dtype)
    assert found.verdict == "equal", found.told


def test_a_seed_makes_one_pipeline() -> None:
    assert str(made(7)) == str(made(7))
    assert str(made(7)) != str(made(8))
