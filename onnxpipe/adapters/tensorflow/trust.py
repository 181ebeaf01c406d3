"""Which operators of a SavedModel reach beyond the numbers that go in and come out.

A graph runs no Python, but some operators write files, call other machines or functions of the
process; a graph that has one is loaded only where the user allows it.
"""

from __future__ import annotations

from collections.abc import Iterable

PREFIX = "tensorflow.raw_ops."


def untrusted(names: Iterable[str], allowed: Iterable[str] = ()) -> tuple[str, ...]:
    """The names, sorted, of operators in the list below that the user doesn't allow."""
    return tuple(sorted(set(names) - set(allowed)))


_NAMES = (
    "CollectiveAllToAllV2 CollectiveBcastRecv CollectiveBcastSend CollectiveGather CollectiveReduce "
    "ConfigureDistributedTPU CreateSummaryDbWriter CreateSummaryFileWriter DataServiceDataset "
    "DataServiceDatasetV2 DataServiceDatasetV3 DataServiceDatasetV4 DatasetToTFRecord "
    "DebugIdentity DebugIdentityV2 DebugIdentityV3 DebugNanCount DebugNumericSummary EagerPyFunc "
    "ExperimentalDatasetToTFRecord FixedLengthRecordDataset FixedLengthRecordDatasetV2 "
    "FixedLengthRecordReader FixedLengthRecordReaderV2 ImportEvent LMDBDataset LMDBReader MatchingFiles "
    "MatchingFilesDataset PyFunc PyFuncStateless ReadFile ReaderRead ReaderReadV2 Recv RemoteCall "
    "RemoteFusedGraphExecute RpcCall RpcClient RpcServer SaveDataset SaveDatasetV2 SaveSlices Send "
    "SnapshotDataset SnapshotDatasetV2 SqlDataset TFRecordDataset TFRecordDatasetV2 TFRecordReader "
    "TFRecordReaderV2 TextLineDataset TextLineReader TextLineReaderV2 TryRpc WholeFileReader "
    "WholeFileReaderV2 WriteFile"
)
REACHING = frozenset(_NAMES.split())
"""Operators (TensorFlow 2.21) that touch files, other machines, or functions of the process."""
