"""Pairs of time and event columns, as files really name and code them."""

from __future__ import annotations

import numpy as np
import pytest

from data_loaders import Cohort, load_table_bytes

NAN = np.nan


def load(columns: dict[str, list[object]], mapping: dict[str, object] | None = None) -> Cohort:
    names = ["patient_id", *columns]
    rows = zip(*columns.values(), strict=True)
    lines = [f"p{i}," + ",".join(map(str, row)) for i, row in enumerate(rows)]
    return load_table_bytes("t.csv", "\n".join([",".join(names), *lines]).encode(), mapping)


def codes(cohort: Cohort) -> set[str]:
    return {issue.code for issue in cohort.issues}


@pytest.mark.parametrize(
    ("columns", "key", "months", "events", "expected_issues"),
    [
        ({"os_days": [365.25, 30.4375], "os_event": [1, 0]}, "os", [12, 1], [1, 0], set()),
        ({"OS_MONTHS": [12, 1.5], "OS_STATUS": ["1:DECEASED", "0:LIVING"]}, "os", [12, 1.5], [1, 0],
         set()),
        ({"OS_YEARS": [1, 0.5], "OS_STATUS": [1, 0]}, "os", [12, 6], [1, 0], set()),
        ({"os_weeks": [52.1785714285714, 1], "os_event": ["TRUE", "FALSE"]}, "os",
         [12, 7 / 30.4375], [1, 0], set()),
        ({"Overall survival (months)": [3, 4], "Overall survival status": ["Dead", "Alive"]}, "os",
         [3, 4], [1, 0], set()),
        ({"time": [700, 30], "status": [2, 1]}, "os", [700 / 30.4375, 30 / 30.4375], [1, 0],
         {"endpoint_guess", "unit_guess", "event_coding"}),
        ({"futime": [900, 30], "fustat": [1, 0]}, "os", [900 / 30.4375, 30 / 30.4375], [1, 0],
         {"endpoint_guess", "unit_guess"}),
        ({"days_to_last_followup": [60.875, 30.4375], "vital_status": ["Alive", "Dead"]}, "os",
         [2, 1], [0, 1], set()),
        ({"days_to_last_followup": [365, 792], "Overall_Survival_Status": [1, 0]}, "os",
         [365 / 30.4375, 792 / 30.4375], [1, 0], set()),
        ({"survival_months": [5, 6], "death": [1, 0]}, "os", [5, 6], [1, 0], set()),
        ({"follow_up_years": [2, 3], "deceased": ["yes", "no"]}, "os", [24, 36], [1, 0], set()),
        ({"OS": [40, 200], "Status": [1, 0]}, "os", [40, 200], [1, 0], {"unit_guess"}),
        ({"os": [2.5, 11.25], "os_status": [1, 0]}, "os", [30, 135], [1, 0], {"unit_guess"}),
        ({"os_months": [5, 6], "os_censored": [0, 1]}, "os", [5, 6], [1, 0], {"event_coding"}),
        ({"OS.time": [5000, 6], "OS": [1, 0]}, "os", [5000 / 30.4375, 6 / 30.4375], [1, 0],
         {"unit_guess"}),
        ({"PFS_MONTHS": [7, 8], "PFS_STATUS": ["1:PROGRESSION", "0:CENSORED"]}, "pfs", [7, 8],
         [1, 0], set()),
        ({"DFS_MONTHS": [7, 8], "DFS_STATUS": ["1:Recurred/Progressed", "0:DiseaseFree"]}, "dfs",
         [7, 8], [1, 0], set()),
        ({"AMLt_YEARS": [1, 2], "AMLt_STATUS": [0, 1]}, "aml", [12, 24], [0, 1], set()),
        ({"time_to_aml_months": [1, 2], "aml": [0, 1]}, "aml", [1, 2], [0, 1], set()),
        ({"rfs": [300, 900], "rfsstat": [0, 1]}, "rfs", [300 / 30.4375, 900 / 30.4375], [0, 1],
         {"unit_guess"}),
        ({"Relapse_Days": [30.4375, 2], "Relapse_Event": ["Y", "N"]}, "relapse", [1, 2 / 30.4375],
         [1, 0], set()),
        ({"OS (months)": [5, 6], "Alive/Dead (0/1)": [1, 0]}, "os", [5, 6], [1, 0], set()),
        ({"OS (months)": [5, 6], "Dead | alive [1|2]": [1, 2]}, "os", [5, 6], [1, 0], set()),
        ({"csf_leak_days": [30.4375, 60.875], "csf_leak_event": [0, 1]}, "csf_leak", [1, 2], [0, 1],
         set()),
    ],
)  # fmt: skip
def test_pairs(
    columns: dict[str, list[object]],
    key: str,
    months: list[float],
    events: list[float],
    expected_issues: set[str],
) -> None:
    cohort = load(columns)
    assert list(cohort.endpoints) == [key]
    endpoint = cohort.endpoints[key]
    assert (endpoint.time, endpoint.event) == (f"{key}_months", f"{key}_event")
    np.testing.assert_allclose(cohort.patients[endpoint.time], months, rtol=1e-12)
    assert cohort.patients[endpoint.event].tolist() == events
    guesses = {"unit_guess", "event_coding", "endpoint_guess"}
    assert codes(cohort) & guesses == expected_issues
    time = cohort.variables[endpoint.time]
    assert (time.role, time.unit, time.kind) == ("outcome", "months", "numeric")
    assert {time.source_column, cohort.variables[endpoint.event].source_column} == set(columns)


