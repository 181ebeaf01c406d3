"""Networks that tests save, made where torch is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="PyTorch isn't installed")
nn = torch.nn
OPEN = torch.export.Dim.DYNAMIC


class Tagger(nn.Module):
    """Numbers and word numbers in, a dictionary of scores out."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(10, 3)
        self.body = nn.Sequential(nn.Linear(8, 16), nn.ELU(), nn.Linear(16, 3))

    def forward(self, x: Any, ids: Any) -> dict[str, Any]:
        logits = self.body(x) + self.words(ids).sum(1)
        return {"logits": logits, "shares": logits.softmax(-1)}


def tagger_example() -> tuple[Any, Any]:
    return torch.randn(2, 8), torch.zeros(2, 5, dtype=torch.long)


def saved(net: Any, example: tuple[Any, ...], axes: tuple[Any, ...] | None, path: Path) -> Path:
    """The path of a network's exported program."""
    torch.export.save(torch.export.export(net.eval(), example, dynamic_shapes=axes), path)
    return path
