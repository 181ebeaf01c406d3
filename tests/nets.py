"""Networks that tests save, made where torch is installed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest

torch = pytest.importorskip("torch", reason="PyTorch isn't installed")
torch.set_num_threads(1)  # many would wait for each other over networks this small
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


@dataclass
class Summary:
    """What a network answers, by field."""

    mean: torch.Tensor
    most: torch.Tensor


class Summing(nn.Module):
    """A network over series of any length that answers a dataclass."""

    def forward(self, x: torch.Tensor) -> Summary:
        return Summary(x.mean(1), x.amax(1))


class Block(nn.Module):
    """Attention and two layers, each with what goes around it."""

    def __init__(self) -> None:
        super().__init__()
        self.attn, self.norm = nn.MultiheadAttention(8, 2, batch_first=True), nn.LayerNorm(8)
        self.ff = nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Linear(16, 8))

    def forward(self, x: torch.Tensor) -> Any:
        y = self.norm(x + self.attn(x, x, x)[0])
        return y + self.ff(y)


class Deep(nn.Module):
    """Modules in modules, one of them called twice, two of which become one operator."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.bn, self.block = nn.Conv1d(4, 8, 3), nn.BatchNorm1d(8), Block()
        self.lstm, self.head, self.act = nn.LSTM(8, 5, batch_first=True), nn.Linear(5, 3), nn.ELU()

    def forward(self, x: torch.Tensor) -> Any:
        hidden = self.act(self.bn(self.conv(x))).transpose(1, 2)
        steps, _ = self.lstm(self.block(hidden))
        return self.act(self.head(steps[:, -1]))


class Steps(nn.Module):
    """A recurrent network that writes sizes of its input down."""

    def __init__(self) -> None:
        super().__init__()
        self.steps, self.head = nn.LSTM(8, 5, batch_first=True), nn.Linear(30, 3)

    def forward(self, x: torch.Tensor, *, scale: torch.Tensor) -> Any:
        return {"last": self.head(self.steps(x)[0].reshape(x.shape[0], 30)) * scale}


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


class Scores(nn.Module):
    """A network for skorch: its outputs as asked, raw or as probabilities."""

    def __init__(self, outputs: int = 3, last: str = "", width: int = 8) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(width, 6), nn.ELU(), nn.Linear(6, outputs))
        self.last = last

    def forward(self, X: torch.Tensor) -> Any:
        scores = self.body(X.float())
        if self.last == "pair":
            return scores, scores.sum(1)
        return scores.softmax(1) if self.last == "softmax" else scores.sigmoid() if self.last else scores


class Pixels(nn.Module):
    """A network for skorch that takes images of any size."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.head = nn.Conv2d(1, 4, 3), nn.Linear(4, 3)

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        return self.head(self.conv(X).mean((2, 3)))


class Pair(nn.Module):
    """A network for skorch that takes two inputs by name."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.head = nn.Embedding(9, 4), nn.Linear(8, 3)

    def forward(self, numbers: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        return self.head(numbers) + self.words(ids).sum(1)[:, :3]


def doubled(scores: torch.Tensor) -> torch.Tensor:
    """What skorch is told to do with a network's answers."""
    return scores * 2