@pytest.mark.parametrize(
    "columns",
    [
        {"time_to_transplant_days": [10, 20], "transplant": [1, 1]},
        {"age_years": [50, 60], "age_event": [0, 1]},
        {"year": [2010, 2011], "status": ["Alive", "Dead"]},
        {"os_months": [5, 6], "os_status": ["red", "blue"]},
        {"os_months": ["early", "late"], "os_event": [0, 1]},
        {"smoking_years": [5, 6], "smoking_status": ["yes", "no"]},
        {"os_months": [5, 6]},
        {"pbc_days": [5, 6, 7], "pbc_status": [0, 1, 2]},
    ],
    ids="+".join,
)
def test_no_pair_is_a_warning_and_nothing_is_lost(columns: dict[str, list[object]]) -> None:
    cohort = load(columns)
    assert not cohort.endpoints
    (issue,) = [issue for issue in cohort.issues if issue.code == "no_endpoint"]
    assert issue.severity == "warning"
    assert "os_months and os_event" in issue.sentence
    kept = {variable.source_column or name for name, variable in cohort.variables.items()}
    assert set(columns) == kept


def test_time_to_transplant_is_kept_in_months() -> None:
    cohort = load({"time_to_transplant_days": [365.25, "", 30.4375], "os_days": [1, 2, 3]})
    variable = cohort.variables["transplant_months"]
    assert (variable.unit, variable.role) == ("months", "treatment")
    assert variable.source_column == "time_to_transplant_days"
    np.testing.assert_allclose(cohort.patients["transplant_months"], [12, np.nan, 1], rtol=1e-12)


def test_overall_survival_comes_first_and_the_rest_in_order() -> None:
    cohort = load(
        {"aml_days": [1, 2], "aml_event": [0, 1], "mf_days": [1, 2], "mf_event": [1, 0],
         "os_days": [1, 2], "os_event": [1, 0]}
    )  # fmt: skip
    assert list(cohort.endpoints) == ["os", "aml", "mf"]
    assert cohort.endpoints["mf"].label == "Myelofibrotic transformation"
    assert list(cohort.variables)[-3:] == ["mf_months", "mf_event", "mf_competing"]


def test_days_to_death_is_completed_by_the_last_follow_up() -> None:
    cohort = load(
        {"days_to_death": [60.875, "", ""], "days_to_last_follow_up": ["", 30.4375, 91.3125],
         "vital_status": ["Dead", "Alive", "Alive"]}
    )  # fmt: skip
    np.testing.assert_allclose(cohort.patients["os_months"], [2, 1, 3])
    assert cohort.patients["os_event"].tolist() == [1, 0, 0]
    assert cohort.patients["days_to_last_follow_up"].isna().tolist() == [True, False, False]


def test_a_negative_time_is_set_missing_counted_and_kept_in_the_files_column() -> None:
    cohort = load({"os_days": [100, -5, 300], "os_event": [1, 1, 0]})
    assert cohort.patients["os_months"].isna().tolist() == [False, True, False]
    assert cohort.patients["os_event"].isna().tolist() == [False, True, False]
    (issue,) = [issue for issue in cohort.issues if issue.code == "negative_time"]
    assert (issue.severity, issue.count, issue.rows, issue.column) == (
        "warning",
        1,
        (2,),
        "os_days",
    )
    assert cohort.patients["os_days"].tolist() == [100, -5, 300]
    # The file's event column has the name of the converted one, so it steps aside.
    assert cohort.patients["os_event_file"].tolist() == [1, 1, 0]
    assert cohort.variables["os_event_file"].source_column == "os_event"


