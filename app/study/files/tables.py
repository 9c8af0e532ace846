"""Tables to take away: CSV that says where it comes from and that no spreadsheet executes."""

from __future__ import annotations

import re
from collections.abc import Collection

import pandas as pd

from data_loaders import Provenance

# No table of groups is as wide; one with a column a patient is.
_MOST_COLUMNS = 100
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
# Workbooks and slides are XML 1.0: one character that it forbids makes a whole file unreadable.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_csv(frame: pd.DataFrame, provenance: Provenance) -> bytes:
    """A table as CSV (UTF-8 with byte order mark, so that Excel reads its letters).

    A last column names the source of every row, with SYNTHETIC where the data are simulated.
    Text that a spreadsheet would take for a formula gets an apostrophe before it.
    """
    safe = frame.copy()
    for column in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[column].dtype):
            safe[column] = safe[column].map(_defused, na_action="ignore")
    safe.columns = [_defused(str(name)) for name in safe.columns]
    safe["source"] = _defused(source_line(provenance))
    text: str = safe.to_csv(index=False)
    return text.encode("utf-8-sig")


def xml_text(value: str) -> str:
    """Text without the characters that no file of XML may hold."""
    return _NOT_XML.sub("", value)


def source_line(provenance: Provenance) -> str:
    """The source in one line, SYNTHETIC first where the data are simulated."""
    return f"SYNTHETIC: {provenance.source}" if provenance.synthetic else provenance.source


def names_patients(table: pd.DataFrame, ids: Collection[str]) -> bool:
    """Whether a table has a row or a column a patient, such as the cells of an oncoprint.

    Parameters
    ----------
    ids
        Identifiers of the patients; without them, columns that are called so tell.
    """
    places = sum(isinstance(name, int) for name in table.columns)
    if len(table.columns) > _MOST_COLUMNS or 2 * places > len(table.columns):
        return True  # a column a patient, by his place
    names = {str(name) for name in table.columns}
    if names & {"patient", "patient_id"} or 2 * len(names.intersection(ids)) > len(names):
        return True
    texts = (
        table[name].dropna().astype(str)
        for name in table.columns
        if not pd.api.types.is_numeric_dtype(table[name].dtype)
    )
    return any(len(held) > 1 and held.isin(ids).all() for held in texts)


def file_stem(*parts: str, synthetic: bool = False) -> str:
    """A file name without extension that says what the file holds.

    Parameters
    ----------
    parts
        Words of the name, most general first.
    """
    words = ["SYNTHETIC"] * synthetic + [
        re.sub(r"[^A-Za-z0-9]+", "-", part).strip("-") for part in parts
    ]
    return "_".join(word for word in words if word)[:120]


def _defused(value: object) -> object:
    """Text that cannot act as a formula."""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value
