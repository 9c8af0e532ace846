"""Where a table contradicts itself: found, counted with rows, and said what was done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from data_loaders import Cohort, load_cohort, load_table_bytes

N = 12


def load(columns: dict[str, list[Any]]) -> Cohort:
    frame = pd.DataFrame({"patient_id": [f"K{i}" for i in range(N)], **columns})
    return load_table_bytes("t.csv", frame.to_csv(index=False).encode())


def said(cohort: Cohort, code: str) -> str:
    return " ".join(issue.sentence for issue in cohort.issues if issue.code == code)


def dated(**changes: dict[int, Any]) -> dict[str, list[Any]]:
    """Six dead with dates, six alive; each change sets single cells by row (0 = first)."""
    columns: dict[str, list[Any]] = {
        "diagnosis_date": ["2015-01-01"] * N,
        "death_date": ["2017-01-01"] * 6 + [None] * 6,
        "last_contact": ["2016-12-01"] * 6 + ["2019-01-01"] * 6,
        "status": ["dead"] * 6 + ["alive"] * 6,
        "birth_date": ["1950-01-01"] * N,
        "age": list(range(50, 50 + N)),
    }
    for name, cells in changes.items():
        for row, cell in cells.items():
            columns[name][row] = cell
    return columns


def test_alive_with_a_date_of_death_is_neither() -> None:
    cohort = load(dated(status={1: "alive", 4: "alive"}))
    assert cohort.patients["os_event"].isna().tolist() == [i in {1, 4} for i in range(N)]
    assert "2 patients are alive by status but have a date of death" in said(cohort, "alive_dead")
    assert "rows 2 and 5" in said(cohort, "alive_dead")
    assert cohort.patients["status"].tolist()[1] == "alive"


def test_a_column_of_death_or_last_contact_is_taken_for_both() -> None:
    cohort = load(dated(death_date=dict.fromkeys(range(6, 12), "2018-01-01")))
    assert cohort.patients["os_event"].tolist() == [1] * 6 + [0] * 6
    assert "taken for the date of death or last contact" in said(cohort, "alive_dead")


def test_a_date_of_death_tells_where_the_status_does_not() -> None:
    cohort = load(dated(status={0: "unknown", 1: 9}))
    assert cohort.patients["os_event"].tolist() == [1] * 6 + [0] * 6
    assert "rows 1 and 2" in said(cohort, "status_from_date")


def test_deaths_without_a_date_and_contacts_after_death_are_counted() -> None:
    cohort = load(dated(death_date={2: None}, last_contact={0: "2018-01-01", 3: "2017-01-02"}))
    assert "row 3" in said(cohort, "event_undated")
    assert "date of last contact" in said(cohort, "event_undated")
    assert "1 patient has a last contact" in said(cohort, "after_death")
    assert cohort.patients["os_months"].iloc[0] == pytest.approx(731 / 30.4375)
    assert not said(load(dated()), "after_death")


def test_dates_before_birth_are_found() -> None:
    assert "row 8" in said(load(dated(birth_date={7: "2016-01-01"})), "date_order")


def test_a_relapse_with_and_without_its_date() -> None:
    relapse = {
        "date_relapse": ["2016-01-01"] * 4 + [None] * 8,
        "relapse_status": ["yes"] * 3 + ["no"] * 8 + ["yes"],
    }
    cohort = load({**dated(), **relapse})
    assert np.isnan(cohort.patients["relapse_event"].iloc[3])
    assert np.isnan(cohort.patients["relapse_months"].iloc[11])
    assert "without relapse by relapse_status" in said(cohort, "alive_dead")
    assert "row 12" in said(cohort, "event_undated")


def test_a_stated_time_is_held_against_the_dates() -> None:
    months = [24.0] * 6 + [48.0] * 6
    columns = {**dated(), "os_months": months, "os_event": [1] * 6 + [0] * 6}
    assert not said(load(columns), "time_contradicts_dates")
    columns["os_months"] = [12.0, *months[1:]]
    assert "row 1" in said(load(columns), "time_contradicts_dates")
    columns["os_months"] = [month / 12 for month in months]
    assert "another day or to be in another unit" in said(load(columns), "time_contradicts_dates")


def numeric(**changes: dict[int, float]) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {
        "os_months": [20.0 + i for i in range(N)], "os_event": [1] * 6 + [0] * 6,
        "aml_months": [20.0 + i for i in range(N)], "aml_event": [0] * N,
        "lfs_months": [20.0 + i for i in range(N)], "lfs_event": [1] * 6 + [0] * 6,
        "age": list(range(50, 50 + N)),
    }  # fmt: skip
    for name, cells in changes.items():
        for row, cell in cells.items():
            columns[name][row] = cell
    return columns


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"lfs_months": {0: 10.0, 2: 15.0}}, "on average 8.5 and up to 10.0 months before"),
        ({"lfs_event": {0: 0, 2: 0}}, "2 patients died without an event"),
        ({"lfs_event": {6: 1, 8: 1}}, "neither AML transformation nor death"),
        ({"lfs_months": {6: 40.0, 8: 40.0}}, "beyond death or the last follow-up"),
        ({"aml_event": {6: 1, 8: 1}, "aml_months": {6: 5.0, 8: 5.0}},
         "2 patients have AML transformation but no event"),
        ({"aml_event": {0: 1, 2: 1}, "lfs_months": {0: 3.0, 2: 3.0}},
         "before AML transformation, which is part of it"),
    ],
)  # fmt: skip
def test_leukaemia_free_survival_that_contradicts_its_parts(
    changes: dict[str, dict[int, float]], words: str
) -> None:
    found = said(load(numeric(**changes)), "contradiction")
    assert words in found
    rows = sorted(next(iter(changes.values())))
    assert f"rows {rows[0] + 1} and {rows[1] + 1}" in found
    assert not said(load(numeric()), "contradiction")


def test_a_relapse_without_remission_is_found() -> None:
    columns = {
        **numeric(), "relapse_months": [5.0] * N, "relapse_event": [1, 1, *[0] * (N - 2)],
        "complete_remission": ["no", "yes", *["yes"] * (N - 2)],
    }  # fmt: skip
    found = said(load(columns), "contradiction")
    assert "1 patient relapsed without a remission" in found
    assert "row 1" in found
    answers = {**numeric(), "relapse": ["yes", *["no"] * (N - 1)], "CR": ["no", *["yes"] * (N - 1)]}
    assert "1 patient relapsed without a remission (CR; row 1)" in said(
        load(answers), "contradiction"
    )


@pytest.mark.shared
def test_the_mds_cohort_dates_70_deaths_at_the_last_assessment(public_cohorts: Path) -> None:
    cohort = load_cohort(public_cohorts / "mds_iwg_2022" / "df_clinical.tsv")
    assert "70 patients died without AML transformation" in said(cohort, "contradiction")
    assert "on average 11.9 and up to 33.4 months" in said(cohort, "contradiction")
    assert "(row 2413); it was shortened" in said(cohort, "after_follow_up")
    assert cohort.endpoints["aml"].notes[0].startswith("158 patients without AML transformation")


def test_an_age_that_the_dates_contradict_is_said() -> None:
    ages = dict.fromkeys(range(N), 65) | {3: 12, 7: 66}
    cohort = load(dated(age=ages))
    assert "1 patient has an age in age that birth_date and diagnosis_date" in said(
        cohort, "contradiction"
    )
    assert cohort.patients["age"].tolist()[3] == 12


def test_follow_up_beyond_survival_is_said_on_any_clock() -> None:
    os_months = [20 + i for i in range(N)]
    later = [t - 3 for t in os_months]
    later[2], later[6] = os_months[2] + 5, os_months[6] + 9
    columns = {"os_months": os_months, "os_event": [0, 1] * 6, "pfs_months": later,
               "pfs_event": [0, 1] * 6}  # fmt: skip
    assert "2 patients were followed without the event beyond" in said(
        load(columns), "contradiction"
    )
    columns["pfs_months"] = [t + 4 for t in os_months]
    assert not said(load(columns), "contradiction")
