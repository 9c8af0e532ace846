"""The tables of a study: tab-separated, never quoted, with comment rows on top.

The general reader guesses separators and honours quotation marks; the files of a study do neither,
and their columns may be samples with numbers for names. What it cannot read, it refuses with the
same sentences as every other file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.csv

from data_loaders.files.columns import TextColumn
from data_loaders.files.formats import decoded, expanded, format_of
from data_loaders.files.notation_evidence import settled
from data_loaders.files.table_names import cleaned_names
from data_loaders.files.tables import RawTable, check_size
from data_loaders.model import CohortError, Issue
from data_loaders.wording import at_rows, listed, plural, shown


@dataclass(frozen=True, eq=False)
class TextTable:
    """A table as it stands in a study's file.

    Parameters
    ----------
    filename
        Without its folder.
    comments
        The rows on top that begin with ``#``, without it, cut into cells.
    """

    filename: str
    comments: tuple[tuple[str, ...], ...]
    header: tuple[str, ...]
    cells: pa.Table
    issues: tuple[Issue, ...] = ()

    def raw(self) -> RawTable:
        """The table as every other loader knows it, names in the file's spelling."""
        columns = {}
        for name, chunked in zip(self.header, self.cells.columns, strict=True):
            indices, entries = encoded(chunked)
            columns[name] = TextColumn.from_entries(name, indices, entries)
        rows = np.arange(1, self.cells.num_rows + 1, dtype=np.int64)
        columns, notes = settled(columns, rows)
        return RawTable(self.filename, columns, rows, (*self.issues, *notes))


def read_text(filename: str, data: bytes) -> str:
    """The text of a study's file.

    Raises
    ------
    CohortError
        If it is empty, a Git LFS pointer, a web page, binary or in an unknown encoding.
    """
    content = expanded(filename, data)
    if format_of(filename, content) != "text":
        raise CohortError(
            f"{shown(filename)} is no text; the files of a cBioPortal study are tab-separated text."
        )
    return decoded(filename, content)


def read_tsv(filename: str, data: bytes) -> TextTable:
    """Read a tab-separated file of a study.

    Raises
    ------
    CohortError
        With one sentence, whatever is wrong with the file.
    """
    text = read_text(filename, data).lstrip("\n")
    comments: list[tuple[str, ...]] = []
    while text.startswith("#"):
        line, _, text = text.partition("\n")
        comments.append(tuple(cell.strip() for cell in line.removeprefix("#").split("\t")))
        text = text.lstrip("\n")
    first, _, body = text.partition("\n")
    # A trailing tab is a slip of whoever wrote the file, not a column.
    names, cut = cleaned_names(first.rstrip("\t ").split("\t"))
    header = tuple(names)
    _check_header(filename, header)
    if not body.strip():
        raise CohortError(f"{shown(filename)} holds column names but no rows.")
    body = re.sub(r"\n[ \t]*(?=\n)", "", body).strip("\n")
    rows = body.count("\n") + 1
    check_size(filename, rows, len(header))
    cells, issues = _cells(filename, body, len(header))
    return TextTable(filename, tuple(comments), header, cells, (*cut, *issues))


def encoded(
    chunked: pa.ChunkedArray,
) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], list[str]]:
    """Index of each cell and the distinct entries of a column."""
    combined = chunked.unify_dictionaries().combine_chunks()
    if isinstance(combined, pa.ChunkedArray):
        combined = combined.chunk(0)
    indices = combined.indices.to_numpy(zero_copy_only=False)
    return indices.astype(np.int64), combined.dictionary.to_pylist()


def find_column(header: Sequence[str], *names: str) -> str | None:
    """The column of one of these names, whatever its case; the surest name first."""
    by_name = {name.upper(): name for name in reversed(header)}
    return next((by_name[name.upper()] for name in names if name.upper() in by_name), None)


def _cells(filename: str, body: str, width: int) -> tuple[pa.Table, list[Issue]]:
    names = [f"f{i}" for i in range(width)]
    try:
        return pyarrow.csv.read_csv(
            pa.py_buffer(body.encode("utf-8", "replace")),
            read_options=pyarrow.csv.ReadOptions(column_names=names, block_size=2**25),
            parse_options=pyarrow.csv.ParseOptions(delimiter="\t", quote_char=False),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types={name: pa.dictionary(pa.int32(), pa.string()) for name in names},
                strings_can_be_null=False,
            ),
        ), []
    except pa.ArrowInvalid:
        return _mended(filename, body, width)  # rows of unequal length


def _mended(filename: str, body: str, width: int) -> tuple[pa.Table, list[Issue]]:
    rows = [line.split("\t") for line in body.split("\n")]
    long = [i for i, row in enumerate(rows, 1) if any(cell.strip() for cell in row[width:])]
    if long:
        raise CohortError(
            f"{shown(filename)} has {plural(width, 'column')} but more cells in {at_rows(long)}; "
            "correct the rows, or add the names of the columns that lack one."
        )
    short = [i for i, row in enumerate(rows, 1) if len(row) < width]
    padded = [(row + [""] * (width - len(row)))[:width] for row in rows]
    columns = [
        pa.array(cells, pa.string()).dictionary_encode() for cells in zip(*padded, strict=True)
    ]
    words = (
        f"{shown(filename)}: {plural(len(short), 'row')} ended before the last column; the cells "
        "that are not there are taken as missing."
    )
    issues = [Issue.at("warning", words, short, None, "ragged_rows")] if short else []
    return pa.table(columns, names=[f"f{i}" for i in range(width)]), issues


def _check_header(filename: str, header: tuple[str, ...]) -> None:
    if len(header) < 2:
        raise CohortError(
            f"{shown(filename)} has a single column; the files of a cBioPortal study are separated "
            "by tabs, so export it again as tab-separated text."
        )
    if "" in header:
        raise CohortError(
            f"{shown(filename)} has a column without a name at position {header.index('') + 1}; "
            "name it."
        )
    repeated = [name for name, count in Counter(header).items() if count > 1]
    if repeated:
        # Columns may be samples, whose names are not repeated in a message.
        places = [str(i) for i, name in enumerate(header, 1) if name in set(repeated)]
        raise CohortError(
            f"{shown(filename)} gives {plural(len(repeated), 'name')} to more than one column "
            f"(positions {listed(places)}); give every column its own name."
        )
