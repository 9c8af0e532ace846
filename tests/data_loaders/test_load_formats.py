"""The same table in every format, encoding and dialect is the same cohort."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data_loaders import Cohort, CohortError, load_cohort, load_table_bytes

TABLE = pd.DataFrame(
    {
        "patient_id": ["0012", "0007", "0100", "0003"],
        "diagnosis": ["ET", "MF", "ET", "PV"],
        "centre": ["Zürich, West", "Genève", "Zürich, West", 'St. "Anna"'],
        "age_years": [61, 70, None, 44],
        "hb_g_per_l": [131.5, 98.25, 140.0, 171.0],
        "os_days": [400, 1200, 365, 30],
        "os_event": [0, 1, 0, 1],
        "JAK2": [1, 0, None, 1],
        "CALR": [0, 1, 1, 0],
    }
).astype({"age_years": "Int64", "JAK2": "Int64"})


def text(sep: str = ",", line: str = "\n", **options: object) -> str:
    return TABLE.to_csv(index=False, sep=sep, lineterminator=line, **options)


@pytest.fixture(scope="module")
def expected() -> Cohort:
    return load_table_bytes("plain.csv", text().encode())


def test_the_plain_file_holds_what_was_written(expected: Cohort) -> None:
    assert list(expected.patients.index) == ["0012", "0007", "0100", "0003"]
    assert expected.patients["age_years"].tolist()[:2] == [61, 70]
    assert np.isnan(expected.patients["age_years"].iloc[2])
    assert expected.patients["hb_g_per_l"].tolist() == [131.5, 98.25, 140.0, 171.0]
    assert expected.patients["centre"].tolist()[3] == 'St. "Anna"'
    assert expected.alterations["JAK2"].isna().tolist() == [False, False, True, False]
    np.testing.assert_allclose(
        expected.patients["os_months"], np.array([400, 1200, 365, 30]) / 30.4375, rtol=1e-14
    )


@pytest.mark.parametrize(
    ("filename", "data"),
    [
        pytest.param("a.csv", text(";").encode(), id="semicolon"),
        pytest.param("a.tsv", text("\t").encode(), id="tab"),
        pytest.param("a.txt", text("|").encode(), id="pipe"),
        pytest.param("a.csv", text("\t").encode(), id="tabs under the name csv"),
        pytest.param("a.xlsx", text().encode(), id="text under the name xlsx"),
        pytest.param("a", text().encode(), id="no extension"),
        pytest.param("a.csv", text(line="\r\n").encode(), id="CRLF"),
        pytest.param("a.csv", text(line="\r").encode(), id="CR"),
        pytest.param("a.csv", text().encode("utf-8-sig"), id="UTF-8 with BOM"),
        pytest.param("a.csv", text().encode("utf-16"), id="UTF-16 with BOM"),
        pytest.param("a.csv", text().encode("utf-16-le"), id="UTF-16 without BOM"),
        pytest.param("a.csv", text().encode("utf-16-be"), id="UTF-16 BE without BOM"),
        pytest.param("a.csv", text().encode("utf-32"), id="UTF-32"),
        pytest.param("a.csv", text(line="\r\n").encode("cp1252"), id="Windows-1252"),
        pytest.param("a.csv", text(quoting=1).encode(), id="everything quoted"),
        pytest.param("a.csv", gzip.compress(text().encode()), id="gzip under the name csv"),
        pytest.param("a.csv.gz", gzip.compress(text(";").encode()), id="gzip"),
        pytest.param("a.csv", b"\n\n" + text().encode() + b"\n\n", id="blank lines around"),
        pytest.param("a.csv", text().encode() + b",,,,,,,,\n" * 3, id="rows of separators below"),
        pytest.param("a.csv", text(";", decimal=",").encode(), id="decimal comma"),
        pytest.param("a.tsv", text("\t", decimal=",").encode(), id="decimal comma between tabs"),
        pytest.param("a.csv", ("sep=;\n" + text(";")).encode(), id="Excel's sep line"),
        pytest.param("a.csv", text(na_rep="NA").encode(), id="NA as R writes it"),
        pytest.param("a.csv", text(na_rep="n/a").encode(), id="n/a"),
        pytest.param(
            "a.csv", text().replace("\n", ",\n").encode(), id="a separator ends every row"
        ),
    ],
)  # fmt: skip
def test_dialects_and_encodings(filename: str, data: bytes, expected: Cohort) -> None:
    cohort = load_table_bytes(filename, data)
    pd.testing.assert_frame_equal(cohort.patients, expected.patients)
    assert cohort.fingerprint == expected.fingerprint


def test_parquet_and_gzip_from_disk(tmp_path: Path, expected: Cohort) -> None:
    TABLE.to_parquet(tmp_path / "table.parquet", index=False)
    cohort = load_cohort(tmp_path / "table.parquet")
    assert cohort.fingerprint == expected.fingerprint
    assert cohort.name == "table"
    assert cohort.provenance.source == "table.parquet"


def test_parquet_with_types_of_its_own() -> None:
    frame = TABLE.astype({"diagnosis": "category", "CALR": "bool"})
    frame["seen"] = pd.to_datetime(["2020-01-31", None, "2021-05-01", "2019-12-24"])
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    cohort = load_table_bytes("typed.parquet", buffer.getvalue())
    assert cohort.alterations["CALR"].tolist() == [False, True, True, False]
    assert cohort.variables["seen"].kind == "date"
    assert cohort.patients["seen"].isna().tolist() == [False, True, False, False]
    assert str(cohort.patients["seen"].iloc[0].date()) == "2020-01-31"


def workbook(**sheets: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    with pd.ExcelWriter(buffer) as writer:
        for name, frame in sheets.items():
            frame.to_excel(writer, sheet_name=name, index=False)
    return buffer.getvalue()


def test_workbook_equals_the_text(expected: Cohort) -> None:
    cohort = load_table_bytes("table.xlsx", workbook(Sheet1=TABLE))
    pd.testing.assert_frame_equal(cohort.patients, expected.patients)
    assert cohort.fingerprint == expected.fingerprint
    assert load_table_bytes("table.csv", workbook(Sheet1=TABLE)).fingerprint == cohort.fingerprint


def test_workbook_first_sheet_with_data_or_the_one_named(expected: Cohort) -> None:
    data = workbook(
        Cover=pd.DataFrame({"Export of 2024": []}), Empty=pd.DataFrame(), Data=TABLE,
        More=TABLE.head(2),
    )  # fmt: skip
    assert load_table_bytes("a.xlsx", data).fingerprint == expected.fingerprint
    assert load_table_bytes("a.xlsx", data, sheet="More").n == 2
    assert load_table_bytes("a.xlsx", data, sheet=3).n == 2
    for sheet in ("Nowhere", 7, -1):
        with pytest.raises(CohortError, match=r"has no sheet .* it has 4 sheets: Cover, Empty"):
            load_table_bytes("a.xlsx", data, sheet=sheet)


def test_workbook_dates_booleans_and_whole_numbers() -> None:
    frame = TABLE.head(3).copy()
    frame["seen"] = pd.to_datetime(["2020-01-31", "2021-05-01", "2019-12-24"])
    frame["CALR"] = [True, False, True]
    frame["splenomegaly"] = ["Yes", "no", "not done"]
    cohort = load_table_bytes("a.xlsx", workbook(S=frame))
    assert cohort.variables["seen"].kind == "date"
    assert cohort.alterations["CALR"].tolist() == [True, False, True]
    assert cohort.patients["splenomegaly"].tolist()[:2] == [1.0, 0.0]
    assert np.isnan(cohort.patients["splenomegaly"].iloc[2])


def test_workbook_formulas_are_never_executed() -> None:
    import openpyxl

    book = openpyxl.Workbook()
    for row in (
        ["patient_id", "os_months", "os_event", "hb"],
        ["a", 5, 1, "=1+1"],
        ["b", 6, 0, 12],
    ):
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    cohort = load_table_bytes("formula.xlsx", buffer.getvalue())
    # No value was stored with the formula, so there is none: neither 2 nor the formula's text.
    assert np.isnan(cohort.patients.loc["a", "hb"])
    assert cohort.patients.loc["b", "hb"] == 12


def test_row_names_of_r_without_a_heading(expected: Cohort) -> None:
    lines = text("\t").splitlines()
    numbered = [lines[0], *(f"{i}\t{line}" for i, line in enumerate(lines[1:], 1))]
    cohort = load_table_bytes("r.tsv", "\n".join(numbered).encode())
    assert list(cohort.patients.index) == list(expected.patients.index)
    assert cohort.patients["column_1"].tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "data",
    [
        b"patient_id,age,hb\na,50,12,\nb,61,9,\n",  # a separator behind each row
        b"patient_id,age,hb\n1,a,50,12\n2,b,61,9\n",  # names of rows
        b"patient_id,age,hb\nrow1,a,50,12\nrow2,b,61,9\n",
    ],
)
def test_one_cell_more_in_every_row_shifts_no_value(data: bytes) -> None:
    cohort = load_table_bytes("t.csv", data)
    assert cohort.patients["age"].to_dict() == {"a": 50, "b": 61}


def test_short_rows_are_filled_and_listed() -> None:
    cohort = load_table_bytes(
        "s.csv", b"patient_id,os_months,os_event,hb\na,1,0,12\nb,2,1\nc,3,1,9\n"
    )
    assert cohort.n == 3
    assert np.isnan(cohort.patients.loc["b", "hb"])
    (issue,) = [issue for issue in cohort.issues if issue.code == "ragged_rows"]
    assert (issue.count, issue.rows) == (1, (2,))


def test_quoted_names_with_separators_and_line_breaks() -> None:
    data = b'"patient_id","Hb, first\nvisit (g/dL)","os_months"\n"007","12.5",3\n"008","9",4\n'
    cohort = load_table_bytes("q.csv", data)
    assert list(cohort.patients.index) == ["007", "008"]
    variable = cohort.variables["Hb, first visit (g/dL)"]
    assert variable.unit == "g/dL"
    assert cohort.patients[variable.name].tolist() == [12.5, 9.0]


def test_a_lone_quotation_mark_inside_a_cell_is_a_character() -> None:
    cohort = load_table_bytes(
        "i.csv", b'patient_id,size,os_months,os_event\na,5" tall,1,0\nb,6,2,1\n'
    )
    assert cohort.n == 2
    assert cohort.patients.loc["a", "size"] == '5" tall'


def test_blank_rows_keep_their_positions_in_messages() -> None:
    data = b"patient_id,os_months,os_event\na,1,0\n,,\nb,-2,1\n"
    cohort = load_table_bytes("b.csv", data)
    (issue,) = [issue for issue in cohort.issues if issue.code == "negative_time"]
    assert issue.rows == (3,)


def test_numbers_are_read_to_the_last_bit() -> None:
    values = np.random.default_rng(3).random(500) * 1000
    lines = [f"p{i},{value!r}" for i, value in enumerate(values.tolist())]
    cohort = load_table_bytes("n.csv", ("patient_id,score\n" + "\n".join(lines)).encode())
    assert cohort.patients["score"].tolist() == values.tolist()


@pytest.mark.parametrize(
    ("sep", "entry", "number"),
    [
        (";", "12,5", 12.5), (";", "1.234,5", 1234.5), (";", "1'234", 1234),
        (",", '"12,5"', 12.5), (",", "1 234", 1234), (",", '"1,234.5"', 1234.5),
        ("\t", "45%", 45), (",", "\u22123.5", -3.5), (",", "+7", 7), (",", "1e3", 1000),
    ],
)  # fmt: skip
def test_ways_of_writing_a_number(sep: str, entry: str, number: float) -> None:
    rows = [["patient_id", "score"], ["a", entry], ["b", "8"], ["c", "9"]]
    cohort = load_table_bytes("n.csv", "\n".join(sep.join(row) for row in rows).encode())
    assert cohort.patients["score"].tolist() == [number, 8, 9]


def test_each_line_of_mixed_encodings_is_read_in_its_own() -> None:
    data = "patient_id;centre\na;Köln\nb;Malmö\n".encode() + "c;Zürich\n".encode("cp1252")
    assert load_table_bytes("x.csv", data).patients["centre"].tolist() == [
        "Köln",
        "Malmö",
        "Zürich",
    ]
    for encoding in ("utf-8", "cp1252", "utf-16"):
        pure = load_table_bytes("x.csv", "patient_id;centre\na;Köln\nb;Çelik\n".encode(encoding))
        assert pure.patients["centre"].tolist() == ["Köln", "Çelik"]
        assert "mixed_encodings" not in {issue.code for issue in pure.issues}


@pytest.mark.parametrize(
    "text",
    [
        # The first patient's results may all be missing, or beyond a limit.
        "patient_id,hb,wbc\na,ND,ND\nb,120,4\nc,110,5\n",
        "patient_id,hb,wbc\na,> 200,< 0.1\nb,120,4\nc,110,5\n",
        "patient_id,hb,wbc,plt\na,high,3,300\nb,120,4,200\nc,110,5,100\n",
        "patient_id,hb,sex\na,100,F\nb,120,M\nc,110,M\n",
    ],
)
def test_a_first_patient_is_no_second_row_of_names(text: str) -> None:
    assert load_table_bytes("x.csv", text.encode()).n == 3


def test_titles_in_a_workbook_are_left_out() -> None:
    buffer = io.BytesIO()
    frame = pd.DataFrame([["patient_id", "age", "sex"], ["a", 50, "F"], ["b", 60, "M"]])
    frame.to_excel(buffer, index=False, header=["Export of March", "", ""])
    cohort = load_table_bytes("x.xlsx", buffer.getvalue())
    assert cohort.patients["age"].tolist() == [50, 60]
    assert "title" in {issue.code for issue in cohort.issues}
