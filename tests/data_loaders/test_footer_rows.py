"""Rows below a table: summaries and notes are no patients, patients are never taken for them."""

from __future__ import annotations

import io

import openpyxl
import pytest

from data_loaders import Cohort, Issue, load_table_bytes

HEAD = "id,age,sex,hb,os_months,os_event"
BODY = [f"k{i},{50 + i},{'FM'[i % 2]},{9.5 + i / 4},{8 + i},{i % 2}" for i in range(10)]


def load(*below: str) -> Cohort:
    return load_table_bytes("t.csv", "\n".join([HEAD, *BODY, *below]).encode())


def found(cohort: Cohort) -> list[Issue]:
    return [issue for issue in cohort.issues if issue.code == "footer_rows"]


@pytest.mark.parametrize(
    "below",
    [
        ["Mean,54.5,,10.6,12.5,", "SD,3.0,,0.8,3.0,"],
        ["Median (IQR),54.5 (52-57),,10.6,12.5,5"],
        [",,,,,", "Total,545,,106,125,5"],
        ["n=10,,,,,"],
        ["N,10,,10,10,10"],
        ["Max.,59,,12,17,1", "Min.,50,,9,8,0"],
        ["Export vom 01.02.2021,,,,,"],
        ["Erstellt: Dr. X"],
        ["Mittelwert,54.5,,10.6,12.5,", "Standardabweichung,3.0,,0.8,3.0,"],
        ["Media,54.5,,10.6,12.5,", "DS,3.0,,0.8,3.0,"],
        ["Moyenne,54.5,,10.6,12.5,", "Écart-type,3.0,,0.8,3.0,"],
        ["Promedio,54.5,,10.6,12.5,", "Desviación estándar,3.0,,0.8,3.0,"],
        ["Mean ± SD,54.5 ± 3.0,,10.6 ± 0.8,12.5,"],
        ["", "* by flow cytometry"],
        ["Note: haemoglobin was measured at diagnosis"],
        [",,,,,", "Data cut-off 1 March 2024,,,,,", "Exported by the registry,,,,,"],
        [",,,,,", ",54.5,,10.6,12.5,"],
        ["Mean,54.5,,10.6,12.5,", "Abbreviations: hb haemoglobin,,,,,"],
    ],
)
def test_what_stands_below_a_table_is_left_out_and_said(below: list[str]) -> None:
    cohort = load(*below)
    assert list(cohort.patients.index) == [f"k{i}" for i in range(10)]
    assert cohort.patients["age"].tolist() == [50 + i for i in range(10)]
    (issue,) = found(cohort)
    lines = [line for line in below if line.strip(",")]
    assert (issue.severity, issue.count) == ("warning", len(lines))
    assert issue.rows[-1] == 10 + len([line for line in below if line])


@pytest.mark.parametrize(
    "last",
    ["DS,61,F,9.0,30,1", "N,61,F,9.0,30,1", "MW,61,M,9.0,30,1", "Max,61,F,9.0,30,1", "k10,,,,,",
     "ET,61,F,9.0,30,1", "Total,61,F,9.0,30,1", "K 11,61,F,,,", "k*2,,,,30,1"],
)  # fmt: skip
def test_a_patient_is_no_footer(last: str) -> None:
    cohort = load(last)
    assert cohort.n == 11
    assert not found(cohort)


def test_a_gene_called_max_is_no_maximum() -> None:
    lines = ["gene," + ",".join(f"s{i}" for i in range(8))]
    lines += [f"{gene},0,1,0,0,1,0,0,1" for gene in ("TP53", "TET2", "SF3B1", "MAX")]
    cohort = load_table_bytes("m.csv", "\n".join(lines).encode())
    assert not found(cohort)


def test_summaries_in_the_middle_stay_and_are_not_hidden() -> None:
    text = "\n".join([HEAD, *BODY[:5], "Mean,52,,10,10,", *BODY[5:]])
    assert load_table_bytes("t.csv", text.encode()).n == 11


def test_footers_of_a_workbook() -> None:
    book = openpyxl.Workbook()
    for line in (HEAD, *BODY):
        book.active.append(line.split(","))
    for row, cells in ((15, ["Mean", "54.5"]), (17, ["Source: registry of the clinic"])):
        for place, cell in enumerate(cells, 1):
            book.active.cell(row, place, cell)
    buffer = io.BytesIO()
    book.save(buffer)
    cohort = load_table_bytes("t.xlsx", buffer.getvalue())
    assert cohort.n == 10
    assert found(cohort)[0].rows == (14, 16)


def test_names_with_spaces_are_patients() -> None:
    rows = [f"Anna {i},{50 + i},F,{9 + i / 4},{8 + i},{i % 2}" for i in range(10)]
    cohort = load_table_bytes("t.csv", "\n".join([HEAD, *rows, "Berta 11,,,,,"]).encode())
    assert cohort.n == 11
