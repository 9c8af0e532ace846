"""Incidence by group: published answers, planted truths, accounting, degenerate input."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.analysis.likelihood import RiskSets
from app.analysis.regression import cox
from app.analysis.survival_input import survival_data
from app.cohort.groupings import by_labels, by_variable
from app.views.survival.cox.analysis import fit_models
from app.views.survival.incidence.analysis import GroupIncidence, incidence_by_group
from app.views.survival.incidence.estimates import competing_endpoints, incidence_outcome
from app.views.survival.incidence.words import (
    effects_numbers,
    effects_table,
    milestones_table,
    numbers_table,
    reading,
    summary_table,
)
from data_loaders import Cohort, CohortError, Endpoint, Variable, load_cohort
from tests.analysis import published
from tests.builders import DIAGNOSIS, OS, make_cohort

AML = Endpoint("aml", "AML transformation", "t", "e", competing="c", event_label="AML")
LATE = replace(AML, key="late", entry="entry")
HSCT = Variable("hsct", "Transplant", "binary", role="treatment")
GROUPS = ("ET", "PV", "MF")


def cohort(time: Any, cause: Any, group: Any, entry: Any = None) -> Cohort:
    cause = np.asarray(cause)
    columns = {
        "t": list(map(float, time)),
        "e": list((cause == 1).astype(float)),
        "c": list((cause == 2).astype(float)),
        "diagnosis": list(group),
        "hsct": [float(i % 2) for i in range(len(cause))],
        "entry": list(np.zeros(len(cause)) if entry is None else entry),
    }
    return make_cohort(columns, variables=(DIAGNOSIS, HSCT), endpoints=(AML, LATE))


def simulated(n: int = 240, seed: int = 5) -> Cohort:
    rng = np.random.default_rng(seed)
    group = rng.choice(GROUPS, n)
    first = rng.exponential(np.where(group == "MF", 40, 120))
    second, end = rng.exponential(80, n), rng.uniform(10, 130, n)
    time = np.minimum(np.minimum(first, second), end).round(1) + 0.1
    cause = np.where(end < np.minimum(first, second), 0, np.where(first < second, 1, 2))
    return cohort(time, cause, group)


def made(c: Cohort, column: str | None = "diagnosis", key: str = "aml", **options: Any):
    grouping = None if column is None else by_variable(c, column)
    return incidence_by_group(c, np.ones(c.n, dtype=bool), key, grouping, **options)


def by_name(result: GroupIncidence) -> dict[str, Any]:
    return {group.name: group for group in result.estimates}


# Published answers --------------------------------------------------------------------------


@pytest.mark.shared
def test_mpn_curves_tests_and_counts_are_those_of_cmprsk(public_cohorts: Path, r_survival):
    mpn = load_cohort(public_cohorts / "mpn_grinfeld_2018" / "mpn_patients.csv")
    oracle = r_survival["mpn_grinfeld_2018"]["aml_competing_death"]["by_diagnosis"]
    result = made(mpn)
    groups = by_name(result)
    for curve in oracle["curves"]:
        name, cause = curve["curve"].split(" ")
        at = groups[name].at(12 * np.array(curve["at"]))
        column = "incidence" if cause == "1" else "competing"
        np.testing.assert_allclose(at[column], curve["est"], rtol=1e-6)
    for row, test in zip(oracle["gray"], (result.gray_event, result.gray_competing), strict=True):
        assert test.df == row["df"]
        assert test.statistic == pytest.approx(row["stat"], rel=1e-6)
    assert sum(group.events for group in result.estimates) == oracle["counts"]["1"]
    assert sum(group.competing for group in result.estimates) == oracle["counts"]["2"]


@pytest.mark.shared
def test_known_answers_of_the_mpn_cohort(public_cohorts: Path, known_answers):
    mpn = load_cohort(public_cohorts / "mpn_grinfeld_2018" / "mpn_patients.csv")
    for endpoint, key in (("mf", "KA056"), ("aml", "KA057")):
        known = next(answer["value"] for answer in known_answers if answer["id"] == key)
        names = [name for name in known if name != "Gray"]
        labels = mpn.patients["diagnosis"].where(mpn.patients["diagnosis"].isin(names))
        labels = [None if pd.isna(label) else str(label) for label in labels]
        grouping = by_labels("Diagnosis", labels, names)
        result = incidence_by_group(mpn, np.ones(mpn.n, dtype=bool), endpoint, grouping)
        for name in names:
            at = by_name(result)[name].at([60, 120, 180, 240])
            np.testing.assert_allclose(at["incidence"], known[name], atol=5.1e-5)
        assert result.gray_event.statistic == pytest.approx(known["Gray"]["stat"], abs=5.1e-4)


@pytest.mark.shared
def test_mds_incidence_and_the_wrong_curve(public_cohorts: Path, r_survival):
    mds = load_cohort(public_cohorts / "mds_iwg_2022" / "df_clinical.tsv")
    result = made(mds, None)
    counts = r_survival["mds_iwg_2022"]["aml_competing_death"]["counts"]
    group = result.estimates[0]
    assert (group.events, group.competing) == (counts["1"], counts["2"])
    assert group.n == sum(counts.values())
    assert result.outcome.left_out["death without AML transformation not recorded"] == 18
    assert result.analysed + sum(result.outcome.left_out.values()) == mds.n
    (sentence,) = reading(result)
    assert sentence == (
        "At 5 years 19% (17–21) had AML transformation and 43% had died without it; 357 still at "
        "risk. 1 − Kaplan-Meier would have said 24%."
    )


@pytest.mark.shared
def test_known_answers_of_the_mds_cohort(public_cohorts: Path, known_answers):
    """Followed to the later of two dates, with the IPSS-M score known, as in the known answers."""
    known = {answer["id"]: answer["value"] for answer in known_answers}
    frame = published.mds(public_cohorts).dropna(subset=["AMLt_STATUS", "OS_STATUS", "IPSSM_SCORE"])
    cause = np.where(frame["AMLt_STATUS"] == 1, 1, np.where(frame["OS_STATUS"] == 1, 2, 0))
    time = frame[["OS_YEARS", "AMLt_YEARS"]].max(axis=1).where(cause != 1, frame["AMLt_YEARS"])
    c = cohort(12 * time, cause, frame["IPSSM"])
    everyone = made(c, None).estimates[0].at(60).iloc[0]
    assert everyone["incidence"] == pytest.approx(known["KA024"]["CIF"], abs=5.1e-5)
    assert everyone["naive"] == pytest.approx(known["KA024"]["one_minus_KM"], abs=5.1e-5)
    result = made(c)
    for name, incidence in known["KA021"].items():
        at = by_name(result)[name].at([12, 24, 48, 60])
        np.testing.assert_allclose(at["incidence"], incidence, atol=5.1e-5)
    for test, name in (
        (result.gray_event, "AML"),
        (result.gray_competing, "death_without_AML"),
    ):
        assert test.statistic == pytest.approx(known["KA022"][name]["stat"], abs=5.1e-4)
        assert test.df == known["KA022"][name]["df"]


# Planted truths -----------------------------------------------------------------------------


def test_the_incidences_planted_in_the_mpn_demo_are_recovered():
    mpn = load_cohort("demo:mpn")
    truths = [t for t in mpn.provenance.truths if t.key.startswith("cif:")]
    assert len(truths) == 5
    for truth in truths:
        (name,) = truth.details["within"]["diagnosis"]
        group = by_name(made(mpn, key=truth.details["endpoint"]))[name]
        at = group.at(truth.details["month"]).iloc[0]
        error = (at["upper"] - at["lower"]) / 2 / 1.96
        assert abs(at["incidence"] - truth.value) < 3.5 * error
        assert at["naive"] > at["incidence"]


def test_higher_risk_shows_in_incidence_and_in_both_ratios_of_the_mds_demo():
    mds = load_cohort("demo:mds")
    result = made(mds, "ipssm")
    at = [group.at(60).iloc[0]["incidence"] for group in result.estimates]
    assert at[0] < at[2] < at[-1]
    effects = result.effects
    assert effects.reference == "Very Low"
    specific = effects.cause_specific.summary.set_index("group")["hr"]
    shared = effects.subdistribution.summary.set_index("group")["hr"]
    # Death competes more where risk is high, which draws the subdistribution ratio towards one.
    assert specific["Very High"] > shared["Very High"] > 1


# Properties ---------------------------------------------------------------------------------

rows = st.lists(
    st.tuples(st.integers(1, 40), st.integers(0, 2), st.sampled_from(GROUPS)),
    min_size=1,
    max_size=80,
)


@given(rows)
def test_incidences_and_event_free_sum_to_one_and_counts_to_n(data):
    time, cause, group = zip(*data, strict=True)
    result = made(cohort(time, cause, group))
    months = [0, 1, 7.5, 40]
    for own in result.drawn:
        at = own.at(months)
        known = at["incidence"].notna()
        total = at["incidence"] + at["competing"]
        assert (total[known] <= 1 + 1e-12).all()
        steps = own.incidence
        stacked = sum(curve.incidence for curve in steps.curves.values()) + steps.event_free
        np.testing.assert_allclose(stacked, 1, atol=1e-12)
        assert (at["naive"][known] >= at["incidence"][known] - 1e-12).all()
        np.testing.assert_array_equal(own.naive.time, steps.time)
        counts = own.counts(months)
        assert (counts.drop(columns="time").sum(axis=1) == own.n).all()
        assert (counts >= 0).all(axis=None)
        mine = np.array([t for t, _, g in data if g == own.name])
        assert list(counts["n_risk"]) == [int((mine >= month).sum()) for month in months]
    assert sum(own.n for own in result.estimates) == len(data)


@given(rows, st.randoms(use_true_random=False))
def test_row_order_and_names_change_nothing(data, random):
    grouped = by_labels("G", [g for _, _, g in data], GROUPS)
    c = cohort(*zip(*data, strict=True))
    expected = incidence_by_group(c, np.ones(c.n, dtype=bool), "aml", grouped)
    shuffled = list(data)
    random.shuffle(shuffled)
    names = dict(zip(GROUPS, ("z", "m", "a"), strict=True))
    moved = cohort(*zip(*shuffled, strict=True))
    other = by_labels("G", [names[g] for _, _, g in shuffled], list(names.values()))
    result = incidence_by_group(moved, np.ones(c.n, dtype=bool), "aml", other)
    for a, b in zip(expected.estimates, result.estimates, strict=True):
        assert (a.n, a.events, a.competing) == (b.n, b.events, b.competing)
        if a.incidence is not None:
            pd.testing.assert_frame_equal(a.at([5, 20]), b.at([5, 20]))
    assert (expected.gray_event is None) == (result.gray_event is None)
    if expected.gray_event is not None:
        assert result.gray_event.p_value == pytest.approx(expected.gray_event.p_value, rel=1e-6)
    numbers = [effects_numbers(x) for x in (expected, result)]
    assert len(numbers[0]) == len(numbers[1])
    if len(numbers[0]):
        np.testing.assert_allclose(numbers[0]["coef"], numbers[1]["coef"], rtol=1e-6, atol=1e-8)


def test_a_limit_ends_follow_up_for_every_number():
    c = simulated()
    whole, cut = made(c), made(c, limit=24.0)
    for a, b in zip(whole.estimates, cut.estimates, strict=True):
        pd.testing.assert_frame_equal(a.at([12, 24]), b.at([12, 24]))
        assert b.at(36)["incidence"].isna().all()
    early = (c.patients["t"] <= 24) & (c.patients["e"] == 1)
    assert sum(group.events for group in cut.estimates) == int(early.sum())
    assert cut.gray_event.statistic != whole.gray_event.statistic
    assert cut.last_time == 24


# Tests and ratios ---------------------------------------------------------------------------


def test_pairs_are_adjusted_by_holm():
    result = made(simulated())
    pairs = result.pairwise
    assert list(zip(pairs["a"], pairs["b"], strict=True)) == [
        (a.name, b.name) for i, a in enumerate(result.estimates) for b in result.estimates[i + 1 :]
    ]
    ordered = pairs.sort_values("p_value")
    expected = np.maximum.accumulate(ordered["p_value"].to_numpy() * [3, 2, 1])
    np.testing.assert_allclose(ordered["p_adjusted"], np.minimum(expected, 1))
    assert made(simulated(), "hsct").pairwise is None


def test_a_group_below_ten_patients_is_in_no_test_and_has_no_ratio():
    c = simulated()
    others = ~(c.patients["diagnosis"] == "PV").to_numpy()
    mask = others.copy()
    mask[np.flatnonzero(~mask)[:6]] = True
    result = incidence_by_group(c, mask, "aml", by_variable(c, "diagnosis"))
    alone = incidence_by_group(c, others, "aml", by_variable(c, "diagnosis"))
    assert result.gray_event.p_value == alone.gray_event.p_value
    assert result.gray_competing.p_value == alone.gray_competing.p_value
    assert result.pairwise is None
    assert "Not in the tests: PV has fewer than 10 patients." in reading(result)
    assert result.effects.left_out == {"PV": "fewer than 10 patients"}
    assert "PV" not in set(effects_numbers(result)["group"])
    assert effects_table(result).set_index("Group").loc["PV"].str.contains("fewer").sum() == 3


def test_a_group_without_events_is_left_out_of_the_models_which_changes_no_other_ratio():
    c = simulated()
    patients = c.patients.copy()
    pv = patients["diagnosis"] == "PV"
    patients.loc[pv, "e"] = 0.0
    result = made(replace(c, patients=patients))
    assert result.effects.left_out == {"PV": "no AML"}
    alone = made(replace(c, patients=patients).subset((~pv).to_numpy()))
    ours = result.effects.cause_specific.summary
    pd.testing.assert_frame_equal(ours, alone.effects.cause_specific.summary)
    # With the group in the model its coefficient runs to minus infinity; the other stays, for its
    # score is zero there.
    (name,), (coef,) = ours["group"], ours["coef"]
    x = np.column_stack([patients["diagnosis"] == other for other in (name, "PV")]).astype(float)
    sets = RiskSets(survival_data(patients["t"], patients["e"]))
    score = [sets.evaluate(x, np.array([coef, far])).score[0] for far in (0.0, -40.0)]
    assert abs(score[0]) > 0.1
    assert abs(score[1]) < 1e-9


def test_patients_who_entered_late_count_from_their_entry_on():
    base = simulated()
    time = base.patients["t"].to_numpy()
    entry = np.where(np.arange(base.n) % 3 == 0, time / 2, 0.0)
    cause = np.where(base.patients["e"] == 1, 1, np.where(base.patients["c"] == 1, 2, 0))
    c = cohort(time, cause, base.patients["diagnosis"], entry)
    result = made(c, key="late")
    counts = result.estimates[0].counts([0, 12])
    assert counts["n_not_entered"].iloc[0] > 0
    assert (counts.drop(columns="time").sum(axis=1) == result.estimates[0].n).all()
    assert result.gray_event is None
    assert "entered late" in result.p_note
    assert result.effects.subdistribution is None
    assert result.effects.cause_specific is not None
    assert any("Fine-Gray model is not fitted" in note for note in result.effects.notes)
    frame = c.patients.assign(group=pd.Categorical(c.patients["diagnosis"]))
    model = cox(frame, "t", "e", ["group"], "entry",
                references={"group": result.effects.reference})  # fmt: skip
    expected = model.summary.set_index("level")["coef"]
    for _, row in result.effects.cause_specific.summary.iterrows():
        assert row["coef"] == pytest.approx(expected[row["group"]], rel=1e-7)
    whole, plain = made(c, key="late", truncated=False), made(c)
    assert whole.gray_event.statistic == plain.gray_event.statistic
    assert whole.effects.subdistribution is not None


def test_the_tables_hold_what_the_estimates_say():
    result = made(simulated())
    table = milestones_table(result)
    numbers = numbers_table(result, "years")
    summary = summary_table(result).set_index("Group")
    for group in result.estimates:
        at = group.at([12, 36, 60])
        own = table[table["group"] == group.name]
        assert list(own["year"]) == [1, 3, 5]
        for ours, theirs in (("incidence", "incidence"), ("wrong_1_minus_km", "naive")):
            np.testing.assert_array_equal(own[ours], at[theirs])
        assert summary.loc[group.name, "Competing, 5-year"] == f"{100 * at['competing'][2]:.0f}%"
        assert summary.loc[group.name, "Wrong 1 − KM, 5-year"] == f"{100 * at['naive'][2]:.0f}%"
        steps = numbers[(numbers["group"] == group.name) & (numbers["event"] == "AML")]
        last = steps[steps["time_years"] <= 3].iloc[-1]
        assert last["incidence"] == at["incidence"][1]
        assert last["wrong_1_minus_km"] == pytest.approx(at["naive"][1], rel=1e-12)
    printed, exact = effects_table(result), effects_numbers(result)
    row = exact[(exact["event"] == "AML") & (exact["group"] == printed["Group"][1])].iloc[0]
    assert printed["Cause-specific HR (95% CI)"][0] == "1 (reference)"
    assert printed["Cause-specific HR (95% CI)"][1].startswith(
        f"{row['hr']:.2f} ({row['lower']:.2f}–{row['upper']:.2f}), p"
    )
    assert len(exact) == 3 * 2


# Degenerate input ---------------------------------------------------------------------------


def alike(cause: int, n: int = 40) -> Cohort:
    return cohort(np.arange(1, n + 1), [cause] * n, ["ET", "MF"] * (n // 2))


@pytest.mark.parametrize(
    ("c", "note", "said"),
    [
        (alike(0), "Neither AML nor death without AML was observed", "nothing can be compared"),
        (alike(2), "No AML was observed in these patients; only", "nothing can be compared"),
        (alike(1), "equals one minus the Kaplan-Meier curve", "does not differ clearly"),
        (cohort([5], [1], ["ET"]), "No death without AML was observed", ""),
        (cohort([0] * 30, [0, 1, 2] * 10, ["ET", "MF"] * 15), "", "does not differ clearly"),
        (cohort([7] * 30, [0, 1, 2] * 10, ["ET", "MF"] * 15), "", "does not differ clearly"),
    ],
    ids=["no event", "only competing", "only events", "one patient", "time zero", "all tied"],
)
def test_degenerate_cohorts_are_answered_in_sentences(c: Cohort, note: str, said: str):
    result = made(c)
    assert note in " ".join(result.notes)
    assert said in " ".join(reading(result))
    assert len(summary_table(result)) == len(result.estimates)
    assert "nan" not in str(summary_table(result)).lower()
    assert "nan" not in " ".join(reading(result))
    assert numbers_table(result, "years").empty == (not result.drawn)
    effects_table(result)


def test_nobody_and_empty_groups_are_named():
    c = simulated()
    nobody = incidence_by_group(c, np.zeros(c.n, dtype=bool), "aml", by_variable(c, "diagnosis"))
    assert any("Nobody is left" in note for note in nobody.notes)
    assert nobody.last_time == 0
    assert nobody.risk_table([0, 1]).empty
    mask = (c.patients["diagnosis"] != "PV").to_numpy()
    some = incidence_by_group(c, mask, "aml", by_variable(c, "diagnosis"))
    assert "No patient to follow in: PV." in some.notes


def test_forty_groups_are_compared_or_said_to_be_too_small():
    rng = np.random.default_rng(9)
    names = [f"g{i}" for i in range(40)]
    for size, compared in ((4, False), (30, True)):
        n = 40 * size
        time, cause = rng.exponential(30, n) + 0.1, rng.integers(0, 3, n)
        c = cohort(time, cause, ["ET"] * n)
        grouping = by_labels("G", names * size, names)
        result = incidence_by_group(c, np.ones(n, dtype=bool), "aml", grouping)
        assert (result.gray_event is not None) == compared
        assert len(reading(result)) < 12
        assert len(summary_table(result)) == 40


def test_what_the_reader_must_know_of_the_groups_is_said():
    c = simulated()
    assert any("immortal time" in note for note in made(c, "hsct").notes)
    found = by_labels("Found", ["a", "b"] * (c.n // 2), ["a", "b"], data_driven=True)
    result = incidence_by_group(c, np.ones(c.n, dtype=bool), "aml", found)
    assert any("found in the same patients" in note for note in result.notes)
    assert made(c).notes == ()


def test_only_endpoints_with_a_competing_event_are_taken():
    c = make_cohort({"os_months": [1.0, 2.0], "os_event": [1.0, 0.0]}, endpoints=(OS,))
    assert competing_endpoints(c) == []
    everyone = np.ones(2, dtype=bool)
    with pytest.raises(ValueError, match="Overall survival has no competing event"):
        incidence_by_group(c, everyone, "os")
    with pytest.raises(CohortError, match="no endpoint called aml"):
        incidence_by_group(c, everyone, "aml")
    assert competing_endpoints(simulated()) == ["aml", "late"]


def test_an_unknown_competing_event_is_left_out_unless_the_limit_comes_first():
    c = simulated()
    patients = c.patients.copy()
    quiet = np.flatnonzero(patients["e"] == 0)[:30]
    patients.iloc[quiet, patients.columns.get_loc("c")] = np.nan
    c = replace(c, patients=patients)
    everyone = np.ones(c.n, dtype=bool)
    outcome = incidence_outcome(c, everyone, "aml")
    assert outcome.left_out == {"death without AML not recorded": 30}
    assert (outcome.n, outcome.selected) == (c.n - 30, c.n)
    later = int((patients["t"].iloc[quiet] > 24).sum())
    assert 0 < later < 30
    limited = incidence_outcome(c, everyone, "aml", limit=24.0)
    assert limited.left_out == {"death without AML not recorded": 30 - later}
    assert any("30 patients without AML" in note for note in made(c).notes)


def test_one_cause_specific_hazard_ratio_in_both_views():
    """The hazard of AML needs to know of AML only; its incidence of death too."""
    c = simulated()
    patients = c.patients.copy()
    unknown = np.flatnonzero(patients["e"] == 0)[::5]
    patients.iloc[unknown, patients.columns.get_loc("c")] = np.nan
    c = replace(c, patients=patients)
    everyone = np.ones(c.n, dtype=bool)
    result = made(c)
    model = fit_models(c, everyone, "aml", ["variable:diagnosis"]).model
    own = result.effects.cause_specific
    assert (own.n, own.events) == (model.n, model.events) == (c.n, int(patients["e"].sum()))
    np.testing.assert_allclose(own.summary["hr"], model.summary["hr"], rtol=1e-7)
    assert result.effects.subdistribution.n == result.analysed == c.n - len(unknown)
    assert any(f"count {len(unknown)} patients more" in note for note in result.effects.notes)
