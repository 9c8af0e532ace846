"""Whatever is wrong with a file, one sentence says what, where and what to do."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from data_loaders import CohortError, load_cohort, load_table_bytes
from data_loaders.files import _workbook as workbook
from data_loaders.files import formats, regular_files, tables

FRAME = pd.DataFrame(
    {"patient_id": ["SECRET1", "SECRET2"], "os_months": [1, 2], "os_event": [0, 1]}
)
CSV = FRAME.to_csv(index=False).encode()


def saved(write: Callable[[io.BytesIO], object]) -> bytes:
    buffer = io.BytesIO()
    write(buffer)
    return buffer.getvalue()


def zipped(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


XLSX = saved(lambda buffer: FRAME.to_excel(buffer, index=False))
PARQUET = saved(lambda buffer: FRAME.to_parquet(buffer, index=False))
NESTED = saved(
    lambda buffer: pd.DataFrame({"patient_id": ["SECRET1"], "x": [[1, 2]]}).to_parquet(buffer)
)

REFUSED = [
    ("empty", b"", "is empty: it holds no bytes"),
    ("blank space", b" \n\t\r\n ", "is empty: it holds only blank space"),
    ("byte order mark alone", b"\xef\xbb\xbf", "is empty"),
    ("header only", b"patient_id,os_months,os_event\n", "column names but no rows"),
    ("header without line end", b"patient_id,os_months,os_event", "column names but no rows"),
    ("blank rows only", b"patient_id,a\n,\n,\n", "only blank rows"),
    ("no names", b"SECRET1,ET,M,65\nSECRET2,ET,F,60\nSECRET3,MF,M,70\n", "begin with values"),
    ("numbers on top", b"1,2,3\n4,5,6\n", "begin with values"),
    ("names repeated below",
     b"patient_id,a\nSECRET1,1\npatient_id,a\nSECRET2,2\n", "repeats its row"),
    ("row of units", b"patient_id,age,hb\n,years,g/L\nSECRET1,50,120\nSECRET2,60,110\n",
     "second row of names or units"),
    ("groups above the names",
     b",Clinical,,Outcome,\npatient_id,age,hb,os_months,os_event\nSECRET1,50,120,5,1\n"
     b"SECRET2,60,110,6,0\n", "second row of names or units"),
    ("merged cells above the names",
     saved(lambda b: pd.DataFrame([["id", "age", "hb"], ["SECRET1", 50, 120], ["SECRET2", 60, 90]],
           columns=["patient", "clinical", ""]).to_excel(b, index=False)),
     "second row of names or units"),
    ("ten million columns", b"," * 10_000_000 + b"\n1\n", "10,000,001 columns; at most 20,000"),
    ("one column", b"patient_id\nSECRET1\nSECRET2\n", "only one column"),
    ("unknown separator", b"patient_id:a\nSECRET1:1\n", "only one column"),
    ("duplicated names", b"patient_id,a,b,a\nSECRET1,1,2,3\n", "1 name .* positions 2 and 4"),
    ("names that differ by spaces", b"patient_id,a, a \nSECRET1,1,2\n", "1 name .* a "),
    ("no identifier",
     b"age,hb,os_months\n50,12,4\n60,13,5\n", "identifies .* age, hb and os_months"),
    ("identifier of measurements", b"x,age\n1.5,50\n2.5,60\n", "identifies the patients among x"),
    ("duplicated identifiers", b"patient_id,a\nSECRET1,1\nSECRET1,2\nSECRET2,3\n",
     r"2 rows that share .* patient_id \(rows 1 and 2\)"),
    ("blank identifiers",
     b"patient_id,a\nSECRET1,1\n,2\nNA,3\n", r"2 rows without .* \(rows 2 and 3\)"),
    ("identifiers that are NaN",
     b"patient_id,a\nNaN,1\nnan,2\nSECRET3,3\n", r"2 rows without .* \(rows 1 and 2\)"),
    ("cells beyond the last column",
     b"patient_id,a\nSECRET1,1\nSECRET2,2,3\n", "more cells in row 2"),
    ("a name with the separator", b"patient_id,WBC, G/L,age\nSECRET1,5.1,50\nSECRET2,6.2,61\n",
     r"names 4 columns \(patient_id, WBC, G/L and age\), but each .* row 1, has 3 cells"),
    ("decimal commas", b"patient_id,age,hb\nSECRET1,50,12,5\nSECRET2,50,9,5\n",
     r"3 columns \(patient_id, age and hb\) but more cells in rows 1 and 2"),
    ("decimal commas of ages that differ", b"id,age,hb\nSECRET1,50,12,5\nSECRET2,61,9,5\n",
     r"3 columns \(id, age and hb\) but more cells"),
    ("open quotation mark", b'patient_id,a\n"SECRET1,1\nSECRET2,2\n', "quotation mark"),
    ("open quotation mark at the end", b'patient_id,a\nSECRET1,1\nSECRET2,"2\n', "quotation mark"),
    ("two that swallow a row",
     b'patient_id,a\nSECRET1,"1\nSECRET2,"2\nSECRET3,4\n', "quotation mark"),
    ("too many columns", b",".join([b"a"] * 30_000) + b"\n1\n", "30,000 columns; at most 20,000"),
    ("picture", b"\x89PNG\r\n\x1a\n" + bytes(60), "a picture"),
    ("PDF", b"%PDF-1.7\n...", "a PDF document"),
    ("old Excel", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(60), r"old Excel format \(\.xls\)"),
    ("zip of a CSV", zipped("table.csv", CSV), "ZIP archive"),
    ("zip cut off", zipped("table.csv", CSV)[:40], "damaged"),
    ("workbook cut off", XLSX[: len(XLSX) // 2], "damaged or protected"),
    ("workbook without sheets", zipped("xl/workbook.xml", b"<workbook/>"), "damaged or protected"),
    ("workbook without cells", saved(lambda b: pd.DataFrame().to_excel(b)), "every sheet holds no"),
    ("parquet cut off", PARQUET[:-20], "cut off or damaged"),
    ("parquet beginning", PARQUET[:60], "cut off or damaged"),
    ("parquet with lists", NESTED, "lists or records inside cells"),
    ("gzip cut off", gzip.compress(CSV * 50)[:60], "cut off or damaged"),
    ("gzip of nothing", gzip.compress(b""), "empty inside"),
    ("gzip of a picture", gzip.compress(b"\x89PNG\r\n\x1a\n"), "a picture"),
    ("R data", gzip.compress(b"RDX3\nX\n\x00\x00"), "read outside R|needs the library"),
    ("web page", b"\n<!DOCTYPE html><html><body>Log in</body></html>", "a web page or XML"),
    ("table of a web page", b"<table><tr><td>SECRET1</td></tr></table>", "a web page or XML"),
    ("Git LFS pointer", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
     "Git LFS pointer"),
    ("JSON", b'[{"patient_id": "SECRET1"}]', "is JSON"),
    ("database", b"SQLite format 3\x00" + bytes(50), r"a database \(SQLite\)"),
    ("bytes of nothing", bytes(range(256)) * 3, "binary file or in an encoding"),
    ("NUL among text", b"patient_id,a\nSECRET1,\x00\x01\n", "binary file or in an encoding"),
    ("half a UTF-16 character", b"\xff\xfep\x00a", "binary file or in an encoding"),
]  # fmt: skip


def check_sentence(message: str) -> None:
    assert message.endswith(".")
    assert ". " not in message.removesuffix(".")
    assert "\n" not in message
    assert "SECRET" not in message, "a message never repeats a patient's row"
    assert "Error" not in message


@pytest.mark.parametrize(
    ("data", "words"), [row[1:] for row in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_refused_with_one_sentence(data: bytes, words: str) -> None:
    with pytest.raises(CohortError, match=words) as caught:
        load_table_bytes("/home/someone/upload.csv", data)
    message = str(caught.value)
    assert message.startswith("upload.csv ")
    check_sentence(message)


def test_the_table_above_is_long_enough() -> None:
    names = [row[0] for row in (*REFUSED, *LOADED_WITH_A_FINDING)]
    assert len(set(names)) == len(names) >= 80
    assert len(REFUSED) >= 50


def test_paths_that_lead_to_no_file(tmp_path: Path) -> None:
    for source, words in (
        (tmp_path / "gone.csv", r"gone\.csv cannot be found"),
        (tmp_path, "holds no tables"),
        ("", "No file was named"),
        ("  ", "No file was named"),
        ("https://example.org/table.csv", "Addresses on the web are not opened"),
        ("bad\x00name.csv", "cannot be opened"),
        ("x" * 5000, "cannot be opened"),
        ("demo:nothing", "no demo cohort"),
    ):
        with pytest.raises(CohortError, match=words) as caught:
            load_cohort(source)
        check_sentence(str(caught.value))
        assert str(tmp_path) not in str(caught.value)


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "locked.csv"
    path.write_bytes(CSV)

    def refuse(*_: object) -> int:
        raise PermissionError

    # Root may read everything, so the refusal has to be simulated.
    monkeypatch.setattr(regular_files.os, "open", refuse)
    with pytest.raises(CohortError, match=r"locked\.csv cannot be opened"):
        load_cohort(path)


def test_a_sheet_of_what_has_no_sheets() -> None:
    with pytest.raises(CohortError, match="has no sheets"):
        load_table_bytes("a.csv", CSV, sheet="First")


def test_a_demo_takes_no_mapping() -> None:
    with pytest.raises(CohortError, match="takes neither a mapping nor a sheet"):
        load_cohort("demo:mpn", mapping={})


@pytest.mark.parametrize(
    ("module", "limit", "value", "data", "words"),
    [
        (formats, "MAX_FILE_BYTES", 50, CSV, "larger than"),
        (formats, "MAX_FILE_BYTES", 1000, gzip.compress(CSV * 100), "once decompressed"),
        (tables, "MAX_ROWS", 1, CSV, "rows; at most 1 are read"),
        (tables, "MAX_ROWS", 1, PARQUET, "2 rows; at most 1 are read"),
        (tables, "MAX_ROWS", 1, XLSX, "2 rows; at most 1 are read"),
        (tables, "MAX_COLUMNS", 2, CSV, "3 columns; at most 2 are read"),
        (tables, "MAX_CELLS", 5, CSV, "cells; at most 5 are read"),
        (workbook, "MAX_WORKBOOK_CELLS", 5, XLSX, "more than 5 cells"),
        (workbook, "MAX_FILE_BYTES", 100, XLSX, "once decompressed"),
    ],
)  # fmt: skip
def test_limits_of_size(
    monkeypatch: pytest.MonkeyPatch,
    module: object,
    *,
    limit: str,
    value: int,
    data: bytes,
    words: str,
) -> None:
    monkeypatch.setattr(module, limit, value)
    with pytest.raises(CohortError, match=words) as caught:
        load_table_bytes("upload.csv", data)
    check_sentence(str(caught.value))


def test_a_file_on_disk_is_measured_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "large.csv"
    path.write_bytes(CSV)
    monkeypatch.setattr("data_loaders.files.folder.MAX_FILE_BYTES", 10)
    monkeypatch.setattr(Path, "read_bytes", lambda _: pytest.fail("it was read"))
    with pytest.raises(CohortError, match=r"large\.csv is larger than"):
        load_cohort(path)


LOADED_WITH_A_FINDING = [
    ("title above the names",
     b"Export of March\n\npatient_id,age,sex\na,50,F\nb,60,M\n", "title", "info", None),
    ("title in a cell of its own",
     b"Export,,\n,,\npatient_id,age,sex\na,50,F\nb,60,M\n", "title", "info", None),
    ("two encodings", "patient_id,centre\na,Köln\n".encode() + "b,Zürich\n".encode("cp1252"),
     "mixed_encodings", "warning", None),
    ("no pair", b"patient_id,age\na,50\nb,60\n", "no_endpoint", "warning", None),
    ("event coded 1/2",
     b"patient_id,os_days,os_status\na,9,1\nb,8,2\n", "event_coding", "warning", "os_status"),
    ("negative time",
     b"patient_id,os_days,os_event\na,9,1\nb,-8,0\n", "negative_time", "warning", "os_days"),
    ("missing time",
     b"patient_id,os_days,os_event\na,9,1\nb,,0\n", "missing_time", "warning", "os_days"),
    ("missing event",
     b"patient_id,os_days,os_event\na,9,1\nb,8,\n", "missing_event", "warning", "os_event"),
    ("text in numbers",
     b"patient_id,hb_g_per_l\na,120\nb,low\nc,130\n", "text_in_number", "warning", "hb_g_per_l"),
    ("wrong unit", b"patient_id,hb_g_per_l\na,12\nb,9\n", "unit", "warning", "hb_g_per_l"),
    ("impossible age",
     b"patient_id,age_years\na,50\nb,60\nc,300\n", "implausible", "warning", "age_years"),
    ("repeated row", b"patient_id,age\na,50\nb,60\nb,60\n", "duplicate_rows", "warning", None),
    ("short row", b"patient_id,age,sex\na,50,F\nb,60\n", "ragged_rows", "warning", None),
    ("old symbol", b"patient_id,MLL3,TP53\na,0,1\nb,1,0\n", "alias", "info", "MLL3"),
    ("unknown column", b"patient_id,ZZ\na,0\nb,1\n", "unsure", "info", "ZZ"),
    ("empty column", b"patient_id,note,x\na,,1.5\nb,,2\n", "empty", "info", "note"),
    ("one value", b"patient_id,centre\na,X\nb,X\n", "constant", "info", None),
    ("sex in codes", b"patient_id,sex\na,1\nb,2\n", "sex_coding", "warning", "sex"),
    ("unit not stated", b"patient_id,HB\na,12.5\nb,9\n", "unit_guess", "info", "HB"),
    ("names of nothing",
     b"patient_id,time,status\na,900,0\nb,30,1\n", "endpoint_guess", "warning", "time"),
    ("leading zeros in identifiers",
     b"code,age\n001,50\n01,60\n", "id_guess", "warning", "code"),
    ("dates in three formats",
     b"patient_id,date_seen,age\na,2011-04-25,1\nb,26.04.2011,2\nc,27-Apr-2011,3\n",
     "date_formats", "warning", "date_seen"),
    ("dates in either order",
     b"patient_id,date_seen,age\na,03/04/2011,1\nb,05/06/2011,2\n",
     "date_order", "warning", "date_seen"),
    ("dates in both orders",
     b"patient_id,date_seen,age\na,25/04/2011,1\nb,04/25/2011,2\nc,03/04/2011,3\n",
     "date_order", "warning", "date_seen"),
    ("Excel's serial dates",
     b"patient_id,date_seen,age\na,40658,1\nb,40659,2\n", "date_serial", "info", "date_seen"),
    ("month without day",
     b"patient_id,seen,age\na,2014-03,1\nb,2014-04,2\n", "date_month", "info", "seen"),
    ("date in the future",
     b"patient_id,seen,age\na,9999-12-31,1\nb,2014-04-01,2\n", "future_date", "warning", "seen"),
    ("one date that is none",
     b"patient_id,seen,age\na,2014-01-01,1\nb,2014-02-30,2\nc,2014-01-02,3\nd,2014-01-03,4\n"
     b"e,2014-01-04,5\nf,2014-01-05,6\n", "date_unread", "warning", "seen"),
    ("death before diagnosis",
     b"patient_id,date_diagnosis,date_death,date_last_fu\na,2014-01-01,2013-01-01,\n"
     b"b,2014-01-01,,2015-01-01\n", "negative_time", "warning", "date_death"),
    ("dates without time zero",
     b"patient_id,date_death,age\na,2014-01-01,50\nb,2014-01-02,60\n",
     "no_time_zero", "warning", "date_death"),
    ("dates without who died",
     b"patient_id,date_diagnosis,date_last_fu\na,2014-01-01,2015-01-01\nb,2014-01-02,2016-01-01\n",
     "no_event_status", "warning", "date_last_fu"),
    ("diagnosis of no family", b"patient_id,diagnosis,age\na,ET,1\nb,AML,2\nc,gout,3\n",
     "unknown_family", "info", "diagnosis"),
    ("identifier guessed", b"code,age\nx1,50\nx2,60\n", "id_guess", "warning", "code"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "code", "severity", "column"),
    [row[1:] for row in LOADED_WITH_A_FINDING],
    ids=[row[0] for row in LOADED_WITH_A_FINDING],
)
def test_loaded_with_a_finding(data: bytes, code: str, severity: str, column: str | None) -> None:
    cohort = load_table_bytes("upload.csv", data)
    (issue,) = [issue for issue in cohort.issues if issue.code == code]
    assert (issue.severity, issue.column) == (severity, column)
    assert issue.sentence.endswith(".")
    assert cohort.n >= 2


def test_findings_come_in_order_of_severity() -> None:
    data = b"patient_id,MLL3,TP53,os_days,os_event\na,0,1,5,0\nb,1,0,-5,1\n"
    severities = [issue.severity for issue in load_table_bytes("a.csv", data).issues]
    assert severities == sorted(severities, key=["error", "warning", "info"].index)
    assert {"warning", "info"} <= set(severities)


def test_leading_zeros_tell_patients_apart() -> None:
    cohort = load_table_bytes("a.csv", b"patient_id,age\n007,50\n07,60\n7,70\n")
    assert cohort.patients.index.tolist() == ["007", "07", "7"]


def test_a_study_folder_without_clinical_data(tmp_path: Path) -> None:
    (tmp_path / "meta_study.txt").write_text(
        "type_of_cancer: mds\ncancer_study_identifier: a\nname: A\ndescription: b\n"
    )
    with pytest.raises(CohortError) as caught:
        load_cohort(tmp_path)
    assert "clinical" in str(caught.value)
    check_sentence(str(caught.value))
