"""Batches of rows in, the same batches with a model's answers out.

Runs on executors that have numpy, pyarrow and onnxruntime and no onnxpipe: see ``shipping``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from onnxpipe.check.arrow import from_arrow, to_arrow
from onnxpipe.check.feeds import feeds
from onnxpipe.core.blank import blank, is_empty
from onnxpipe.core.sessions import Weight, extended, opened
from onnxpipe.core.signature import Port, Signature
from onnxpipe.errors import BadInput

if TYPE_CHECKING:
    import onnxruntime as ort
    import pyarrow as pa

Array = np.ndarray[Any, Any]


class Scorer:
    """A model as bytes, with one session per process; ``threads`` 0 takes all cores.

    Calling it appends the model's outputs to record batches; ``answers`` gives them as arrays.
    ``wider`` has the types that are handed on as others, ``weights`` what is kept apart from the bytes.
    A ``fatal`` one isn't asked about no rows, over which onnxruntime would end the process.
    """

    def __init__(
        self, model: bytes, signature: Signature, missing: str = "", threads: int = 0, *,
        wider: Mapping[str, str] | None = None, weights: Mapping[str, Weight] | None = None,
        fatal: bool = False,
    ) -> None:  # fmt: skip
        self.model, self.signature, self.missing, self.threads = model, signature, missing, threads
        self.wider, self.weights, self.fatal = dict(wider or {}), dict(weights or {}), fatal
        self._session: ort.InferenceSession | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_session": None}

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The batches with one more column per output. Raises BadInput for columns that don't fit."""
        for batch in batches:
            yield self.appended(batch)

    def appended(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """A batch with its answers as further columns. Raises as ``answers``."""
        import pyarrow as pa

        answers = self.answers(batch)
        added = [self._arrow(port, answers[port.name]) for port in self.signature.outputs]
        return pa.RecordBatch.from_arrays([*batch.columns, *added], names=[*batch.schema.names, *answers])

    def _arrow(self, port: Port, values: Array) -> Any:
        wider = self.wider.get(port.dtype)
        listed = len(port.shape) > 1 and port.shape[1:] != (1,)  # also where a batch happens to have one
        return to_arrow(values if wider is None else values.astype(wider), listed)

    def answers(self, batch: pa.RecordBatch) -> dict[str, Array]:
        """The outputs on a batch, by name. Raises onnxruntime's error where the model refuses a row."""
        import pyarrow as pa

        names, wanted = batch.schema.names, [port.name for port in self.signature.inputs]
        if set(wanted) <= set(names) and len(set(names)) == len(names):
            batch = batch.select(wanted)  # the others needn't become numpy's
        return self.run(feeds(self.signature, from_arrow(pa.Table.from_batches([batch])), self.missing))

    def run(self, fed: dict[str, Array]) -> dict[str, Array]:
        """The outputs on a session's own inputs, by name. Raises as ``blank``."""
        if self.fatal and is_empty(fed):
            return blank(self.signature, fed)
        names = [port.name for port in self.signature.outputs]
        return dict(zip(names, self.session.run(names, fed), strict=True))

    @property
    def session(self) -> ort.InferenceSession:
        """The session, opened when it is first needed."""
        if self._session is None:
            import onnxruntime as ort

            options = ort.SessionOptions()
            options.log_severity_level = 4
            options.intra_op_num_threads = self.threads
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # reading needs the core
            self._session = opened(self.model, extended(options, self.model), self.weights)
        return self._session


def refuse_clash(columns: Sequence[str], outputs: Sequence[Port]) -> None:
    """Raise BadInput where the rows already have a column that the model would add."""
    if clash := [port.name for port in outputs if port.name in columns]:
        raise BadInput(
            f"the rows already have a column {', '.join(clash)}, which the model answers",
            remedy="Rename the column, or leave it out of the rows.",
        )
