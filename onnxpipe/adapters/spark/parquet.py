"""Tables in a saved folder: Parquet part files to columns, none larger than it could be."""

from __future__ import annotations

from typing import Any

from onnxpipe.adapters.reading import reading
from onnxpipe.adapters.spark.storage import Folder
from onnxpipe.adapters.spark.values import columns_of
from onnxpipe.errors import Unreadable

_LARGEST = 16 * 2**30
"""Bytes that a table may unfold to."""
_AGAIN = "Save it again with model.write().overwrite().save(path), then convert."


def table(folder: Folder) -> dict[str, Any]:
    """The columns of a folder's part files, in the order of the parts. Raises Unreadable.

    Values are as ``values.column`` has them, with one entry per row.
    """
    import pyarrow as pa
    from pyarrow import parquet

    tables = []
    left = _LARGEST
    for part in folder.parts():
        with reading("Parquet file", str(part), _AGAIN):
            file = parquet.ParquetFile(part)
            groups = (file.metadata.row_group(i) for i in range(file.metadata.num_row_groups))
            left -= sum(max(0, group.total_byte_size) for group in groups)
            if left < 0:
                raise Unreadable("it declares more data than any model holds")
            tables.append(file.read())
    with reading("table", str(folder), _AGAIN):
        return columns_of(pa.concat_tables(tables, promote_options="default"))
