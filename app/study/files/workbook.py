"""Workbooks to take away: numbers as numbers, no text that acts, and a sheet that says from where.

Excel executes what a file declares to be a formula, whatever its text: here no cell does.
"""

from __future__ import annotations

import io
import math
import numbers
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from app.study.files.headings import headings, is_p_value
from app.study.files.software import product, software
from app.study.files.tables import FORMULA_STARTS, source_line, xml_text
from data_loaders import Provenance

MOST_ROWS = 1_048_575
_ABOUT = "About"
_LONGEST_NAME = 31
_WIDEST, _WIDEST_ABOUT = 44, 110
_SMALL, _SMALL_P, _USUAL_P = 0.001, "0.00E+00", "0.0000"


def to_xlsx(
    sheets: Mapping[str, pd.DataFrame],
    provenance: Provenance,
    patients: str,
    told: Mapping[str, str] | None = None,
) -> bytes:
    """Tables as the content of an Excel workbook, with a first sheet ``About``.

    Every table gets a last column with the source, as the CSV files, so that a sheet copied out
    of the workbook still says SYNTHETIC where the data are simulated.

    Parameters
    ----------
    sheets
        Table by name of its sheet; the tables' index is not written. Names are shortened to the 31
        characters Excel takes and made unique.
    patients
        Which patients they are of: the filter in words.
    told
        What else the first sheet says, by what it is: the fingerprint, endpoint, groups, settings.

    Raises
    ------
    ValueError
        If a table has more rows than a sheet.
    """
    for name, frame in sheets.items():
        if len(frame) > MOST_ROWS:
            raise ValueError(
                f"{name} has {len(frame):,} rows, more than the {MOST_ROWS:,} that a sheet holds: "
                "take the CSV instead."
            )
    book = Workbook(write_only=True)
    _write(book.create_sheet(_ABOUT), _about(provenance, patients, told or {}), _WIDEST_ABOUT)
    taken = {_ABOUT.lower()}
    for name, frame in sheets.items():
        _write(book.create_sheet(_sheet_name(name, taken)), _with_source(frame, provenance))
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _about(provenance: Provenance, patients: str, told: Mapping[str, str]) -> pd.DataFrame:
    kind = "SYNTHETIC: simulated, no patient stands behind any row"
    rows = {
        "Source": source_line(provenance),
        "Data": kind if provenance.synthetic else "",
        "Citation": provenance.citation,
        "Licence": provenance.licence,
        "Version of the data": provenance.version,
        "Patients": patients,
        **told,
        "Empty cells": "Not reached, not estimable, or not applicable.",
        "Made on": f"{datetime.now(UTC):%Y-%m-%d}",
        "Made with": f"{product()}, on {software()}",
        "Use": "For research; results generate hypotheses and are not medical advice.",
    }
    said = {item: text for item, text in rows.items() if text}
    return pd.DataFrame({"Item": list(said), "Value": list(said.values())})


def _with_source(frame: pd.DataFrame, provenance: Provenance) -> pd.DataFrame:
    table = frame.set_axis(headings([str(name) for name in frame.columns]), axis=1)
    table.insert(len(table.columns), "Source", source_line(provenance), allow_duplicates=True)
    return table


def _write(sheet: Any, frame: pd.DataFrame, widest: int = _WIDEST) -> None:
    sheet.freeze_panes = "A2"
    for position, name in enumerate(frame.columns):
        longest = max([len(name), *frame.iloc[:50, position].astype(str).str.len()])
        column = sheet.column_dimensions[get_column_letter(position + 1)]
        column.width = min(longest + 2, widest)
    sheet.append([_text(sheet, name, bold=True) for name in frame.columns])
    tested = [is_p_value(name) for name in frame.columns]
    for row in frame.itertuples(index=False, name=None):
        sheet.append(
            [
                _p_value(sheet, value) if is_p else _cell(sheet, value)
                for value, is_p in zip(row, tested, strict=True)
            ]
        )


def _p_value(sheet: Any, value: Any) -> Any:
    """A p-value as the number it is, shown in a format that never makes it 0.000."""
    plain = _cell(sheet, value)
    if isinstance(plain, bool) or not isinstance(plain, numbers.Real):
        return plain
    if plain == 0:  # below the smallest number that a computer holds
        return _text(sheet, "< 1E-300")
    cell = WriteOnlyCell(sheet, plain)
    cell.number_format = _SMALL_P if plain < _SMALL else _USUAL_P
    return cell


def _cell(sheet: Any, value: Any) -> Any:
    """What a cell holds: a number, true or false, text, or nothing where a value is missing."""
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, numbers.Real):
        if math.isfinite(value):
            return value
        return None if math.isnan(value) else _text(sheet, str(value))
    return _text(sheet, str(value))


def _text(sheet: Any, value: str, *, bold: bool = False) -> Any:
    """A cell that is text and stays text, also once someone edits it."""
    cell = WriteOnlyCell(sheet, xml_text(value))
    cell.data_type = "s"
    cell.quotePrefix = value.startswith(FORMULA_STARTS)
    if len(value) > _WIDEST_ABOUT:
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    if bold:
        cell.font = Font(bold=True)
    return cell


def _sheet_name(name: str, taken: set[str]) -> str:
    """A name that Excel takes and no other sheet has, whatever its case; remembers it."""
    return next(name for name in _candidates(name) if _claim(name.lower(), taken))


def _candidates(name: str) -> Iterator[str]:
    plain = re.sub(r"[\[\]:*?/\\'\s]+", " ", xml_text(name)).strip() or "Table"
    yield plain[:_LONGEST_NAME].strip()
    number = 2
    while True:
        ending = f" ({number})"
        yield plain[: _LONGEST_NAME - len(ending)].strip() + ending
        number += 1


def _claim(name: str, taken: set[str]) -> bool:
    if name in taken or name == "history":  # Excel keeps that name to itself
        return False
    taken.add(name)
    return True
