"""From a data frame to a verified model by the command line alone: fit, dump, convert, verify."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import joblib
import onnx
import pandas as pd
import polars as pl
import pytest

from onnxpipe.core.fragment import metadata
from tests.adapters.sklearn.test_frame_pipelines import FRAME, PIPELINES, POLAR
from tests.adapters.sklearn.test_frames import TARGET
from tests.shell import here, told

pytestmark = pytest.mark.usefixtures("inhouse")

NAMES = [
    name
    for name in (
        "pandas",
        "dates",
        "days of polars",
        "truths as objects",
        "numbers beside text",
        "selected by kind",
        "numbered",
        "boosting",
        "targets",
        "polars",
        "polars out",
        "polars boosting",
    )
    if name in PIPELINES  # those of polars are for a scikit-learn that takes its frames
]


def written(rows: Any, path: Path) -> Path:
    """The rows as the library that holds them writes them."""
    if isinstance(rows, pl.DataFrame):
        rows.write_parquet(path)
    else:
        rows.to_parquet(path)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_pipeline_on_a_frame_is_verified_from_parquet(name: str, tmp_path: Path) -> None:
    make, rows = PIPELINES[name]
    joblib.dump(make().fit(rows, TARGET[: len(rows)]), tmp_path / "pipe.joblib")
    kept = rows.drop(columns="unread", errors="ignore") if isinstance(rows, pd.DataFrame) else rows
    shuffled = kept[list(kept.columns)[::-1]]
    written(kept, tmp_path / "rows.parquet")
    written(shuffled, tmp_path / "shuffled.parquet")
    convert = ("convert", "pipe.joblib", "-o", "model.onnx", "--sample", "rows.parquet")
    done = here(*convert, cwd=tmp_path)
    assert done.returncode == 0, told(done)
    assert b"equal" in done.stdout.lower()
    judged = here(
        "verify", "model.onnx", "pipe.joblib", "--data", "shuffled.parquet", "--rows", 150, cwd=tmp_path
    )
    assert judged.returncode == 0, told(judged)


@pytest.mark.slow
@pytest.mark.parametrize(
    "rows", [FRAME[["word", "share"]], POLAR[["word", "share"]]], ids=["pandas", "polars"]
)
def test_a_wrong_model_is_found_from_parquet(rows: Any, tmp_path: Path) -> None:
    make, _ = PIPELINES["selector"]
    chosen = rows[["word", "share"]]
    frame = chosen if isinstance(chosen, pd.DataFrame) else chosen.to_pandas()
    kept = frame.dropna().reset_index(drop=True)
    joblib.dump(make().fit(kept, TARGET[: len(kept)]), tmp_path / "pipe.joblib")
    written(kept, tmp_path / "rows.parquet")
    assert here("convert", "pipe.joblib", "-o", "model.onnx", "--no-verify", cwd=tmp_path).returncode == 0
    joblib.dump(make().fit(kept, 2 * TARGET[: len(kept)]), tmp_path / "pipe.joblib")
    judged = here("verify", "model.onnx", "pipe.joblib", "--data", "rows.parquet", cwd=tmp_path)
    assert judged.returncode == 1, told(judged)


@pytest.mark.slow
def test_dates_and_their_unit_are_told(tmp_path: Path) -> None:
    make, rows = PIPELINES["targets"]
    joblib.dump(make().fit(rows, TARGET), tmp_path / "pipe.joblib")
    done = here("convert", "pipe.joblib", "-o", "model.onnx", cwd=tmp_path)
    assert done.returncode == 0, told(done)
    assert metadata(onnx.load(tmp_path / "model.onnx"))["units"] == json.dumps(
        {"day": str(rows["day"].dtype)}
    )
