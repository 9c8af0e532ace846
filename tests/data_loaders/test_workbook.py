"""Workbooks: number formats, several sheets, and files that claim to be larger than they are."""

from __future__ import annotations

import datetime as dt
import io
import re
import resource
import time
import zipfile

import openpyxl
import pytest

from data_loaders import Cohort, CohortError, Issue, load_files, load_table_bytes
from data_loaders.files import _workbook as workbook

HEADER = ["patient_id", "age", "sex", "os_months", "os_event"]
ROWS = [[f"w{i}", 40 + i, "FM"[i % 2], 3 + i, i % 2] for i in range(12)]


def found(cohort: Cohort, code: str) -> list[Issue]:
    return [issue for issue in cohort.issues if issue.code == code]


def saved(book: openpyxl.Workbook) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def book_of(**sheets: list[list[object]]) -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    return book


def with_column(name: str, cells: list[tuple[object, str]]) -> bytes:
    book = book_of(S=[[*HEADER, name], *ROWS])
    for row, (value, code) in enumerate(cells, 2):
        cell = book["S"].cell(row, len(HEADER) + 1, value)
        cell.number_format = code
    return saved(book)


@pytest.mark.parametrize(
    ("name", "cells", "values", "unit"),
    [
        ("blasts (%)", [(0.07, "0%"), (0.125, "0.0%"), (0.3, "0.00%;[Red]-0.00%")],
         [7, 12.5, 30], "%"),
        ("blasts", [(0.05, "0%"), (0.6, "0%"), (0.005, "0.0%")], [5, 60, 0.5], "%"),
        ("hb", [(9.5, '0.0" g/dL"'), (10, '0.0" g/dL"'), (8.25, '0.0" g/dL"')],
         [9.5, 10, 8.25], "g/dL"),
        ("ldh", [(1234.0, "#,##0"), (2345.0, "#,##0"), (345.0, "#,##0")], [1234, 2345, 345], "U/L"),
        ("ldh", [("1,234", "General"), (345, "General"), ("2,345", "@")], [1234, 345, 2345], "U/L"),
        # A number cell is a number whatever its digits are.
        ("marker", [(1.234, "General"), (2.345, "0.000"), (3.456, "General")],
         [1.234, 2.345, 3.456], None),
    ],
)  # fmt: skip
def test_what_excel_shows_counts(
    name: str, cells: list[tuple[object, str]], values: list[float], unit: str | None
) -> None:
    cohort = load_table_bytes("s.xlsx", with_column(name, cells))
    assert cohort.patients[name].tolist()[: len(values)] == values
    assert cohort.variables[name].unit == unit
    assert not found(cohort, "number_marks")


MUTATIONS = [["patient_id", "gene", "protein_change"], ["w1", "SRSF2", "p.P95H"],
             ["w4", "SRSF2", "p.P95L"]]  # fmt: skip


def test_sheets_of_the_same_patients_are_joined() -> None:
    more = [["patient_id", "wbc"], *([f"w{i}", 4.5 + i] for i in range(12))]
    notes = [["column", "meaning"], ["age", "age at diagnosis"], ["os_event", "1 = dead"]]
    cohort = load_table_bytes(
        "b.xlsx",
        saved(book_of(Notes=[["a cover"]], Base=[HEADER, *ROWS], Lab=more, Mut=MUTATIONS, K=notes)),
    )
    assert cohort.alterations["SRSF2"].sum() == 2
    assert cohort.patients["wbc"].tolist() == [4.5 + i for i in range(12)]
    assert (cohort.name, cohort.provenance.source) == ("b", "b.xlsx")
    assert "4 tables" in found(cohort, "sheets")[0].sentence
    (left_out,) = found(cohort, "file_left_out")
    assert left_out.sentence.startswith("Sheet K was left out: it has no patient")


@pytest.mark.parametrize("change", ["Protein", "Aminosäureaustausch", "Befund"])
def test_a_sheet_of_variants_is_told_by_its_changes_whatever_their_header(change: str) -> None:
    variants = [["patient_id", "Gen", change, "VAF"], *(
        [f"w{i}", gene, protein, 0.4]
        for i, (gene, protein) in enumerate([("TP53", "p.R248Q"), ("JAK2", "p.V617F")] * 2)
    )]  # fmt: skip
    book = book_of(Klinik=[HEADER, *ROWS], Mutationen=variants)
    cohort = load_table_bytes("x.xlsx", saved(book))
    counts = {name: int(cohort.alterations[name].sum()) for name in cohort.alterations}
    assert counts == {"TP53": 2, "JAK2": 2, "JAK2_V617F": 2}


