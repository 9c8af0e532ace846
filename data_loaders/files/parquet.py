"""Parquet read within a limit: a file of a few kilobytes may hold a long text in a million cells.

What a file says of its size counts such a text once; reading it would write it out in each cell. So
texts are read as they are stored, each once, and written out only where there is room for them.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from data_loaders.limits import limit
from data_loaders.model import CohortError
from data_loaders.settings import MAX_FOLDER_MIB
from data_loaders.wording import shown

MAX_BYTES = limit(MAX_FOLDER_MIB) * 2**20


def read_parquet(source: Path | bytes, name: str) -> pa.Table:
    """The table of a file, of whose rows and columns there are not too many.

    Raises
    ------
    CohortError
        If it holds more than is read.
    pyarrow.ArrowException, OSError
        If it is damaged.
    """
    whole = _opened(source)
    groups = (whole.metadata.row_group(i) for i in range(whole.metadata.num_row_groups))
    schema = whole.schema_arrow
    if sum(group.total_byte_size for group in groups) <= MAX_BYTES:
        texts = [field.name for field in schema if _is_text(field.type)]
        table = _opened(source, read_dictionary=texts).read()
        if sum(map(_bytes_of_texts, table.columns)) <= MAX_BYTES:
            written_out = [
                column.cast(field.type) if _is_text(field.type) else column
                for column, field in zip(table.columns, schema, strict=True)
            ]
            return pa.table(written_out, names=table.column_names)
    raise CohortError(
        f"{shown(name)} holds more than {MAX_BYTES // 2**20} MiB once it is unpacked, the most "
        "that is read."
    )


def _opened(source: Path | bytes, **options: object) -> pyarrow.parquet.ParquetFile:
    place = pa.BufferReader(source) if isinstance(source, bytes) else source
    return pyarrow.parquet.ParquetFile(place, **options)


def _is_text(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind)
        or pa.types.is_binary(kind) or pa.types.is_large_binary(kind)
    )  # fmt: skip


def _bytes_of_texts(column: pa.ChunkedArray) -> int:
    """Bytes that a column of texts, each held once, has when they are written out."""
    if not (pa.types.is_dictionary(column.type) and _is_text(column.type.value_type)):
        return 0
    return sum(
        pc.sum(pc.binary_length(chunk.dictionary).take(chunk.indices).cast(pa.int64())).as_py() or 0
        for chunk in column.chunks
    )
