"""Tables in a saved folder: Parquet part files to columns, none larger than it could be."""

from __future__ import annotations

from typing import Any

from onnxpipe.adapters.compressed import FLOOR
from onnxpipe.adapters.reading import reading
from onnxpipe.adapters.spark.storage import Folder
from onnxpipe.adapters.spark.values import columns_of
from onnxpipe.errors import Unreadable

_LARGEST = 16 * 2**30
"""Bytes that a table may unfold to."""
_CELLS, _RATIO = 2**25, 256
"""Values that a file may hold however small it is, and how many per byte of its own; more is a bomb."""
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
            file, size = parquet.ParquetFile(part), part.stat().st_size
            groups = [file.metadata.row_group(i) for i in range(file.metadata.num_row_groups)]
            unpacked = sum(max(0, group.total_byte_size) for group in groups)
            values = sum(max(0, g.column(j).num_values) for g in groups for j in range(g.num_columns))
            left -= unpacked
            if left < 0 or values > max(_CELLS, _RATIO * size) or unpacked > max(FLOOR, _RATIO * size):
                raise Unreadable("it declares more data than it can hold")
            tables.append(file.read())
    with reading("table", str(folder), _AGAIN):
        return columns_of(pa.concat_tables(tables, promote_options="default"))
