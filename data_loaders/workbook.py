"""Cells of an Excel workbook (.xlsx) as text; formulas are read as the values stored with them."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from typing import Any

from data_loaders.formats import MAX_FILE_BYTES
from data_loaders.model import CohortError
from data_loaders.wording import listed, plural, shown

MAX_WORKBOOK_CELLS = 8_000_000


def read_workbook(filename: str, data: bytes, sheet: str | int | None = None) -> list[list[str]]:
    """Rows of cells of one sheet, from its first row that holds anything.

    Parameters
    ----------
    filename
        Name for messages.
    data
        Content of the workbook.
    sheet
        Name of the sheet, or its position from 0; default the first that holds a table.

    Raises
    ------
    CohortError
        If the workbook is damaged, too large, empty, or lacks the sheet.
    """
    import openpyxl  # half a second that a CSV does not need

    file = shown(filename)
    try:
        _check_expansion(file, data)
        book = openpyxl.load_workbook(
            io.BytesIO(data), read_only=True, data_only=True, keep_links=False
        )
        names = [worksheet.title for worksheet in book.worksheets]
        first: list[list[str]] = []
        for name in _chosen(file, names, sheet):
            rows = _rows(file, book[name])
            # A cover sheet or a sheet of notes holds cells, but no table.
            if len(rows) > 1 and max(map(len, rows)) > 1:
                return rows
            first = first or rows
        if first:
            return first
    except CohortError:
        raise
    except Exception as error:  # openpyxl raises nearly anything on a damaged file
        raise CohortError(
            f"{file} begins like an Excel workbook but is damaged or protected by a password; "
            "open it in Excel and save it again."
        ) from error
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


def _rows(file: str, worksheet: Any) -> list[list[str]]:
    rows: list[list[str]] = []
    cells = 0
    for values in worksheet.iter_rows(values_only=True):
        row = [_text(value) for value in values]
        while row and not row[-1]:
            row.pop()
        if not row and not rows:
            continue
        rows.append(row)
        cells += len(row)
        if cells > MAX_WORKBOOK_CELLS:
            raise CohortError(
                f"{file} has more than {MAX_WORKBOOK_CELLS:,} cells; save it as CSV or Parquet."
            )
    while rows and not rows[-1]:
        rows.pop()
    return rows


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.datetime):
        midnight = value.time() == dt.time()
        return value.date().isoformat() if midnight else value.isoformat(sep=" ")
    return str(value).strip()
