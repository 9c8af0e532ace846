"""Reading a file into a table of text columns; nothing is interpreted here.

Everything is read as text first, so that identifiers keep their leading zeros and the meaning of
a column is decided in one place for every format.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePath

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from data_loaders import settings
from data_loaders.arrays import Bools, Ints
from data_loaders.files._footer_rows import footer_rows
from data_loaders.files._r_data import read_r_data, unpacked
from data_loaders.files._workbook import Sheet, read_workbook
from data_loaders.files.columns import TextColumn
from data_loaders.files.formats import decoded, expanded, format_of, is_mixed
from data_loaders.files.header_rows import (
    DELIMITERS,
    MOST_TITLES,
    has_second_header,
    sequenced_samples,
    title_rows,
    without_comments,
    without_titles,
)
from data_loaders.files.notation_evidence import settled
from data_loaders.files.parquet import read_parquet
from data_loaders.files.table_names import check_names, cleaned_names
from data_loaders.limits import limit
from data_loaders.model import CohortError, Issue
from data_loaders.wording import at_rows, listed, plural, shown

MAX_ROWS = limit(settings.MAX_ROWS)
MAX_COLUMNS = limit(settings.MAX_COLUMNS)
MAX_CELLS = limit(settings.MAX_CELLS)

_DELIMITER_WORDS = "comma, semicolon, tab or pipe"
_STATED_DELIMITER = re.compile(r'"?sep=([,;|\t])"?\n', re.IGNORECASE)  # written by Excel
_IDENTIFIER = re.compile(r"(?i)^\W*(?:pat|subj|case|sample|donor|usubj|mrn|upn|id\b)|id\W*$")
_JSON = re.compile(r"\s*(\{\s*[\"}]|\[\s*[\[{\"\]])")
_SAMPLE_LINES = 50
_SAMPLE_CHARACTERS = 2**20


class OneColumnError(CohortError):
    """A text without columns: prose, or a list."""


@dataclass(frozen=True, eq=False)
class RawTable:
    """A file's table before anything is known about it.

    Parameters
    ----------
    columns
        By name, in the file's order.
    rows
        Position of each row in the file, 1 = first row below the names; blank rows are left out.
    sequenced
        Samples of the line ``#sequenced_samples:`` above a list of variants; None without it.
    """

    filename: str
    columns: dict[str, TextColumn]
    rows: Ints
    issues: tuple[Issue, ...] = field(default=())
    sequenced: tuple[str, ...] | None = None

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.rows)

    def keep(self, mask: Bools, issue: Issue) -> RawTable:
        """The table of some rows, with the finding that says why."""
        columns = {name: column.take(mask) for name, column in self.columns.items()}
        return replace(self, columns=columns, rows=self.rows[mask], issues=(*self.issues, issue))


def read_table(filename: str, data: bytes, sheet: str | int | None = None) -> RawTable:
    """Read a table from the bytes of a file, whatever its extension says.

    Parameters
    ----------
    filename
        Name for messages; a folder in front of it is dropped.
    data
        The content: delimited text (also gzip), XLSX, Parquet or R data.
    sheet
        Sheet of a workbook or object of an R data file, by name or by position from 0; default the
        first sheet that holds data, the largest object.

    Raises
    ------
    CohortError
        With one sentence, whatever is wrong with the file.
    """
    file = PurePath(filename.replace("\\", "/")).name or "the file"
    content = expanded(file, data)
    if file.lower().endswith((".rdata", ".rda", ".rds")):
        content = unpacked(file, content)
    kind = format_of(file, content)
    if sheet is not None and kind not in {"xlsx", "rdata"}:
        raise CohortError(f"{shown(file)} has no sheets; leave the sheet out.")
    if kind == "parquet":
        names, columns, typed = _read_parquet(file, content)
        return _table(file, names, columns, (), typed)
    if kind == "rdata":
        names, columns, issues = read_r_data(file, content, sheet)
        check_size(file, len(columns[0][0]), len(names))
        return _table(file, names, columns, tuple(issues))
    if kind == "xlsx":
        first, *others = read_workbook(file, content, sheet)
        return _from_sheet(file, first, _other_sheets(first, others))
    text = decoded(file, content).lstrip("\n")
    table = _read_delimited(file, text, _encoding_issue(content))
    return replace(table, sequenced=sequenced_samples(text))


def read_sheets(filename: str, data: bytes) -> list[RawTable]:
    """Every sheet of a workbook that holds a table; of any other file, its one table.

    A sheet's table is called ``Sheet NAME``, the first like the file. A sheet besides the first
    that cannot be read is left out, and the first says so.

    Raises
    ------
    CohortError
        With one sentence, if the first cannot be read.
    """
    file = PurePath(filename.replace("\\", "/")).name or "the file"
    content = expanded(file, data)
    if not content.startswith(b"PK\x03\x04") or format_of(file, content) != "xlsx":
        return [read_table(filename, data)]
    first, *others = read_workbook(file, content)
    tables, unread = [], []
    for sheet in others:
        try:
            tables.append(_from_sheet(f"Sheet {sheet.name}", sheet))
        except CohortError as error:
            unread.append(
                Issue(
                    "warning",
                    f"Sheet {shown(sheet.name)} was left out: {error}",
                    code="other_sheets",
                )
            )
    return [_from_sheet(file, first, tuple(unread)), *tables]


def _other_sheets(first: Sheet, others: Sequence[Sheet]) -> tuple[Issue, ...]:
    if not others:
        return ()
    names = listed([sheet.name for sheet in others])
    return (
        Issue(
            "warning",
            f"Sheet {shown(first.name)} was read and not {names}, which "
            f"{'holds a table' if len(others) == 1 else 'hold tables'} too; load the "
            "workbook alone to join them, or name the sheet.",
            count=len(others),
            code="other_sheets",
        ),
    )


def _from_sheet(file: str, sheet: Sheet, issues: tuple[Issue, ...] = ()) -> RawTable:
    """A table from the filled cells of a sheet."""
    numbers = sorted(sheet.rows)
    titles = title_rows([[*sheet.rows[n].values()] for n in numbers[: MOST_TITLES + 1]])
    head, *body = numbers[titles:]
    places = sorted({column for n in (head, *body) for column in sheet.rows[n]})
    check_size(file, len(body), len(places))
    columns: list[tuple[Ints, list[object]]] = []
    for place in places:
        cells = [sheet.rows[n].get(place, "") for n in body]
        entries = list(dict.fromkeys(cells))
        position = {entry: i for i, entry in enumerate(entries)}
        indices = np.fromiter((position[cell] for cell in cells), np.int64, len(cells))
        columns.append((indices, [*entries]))
    return _table(
        file,
        [sheet.rows[head].get(place, "") for place in places],
        columns,
        (*_titles_issue(titles), *issues),
        typed_cells=[sheet.numbers.get(place, set()) for place in places],
        positions=places,
        rows=np.array(body, dtype=np.int64) - head,
    )


def _read_delimited(file: str, text: str, issues: tuple[Issue, ...] = ()) -> RawTable:
    text = without_comments(text.lstrip("\n"))
    stated = _STATED_DELIMITER.match(text)
    text, titles = without_titles(text[stated.end() :].lstrip("\n") if stated else text)
    issues = (*issues, *_titles_issue(titles))
    delimiter = stated[1] if stated else _delimiter_of(file, text)
    header = text[: text.find("\n") + 1] or text
    if header.count(delimiter) >= MAX_COLUMNS:
        check_size(file, 0, header.count(delimiter) + 1)
    # A quoted name may run over several lines, so the header is more than the first of them.
    width = len(_split(text[:_SAMPLE_CHARACTERS], delimiter, 1)[0])
    check_size(file, text.count("\n"), width)
    if text.count('"') % 2:
        # A quotation mark without its partner would swallow rows without a word.
        return _from_rows(file, _split(text, delimiter), issues)
    try:
        parsed = pyarrow.csv.read_csv(
            pa.py_buffer(text.encode("utf-8", "replace")),
            read_options=pyarrow.csv.ReadOptions(autogenerate_column_names=True, block_size=2**24),
            parse_options=pyarrow.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types={
                    f"f{i}": pa.dictionary(pa.int32(), pa.string()) for i in range(width)
                },
            ),
        )
    except pa.ArrowInvalid:
        # Rows of unequal length: read again row by row, to mend them or to say which they are.
        return _from_rows(file, _split(text, delimiter), issues)
    if parsed.num_columns != width:
        # Arrow would guess the types of columns it was told nothing about: 007 would become 7.
        return _from_rows(file, _split(text, delimiter), issues)
    names, columns = [], []
    for chunked in parsed.columns:
        indices, entries = _encoded(chunked)
        if '"' in text and any(entry and "\n" in str(entry) for entry in entries):
            return _from_rows(file, _split(text, delimiter), issues)
        names.append(str(entries[indices[0]]) if indices[0] >= 0 else "")
        columns.append((indices[1:], entries))
    return _table(file, names, columns, issues)


def _delimiter_of(file: str, text: str) -> str:
    """The separator that cuts the first lines into the most columns of equal number."""
    if _JSON.match(text):
        raise CohortError(f"{shown(file)} is JSON, not a table; save the table as CSV.")
    sample = text[:_SAMPLE_CHARACTERS]
    best, best_score = DELIMITERS[0], (0.0, 0)
    for delimiter in DELIMITERS:
        rows = _split(sample, delimiter, _SAMPLE_LINES)
        widths = Counter(len(row) for row in rows if row)
        width = len(rows[0])
        alike = sum(count for w, count in widths.items() if abs(w - width) <= 1)
        score = (round(alike / max(sum(widths.values()), 1), 1), width)
        if width > 1 and score > best_score:
            best, best_score = delimiter, score
    if best_score[1] < 2:
        raise OneColumnError(
            f"{shown(file)} has only one column; a table needs columns separated by "
            f"{_DELIMITER_WORDS}."
        )
    return best


def _lines(text: str) -> Iterator[str]:
    """The lines one by one; a stream of the text would hold four bytes a character."""
    begin = 0
    while begin < len(text):
        end = text.find("\n", begin) + 1 or len(text)
        yield text[begin:end]
        begin = end


def _split(text: str, delimiter: str, limit: int | None = None) -> list[list[str]]:
    reader = csv.reader(_lines(text), delimiter=delimiter, strict=True)
    rows: list[list[str]] = []
    try:
        for row in reader:
            if row:
                rows.append(row)
            if limit is not None and len(rows) >= limit:
                break
    except csv.Error:
        # A quotation mark that never closes, or text behind a closing one.
        rows.append([])
    return rows or [[""]]


def _from_rows(file: str, rows: list[list[str]], issues: tuple[Issue, ...] = ()) -> RawTable:
    """A table from rows of cells; rows that are too short are filled, too long ones refused.

    Where all rows have another number of cells than there are names, the values stand under the
    wrong names: refused too, unless the first column holds names of rows, as R writes them.
    """
    names, body = rows[0], rows[1:]
    if not all(body):
        raise CohortError(
            f"{shown(file)} has a quotation mark without its partner at row "
            f"{body.index([]) + 1} or below; mend the quotation marks."
        )
    widths = {len(row) for row in body}
    if widths == {len(names) + 1} and _names_rows(names, body):
        names = ["", *names]
    width = len(names)
    if len(body) > 1 and len(widths) == 1 and max(widths) < width and names[-1].strip():
        raise CohortError(
            f"{shown(file)} names {plural(width, 'column')} ({listed(names)}), but each of its "
            f"rows, such as row 1, has {plural(max(widths), 'cell')}, so that values would stand "
            "under the wrong names; put a name that contains the separator in quotation marks, or "
            "take out names without a column."
        )
    long = [i for i, row in enumerate(body, 1) if any(cell.strip() for cell in row[width:])]
    if long:
        raise CohortError(
            f"{shown(file)} has {plural(width, 'column')} ({listed(names)}) but more cells in "
            f"{at_rows(long)}; put values that contain the separator in quotation marks, or choose "
            "another separator."
        )
    short = [i for i, row in enumerate(body, 1) if len(row) < width]
    if short:
        ragged = Issue.at(
            "warning",
            f"{plural(len(short), 'row')} ended before the last column; the cells that are not "
            "there are taken as missing.",
            short,
            None,
            "ragged_rows",
        )
        issues = (*issues, ragged)
    padded = [(row + [""] * (width - len(row)))[:width] for row in body]
    columns = []
    for cells in zip(*padded, strict=True):
        entries = list(dict.fromkeys(cells))
        position = {entry: i for i, entry in enumerate(entries)}
        indices = np.fromiter((position[cell] for cell in cells), np.int64, len(cells))
        columns.append((indices, entries))
    return _table(file, names, columns, issues)


def _names_rows(names: list[str], body: list[list[str]]) -> bool:
    """Whether the first cells are names of rows, which R writes without a heading.

    They all differ; and where the first heading is one of identifiers, it fits the second cells
    (which differ too, and are numbers only if the names of the rows are) and not the first.
    """
    first, second, last = ([row[i].strip() for row in body] for i in (0, 1, -1))
    if len(set(first)) < len(first) or not any(last):
        return False
    if not _IDENTIFIER.search(names[0]) or all(map(str.isdecimal, first)):
        return True
    return len(set(second)) == len(second) and not all(map(str.isdecimal, second))


def _read_parquet(
    file: str, data: bytes
) -> tuple[list[str], list[tuple[Ints, list[object]]], set[int]]:
    typed = set()
    try:
        metadata = pyarrow.parquet.read_metadata(pa.BufferReader(data))
        check_size(file, metadata.num_rows, metadata.num_columns)
        table = read_parquet(data, file)
        columns = []
        for position, column in enumerate(table.columns):
            kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
            if pa.types.is_nested(kind):
                raise CohortError(
                    f"{shown(file)} holds lists or records inside cells; "
                    "save a table with one plain value a cell."
                )
            if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
                typed.add(position)
            columns.append(_encoded(column.cast(pa.string())))
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise CohortError(
            f"{shown(file)} begins like a Parquet file but is cut off or damaged; "
            "copy or download it again."
        ) from error
    return [str(name) for name in table.column_names], columns, typed


def _encoded(chunked: pa.ChunkedArray) -> tuple[Ints, list[object]]:
    """Index of each cell (-1 null) and the distinct entries of an Arrow dictionary column."""
    if not pa.types.is_dictionary(chunked.type):
        chunked = chunked.cast(pa.string()).dictionary_encode()
    combined = chunked.unify_dictionaries().combine_chunks()
    if isinstance(combined, pa.ChunkedArray):
        if combined.num_chunks == 0:
            return np.empty(0, dtype=np.int64), []
        combined = combined.chunk(0)
    indices = combined.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return indices.astype(np.int64), combined.dictionary.to_pylist()


def _table(
    file: str,
    names: list[str],
    columns: list[tuple[Ints, list[object]]],
    issues: tuple[Issue, ...],
    typed: Collection[int] = (),
    *,
    typed_cells: Sequence[Collection[str]] = (),
    positions: Sequence[int] = (),
    rows: Ints | None = None,
) -> RawTable:
    """Name the columns, leave out blank rows and columns, and refuse what is no table.

    ``typed`` are the places of columns whose numbers were no text in the file, ``typed_cells`` such
    entries of each column; ``positions`` and ``rows`` say where the columns and rows stand in the
    file, if not one behind the other.
    """
    cleaned, cut = cleaned_names(names)
    if not columns or not len(columns[0][0]):
        raise CohortError(f"{shown(file)} holds column names but no rows; add one row a patient.")
    built = [
        TextColumn.from_entries(name, *cells) for name, cells in zip(cleaned, columns, strict=True)
    ]
    check_names(file, built)
    filled = np.zeros(len(built[0]), dtype=bool)
    for column in built:
        filled |= column.filled
    if not filled.any():
        raise CohortError(f"{shown(file)} holds only blank rows; add one row a patient.")
    table: dict[str, TextColumn] = {}
    of_numbers: set[str] = set()
    texts_of_numbers: dict[str, Collection[str]] = {}
    for place, column in enumerate(built):
        if not column.name and not column.filled.any():
            continue
        name = column.name or f"column_{positions[place] if positions else place + 1}"
        kept = TextColumn(name, column.codes, column.texts)
        table[name] = kept if filled.all() else kept.take(filled)
        if place in typed:
            of_numbers.add(name)
        if typed_cells:
            texts_of_numbers[name] = typed_cells[place]
    numbers = (np.arange(1, len(filled) + 1) if rows is None else rows)[filled]
    below, left_out = footer_rows(list(table.values()), numbers)
    if left_out:
        table = {name: column.take(~below) for name, column in table.items()}
        numbers = numbers[~below]
    table, notes = settled(table, numbers, of_numbers, texts_of_numbers)
    if has_second_header(list(table.values())):
        raise CohortError(
            f"{shown(file)} seems to have a second row of names or units below the first; "
            "put everything into one row of names, units at their end (hb_g_per_l)."
        )
    return RawTable(file, table, numbers, (*issues, *cut, *left_out, *notes))


def _titles_issue(titles: int) -> tuple[Issue, ...]:
    if not titles:
        return ()
    words = f"{plural(titles, 'line')} above the row of names {'was' if titles == 1 else 'were'}"
    return (Issue("info", f"{words} taken for a title and left out.", count=titles, code="title"),)


def _encoding_issue(content: bytes) -> tuple[Issue, ...]:
    if not is_mixed(content):
        return ()
    return (
        Issue(
            "warning",
            "The file mixes two encodings (UTF-8 and Windows-1252); each line was read in its own, "
            "so check names with accents and umlauts.",
            code="mixed_encodings",
        ),
    )


def check_size(file: str, rows: int, columns: int) -> None:
    """Refuse a table larger than what is read.

    Raises
    ------
    CohortError
        If it has too many rows, columns or cells.
    """
    for count, most, word in (
        (rows, MAX_ROWS, "rows"),
        (columns, MAX_COLUMNS, "columns"),
        (rows * columns, MAX_CELLS, "cells"),
    ):
        if count > most:
            raise CohortError(
                f"{shown(file)} has {count:,} {word}; at most {most:,} are read; "
                "leave out what is not needed."
            )