def test_words_in_a_time_and_unknown_event_codes_are_counted() -> None:
    cohort = load(
        {"os_days": [100, "lost", 300, 20, 10, 7], "os_event": [1, 0, "maybe", 0, 1, "unknown"]}
    )
    assert cohort.patients["os_months"].isna().tolist() == [False, True, *[False] * 4]
    assert cohort.patients["os_event"].isna().tolist() == [False, False, True, False, False, True]
    found = {issue.code: issue for issue in cohort.issues}
    assert (found["text_in_number"].count, found["text_in_number"].rows) == (1, (2,))
    assert (found["event_coding"].count, found["event_coding"].rows) == (1, (3,))
    assert (found["missing_event"].count, found["missing_event"].rows) == (1, (6,))
    assert cohort.patients["os_days"].tolist()[1] == "lost"
    assert cohort.patients["os_event_file"].tolist()[2] == "maybe"


def test_words_that_the_coding_merges_are_kept() -> None:
    cohort = load({"os_days": [1, 2, 3], "vital_status": ["Dead", "Alive", "Lost to follow-up"]})
    assert cohort.patients["os_event"].tolist() == [1, 0, 0]
    assert cohort.patients["vital_status"].tolist() == ["Dead", "Alive", "Lost to follow-up"]


def test_missing_halves_and_zero_times_are_counted() -> None:
    cohort = load({"os_days": [100, "", 0, ""], "os_event": [1, 0, 1, ""]})
    found = {issue.code: issue for issue in cohort.issues}
    assert (found["missing_time"].count, found["missing_time"].rows) == (1, (2,))
    assert (found["zero_time"].count, found["zero_time"].rows) == (1, (3,))
    assert (found["no_follow_up"].count, found["no_follow_up"].rows) == (1, (4,))
    assert "missing_event" not in found


def test_nobody_with_the_event_is_said() -> None:
    assert "no_events" in codes(load({"os_days": [100, 200], "os_event": [0, 0]}))
    assert "no_events" not in codes(load({"os_days": [100, 200], "os_event": [0, 1]}))


def test_two_time_columns_for_one_endpoint_lose_nothing() -> None:
    cohort = load({"os_months": [1, 2], "os_days": [30, 61], "os_event": [0, 1]})
    assert cohort.patients["os_months"].tolist() == [1, 2]
    assert cohort.patients["os_days"].tolist() == [30, 61]
    cohort = load({"OS_YEARS": [1, 2], "os_days": [365, 730], "os_event": [0, 1]})
    np.testing.assert_allclose(cohort.patients["os_months"], np.array([365, 730]) / 30.4375)
    assert cohort.patients["OS_YEARS"].tolist() == [1, 2]


def test_death_competes_and_follows_at_its_own_time() -> None:
    cohort = load(
        {
            "os_months": [10, 20, 30, 40, 50, "", 7, 8, 9],
            "os_event": [1, 0, 1, 0, 1, "", 0, 1, 1],
            "aml_months": [8, 12, 30, 40, "", 9, 7, 8, 9],
            "aml_event": [0, 0, 1, 0, "", 0, 0, 0, 0],
        }
    )
    frame = cohort.patients
    endpoint = cohort.endpoints["aml"]
    assert endpoint.competing == "aml_competing"
    # died without AML; censored; AML first; censored; AML unknown; survival unknown; ...
    np.testing.assert_array_equal(frame["aml_competing"], [1, 0, 0, 0, NAN, NAN, 0, 1, 1])
    np.testing.assert_array_equal(frame["aml_months"], [10, 20, 30, 40, NAN, 9, 7, 8, 9])
    np.testing.assert_array_equal(frame["aml_months_file"], [8, 12, 30, 40, NAN, 9, 7, 8, 9])
    (issue,) = [issue for issue in cohort.issues if issue.code == "competing_time"]
    assert (issue.count, issue.rows) == (2, (1, 2))
    assert cohort.endpoints["os"].competing is None


def test_an_endpoint_that_runs_from_another_day_keeps_its_own_times() -> None:
    # Remission two months after diagnosis: relapse is timed from it, survival from diagnosis.
    cohort = load(
        {
            "os_months": [10, 20, 30, 40],
            "os_event": [1, 0, 1, 0],
            "relapse_months": [8, 18, 5, 38],
            "relapse_event": [0, 0, 1, 0],
        }
    )
    assert cohort.patients["relapse_months"].tolist() == [8, 18, 5, 38]
    assert cohort.patients["relapse_competing"].tolist() == [1, 0, 0, 0]
    assert "time_zero" in codes(cohort)


def test_a_competing_event_of_the_file_is_taken_as_it_is() -> None:
    cohort = load(
        {
            "os_months": [10, 20, 30],
            "os_event": [1, 0, 1],
            "aml_months": [8, 12, 30],
            "aml_event": [0, 0, 1],
            "aml_competing": [0, 1, 1],
        }
    )
    assert cohort.patients["aml_competing"].tolist() == [0, 1, 0]
    assert cohort.patients["aml_months"].tolist() == [8, 12, 30]
    assert "aml_competing_file" not in cohort.patients


