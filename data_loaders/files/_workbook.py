"""Cells of an Excel workbook (.xlsx) as text; formulas are read as the values stored with them.

Only cells that are there are kept: a sheet may say that it reaches to row 2,147,483,647, or hold
one blank cell in its last column, at no cost. What a cell's number format makes of it counts: 0.05
that Excel shows as 5% is ``5%``.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from data_loaders.files.formats import MAX_FILE_BYTES
from data_loaders.meaning.vocabulary import unit_named
from data_loaders.model import CohortError
from data_loaders.wording import listed, plural, shown

MAX_WORKBOOK_CELLS = 8_000_000
LAST_ROW, LAST_COLUMN = 1_048_576, 16_384  # of Excel's grid
MAX_WORKBOOK_ROWS = LAST_ROW
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_DATA, _ROW, _CELL = (f"{_MAIN}{tag}" for tag in ("sheetData", "row", "c"))
_QUOTED = re.compile(r'"([^"]*)"')
_DIGITS = re.compile(r"[0#?]")
_LOOKS_LIKE_THOUSANDS = re.compile(r"-?[1-9]\d{0,2}\.\d{3}")


@dataclass
class Sheet:
    """The filled cells of one sheet.

    Parameters
    ----------
    rows
        By row number, 1 = the sheet's first: text by column number, blank cells and rows left out.
    numbers
        By column number: the texts that stand for numbers, which were no text in the sheet.
    """

    name: str
    rows: dict[int, dict[int, str]] = field(default_factory=dict)
    numbers: dict[int, set[str]] = field(default_factory=dict)

    @property
    def is_table(self) -> bool:
        """Whether it has more than one row and one column, as no cover sheet has."""
        return len(self.rows) > 1 and max(map(len, self.rows.values())) > 1


def read_workbook(filename: str, data: bytes, sheet: str | int | None = None) -> list[Sheet]:
    """The sheets that hold a table, in their order; of those that hold none, the first with cells.

    Parameters
    ----------
    sheet
        Name of the one sheet that is wanted, or its position from 0; default all.

    Raises
    ------
    CohortError
        If the workbook is damaged, too large, empty, or lacks the sheet.
    """
    import openpyxl  # half a second that a CSV does not need

    file = shown(filename)
    found: list[Sheet] = []
    try:
        _check_expansion(file, data)
        with warnings.catch_warnings():
            # What the library cannot show (data validation, a date before 1900) is no table's part.
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(
                io.BytesIO(data), read_only=True, data_only=True, keep_links=False
            )
            names = [worksheet.title for worksheet in book.worksheets]
            left = MAX_WORKBOOK_CELLS
            for name in _chosen(file, names, sheet):
                read, left = _sheet(file, book, book[name], left)
                found += [read] if read.rows else []
    except CohortError:
        raise
    except Exception as error:  # openpyxl raises nearly anything on a damaged file
        raise CohortError(
            f"{file} begins like an Excel workbook but is damaged or protected by a password; "
            "open it in Excel and save it again."
        ) from error
    tables = [read for read in found if read.is_table]
    if tables or found:
        return tables or found[:1]
    where = f"sheet {shown(sheet)}" if sheet is not None else "every sheet"
    raise CohortError(f"{file} is empty: {where} holds no cells; choose another sheet or file.")


def _check_expansion(file: str, data: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        total = sum(entry.file_size for entry in archive.infolist())
    if total > MAX_FILE_BYTES:
        raise CohortError(
            f"{file} holds more than {MAX_FILE_BYTES // 2**20} MiB once decompressed; "
            "save the table as CSV or Parquet."
        )


def _chosen(file: str, names: list[str], sheet: str | int | None) -> list[str]:
    if sheet is None:
        return names
    if isinstance(sheet, int) and 0 <= sheet < len(names):
        return [names[sheet]]
    if isinstance(sheet, str) and sheet in names:
        return [sheet]
    raise CohortError(
        f"{file} has no sheet {shown(sheet)}; it has {plural(len(names), 'sheet')}: "
        f"{listed(names)}."
    )


def _sheet(file: str, book: Any, worksheet: Any, left: int) -> tuple[Sheet, int]:
    """The filled cells of a sheet, and how many more cells may follow in others."""
    from openpyxl.cell.read_only import ReadOnlyCell

    read = Sheet(worksheet.title)
    formats: dict[int, tuple[bool, str]] = {}
    rows = 0
    for cell in _cells(book, worksheet):
        if cell is None:
            rows += 1
        else:
            left -= 1
        if left < 0 or rows > MAX_WORKBOOK_ROWS:
            raise CohortError(
                f"{file} has more than {MAX_WORKBOOK_CELLS:,} cells or {MAX_WORKBOOK_ROWS:,} rows; "
                "save it as CSV or Parquet."
            )
        if not cell or cell["value"] is None:
            continue
        value, style = cell["value"], cell["style_id"]
        text = _text(value)
        if not text:
            continue
        row, column = cell["row"], cell["column"]
        if row > LAST_ROW or column > LAST_COLUMN:
            raise CohortError(
                f"{file} has a cell beyond Excel's last row or column (row {row:,}, column "
                f"{column:,}); open it in Excel and save it again."
            )
        if isinstance(value, int | float) and not isinstance(value, bool):
            if style not in formats:
                formats[style] = _shown_as(ReadOnlyCell(worksheet, **cell).number_format)
            is_percent, unit = formats[style]
            text = f"{value * 100:.12g}%" if is_percent else f"{text}{unit}"
            read.numbers.setdefault(column, set()).add(text)
        read.rows.setdefault(row, {})[column] = text
    return read, left


def _cells(book: Any, worksheet: Any) -> Iterator[dict[str, Any] | None]:
    """The cells of a sheet one by one, and None for each row.

    The library's own reader fills gaps between rows and columns before anyone can count them, and
    builds a whole row first.
    """
    from openpyxl.worksheet._reader import WorkSheetParser
    from openpyxl.xml.functions import iterparse

    with worksheet._get_source() as source:  # noqa: SLF001
        parser = WorkSheetParser(
            source,
            worksheet._shared_strings,  # noqa: SLF001
            data_only=True,
            epoch=book.epoch,
            date_formats=book._date_formats,  # noqa: SLF001
            timedelta_formats=book._timedelta_formats,  # noqa: SLF001
        )
        holders: list[Any] = []
        for event, element in iterparse(source, events=("start", "end")):
            if event == "start":
                if element.tag == _ROW:
                    number = element.get("r")
                    parser.row_counter = int(number) if number else parser.row_counter + 1
                    parser.col_counter = 0
                    holders = [*holders[:1], element]
                    yield None
                elif element.tag == _DATA:
                    holders = [element]
            elif element.tag == _CELL:
                # A blank cell that only has a border costs no more than its count.
                yield parser.parse_cell(element) if len(element) or element.get("r") is None else {}
                holders[-1].clear()  # so that a row of millions of cells is never held
            elif element.tag == _ROW:
                holders[0].clear()
            elif element.tag == _DATA:
                return


def _shown_as(code: str) -> tuple[bool, str]:
    """Whether a number format shows per cent, and the unit that it writes behind the number."""
    positive = code.split(";", 1)[0]
    if "%" in _QUOTED.sub("", positive).replace("\\%", ""):
        return True, ""
    literals = list(_QUOTED.finditer(positive))
    if not literals or not _DIGITS.search(positive[: literals[-1].start()]):
        return False, ""
    unit = literals[-1][1].strip()
    return False, f" {unit}" if unit == "%" or unit_named(unit) else ""


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        # Of a number nobody shall ask whether its point stands between thousands.
        text = repr(value)
        return f"{text}0" if _LOOKS_LIKE_THOUSANDS.fullmatch(text) else text
    if isinstance(value, dt.timedelta):
        return _text(value / dt.timedelta(days=1))
    if isinstance(value, dt.datetime):
        midnight = value.time() == dt.time()
        return value.date().isoformat() if midnight else value.isoformat(sep=" ")
    return str(value).strip()
