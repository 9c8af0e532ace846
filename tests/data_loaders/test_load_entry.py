"""Times of entry (left truncation): found, in months, checked and said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.analysis.survival import kaplan_meier
from app.study.outcomes import outcome_of
from data_loaders import Cohort, load_table_bytes
from data_loaders.cohort_folder import read_cohort, write_cohort

N = 20
OS = {"os_days": [400 + i for i in range(N)], "os_event": [i % 2 for i in range(N)]}


def load(columns: dict[str, list[object]]) -> Cohort:
    rows = zip(*columns.values(), strict=True)
    lines = [f"p{i}," + ",".join(map(str, row)) for i, row in enumerate(rows)]
    header = ",".join(["patient_id", *columns])
    return load_table_bytes("t.csv", "\n".join([header, *lines]).encode())


def sentences(cohort: Cohort) -> list[str]:
    return [issue.sentence for issue in cohort.issues if issue.code == "entry"]


@pytest.mark.parametrize(
    ("name", "per_month"),
    [("os_entry", 30.4375), ("os_entry_days", 30.4375), ("entry_time", 30.4375), ("entry", 30.4375),
     ("months_to_referral", 1), ("delayed_entry_months", 1), ("left truncation (days)", 30.4375),
     ("registration_months", 1)],
)  # fmt: skip
def test_a_named_time_of_entry_is_set_in_months(name: str, per_month: float) -> None:
    cohort = load({**OS, name: [i / 4 for i in range(N)]})
    endpoint = cohort.endpoints["os"]
    assert endpoint.entry == "os_entry_months"
    expected = np.arange(N) / 4 / per_month
    np.testing.assert_allclose(cohort.patients["os_entry_months"], expected, rtol=1e-12)
    (said,) = sentences(cohort)
    assert f"at risk from {name} on" in said
    assert "19 of 20" in said
    assert name in endpoint.source
    outcome = outcome_of(cohort, np.ones(N, dtype=bool), "os")
    assert outcome.entry is not None
    assert kaplan_meier(outcome.time, outcome.event, outcome.entry).n == N


@pytest.mark.parametrize("name", ["entry_year", "age_at_entry", "referral", "entry_status"])
def test_other_columns_of_entry_are_none(name: str) -> None:
    cohort = load({**OS, name: [2010 + i % 4 for i in range(N)]})
    assert cohort.endpoints["os"].entry is None
    assert any((v.source_column or v.name) == name for v in cohort.variables.values())


def test_dates_of_registration_after_diagnosis_delay_entry() -> None:
    cohort = load(
        {"date_of_diagnosis": ["2015-01-01"] * N,
         "registration_date": [*[f"2015-01-{i + 1:02d}" for i in range(N - 2)], "2014-12-30", ""],
         "date_of_death": ["2018-03-03"] * 9 + [""] * (N - 9),
         "last_contact": ["2019-03-03"] * N}
    )  # fmt: skip
    entry = cohort.patients[cohort.endpoints["os"].entry].to_numpy()
    np.testing.assert_allclose(entry[:18], np.arange(18) / 30.4375)
    assert entry[18] == 0
    assert np.isnan(entry[19])
    assert cohort.variables["registration_date"].kind == "date"
    found = " ".join(sentences(cohort))
    assert "before time zero (row 19)" in found
    assert "no time of entry (row 20)" in found


def test_entry_after_the_end_is_counted_and_mostly_so_is_no_entry() -> None:
    cohort = load({**OS, "os_entry": [500, *[10] * (N - 1)]})
    assert any("at or after the end of follow-up (row 1)" in said for said in sentences(cohort))
    cohort = load({**OS, "os_entry": [500] * 5 + [10] * (N - 5)})
    assert cohort.endpoints["os"].entry is None
    (said,) = sentences(cohort)
    assert "5 patients of 20" in said
    assert cohort.patients["os_entry"].tolist() == [500] * 5 + [10] * (N - 5)


def test_an_entry_without_its_endpoint_belongs_to_the_clock_of_survival() -> None:
    cohort = load(
        {**OS, "pfs_days": [390 + i for i in range(N)], "pfs_event": OS["os_event"],
         "rfs_days": [100 + i for i in range(N)], "rfs_event": OS["os_event"],
         "entry_days": [3] * N}
    )  # fmt: skip
    assert cohort.endpoints["os"].entry == "os_entry_months"
    assert cohort.endpoints["rfs"].entry is None


def test_what_was_changed_is_recorded_with_counts_and_kept_in_archives(tmp_path: Path) -> None:
    cohort = load(
        {"os_years": [2, 3, 4, 1, 5, 6], "os_event": [1, 0, 1, 0, 0, 1],
         "aml_years": [1.5, 3, 4.5, 0.5, 5, 6], "aml_event": [0, 0, 0, 1, 0, 0]}
    )  # fmt: skip
    aml = cohort.endpoints["aml"]
    assert aml.source.startswith("aml_years x 12; event aml_event (1 = event; 0 = censored)")
    longer, shorter = aml.notes
    assert longer.startswith("1 patient without AML transformation was last assessed before death")
    assert shorter.startswith("1 patient without AML transformation was assessed after death")
    assert any("row 3" in i.sentence and "shortened" in i.sentence for i in cohort.issues)
    assert cohort.endpoints["os"].notes == ()
    assert read_cohort(write_cohort(cohort, tmp_path / "kept")).endpoints == cohort.endpoints
