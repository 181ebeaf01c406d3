"""skorch's nets: how each makes labels and probabilities of what its module answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

try:
    import skorch
    from torch import nn

    from tests import nets
except ImportError:  # the rows are only collected where skorch and torch are installed
    skorch = nn = nets = None  # type: ignore[assignment]


@dataclass(frozen=True)
class Net:
    """One row: a class of skorch's, its module and settings as text, or why it is refused."""

    kind: str
    module: str = "Scores"
    settings: Mapping[str, Any] = field(default_factory=dict)
    criterion: str = ""
    refused: str = ""

    @property
    def text(self) -> str:
        told = {"criterion": self.criterion, **self.settings} if self.criterion else self.settings
        return f"{self.kind}({', '.join([self.module, *(f'{k}={v}' for k, v in told.items())])})"

    def fitted(self) -> tuple[Any, Any]:
        """The net after one epoch, and rows."""
        rng = np.random.default_rng(0)
        shape = (40, 1, 6, 5) if self.module == "Pixels" else (40, 8)
        x, numbers = rng.normal(size=shape).astype(np.float32), rng.normal(size=(40, 2)).astype(np.float32)
        settings = {k: getattr(nets, v, v) if isinstance(v, str) else v for k, v in self.settings.items()}
        if self.criterion:
            settings["criterion"] = getattr(nn, self.criterion)
        kind = globals().get(self.kind) or getattr(skorch, self.kind)
        target = numbers if "Regressor" in self.kind else (numbers[:, 0] > 0)
        target = target.astype(np.float32 if "Binary" in self.kind or "Regressor" in self.kind else np.int64)
        net = kind(getattr(nets, self.module), max_epochs=1, verbose=0, train_split=None, **settings)
        return net.fit(x, target), x


if skorch is not None:

    class Lenient(skorch.NeuralNetClassifier):
        """A net with a rule of its own."""

        def predict(self, X: Any) -> Any:
            return (self.predict_proba(X)[:, 0] < 0.2).astype(int)


CASES = (
    Net("NeuralNetClassifier", settings={"module__last": "softmax"}),
    Net("NeuralNetClassifier", criterion="CrossEntropyLoss"),
    Net("NeuralNetClassifier", criterion="CrossEntropyLoss", settings={"predict_nonlinearity": "doubled"}),
    Net("NeuralNetClassifier", "Pixels", criterion="CrossEntropyLoss"),
    Net("NeuralNetBinaryClassifier", settings={"module__outputs": 1, "threshold": 0.6}),
    Net("NeuralNetBinaryClassifier", settings={"module__outputs": 1, "module__last": "sigmoid"},
        criterion="BCELoss"),
    Net("NeuralNetRegressor", settings={"module__outputs": 2}),
    Net("Lenient", criterion="CrossEntropyLoss", refused="a class with a predict of its own"),
)  # fmt: skip
