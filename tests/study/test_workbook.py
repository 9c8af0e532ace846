"""Workbooks: read back by another reader, safe, marked."""

from __future__ import annotations

import io
import re
import zipfile
from importlib.metadata import version

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from app.study.files.workbook import to_xlsx
from data_loaders import Provenance

SYNTHETIC = Provenance(source="demo:mpn", synthetic=True, citation="Someone 2024")
REAL = Provenance(source="=patients.csv")
NUMBERS = pd.DataFrame(
    {
        "group": ["CALR", "=1+1", "+1", "-x", "@y", "#N/A", "=cmd|' /C calc'!A0"],
        "n": [1, 2, 3, -4, 5, 6, 7],
        "hr": [0.5, np.nan, np.inf, 1 / 3, 1e-300, -2.0, 0.0],
        "tested": pd.array([True, False, pd.NA, True, True, False, True], dtype="boolean"),
        "kind": pd.Categorical(["a", "b", None, "a", "a", "b", "b"]),
    }
)


def read(content: bytes, sheet: str) -> list[tuple]:
    return list(load_workbook(io.BytesIO(content))[sheet].iter_rows(values_only=True))


def test_numbers_are_numbers_and_missing_is_empty():
    header, *rows = read(to_xlsx({"Curves": NUMBERS}, SYNTHETIC, "all patients"), "Curves")
    assert header == ("Group", "n", "Hazard ratio", "Tested", "Kind", "Source")
    columns = list(zip(*rows, strict=True))
    assert columns[1] == (1, 2, 3, -4, 5, 6, 7)
    assert columns[2] == (0.5, None, "inf", 1 / 3, 1e-300, -2, 0)
    assert columns[3] == (True, False, None, True, True, False, True)
    assert columns[4] == ("a", "b", None, "a", "a", "b", "b")
    assert set(columns[5]) == {"SYNTHETIC: demo:mpn"}


def test_no_cell_is_a_formula():
    evil = NUMBERS.rename(columns={"n": "=cmd|x"})
    content = to_xlsx({"=1+1": evil}, REAL, "=HYPERLINK(1)")
    for sheet in load_workbook(io.BytesIO(content)):
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type not in ("f", "e"), cell.value
                if isinstance(cell.value, str) and cell.value[:1] in "=+-@":
                    assert cell.quotePrefix
    parts = zipfile.ZipFile(io.BytesIO(content))
    for name in parts.namelist():
        assert not re.search(rb"<f[ >]", parts.read(name)), name
    values = [row[0] for row in read(content, "=1+1")[1:]]
    assert values == NUMBERS["group"].tolist()


def test_a_sheet_says_where_it_comes_from():
    about = dict(read(to_xlsx({}, SYNTHETIC, "age 60 or more"), "About")[1:])
    assert about["Source"] == "SYNTHETIC: demo:mpn"
    assert "simulated" in about["Data"]
    assert about["Patients"] == "age 60 or more"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", about["Made on"])
    for package in ("numpy", "pandas", "scipy"):
        assert version(package) in about["Made with"]
    assert "SYNTHETIC" not in str(read(to_xlsx({}, REAL, "all patients"), "About"))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(max_size=50), unique=True, max_size=4))
@example(["a\uffff", "A\ufffe", "\x00", "History"])
def test_any_name_makes_a_sheet(names: list[str]):
    frames = {name: pd.DataFrame({"n": [i]}) for i, name in enumerate(names)}
    content = to_xlsx(frames, REAL, "all patients")
    book = load_workbook(io.BytesIO(content))
    titles = book.sheetnames[1:]
    assert [book[title]["A2"].value for title in titles] == list(range(len(names)))
    assert len({title.lower() for title in titles}) == len(names)
    assert all(0 < len(title) <= 31 for title in titles)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=30))
@example("a\uffffb\ufffe\ud800\x01")
@example("a\rb\r\nc")
def test_any_text_survives_but_for_what_xml_forbids(text: str):
    row = read(to_xlsx({"t": pd.DataFrame({"x": [text]})}, REAL, ""), "t")[1]
    allowed = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", "", text)
    # A reader of XML takes every kind of line end for a line feed.
    assert re.sub(r"\r\n?", "\n", row[0] or "") == re.sub(r"\r\n?", "\n", allowed)


def test_too_many_rows_is_a_sentence(monkeypatch):
    monkeypatch.setattr("app.study.files.workbook.MOST_ROWS", 3)
    with pytest.raises(ValueError, match="take the CSV"):
        to_xlsx({"Curves": NUMBERS}, REAL, "all patients")
