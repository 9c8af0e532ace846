"""Dates however they are written, and the months that are counted between them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_loaders import Cohort, CohortError, load_table_bytes
from data_loaders.mapping.corrections import endpoint_parts, endpoint_said

DAY = dt.date(2014, 3, 31)
WRITTEN = {
    "iso": lambda day: day.isoformat(),
    "points": lambda day: day.strftime("%d.%m.%Y"),
    "day first": lambda day: day.strftime("%d/%m/%Y"),
    "month first": lambda day: day.strftime("%m/%d/%Y"),
    "month named": lambda day: day.strftime("%d-%b-%Y"),
    # Excel shows 2014-03-31 as 41729: 36526 is 2000-01-01.
    "serial": lambda day: str(36_526 + (day - dt.date(2000, 1, 1)).days),
}


def load(columns: dict[str, list[Any]], mapping: dict[str, Any] | None = None) -> Cohort:
    n = len(next(iter(columns.values())))
    frame = pd.DataFrame({"patient_id": [f"P{i}" for i in range(n)], **columns})
    return load_table_bytes("dates.csv", frame.to_csv(index=False).encode(), mapping)


def codes(cohort: Cohort) -> set[str]:
    return {issue.code for issue in cohort.issues}


def sentence(cohort: Cohort, code: str) -> str:
    return next(issue.sentence for issue in cohort.issues if issue.code == code)


@pytest.mark.parametrize("how", WRITTEN)
def test_every_way_of_writing_gives_the_same_day(how: str) -> None:
    days = [DAY, dt.date(2014, 4, 1), dt.date(2019, 12, 31)]
    cohort = load({"date_of_visit": [WRITTEN[how](day) for day in days], "age": [50, 60, 70]})
    assert cohort.variables["date_of_visit"].kind == "date"
    assert cohort.patients["date_of_visit"].dt.date.tolist() == days


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.dates(dt.date(1950, 1, 1), dt.date(2020, 1, 1)), st.integers(0, 2000), st.booleans()
        ),
        min_size=15,
        max_size=30,
    ),
    st.sampled_from(["iso", "points", "month named", "serial"]),
)
def test_months_are_days_between_the_dates_over_a_mean_month(
    patients: list[tuple[dt.date, int, bool]], how: str
) -> None:
    write = WRITTEN[how]
    cohort = load(
        {
            "date_diagnosis": [write(day) for day, _, _ in patients],
            "date_last_fu": [write(day + dt.timedelta(n)) for day, n, _ in patients],
            "status": ["dead" if died else "alive" for _, _, died in patients],
        }
    )
    if len({died for _, _, died in patients}) == 2:
        os = cohort.endpoints["os"]
        expected = [n / 30.4375 for _, n, _ in patients]
        np.testing.assert_allclose(cohort.patients[os.time], expected, rtol=1e-12)
        assert cohort.patients[os.event].tolist() == [float(died) for _, _, died in patients]


def usual(**changes: list[Any]) -> dict[str, list[Any]]:
    return {
        "date_diagnosis": ["2010-01-01", "2010-01-01", "2010-01-01", "2010-01-01"],
        "date_last_fu": ["2012-01-01", "2011-01-01", "2013-01-01", "2012-07-01"],
        "date_of_death": [None, "2011-01-01", "2013-01-01", None],
        "date_relapse": [None, "2010-07-01", None, "2010-02-01"],
        "date_hsct": ["2010-05-01", None, None, None],
        "age": [50, 60, 70, 65],
        **changes,
    }


def test_the_usual_dates_become_survival_relapse_and_time_of_transplant() -> None:
    cohort = load(usual())
    table = cohort.patients
    assert table["os_event"].tolist() == [0, 1, 1, 0]
    days = np.array([730, 365, 1096, 912])
    np.testing.assert_allclose(table["os_months"], days / 30.4375)
    assert table["relapse_event"].tolist() == [0, 1, 0, 1]
    assert table["relapse_competing"].tolist() == [0, 0, 1, 0]
    np.testing.assert_allclose(table["relapse_months"], np.array([730, 181, 1096, 31]) / 30.4375)
    assert table["transplant_months"].iloc[0] == pytest.approx(120 / 30.4375)
    assert table["transplant_months"].isna().tolist() == [False, True, True, True]
    assert cohort.variables["transplant_months"].role == "treatment"
    for name in usual():
        assert name in table.columns, "nothing of the file is lost"
    assert "from date_diagnosis" in cohort.variables["os_months"].reason
    assert "months from date_diagnosis to date_of_death" in sentence(cohort, "time_zero")


def test_a_status_beside_the_dates_says_who_died() -> None:
    columns = usual(vital_status=["Alive", "Dead", "Dead", "Alive"], date_of_death=[None] * 4)
    assert load(columns).patients["os_event"].tolist() == [0, 1, 1, 0]


def test_times_in_months_come_before_dates() -> None:
    cohort = load(usual(os_months=[1, 2, 3, 4], os_event=[0, 1, 1, 0]))
    assert cohort.patients["os_months"].tolist() == [1, 2, 3, 4]


def test_the_order_of_day_and_month_comes_from_the_values_or_is_asked() -> None:
    days = {"date_diagnosis": ["03/04/2010", "05/06/2010"], "seen": ["25/04/2011", "05/07/2011"]}
    assert load(days).patients["date_diagnosis"].dt.month.tolist() == [4, 6]
    del days["seen"]
    days["age"] = [50, 60]  # type: ignore[list-item]
    asked = load(days)
    assert asked.variables["date_diagnosis"].kind != "date"
    assert "day or month comes first" in sentence(asked, "date_order")
    for order, months in (("day first", [4, 6]), ("month first", [3, 5])):
        stated = load(days, {"columns": {"date_diagnosis": {"date_format": order}}})
        assert stated.patients["date_diagnosis"].dt.month.tolist() == months
        assert "date_order" not in codes(stated)


def test_contradicting_orders_in_one_column_are_asked() -> None:
    cohort = load({"date_x": ["25/04/2011", "04/25/2011", "03/04/2011"], "age": [1, 2, 3]})
    assert cohort.patients["date_x"].tolist() == ["25/04/2011", "04/25/2011", "03/04/2011"]
    assert "cannot be told apart" in sentence(cohort, "date_order")


def test_formats_in_one_column_are_each_read_and_said() -> None:
    cohort = load({"date_x": ["2011-04-25", "26.04.2011", "40660"], "age": [1, 2, 3]})
    days = cohort.patients["date_x"].dt.date.tolist()
    assert days == [dt.date(2011, 4, 25), dt.date(2011, 4, 26), dt.date(2011, 4, 27)]
    assert "dates in 3 formats" in sentence(cohort, "date_formats")


def test_a_month_without_its_day_is_its_middle() -> None:
    cohort = load({"seen": ["2014-03", "2015-11"], "age": [1, 2]})
    assert cohort.patients["seen"].dt.strftime("%Y-%m-%d").tolist() == ["2014-03-15", "2015-11-15"]
    assert "15th" in sentence(cohort, "date_month")


def test_what_is_no_date_is_counted_and_kept() -> None:
    days = [f"2010-01-{i:02d}" for i in range(1, 10)]
    cohort = load({"date_x": [*days, "spring"], "age": list(range(10))})
    assert "row 10" in sentence(cohort, "date_unread")
    assert cohort.patients["date_x_text"].dropna().tolist() == ["spring"]


def test_no_time_is_counted_to_the_future() -> None:
    cohort = load(usual(date_last_fu=["9999-12-31", "2011-01-01", "2013-01-01", "2012-07-01"]))
    assert "row 1" in sentence(cohort, "future_date")
    assert np.isnan(cohort.patients["os_months"].iloc[0])
    assert cohort.patients["date_last_fu"].iloc[0].year == 9999


def test_negative_times_are_counted_and_left_missing() -> None:
    early = ["2009-05-01", None, None, None]
    fu = ["2012-01-01", "2011-01-01", "2013-01-01", "2009-07-01"]
    cohort = load(usual(date_hsct=early, date_last_fu=fu))
    said = [issue.sentence for issue in cohort.issues if issue.code == "negative_time"]
    assert any("Transplant" in words and "row 1" in words for words in said)
    assert any("Overall survival" in words and "row 4" in words for words in said)
    assert cohort.patients["transplant_months"].isna().all()
    assert np.isnan(cohort.patients["os_months"].iloc[3])


def test_what_is_missing_for_survival_is_said() -> None:
    columns = usual()
    del columns["date_diagnosis"]
    cohort = load(columns)
    assert "os" not in cohort.endpoints
    assert "no time zero" in sentence(cohort, "no_time_zero")
    columns = usual()
    del columns["date_of_death"]
    assert "nor a status" in sentence(load(columns), "no_event_status")


def test_numbers_are_dates_only_where_name_and_range_say_so() -> None:
    cohort = load({"ferritin": [41729, 41730], "date_year": [2014, 2015], "age": [1, 2]})
    assert cohort.variables["ferritin"].kind == "numeric"
    assert cohort.variables["date_year"].kind != "date"
    stated = load(
        {"entered": [41729, 41730], "age": [1, 2]}, {"columns": {"entered": {"kind": "date"}}}
    )
    assert stated.patients["entered"].dt.date.tolist()[0] == DAY


def odd() -> dict[str, list[Any]]:
    return {
        "begin": ["2010-01-01", "2010-02-01"],
        "end": ["2011-01-01", "2011-03-01"],
        "gone": ["x", "y"],
    }


def test_a_mapping_states_time_zero() -> None:
    stated = {"time": "end", "from": "begin", "event": "gone", "event_value": "y"}
    cohort = load(odd(), {"endpoints": {"os": stated}})
    np.testing.assert_allclose(cohort.patients["os_months"], np.array([365, 393]) / 30.4375)
    assert cohort.patients["os_event"].tolist() == [0, 1]
    assert endpoint_parts(cohort, cohort.endpoints["os"])["from"] == "begin"


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ({"time": "end", "event": "gone", "event_value": "y"}, "count from"),
        ({"time": "end", "from": "gone", "event": "gone"}, "does not hold dates"),
        ({"time": "end", "from": "end", "event": "gone"}, "another column"),
        ({"time": "end", "from": "begin", "unit": "days", "event": "gone"}, "no unit"),
        ({"time": "end", "from": "absent", "event": "gone"}, "does not have: absent"),
        ({"time": "end", "from": 3, "event": "gone"}, "needs to be a text"),
    ],
)
def test_a_time_zero_that_cannot_be(stated: dict[str, Any], words: str) -> None:
    with pytest.raises(CohortError, match=words):
        load(odd(), {"endpoints": {"os": stated}})


def test_a_correction_shows_and_takes_time_zero() -> None:
    first = load(usual(date_sample=["2010-01-11"] * 4))
    parts = endpoint_parts(first, first.endpoints["os"])
    assert (parts["time"], parts["from"]) == ("date_of_death", "date_diagnosis")
    mapping = endpoint_said({}, "os", "from", "date_sample", {})
    second = load(usual(date_sample=["2010-01-11"] * 4), mapping)
    difference = first.patients["os_months"] - second.patients["os_months"]
    np.testing.assert_allclose(difference, 10 / 30.4375)
    assert second.patients["os_event"].tolist() == first.patients["os_event"].tolist()


@pytest.mark.parametrize("none", ["-", "–", "nein", "none", "lebt", "vivo", "0"])
def test_a_cell_that_says_there_is_no_date_is_no_date_and_no_question(none: str) -> None:
    deaths = [f"{day:02d}.03.2018" if day % 3 == 0 else none for day in range(1, 13)]
    rows = [
        f"p{i},{day:02d}.02.2015,{death},{day:02d}.03.2018"
        for i, (day, death) in enumerate(zip(range(1, 13), deaths, strict=True))
    ]
    table = "\n".join(["id,Diagnosedatum,Todesdatum,Letzter Kontakt", *rows])
    cohort = load_table_bytes("t.csv", table.encode())
    assert cohort.patients["os_event"].tolist() == [float(d % 3 == 0) for d in range(1, 13)]
    assert not [issue for issue in cohort.issues if issue.code == "date_unread"]
    unknown = load_table_bytes("t.csv", table.replace(f",{none},", ",unknown,").encode())
    assert unknown.patients["os_event"].isna().sum() == 8


def test_calendar_years_are_no_follow_up() -> None:
    rows = [f"p{i},{2004 + i % 3},{2009 + i % 5 if i % 2 else ''},{i % 2}" for i in range(12)]
    table = "\n".join(["id,year of diagnosis,year of death,dead", *rows])
    cohort = load_table_bytes("t.csv", table.encode())
    assert not cohort.endpoints
    assert cohort.patients["year of death"].max() == 2013


def test_a_death_before_the_diagnosis_is_a_negative_time_and_no_unknown_status() -> None:
    rows = [
        f"p{i},2015-0{i + 1}-10,{'2012' if i == 2 else '2017'}-05-05,2017-06-01,dead"
        for i in range(6)
    ]
    head = "id,date of diagnosis,date of death,date of last contact,status"
    cohort = load_table_bytes("t.csv", "\n".join([head, *rows]).encode())
    codes = {issue.code for issue in cohort.issues}
    assert "negative_time" in codes
    assert "status_from_date" not in codes
    assert cohort.patients["os_event"].isna().tolist() == [i == 2 for i in range(6)]