def test_a_sheet_of_other_patients_with_the_same_columns_is_said() -> None:
    others = [[f"v{i}", 40 + i, "FM"[i % 2], 3 + i, i % 2] for i in range(5)]
    cohort = load_table_bytes("x.xlsx", saved(book_of(ET=[HEADER, *ROWS], PV=[HEADER, *others])))
    (issue,) = found(cohort, "file_left_out")
    assert "5 rows are of other patients" in issue.sentence


def test_a_duration_is_its_days() -> None:
    rows = [["patient_id", "os_days", "os_event"]]
    rows += [[f"w{i}", dt.timedelta(days=100 + i), i % 2] for i in range(6)]
    cohort = load_table_bytes("x.xlsx", saved(book_of(S=rows)))
    assert cohort.patients["os_months"].iloc[0] == pytest.approx(100 / 30.4375)


def test_a_sheet_that_cannot_be_joined_never_stops_the_others() -> None:
    matrix = [["patient_id", "TP53", "SF3B1"], ["z1", 1, 0], ["z2", 0, 1]]
    data = saved(book_of(Base=[HEADER, *ROWS], Others=matrix, Mut=MUTATIONS))
    cohort = load_table_bytes("b.xlsx", data)
    assert cohort.alterations["SRSF2"].sum() == 2
    (left_out,) = found(cohort, "file_left_out")
    assert "Sheet Others was left out: " in left_out.sentence
    assert load_table_bytes("b.xlsx", data, sheet="Base").alterations.shape[1] == 0
    beside = load_files({"b.xlsx": data, "c.csv": b"patient_id,ldh\nw0,200\nw1,300\n"})
    assert "not Others and Mut, which hold tables too" in found(beside, "other_sheets")[0].sentence


def edited(pattern: str, replacement: str) -> bytes:
    """A good workbook with the XML of its sheet changed."""
    source = zipfile.ZipFile(io.BytesIO(saved(book_of(S=[HEADER, *ROWS]))))
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in source.namelist():
            text = source.read(name)
            if "sheet1" in name:
                changed = re.sub(pattern, replacement, text.decode(), count=1)
                assert changed != text.decode()
                text = changed.encode()
            archive.writestr(name, text)
    return target.getvalue()


@pytest.mark.parametrize(
    ("pattern", "replacement", "good"),
    [
        ("</sheetData>", '<row r="2147483647"/></sheetData>', True),
        ("</sheetData>", '<row r="2147483647"><c r="A2147483647"/></row></sheetData>', True),
        ("</sheetData>", '<row r="99999999999"/></sheetData>', True),
        ('<dimension ref="[^"]*"', '<dimension ref="A1:XFD1048576"', True),
        ("</sheetData>", '<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t> </t></is></c>'
         "</row></sheetData>", True),
        ("</sheetData>", '<row r="50"><c r="BH50" t="inlineStr"><is><t> </t></is></c></row>'
         "</sheetData>", True),
        ("<sheetData>", '<sheetData><row r="0"/>', True),
        ("</sheetData>", '<row r="50000000"><c r="A50000000"><v>1</v></c></row></sheetData>',
         False),
        ("</sheetData>", "<row/>" * 60_000 + "</sheetData>", False),
        ("</sheetData>", "<row>" + "<c/>" * 60_000 + "</row></sheetData>", False),
    ],
)  # fmt: skip
def test_what_a_workbook_claims_costs_nothing(
    pattern: str, replacement: str, good: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "MAX_WORKBOOK_CELLS", 50_000)
    monkeypatch.setattr(workbook, "MAX_WORKBOOK_ROWS", 50_000)
    data = edited(pattern, replacement)
    before, begin = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    if good:
        cohort = load_table_bytes("s.xlsx", data)
        assert cohort.patients["age"].tolist() == [40 + i for i in range(12)]
    else:
        with pytest.raises(CohortError, match=r"beyond Excel's last row|more than 50,000 cells"):
            load_table_bytes("s.xlsx", data)
    assert time.process_time() - begin < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300 * 1024


def test_a_value_in_the_last_column_is_a_column() -> None:
    book = book_of(S=[HEADER, *ROWS])
    book["S"].cell(3, 16_384, "here")
    cohort = load_table_bytes("s.xlsx", saved(book))
    assert cohort.patients["column_16384"].tolist()[1] == "here"
    assert cohort.n == 12
