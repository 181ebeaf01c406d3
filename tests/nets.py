"""Networks that tests save, made where torch is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

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


class Answer(NamedTuple):
    """What a network answers, by name."""

    scores: torch.Tensor
    shares: torch.Tensor


class Named(nn.Module):
    """A network that answers a named tuple."""

    def __init__(self, hidden: int = 16) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(8, hidden), nn.ELU(), nn.Linear(hidden, 3))

    def forward(self, x: torch.Tensor) -> Answer:
        scores = self.body(x)
        return Answer(scores, scores.softmax(-1))


class Branching(nn.Module):
    """A network whose code depends on the numbers it gets."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * 2 if x.sum() > 0 else x - 1


def made() -> Any:
    """A network without its weights."""
    return Named()


def configured(config: Any) -> Any:
    """A network by its settings."""
    return Named(config["hidden"])
