"""Survival by group: accounting, withheld tests, what is said, and degenerate cohorts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from app.analysis.survival import kaplan_meier, logrank_test, trend_of
from app.cohort.groupings import GroupingSpec, by_alteration, by_labels, by_variable
from app.study.outcomes import outcome_of
from app.views.survival.curves.analysis import survival_by_group
from app.views.survival.curves.words import numbers_table, reading, summary_table
from data_loaders import Cohort, CohortError, Endpoint, Variable, load_cohort
from tests.builders import DIAGNOSIS, OS, make_cohort

AML = Endpoint(
    "aml", "AML transformation", "os_months", "os_event", competing="died", event_label="AML"
)
HSCT = Variable("hsct", "Transplant", "binary", role="treatment")


def cohort(n: int = 60, **columns: Any) -> Cohort:
    rng = np.random.default_rng(1)
    patients: dict[str, list[Any]] = {
        "diagnosis": ["MF", "ET", "PV"] * (n // 3) + ["MF"] * (n % 3),
        "os_months": list(rng.exponential(60, n).round(1) + 0.1),
        "os_event": list(rng.integers(0, 2, n).astype(float)),
        "died": [0.0] * n,
        "hsct": [0.0, 1.0] * (n // 2) + [0.0] * (n % 2),
    }
    patients.update(columns)
    return make_cohort(
        patients,
        {"CALR": [None, 1, 0] * (n // 3) + [1] * (n % 3)},
        variables=(DIAGNOSIS, HSCT),
        endpoints=(OS, AML),
    )


def everyone(c: Cohort) -> np.ndarray:
    return np.ones(c.n, dtype=bool)


def test_everyone_selected_is_in_the_curves_or_in_the_accounting():
    c = cohort(os_months=[None, 3.0, 4.0] * 20)
    result = survival_by_group(c, everyone(c), "os", by_alteration(c, "CALR"))
    assert result.outcome.selected == 60
    assert result.analysed + sum(result.outcome.left_out.values()) == 60
    assert result.outcome.left_out == {"not tested": 20}
    mask = everyone(c)
    mask[:30] = False
    part = survival_by_group(c, mask, "os", by_variable(c, "diagnosis"))
    assert part.analysed + sum(part.outcome.left_out.values()) == 30
    assert part.outcome.left_out == {"overall survival not recorded": 10}


def test_groups_partition_the_patients_and_the_events():
    c = cohort()
    result = survival_by_group(c, everyone(c), "os", by_variable(c, "diagnosis"))
    assert sum(curve.n for curve in result.curves) == result.analysed == 60
    assert result.n_events == int(c.patients["os_event"].sum())
    assert result.p_value is not None
    assert result.pairwise is not None
    assert len(result.pairwise) == 3


def test_no_test_below_ten_patients_in_a_group():
    c = cohort(n=29)
    result = survival_by_group(c, everyone(c), "os", by_variable(c, "diagnosis"))
    assert result.p_value is None
    assert "fewer than 10" in result.p_note
    assert result.p_note in reading(result)


def test_a_group_of_one_is_drawn_and_named_but_not_tested():
    c = cohort(n=30, diagnosis=["MF"] * 29 + ["ET"])
    result = survival_by_group(c, everyone(c), "os", by_variable(c, "diagnosis"))
    assert [curve.n for curve in result.drawn] == [29, 1]
    assert result.p_value is None
    assert len(summary_table(result, "years")) == 2


def test_an_endpoint_without_an_event_says_so():
    c = cohort(os_event=[0.0] * 60)
    result = survival_by_group(c, everyone(c), "os", by_variable(c, "diagnosis"))
    assert any("No death was observed" in note for note in result.notes)
    assert result.p_value is None


def test_nobody_to_follow_says_so():
    c = cohort()
    result = survival_by_group(c, np.zeros(60, dtype=bool), "os", by_variable(c, "diagnosis"))
    assert result.analysed == 0
    assert any("Nobody is left" in note for note in result.notes)
    assert numbers_table(result, "years").empty
    assert list(summary_table(result, "years")["n"]) == [0, 0, 0]


def test_an_empty_group_is_named():
    c = cohort()
    mask = (c.patients["diagnosis"] != "PV").to_numpy()
    result = survival_by_group(c, mask, "os", by_variable(c, "diagnosis"))
    assert any("No patient to follow in: PV" in note for note in result.notes)


def test_treatments_competing_events_and_found_groups_carry_their_warning():
    c = cohort()
    treated = survival_by_group(c, everyone(c), "os", by_variable(c, "hsct"))
    assert "immortal time" in treated.bias
    competing = survival_by_group(c, everyone(c), "aml", by_variable(c, "diagnosis"))
    assert any("overstates the risk" in note for note in competing.notes)
    found = by_labels("Subgroup", ["a", "b"] * 30, ["a", "b"], data_driven=True)
    result = survival_by_group(c, everyone(c), "os", found)
    assert any("found in the same patients" in note for note in result.notes)
    plain = survival_by_group(c, everyone(c), "os", by_variable(c, "diagnosis"))
    assert plain.notes == ()
    assert plain.bias == ""


def test_a_time_limit_is_administrative_censoring():
    c = cohort()
    whole = survival_by_group(c, everyone(c), "os")
    cut = survival_by_group(c, everyone(c), "os", limit=24.0)
    late = ((c.patients["os_months"] > 24) & (c.patients["os_event"] == 1)).sum()
    assert cut.n_events == whole.n_events - late
    assert cut.last_time == 24.0


def test_an_unknown_endpoint_is_refused():
    c = cohort()
    with pytest.raises(CohortError, match="no endpoint called pfs"):
        survival_by_group(c, everyone(c), "pfs")


def test_the_reading_states_share_interval_n_and_at_risk():
    times = [70.0] * 24 + [30.0] * 6
    events = [0.0] * 24 + [1.0] * 6
    c = make_cohort({"os_months": times, "os_event": events}, endpoints=(OS,))
    sentences = reading(survival_by_group(c, everyone(c), "os"))
    assert sentences == ["At 5 years 80% (61–90) of 30 were alive; 24 still at risk."]


def test_a_year_nobody_reaches_is_not_read():
    c = make_cohort({"os_months": [14.0] * 20, "os_event": [0.0] * 19 + [1.0]}, endpoints=(OS,))
    assert reading(survival_by_group(c, everyone(c), "os"))[0].startswith("At 1 year 100%")


LATE = Endpoint("late", "Late", "os_months", "os_event", entry="entry_months", event_label="death")


def late_cohort(n: int = 240) -> Cohort:
    rng = np.random.default_rng(4)
    time = rng.exponential(60, n) + 1
    return make_cohort(
        {
            "diagnosis": list(rng.choice(["ET", "MF"], n)),
            "centre": [None] * 7 + list(rng.choice(["X", "Y", "Z"], n - 7)),
            "os_months": list(time),
            "os_event": list((rng.random(n) < 0.6).astype(float)),
            "entry_months": [None, 500.0, *(time[2:] * rng.random(n - 2))],
        },
        variables=(DIAGNOSIS, Variable("centre", "Centre", "categorical", role="study")),
        endpoints=(LATE,),
    )


def test_late_entries_are_at_risk_from_their_entry_on():
    c = late_cohort()
    result = survival_by_group(c, everyone(c), "late", by_variable(c, "diagnosis"))
    assert result.outcome.left_out == {
        "time of entry not recorded": 1,
        "not yet under observation when follow-up ended": 1,
    }
    assert result.analysed == c.n - 2
    frame = c.patients.iloc[2:]
    own = frame[frame["diagnosis"] == result.curves[0].name]
    km = kaplan_meier(*(own[x].to_numpy(float) for x in ("os_months", "os_event", "entry_months")))
    drawn = result.curves[0].km
    assert drawn is not None
    assert drawn.survival == pytest.approx(km.survival)
    table = result.risk_table(np.array([0.0, 12.0]))
    counts = table[["n_risk", "n_events", "n_censored", "n_not_entered"]].sum(axis=1)
    assert list(counts[table["group"] == result.curves[0].name]) == [len(own)] * 2
    assert any("left truncation" in note for note in result.notes)
    whole = survival_by_group(c, everyone(c), "late", truncated=False)
    assert whole.analysed == c.n
    assert not whole.notes


def test_the_test_asked_for_is_the_test_made():
    c = late_cohort()
    by = by_variable(c, "diagnosis")
    frame = c.patients.iloc[2:]
    columns = [frame[x].to_numpy(float) for x in ("os_months", "os_event")]
    options = {"entry": frame["entry_months"].to_numpy(float), "weights": "peto-peto"}
    plain = logrank_test(*columns, frame["diagnosis"], **options)
    result = survival_by_group(c, everyone(c), "late", by, weights="peto-peto")
    assert result.p_value == pytest.approx(plain.p_value, rel=1e-10)
    known = frame["centre"].notna().to_numpy()
    layered = logrank_test(
        columns[0][known],
        columns[1][known],
        frame["diagnosis"][known],
        entry=options["entry"][known],
        strata=frame["centre"][known],
    )
    stratified = survival_by_group(c, everyone(c), "late", by, strata="centre")
    assert stratified.p_value == pytest.approx(layered.p_value, rel=1e-10)
    assert any("5 patients without a value of the strata" in note for note in stratified.notes)
    assert "within strata of centre" in " ".join(reading(stratified))


def test_ordered_groups_are_tested_for_a_trend_and_others_are_not():
    c = cohort()
    by = by_variable(c, "diagnosis")
    assert survival_by_group(c, everyone(c), "os", by).trend is None
    result = survival_by_group(c, everyone(c), "os", replace(by, ordered=True))
    score = np.array([by.names.index(d) for d in c.patients["diagnosis"]], dtype=float)
    time, event = (c.patients[name].to_numpy(float) for name in ("os_months", "os_event"))
    trend = trend_of(logrank_test(time, event, score))
    assert result.trend is not None
    assert result.trend.p_value == pytest.approx(trend.p_value, rel=1e-10)
    assert any("Trend over the ordered groups" in text for text in reading(result))


def test_pairs_are_adjusted_as_asked():
    c = cohort()
    by = by_variable(c, "diagnosis")
    holm = survival_by_group(c, everyone(c), "os", by).pairwise
    none = survival_by_group(c, everyone(c), "os", by, adjust="none").pairwise
    assert holm is not None
    assert none is not None
    assert list(none["p_adjusted"]) == list(none["p_value"])
    assert (holm["p_adjusted"] >= holm["p_value"]).all()
    assert holm["p_adjusted"].min() > none["p_adjusted"].min()


def test_groups_measured_at_a_month_are_compared_from_it_on() -> None:
    rng = np.random.default_rng(3)
    time, event = rng.exponential(12, 80).round(1) + 0.1, rng.integers(0, 2, 80).astype(float)
    held = make_cohort(
        {"bcr_abl1_is_3m": [30.0, 0.5] * 40, "os_months": list(time), "os_event": list(event)},
        {"CALR": [0] * 80},
        variables=(Variable("bcr_abl1_is_3m", "BCR::ABL1 at 3 months", "numeric", unit="%"),),
        endpoints=(OS,),
    )
    grouping = GroupingSpec.parse("cut:bcr_abl1_is_3m@10").build(held)
    assert grouping.known_from == 3
    everyone = np.ones(held.n, dtype=bool)
    found = survival_by_group(held, everyone, "os", grouping)
    late = time > 3
    by_hand = logrank_test(time[late], event[late], grouping.codes[late])
    assert found.test.statistic == pytest.approx(by_hand.statistic)
    assert any("Landmark at month 3" in note for note in found.notes)
    assert not found.bias
    gone = outcome_of(held, everyone, "os", grouping).left_out["no longer followed at month 3"]
    assert gone == (~late).sum() > 0
    cml = load_cohort("demo:cml")
    assert by_variable(cml, "eln_response").known_from == 12
    assert by_variable(cml, "tki_first_line").known_from is None