def test_endpoints_that_include_death_have_no_competing_event() -> None:
    cohort = load(
        {"os_months": [10, 20], "os_event": [1, 0], "lfs_months": [8, 12], "lfs_event": [1, 0]}
    )
    assert cohort.endpoints["lfs"].competing is None
    assert cohort.patients["lfs_months"].tolist() == [8, 12]


def test_a_transformation_after_death_is_found() -> None:
    cohort = load(
        {"os_months": [10, 20], "os_event": [1, 0], "aml_months": [15, 20], "aml_event": [1, 0]}
    )
    (issue,) = [issue for issue in cohort.issues if issue.code == "after_follow_up"]
    assert (issue.severity, issue.count, issue.rows) == ("warning", 1, (1,))


def test_codes_that_are_not_known_are_named_with_what_to_do() -> None:
    columns: dict[str, list[object]] = {"os_months": [5, 6, 7], "os_status": [0, 1, 2]}
    cohort = load(columns)
    (issue,) = [issue for issue in cohort.issues if issue.code == "event_coding"]
    assert issue.column == "os_status"
    assert "codes" in issue.sentence
    stated = {"os": {"time": "os_months", "event": "os_status", "event_value": 2}}
    cohort = load(columns, {"endpoints": stated})
    assert cohort.patients["os_event"].tolist() == [0, 0, 1]


@pytest.mark.parametrize("name", ["alive_dead", "Tot oder lebend", "vivo/morto"])
def test_a_name_that_says_alive_and_dead_asks_which_code_is_which(name: str) -> None:
    columns: dict[str, list[object]] = {"os_months": [5, 6, 7], name: [0, 1, 1]}
    cohort = load(columns)
    assert not cohort.endpoints
    (issue,) = [issue for issue in cohort.issues if issue.code == "event_coding"]
    assert f"the codes of {name} are not known (0 and 1)" in issue.sentence
    stated = {"os": {"time": "os_months", "event": name, "event_value": 0}}
    assert load(columns, {"endpoints": stated}).patients["os_event"].tolist() == [1, 0, 0]


RELAPSE = {
    "os_days": [900, 800, 700, 600, 500, 400],
    "os_event": [1, 0, 1, 0, 1, 0],
    "rfs_days": [100, 200, 600, 500, 30, ""],
    "rfs_event": [1, 1, 1, 0, 1, ""],
}


@pytest.mark.parametrize(
    ("causes", "relapse", "death"),
    [
        # Whoever has code 2 had died; the second with code 1 lives.
        ([1, 1, 2, 0, 2, ""], [1, 1, 0, 0, 0], [0, 0, 1, 0, 1]),
        ([2, 2, 1, 0, 1, ""], [1, 1, 0, 0, 0], [0, 0, 1, 0, 1]),
    ],
)
def test_relapse_from_a_code_of_causes(
    causes: list[object], relapse: list[int], death: list[int]
) -> None:
    cohort = load({**RELAPSE, "cause": causes})
    assert list(cohort.endpoints) == ["os", "rfs", "relapse"]
    endpoint = cohort.endpoints["relapse"]
    assert (endpoint.event_label, endpoint.competing) == ("relapse", "relapse_competing")
    patients = cohort.patients
    assert patients["relapse_event"].tolist()[:5] == relapse
    assert patients["relapse_competing"].tolist()[:5] == death
    assert np.isnan(patients["relapse_event"].iloc[5])
    np.testing.assert_array_equal(patients["relapse_months"], patients["rfs_months"])
    assert cohort.variables["relapse_event"].source_column == "cause"
    assert "by_cause" in codes(cohort)


@pytest.mark.parametrize(
    "causes",
    [
        [1, 1, 2, 1, 2, ""],  # an event where the composite has none
        [1, 1, 2, 0, 0, ""],  # none where it has one
        [1, 1, 2, 0, 2, 0],  # known where it is not
        [1, 1, 1, 0, 1, ""],  # one cause
        [1, 1, 3, 0, 2, ""],  # three causes
    ],
)
def test_codes_that_do_not_fit_are_ordinary_columns(causes: list[object]) -> None:
    cohort = load({**RELAPSE, "cause": causes})
    assert list(cohort.endpoints) == ["os", "rfs"]
    assert "cause" in cohort.patients


def test_an_endpoint_that_runs_from_another_day_is_named() -> None:
    cohort = load({**RELAPSE, "rfs_event": [1, 1, 1, 0, 0, ""]})
    (issue,) = [issue for issue in cohort.issues if issue.code == "time_zero"]
    assert "Relapse-free survival" in issue.sentence
    same = load({**RELAPSE, "rfs_days": [100, 200, 600, 600, 500, ""],
                 "rfs_event": [1, 1, 1, 0, 0, ""]})  # fmt: skip
    assert "time_zero" not in codes(same)
