"""Day or month first, years of two digits, and dates that Excel turned: decided from the file."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_loaders import Cohort, Issue, load_table_bytes
from data_loaders.dates.formats import read_date

TODAY = dt.date(2026, 6, 15)


def load(columns: dict[str, list[Any]], mapping: dict[str, Any] | None = None) -> Cohort:
    n = len(next(iter(columns.values())))
    frame = pd.DataFrame({"patient_id": [f"d{i}" for i in range(n)], **columns})
    return load_table_bytes("dates.csv", frame.to_csv(index=False).encode(), mapping)


def found(cohort: Cohort, code: str) -> list[Issue]:
    return [issue for issue in cohort.issues if issue.code == code]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("07.03.98", (1998, 3, 7)), ("7.3.24", (2024, 3, 7)), ("15.06.26", (2026, 6, 15)),
        ("16.06.26", (1926, 6, 16)), ("3. März 2011", (2011, 3, 3)), ("9-mai-19", (2019, 5, 9)),
        ("12 gennaio 2015", (2015, 1, 12)), ("1 août 2016", (2016, 8, 1)),
        ("04-ene-2018", (2018, 1, 4)), ("31-Dez-2017", (2017, 12, 31)), ("June 3, 2014",
        (2014, 6, 3)), ("2014-06-03T00:00:00Z", (2014, 6, 3)), ("2014.06.03", (2014, 6, 3)),
        ("12. Juli 2013", (2013, 7, 12)), ("5 juin 2013", (2013, 6, 5)),
        ("20140607", (2014, 6, 7)), ("07JUN2014", (2014, 6, 7)), ("7mai19", (2019, 5, 7)),
        ("2014-06-07T08:30:00+02:00", (2014, 6, 7)), ("2014-06", (2014, 6, 15)),
        ("06/2014", (2014, 6, 15)), ("6.2014", (2014, 6, 15)), ("März 2014", (2014, 3, 15)),
    ],
)  # fmt: skip
def test_ways_of_writing_a_day(text: str, day: tuple[int, int, int]) -> None:
    written = read_date(text, TODAY)
    assert written is not None
    assert (written.year, written.month, written.day) == day


@pytest.mark.parametrize(
    "text", ["31.02.19", "1.2", "46,XX", "00/00/2000", "32/01/2019", "12-13-14-15", "3 Foo 2011",
             "1" * 9000, "/" * 9000, "2019-13-01", "20141307", "20140001", "13/2014", "10.5",
             "05/2214"]
)  # fmt: skip
def test_what_is_no_day(text: str) -> None:
    assert read_date(text, TODAY) is None


@pytest.mark.parametrize(
    ("text", "written"),
    [("31122018", "31/12/2018"), ("1022018", "1/02/2018"), ("20012012", "20/01/2012")],
)
def test_a_day_without_separators_is_read_like_one_with_slashes(text: str, written: str) -> None:
    assert read_date(text, TODAY) == read_date(written, TODAY) is not None


def survival(last: list[str], diagnosis: list[str] | None = None) -> dict[str, list[Any]]:
    days = [f"{d:02d}/{m:02d}/2011" for d, m in ((3, 1), (28, 2), (17, 3), (9, 4), (30, 5), (6, 6))]
    return {
        "date_of_diagnosis": diagnosis or days,
        "date_last_contact": last,
        "status": ["dead", "alive"] * 3,
    }


def test_one_cell_never_turns_a_column_against_the_others() -> None:
    last = ["02/03/2014", "04/05/2014", "09/28/2014", "06/07/2014", "08/09/2014", "10/11/2014"]
    cohort = load(survival(last))
    (issue,) = found(cohort, "date_order")
    assert issue.column == "date_last_contact"
    assert "28/02/2011, row 2 in date_of_diagnosis can only have the day first" in issue.sentence
    assert "09/28/2014, row 3 in date_last_contact only the month first" in issue.sentence
    assert cohort.patients["date_last_contact"].tolist() == last
    assert cohort.variables["date_of_diagnosis"].kind == "date"
    assert not cohort.endpoints, "no time is counted from a column in question"
    stated = load(survival(last), {"columns": {"date_last_contact": {"date_format": "day first"}}})
    assert stated.patients["date_last_contact"].dt.month.tolist()[:2] == [3, 5]
    assert not found(stated, "date_order")


def test_columns_that_prove_their_own_order_are_read_and_said() -> None:
    last = ["02/23/2014", "04/25/2014", "09/28/2014", "06/17/2014", "08/09/2014", "10/11/2014"]
    cohort = load(survival(last))
    assert cohort.patients["date_last_contact"].dt.month.tolist() == [2, 4, 9, 6, 8, 10]
    assert cohort.patients["date_of_diagnosis"].dt.month.tolist() == [1, 2, 3, 4, 5, 6]
    assert len(found(cohort, "date_orders")) == 1
    assert "os" in cohort.endpoints


def test_years_of_two_digits_are_never_in_the_future_and_births_come_first() -> None:
    cohort = load(
        {
            "date_of_birth": ["04.05.41", "30.11.08", "12.12.60", "01.02.15"],
            "date_of_diagnosis": ["01.02.11", "02.03.12", "28.02.13", "05.06.20"],
            "date_last_contact": ["01.02.21", "02.03.19", "28.02.99", "05.06.22"],
        }
    )
    dates = cohort.patients.select_dtypes("datetime")
    years = {name: dates[name].dt.year.tolist() for name in dates}
    assert years["date_of_birth"] == [1941, 2008, 1960, 2015]
    assert years["date_of_diagnosis"] == [2011, 2012, 2013, 2020]
    assert years["date_last_contact"] == [2021, 2019, 1999, 2022]
    later = load({"dob": ["04.05.12", "30.11.18"], "date_of_diagnosis": ["01.02.11", "02.03.17"]})
    assert later.patients["dob"].dt.year.tolist() == [1912, 1918]
    assert len(found(cohort, "date_century")) == 3


def workbook(columns: dict[str, list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    book.active.append(["patient_id", *columns])
    for i, row in enumerate(zip(*columns.values(), strict=True)):
        book.active.append([f"x{i}", *row])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def as_excel_takes_it(day: dt.date, *, american: bool) -> Any:
    """What an Excel set to another order makes of a date that was typed."""
    if day.day > 12:
        return day.strftime("%d/%m/%Y" if american else "%m/%d/%Y")
    return dt.date(day.year, day.day, day.month)


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.dates(dt.date(2001, 1, 1), dt.date(2019, 1, 1)), min_size=40, max_size=60),
    st.booleans(),
)
def test_what_excel_turned_is_turned_back(days: list[dt.date], american: bool) -> None:
    early = sum(day.day <= 12 for day in days)
    if early < 8 or len(days) - early < 3:
        return
    cells = [as_excel_takes_it(day, american=american) for day in days]
    cohort = load_table_bytes("t.xlsx", workbook({"seen": cells, "age": [50] * len(days)}))
    assert cohort.patients["seen"].dt.date.tolist() == days
    (issue,) = found(cohort, "dates_turned")
    assert f"all {early} cells" in issue.sentence


def test_too_few_turned_dates_are_asked_about_and_true_ones_left() -> None:
    few = [dt.date(2015, 4, 5), dt.date(2015, 7, 11), dt.date(2016, 2, 1),
           "16/04/2015", "28/04/2015", "30/09/2015"]  # fmt: skip
    cohort = load_table_bytes("t.xlsx", workbook({"seen": few, "age": [50] * 6}))
    assert "too few to prove it" in found(cohort, "date_order")[0].sentence
    assert cohort.variables["seen"].kind != "date"
    true = [dt.date(2015, 4, 5 + 2 * i) for i in range(9)] + ["16/04/2015"] * 3
    cohort = load_table_bytes("t.xlsx", workbook({"seen": true, "age": [50] * 12}))
    assert cohort.patients["seen"].dt.day.tolist() == [*range(5, 22, 2), 16, 16, 16]


def test_both_orders_in_one_column_are_said_where_each_date_proves_its_own() -> None:
    cohort = load({"dx_date": ["13/04/2014", "04/14/2014", "15/04/2014", "04/16/2014"]})
    assert cohort.patients["dx_date"].dt.day.tolist() == [13, 14, 15, 16]
    (issue,) = found(cohort, "date_orders")
    assert "13/04/2014, row 1" in issue.sentence
    assert "04/14/2014, row 2" in issue.sentence
