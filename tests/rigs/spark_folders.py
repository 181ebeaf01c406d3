"""Saved Spark folders to be changed or damaged, and what conversion says of them then."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from onnxpipe.core.options import Options
from onnxpipe.errors import Refusal
from onnxpipe.services.convert import conversion

SAVED = Path(__file__).parents[2] / "fixtures" / "spark_textbook_4_3" / "saved"


def refusal(path: Path) -> Refusal:
    with pytest.raises(Refusal) as caught:
        conversion(path, Options())
    return caught.value


def stage(path: Path, start: str) -> Path:
    return next((path / "stages").glob(f"{start}*"))


def rewrite(folder: Path, **changes: object) -> None:
    """Change a stage's metadata."""
    part = next((folder / "metadata").glob("part-*"))
    part.write_text(json.dumps({**json.loads(part.read_text()), **changes}))
