"""The rows of a result, collected as text within the limits for files."""

from __future__ import annotations

import io
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from data_loaders.files.formats import MAX_FILE_BYTES
from data_loaders.files.tables import MAX_CELLS, MAX_COLUMNS, MAX_ROWS, RawTable, read_table
from data_loaders.model import CohortError
from data_loaders.wording import plural, shown

# What a database writes as "t" or with an offset from UTC, which the reader of text would not know.
Kind = Literal["boolean", "instant", "other"]

BATCH = 20_000


class TooLargeError(CohortError):
    """More rows than are read at once; counts may still be asked for."""


@dataclass(frozen=True)
class Request:
    """What is asked of a database.

    Parameters
    ----------
    query
        One SELECT statement; empty where a table is named.
    table
        Parts of the table's name; empty where there is a query.
    """

    query: str
    table: tuple[str, ...]
    seconds: float

    @property
    def label(self) -> str:
        """What to call the result in messages."""
        return shown(".".join(self.table)) if self.table else "The result of the query"

    @property
    def statement(self) -> str:
        """The statement to run; a table's name is quoted, so that it is nothing but a name."""
        if not self.table:
            return self.query
        quoted = ".".join('"' + part.replace('"', '""') + '"' for part in self.table)
        return f"SELECT * FROM {quoted}"  # noqa: S608

    def too_slow(self) -> CohortError:
        """The sentence for a result that takes too long."""
        return CohortError(
            f"{self.label} took longer than {self.seconds:g} seconds; ask for less, or allow more "
            "time."
        )


class Collected:
    """Rows that come in batches.

    Parameters
    ----------
    kinds
        How each column's text is to be understood.

    Raises
    ------
    CohortError
        If there are too many columns, none, or later too many rows.
    """

    def __init__(self, request: Request, names: Sequence[str], kinds: Sequence[Kind]) -> None:
        self._request = request
        self._names = list(names)
        self._kinds = list(kinds)
        self._batches: list[list[pa.Array]] = []
        self._rows = self._bytes = 0
        self._deadline = time.monotonic() + request.seconds
        if len(self._names) < 2:
            raise CohortError(
                f"{request.label} has {plural(len(self._names), 'column')}; a cohort needs one "
                "for the patients and others for what is known of them."
            )
        self._check(len(self._names), MAX_COLUMNS, "columns")

    def add(self, columns: Sequence[pa.Array]) -> None:
        """Take a batch: one array of text a column, null where the database has NULL."""
        self._rows += len(columns[0])
        self._check(self._rows, MAX_ROWS, "rows", TooLargeError)
        self._check(self._rows * len(self._names), MAX_CELLS, "cells", TooLargeError)
        self._bytes += sum(column.nbytes for column in columns)
        if self._bytes > MAX_FILE_BYTES:
            raise TooLargeError(
                f"{self._request.label} holds more than {MAX_FILE_BYTES // 2**20} MiB of text; "
                "leave out what is not needed."
            )
        if time.monotonic() > self._deadline:
            raise self._request.too_slow()
        # Few entries are distinct, so that this is a fraction of the text.
        self._batches.append([column.dictionary_encode() for column in columns])

    def table(self) -> RawTable:
        """All rows as a table, read as if they were a file: the same names, limits and blanks.

        Raises
        ------
        CohortError
            If there are no rows, or the reader of files refuses them.
        """
        if not self._rows:
            raise CohortError(
                f"{self._request.label} has no rows; ask for a table with one row a patient."
            )
        columns = [
            _plain(pa.chunked_array(list(chunks)).unify_dictionaries(), kind)
            for chunks, kind in zip(zip(*self._batches, strict=True), self._kinds, strict=True)
        ]
        sink = io.BytesIO()
        pyarrow.parquet.write_table(pa.Table.from_arrays(columns, names=self._names), sink)
        return read_table(self._request.label, sink.getvalue())

    def _check(
        self, count: int, limit: int, word: str, refusal: type[CohortError] = CohortError
    ) -> None:
        if count > limit:
            raise refusal(
                f"{self._request.label} has more than {limit:,} {word}, the most that are read; "
                "ask for less."
            )


def _plain(column: pa.ChunkedArray, kind: Kind) -> pa.ChunkedArray:
    """Booleans as words, instants without their zero offset from UTC."""
    if kind == "other":
        return column
    text = column.cast(pa.string())
    if kind == "instant":
        return pc.replace_substring_regex(text, r"\+00$", "")
    return pc.if_else(pc.equal(text, "t"), "true", pc.if_else(pc.equal(text, "f"), "false", text))
