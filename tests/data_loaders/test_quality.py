"""Findings over a whole cohort: each planted, found with its count and rows, and not invented."""

from __future__ import annotations

import numpy as np
import pytest

from data_loaders import Endpoint, Variable, load_cohort
from data_loaders.meaning.quality import batch_columns, missingness, quality_issues
from tests.builders import AGE, OS, make_cohort

AML = Endpoint("aml", "AML transformation", "aml_months", "aml_event", event_label="AML")
CENTRE = Variable("centre", "Centre", "categorical", role="study")
HCT = Variable("transplant_months", "Transplant", "numeric", unit="months", role="treatment")
LDH = Variable("ldh_u_per_l", "LDH", "numeric", unit="U/L", role="laboratory")
N = 40


def planted(**changes: list[object]):
    rng = np.random.default_rng(3)
    months = (rng.exponential(40, N) + 2).round(2)
    patients: dict[str, list[object]] = {
        "os_months": list(months),
        "os_event": [float(i % 2) for i in range(N)],
        "aml_months": list(months / 2),
        "aml_event": [float(i % 4 == 0) for i in range(N)],
        "transplant_months": [m / 2 if i % 5 == 0 else None for i, m in enumerate(months)],
        "age_years": list(rng.uniform(20, 90, N).round(2)),
        "ldh_u_per_l": list(rng.normal(200, 40, N).round(1)),
        "centre": ["A", "B"] * (N // 2),
    }
    patients.update(changes)
    return make_cohort(
        patients,
        {"CALR": [i % 3 == 0 for i in range(N)], "TP53": [i % 7 == 0 for i in range(N)]},
        variables=(AGE, CENTRE, HCT, LDH),
        endpoints=(OS, AML),
    )


def found(cohort, code: str):
    return [issue for issue in quality_issues(cohort) if issue.code == code]


def test_a_sound_cohort_has_no_finding():
    assert quality_issues(planted()) == ()


def test_events_after_death_and_after_the_last_follow_up_are_told_apart():
    base = planted()
    months = base.patients["os_months"].tolist()
    late = [m / 2 for m in months]
    late[0] = months[0] + 3  # censored
    late[4] = months[4] + 3  # censored
    late[8] = months[8] + 3
    event = base.patients["os_event"].tolist()
    event[8] = 1.0
    issues = found(planted(aml_months=late, os_event=event), "out_of_order")
    told = {(issue.count, issue.rows) for issue in issues}
    assert told == {(1, (9,)), (2, (1, 5))}
    assert any("after death" in issue.sentence for issue in issues)
    assert all("AML transformation" in issue.sentence for issue in issues)


def test_a_transplant_after_death_is_found_and_rounding_is_not():
    months = planted().patients["os_months"].tolist()
    transplant: list[object] = [None] * N
    transplant[1] = months[1] + 2
    transplant[3] = months[3] + 0.02
    issue = found(planted(transplant_months=transplant), "out_of_order")
    assert [i.rows for i in issue] == [(2,)]
    assert "Transplant is recorded after death in 1 patient (row 2)" in issue[0].sentence


def test_doubles_share_everything_and_near_doubles_share_what_is_telling():
    base = planted()
    columns = {name: base.patients[name].tolist() for name in base.patients.columns}
    altered = {name: base.alterations[name].tolist() for name in base.alterations.columns}
    for values in [*columns.values(), *altered.values()]:
        values[30] = values[2]
    for values in [*(columns[c] for c in ("os_months", "age_years")), *altered.values()]:
        values[31] = values[5]
    cohort = make_cohort(columns, altered, (AGE, CENTRE, HCT, LDH), endpoints=(OS, AML))
    (double,) = found(cohort, "double")
    assert double.rows == (3, 31)
    (near,) = found(cohort, "near_double")
    assert near.rows == (6, 32)
    assert "P3" not in double.sentence


def test_a_variable_that_one_centre_did_not_record():
    ldh = planted().patients["ldh_u_per_l"].tolist()
    gap = [value if i % 2 else None for i, value in enumerate(ldh)]
    cohort = planted(ldh_u_per_l=gap)
    (issue,) = found(cohort, "gap")
    assert issue.sentence.startswith("Centre A hardly recorded LDH")
    assert batch_columns(cohort) == ["centre"]
    table = missingness(cohort, "centre")
    assert table.loc["LDH"].to_dict() == {"Everyone": 0.5, "A": 1.0, "B": 0.0}
    assert table.attrs["n"] == {"Everyone": N, "A": N // 2, "B": N // 2}


def test_variables_that_most_lack_are_listed():
    ldh = [200.0 if i < 5 else None for i in range(N)]
    (issue,) = found(planted(ldh_u_per_l=ldh), "sparse")
    assert issue.count == 1
    assert "LDH" in issue.sentence


@pytest.mark.parametrize("key", ["mpn", "mds", "aml"])
def test_demos_have_no_event_out_of_order(key: str):
    cohort = load_cohort(f"demo:{key}")
    assert not found(cohort, "out_of_order")
    assert not found(cohort, "double")


def test_one_patient_and_no_alteration_are_no_reason_to_fail():
    one = make_cohort({"os_months": [1.0], "os_event": [1.0]}, endpoints=(OS,))
    assert quality_issues(one) == ()
    assert missingness(one).empty
