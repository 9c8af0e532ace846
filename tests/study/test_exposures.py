"""Events during follow-up: which there are, whose clock counts, and immortal time in all views."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.analysis.regression import compare_landmarks, cox, simon_makuch
from app.study.exposures import default_landmarks, exposure_options, exposure_times
from app.study.outcomes import outcome_of
from app.views.survival.during.analysis import (
    ADJUSTED,
    NAIVE,
    TIME_DEPENDENT,
    DuringFollowUp,
    analyse_during_follow_up,
)
from app.views.survival.during.words import answers_table, during_notes, during_reading
from data_loaders import Cohort, CohortError, Endpoint, Variable, load_cohort
from tests.builders import AGE, OS, make_cohort

TRANSPLANT = Variable(
    "transplant_months", "Transplant, time from diagnosis", "numeric", unit="months",
    role="treatment",
)  # fmt: skip
EVER = Variable("transplant", "Transplant", "binary", role="treatment")
REMISSION = Variable("cr_months", "Complete remission", "numeric", unit="months", role="outcome")
AML = Endpoint("aml", "AML transformation", "aml_months", "aml_event", event_label="AML")
LFS = Endpoint("lfs", "LFS", "lfs_months", "lfs_event", event_label="AML or death")
NEVER = float("nan")


def analysed(
    cohort: Cohort, key: str = "column:transplant_months", endpoint: str = "os", *, limit=None,
    landmarks=(6.0,), **options,
) -> DuringFollowUp:  # fmt: skip
    mask = np.ones(cohort.n, dtype=bool)
    outcome = outcome_of(cohort, mask, endpoint, limit=limit, truncated=False)
    exposure = exposure_times(cohort, key, endpoint)
    options.setdefault("drawn", landmarks[0])
    return analyse_during_follow_up(cohort, outcome, exposure, landmarks=landmarks, **options)


def transplanted(
    time: list[float], event: list[float], at: list[float], **more: list[object]
) -> Cohort:
    patients = {"os_months": time, "os_event": event, "transplant_months": at, **more}
    return make_cohort(patients, variables=(TRANSPLANT, EVER, AGE), endpoints=(OS,))


def immortal(seed: int, n: int = 1500, effect: float = 1.0) -> Cohort:
    """Transplants at random times; from then on the hazard of death is multiplied by effect."""
    rng = np.random.default_rng(seed)
    death, offered = rng.exponential(36.0, n), rng.exponential(24.0, n)
    time = np.where(offered < death, offered + (death - offered) / effect, death)
    end = rng.uniform(24, 120, n)
    followed = np.minimum(time, end)
    at = np.where(offered < followed, offered, NEVER)
    return transplanted(list(followed), list((time <= end).astype(float)), list(at))


def found(result: DuringFollowUp) -> pd.Series:
    return answers_table(result).set_index("key")["hr"]


# Which events there are ----------------------------------------------------------------------


def test_the_demos_offer_treatments_responses_and_other_endpoints():
    keys = {
        name: [option.key for option in exposure_options(load_cohort(f"demo:{name}"), "os")]
        for name in ("mds", "aml", "mpn")
    }
    assert keys["mds"] == ["column:transplant_months", "endpoint:aml"]
    assert keys["aml"] == ["column:transplant_months", "column:cr_months", "endpoint:relapse"]
    assert keys["mpn"] == ["endpoint:aml", "endpoint:mf", "endpoint:thrombosis"]


def test_death_and_composites_with_death_are_no_exposure():
    mds = load_cohort("demo:mds")
    offered = {key: [o.key for o in exposure_options(mds, key)] for key in mds.endpoints}
    assert offered["aml"] == ["column:transplant_months"]
    assert not any("endpoint:os" in keys or "endpoint:lfs" in keys for keys in offered.values())


def test_the_event_of_another_endpoint_is_dated_by_it():
    mds = load_cohort("demo:mds")
    times = exposure_times(mds, "endpoint:aml", "os").months
    happened = (mds.patients["aml_event"] == 1).to_numpy()
    np.testing.assert_allclose(times[happened], mds.patients["aml_months"][happened])
    assert np.isnan(times[~happened]).all()


def test_an_endpoint_counted_from_remission_has_its_own_clock():
    aml = load_cohort("demo:aml")
    moved = exposure_times(aml, "column:transplant_months", "rfs")
    assert moved.shifted_by == "Complete remission"
    expected = aml.patients["transplant_months"] - aml.patients["cr_months"]
    np.testing.assert_allclose(moved.months, expected)
    assert [o.key for o in exposure_options(aml, "rfs")] == ["column:transplant_months"]
    plain = exposure_times(aml, "column:transplant_months", "os")
    assert plain.shifted_by == ""
    # A relapse is dated from remission in the file and from diagnosis for overall survival.
    relapse = exposure_times(aml, "endpoint:relapse", "os").months
    known = np.isfinite(relapse)
    from_diagnosis = aml.patients["relapse_months"] + aml.patients["cr_months"]
    np.testing.assert_allclose(relapse[known], from_diagnosis[known])
    assert (relapse[known] <= aml.patients["os_months"][known] + 0.1).all()


def test_days_and_years_become_months():
    cohort = transplanted([40.0, 50.0], [1.0, 0.0], [365.25, NEVER])
    for unit, months in (("days", 12.0), ("years", 365.25 * 12), ("months", 365.25)):
        variable = replace(TRANSPLANT, unit=unit)
        changed = replace(cohort, variables={"transplant_months": variable})
        times = exposure_times(changed, "column:transplant_months", "os").months
        assert times[0] == pytest.approx(months)
    with pytest.raises(CohortError, match="no event during follow-up called column:x"):
        exposure_times(cohort, "column:x", "os")


def test_columns_that_date_nothing_within_follow_up_are_not_offered():
    cohort = transplanted([10.0, 20.0], [1.0, 0.0], [10.0, 25.0])
    assert exposure_options(cohort, "os") == []
    never = transplanted([10.0, 20.0], [1.0, 0.0], [NEVER, NEVER])
    assert exposure_options(never, "os") == []


def test_landmarks_are_round_distinct_and_near_the_quartiles():
    assert default_landmarks(np.array([5.3, 8.8, 13.0, NEVER])) == [6.0, 9.0, 12.0]
    assert default_landmarks(np.full(20, 4.5)) == [6.0, 9.0, 12.0]  # at 4 nobody is
    assert default_landmarks(np.array([NEVER])) == [3.0, 6.0, 12.0]
    assert len(set(default_landmarks(np.full(9, 900.0)))) == 3


# Who is analysed -----------------------------------------------------------------------------


def test_everyone_is_accounted_for():
    cohort = transplanted(
        [10.0, 20.0, 30.0, 40.0, 0.0, 50.0, NEVER, 8.0],
        [1.0, 0.0, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0],
        [NEVER, 5.0, NEVER, -2.0, NEVER, 60.0, 3.0, 8.0],
        transplant=[0.0, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0],
    )
    result = analysed(cohort)
    assert result.accounting.left_out == {
        "overall survival not recorded": 1,
        "with transplant at an unknown time": 1,
        "with transplant dated before time zero": 1,
        "without follow-up after time zero": 1,
    }
    assert result.n + sum(result.accounting.left_out.values()) == result.accounting.selected == 8
    # After the end of follow-up (60 of 50 months) and at its end: never exposed.
    assert result.n_after_end == 2
    assert result.n_exposed == 1
    assert result.immortal_months == 5.0
    assert any("2 patients had transplant at or after" in note for note in during_notes(result))
    row = result.landmarks.iloc[0]
    assert (row["events_before"], row["censored_before"], row["exposed_later"]) == (0, 0, 0)


def test_an_event_of_which_nothing_is_known_is_not_never():
    patients = {
        "os_months": [10.0, 20.0, 30.0, 40.0, 25.0],
        "os_event": [1.0, 0.0, 1.0, 0.0, 1.0],
        "aml_months": [10.0, 5.0, NEVER, NEVER, 9.0],
        "aml_event": [0.0, 1.0, NEVER, 1.0, 0.0],
        "transplant_months": [NEVER, 8.0, NEVER, NEVER, 3.0],
        "transplant": [0.0, 1.0, NEVER, 0.0, 1.0],
    }
    cohort = make_cohort(patients, variables=(TRANSPLANT, EVER), endpoints=(OS, AML))
    result = analysed(cohort, "endpoint:aml", landmarks=(6.0,))
    assert result.accounting.left_out == {
        "with AML at an unknown time": 1,
        "in whom it is not known whether AML came": 1,
    }
    assert result.n == 3
    transplants = exposure_times(cohort, "column:transplant_months", "os")
    assert transplants.unknown.tolist() == [False, False, True, False, False]
    # A column that never says no leaves out those without.
    only = make_cohort(
        patients | {"transplant": [NEVER, 1.0, NEVER, NEVER, 1.0]},
        variables=(TRANSPLANT, EVER),
        endpoints=(OS, AML),
    )
    assert not exposure_times(only, "column:transplant_months", "os").unknown.any()


patients = st.lists(
    st.tuples(
        st.integers(1, 30).map(float),
        st.booleans().map(float),
        st.one_of(st.just(NEVER), st.integers(0, 35).map(float)),
    ),
    min_size=2,
    max_size=40,
)


@given(patients, st.integers(1, 20))
@settings(max_examples=40, deadline=None)
def test_every_landmark_accounts_for_everyone(rows, mark):
    time, event, at = (list(column) for column in zip(*rows, strict=True))
    exposed = [a < t for t, a in zip(time, at, strict=True)]
    cohort = transplanted(time, event, at)
    if not any(exposed):
        with pytest.raises(ValueError, match="had transplant before the end of follow-up"):
            analysed(cohort, landmarks=(float(mark),))
        return
    result = analysed(cohort, landmarks=(float(mark),))
    row = result.landmarks.iloc[0]
    followed = sum(t > mark for t in time)
    assert row["events_before"] + row["censored_before"] == len(time) - followed
    by_then = sum(t > mark and a <= mark for t, a in zip(time, at, strict=True))
    later = sum(t > mark and mark < a < t for t, a in zip(time, at, strict=True))
    assert row["exposed_later"] == later
    if followed:
        assert (row["n"], row["n_exposed"]) == (followed, by_then)
    assert row["exposed_before"] + by_then + later == sum(exposed) == result.n_exposed
    assert len(answers_table(result)) == 3
    assert during_reading(result)


# Immortal time -------------------------------------------------------------------------------


@pytest.mark.parametrize("effect", [1.0, 0.6])
def test_the_naive_answer_is_biased_and_the_others_are_not(effect):
    logs = [
        np.log(found(analysed(immortal(seed, effect=effect), landmarks=(12.0,))))
        for seed in range(20)
    ]
    mean = pd.concat(logs, axis=1).mean(axis=1)
    assert mean[NAIVE] < np.log(effect) - 0.4
    assert mean[TIME_DEPENDENT] == pytest.approx(np.log(effect), abs=0.05)
    if effect == 1:
        assert mean["landmark:12"] == pytest.approx(0, abs=0.06)
    else:
        # Transplants after the landmark dilute it; nothing exaggerates it.
        assert np.log(effect) - 0.05 < mean["landmark:12"] < -0.1


def test_adjusting_takes_out_who_is_chosen():
    """The young are transplanted and live longer; transplant itself does nothing."""
    logs = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        n = 1500
        age = rng.normal(60, 10, n)
        death = rng.exponential(36 * np.exp(-0.05 * (age - 60)))
        offered = rng.exponential(24 * np.exp(0.05 * (age - 60)))
        time = np.minimum(death, 100.0)
        cohort = transplanted(
            list(time), list((death <= 100).astype(float)),
            list(np.where(offered < time, offered, NEVER)), age_years=list(age),
        )  # fmt: skip
        logs.append(np.log(found(analysed(cohort, adjust=["age_years"]))))
    mean = pd.concat(logs, axis=1).mean(axis=1)
    assert mean[TIME_DEPENDENT] < -0.2
    assert mean[ADJUSTED] == pytest.approx(0, abs=0.05)


def test_the_answers_are_those_of_the_library():
    mds = load_cohort("demo:mds")
    result = analysed(mds, landmarks=(3.0, 12.0), start=3.0, limit=60.0)
    time = mds.patients["os_months"].clip(upper=60.0)
    event = mds.patients["os_event"] * (mds.patients["os_months"] <= 60.0)
    at = mds.patients["transplant_months"]
    ever = (at < time).to_numpy()
    frame = pd.DataFrame({"t": time, "e": event, "x": ever})
    assert found(result)[NAIVE] == pytest.approx(cox(frame, "t", "e", ["x"]).summary["hr"][0])
    marks = compare_landmarks(time, event, at, [3.0, 12.0])
    np.testing.assert_allclose(result.landmarks["hr"], marks["hr"])
    curves = simon_makuch(time, event, at, 3.0)
    assert result.simon_makuch is not None
    assert result.simon_makuch.test.statistic == pytest.approx(curves.test.statistic)


@pytest.mark.shared
def test_transplant_in_the_published_mds_cohort(public_cohorts: Path, known_answers):
    known = next(answer["value"] for answer in known_answers if answer["id"] == "KA038")
    cohort = load_cohort(public_cohorts / "mds_iwg_2022" / "df_clinical.tsv")
    transplant = exposure_options(cohort, "os")[0]
    assert transplant.label == "Transplant"
    result = analysed(cohort, transplant.key)
    # The reference dropped the four dated after the end of follow-up; here they are unexposed.
    assert result.n == known["n_td"] + result.n_after_end == 2757
    naive, time_dependent = (found(result)[key] for key in (NAIVE, TIME_DEPENDENT))
    assert naive == pytest.approx(known["naive_same_rows_as_td"]["HR"], abs=0.005)
    assert time_dependent == pytest.approx(known["time_dependent"]["HR"], abs=0.01)
    assert "naive 0.62, time-dependent 0.95" in during_reading(result)[0]


# What has no answer --------------------------------------------------------------------------


@pytest.mark.parametrize("exposed", [1, 9, 10])
def test_exposed_too_few_to_be_tested_are_compared_nowhere(exposed):
    """One minimum for the ratios, the log-rank tests of the curves and of the landmarks."""
    rng = np.random.default_rng(31)
    began = [5.0 if i < exposed else NEVER for i in range(60)]
    time = (10 + rng.exponential(20, 60)).tolist()
    result = analysed(transplanted(time, [1.0, 0.0] * 30, began), landmarks=(6.0,))
    table = answers_table(result)
    compared = exposed == 10
    assert table["hr"].notna().eq(compared).all()
    assert (table["note"] != "").eq(not compared).all()
    assert (result.naive_curves.test is None) != compared
    assert (result.landmark_curves.test is None) != compared
    assert bool(result.simon_makuch.test.df) == compared
    assert result.landmarks["p_value"].notna().eq(compared).all()
    said = [note for note in during_notes(result) if "a comparison needs 10" in note]
    assert len(said) == (not compared)


def test_no_event_at_all_is_said_for_every_analysis():
    result = analysed(transplanted([10.0, 20.0] * 10, [0.0] * 20, [5.0, NEVER] * 10))
    assert result.naive is None
    assert "No event was observed" in result.why_not[NAIVE]
    assert "No event was observed" in result.why_not[TIME_DEPENDENT]
    assert result.naive_curves.test is None


def test_a_landmark_after_all_follow_up_is_said():
    result = analysed(transplanted([10.0, 20.0], [1.0, 0.0], [5.0, NEVER]), landmarks=(90.0,))
    assert result.at is None
    assert "Nobody is followed beyond" in result.why_not["landmark"]
    assert "Nobody is followed beyond" in answers_table(result)["note"][1]


def test_nobody_left_is_said():
    cohort = transplanted([NEVER, NEVER], [1.0, 0.0], [5.0, NEVER])
    with pytest.raises(ValueError, match="Nobody is left to analyse"):
        analysed(cohort)
