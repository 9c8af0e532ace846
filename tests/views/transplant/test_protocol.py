"""The protocol beside the data: words, counts at every step, other time zeros, refusals."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from app.analysis.transplant import EmulationSettings, Strategy, emulate
from app.cohort.filters import Filter
from app.views.transplant.protocol.analysis import write_protocol
from app.views.transplant.protocol.answer_document import frozen
from app.views.transplant.protocol.trial import TargetTrial
from data_loaders import CohortError, load_cohort
from data_loaders.demo import load_demo

YOUNG = Filter.from_dict({"column": "age_years", "between": [None, 70]})
TRIAL = TargetTrial(
    eligibility=YOUNG,
    confounders=("variable:age_years", "variable:ipssm_score", "alteration:TP53_multi_hit"),
    classes="variable:ipssm",
    progression="endpoint:aml",
    strategies=(Strategy("within", 6.0), Strategy("progression"), Strategy("never")),
)


@pytest.fixture(scope="module")
def mds():
    return load_demo("mds")


@pytest.fixture(scope="module")
def protocol(mds):
    return write_protocol(mds, TRIAL)


def test_a_trial_goes_through_plain_data_and_back():
    assert TargetTrial.from_dict(TRIAL.to_dict()) == TRIAL
    assert TRIAL.to_json() == TargetTrial.from_dict(TRIAL.to_dict()).to_json()
    assert TargetTrial.from_dict({}) == TargetTrial()
    with pytest.raises(ValueError, match="no part called colour"):
        TargetTrial.from_dict({"colour": "red"})
    with pytest.raises(ValueError, match="cannot be read"):
        TargetTrial.from_dict({"strategies": [{"sort": "never"}]})


def test_a_second_cohort_replicates_the_frozen_protocol_with_the_same_split(mds, protocol):
    again = TargetTrial.from_dict(json.loads(frozen(TRIAL, protocol).to_json()))
    assert again == replace(TRIAL, higher_from=protocol.higher[0])
    # Others, among them nobody of the two lowest classes: the upper half would be another.
    low = list(protocol.data.names)[:2]
    assert not set(low) & set(protocol.higher)
    there = (np.arange(mds.n) % 3 > 0) & ~mds.patients["ipssm"].isin(low).to_numpy(bool)
    second = mds.subset(there, name="Another cohort")
    other = write_protocol(second, again)
    assert other.higher == protocol.higher
    assert other.table["protocol"].tolist() == protocol.table["protocol"].tolist()


def test_every_step_is_counted_as_in_the_table_of_patients(mds, protocol):
    patients = mds.patients
    young = patients["age_years"] <= 70
    steps = protocol.steps.set_index("step")
    assert steps.loc["All patients", "n"] == mds.n
    named = steps.loc["Age at diagnosis 70 years or less"]
    assert named["n"] == young.sum()
    assert named["transplanted"] == (young & patients["transplant_months"].notna()).sum()
    assert named["events"] == (young & (patients["os_event"] == 1)).sum()
    assert (protocol.steps["n"].diff().fillna(0) == -protocol.steps["left_out"]).all()
    used = patients[young & patients["ipssm"].notna()]
    analysed = protocol.steps.iloc[-1]
    assert analysed["n"] == protocol.data.n == len(used)
    by_horizon = (used["os_event"] == 1) & (used["os_months"] <= 96)
    assert analysed["events"] == by_horizon.sum()


def test_arms_say_who_followed_and_who_departed(mds, protocol):
    used = mds.patients.iloc[np.flatnonzero(mds.patients["age_years"] <= 70)].dropna(
        subset=["ipssm"]
    )
    at, end = used["transplant_months"], used["os_months"]
    arms = protocol.arms.set_index("strategy")
    early = arms.loc["Transplant within 6 months"]
    assert early["followed"] == (at <= 6).sum()
    assert early["deviated"] == ((at > 6) | (at.isna() & (end > 6))).sum()
    assert early["lost"] == (at.isna() & (end <= 6) & (used["os_event"] == 0)).sum()
    assert arms.loc["No transplant", "followed"] == at.isna().sum()
    assert arms.loc["No transplant", "deviated"] == at.notna().sum()


def test_the_table_can_be_read_by_a_reviewer(protocol):
    table = protocol.table.set_index("element")
    assert list(table.index) == [
        "Eligibility",
        "Treatment strategies",
        "Assignment",
        "Time zero",
        "Follow-up",
        "Outcome",
        "Causal contrast",
        "Analysis",
    ]
    assert "Age at diagnosis 70 years or less" in table.loc["Eligibility", "protocol"]
    assert "without a class" in table.loc["Eligibility", "data"]
    assert "AML transformation" in table.loc["Assignment", "data"]


def test_first_remission_as_time_zero():
    cohort = load_demo("aml")
    trial = TargetTrial(
        time_zero="column:cr_months",
        confounders=("variable:age_years",),
        strategies=(Strategy("within", 6.0), Strategy("never")),
        horizon_months=60.0,
    )
    made = write_protocol(cohort, trial)
    remitted = cohort.patients["cr_months"].notna()
    assert made.data.n <= remitted.sum()
    assert "complete remission" in made.table.set_index("element").loc["Time zero", "protocol"]
    shift = (cohort.patients["os_months"] - cohort.patients["cr_months"])[remitted]
    assert np.sort(made.data.time)[-1] == pytest.approx(shift.max())
    result = emulate(made.data, trial.strategies, EmulationSettings(60.0, draws=0))
    assert result.contrasts["supported"].all()


def test_what_cannot_be_a_trial_gets_a_sentence(mds):
    def attempt(**changed):
        return write_protocol(mds, TargetTrial(**{"confounders": (), **changed}))

    with pytest.raises(ValueError, match="death is a competing event"):
        attempt(endpoint="aml")
    with pytest.raises(ValueError, match="Nobody is eligible"):
        attempt(eligibility=Filter.from_dict({"column": "age_years", "between": [150, None]}))
    with pytest.raises(CohortError, match="no event during follow-up called column:nothing"):
        attempt(treatment="column:nothing")
    with pytest.raises(ValueError, match="known only after time zero"):
        attempt(confounders=("variable:transplant_months",))
    with pytest.raises(ValueError, match="positive number of months"):
        attempt(horizon_months=0.0)
    with pytest.raises(ValueError, match="record when it came"):
        attempt(strategies=TRIAL.strategies)


def test_unknown_progression_is_left_out_and_counted(mds):
    """Where nothing is known of AML nothing says that it never came."""
    eligible = write_protocol(mds, TRIAL).patients[:7]
    patients = mds.patients.copy()
    patients.iloc[eligible, patients.columns.get_loc("aml_event")] = np.nan
    made = write_protocol(replace(mds, patients=patients), TRIAL)
    reason = "in whom it is not known whether or when AML transformation came"
    assert made.data.left_out[reason] == 7
    assert not set(made.patients) & set(eligible)
    assert f"Without those {reason}" in made.steps["step"].tolist()
    assert f"7 {reason}" in made.table.set_index("element").loc["Eligibility", "data"]
    # Without progression in the trial nobody is left out for it.
    plain = replace(
        TRIAL, progression=None, strategies=(Strategy("within", 6.0), Strategy("never"))
    )
    assert reason not in write_protocol(replace(mds, patients=patients), plain).data.left_out


@pytest.mark.shared
def test_the_published_mds_cohort_supports_only_what_its_transplants_allow(public_cohorts):
    cohort = load_cohort(public_cohorts / "mds_iwg_2022" / "df_clinical.tsv")
    trial = TargetTrial(
        eligibility=Filter.from_dict({"column": "AGE", "between": [None, 70]}),
        confounders=("variable:AGE", "variable:IPSSM_SCORE", "variable:SEX"),
        classes="variable:IPSSM",
        progression="endpoint:aml",
        strategies=(Strategy("within", 6.0), Strategy("never")),
        horizon_months=60.0,
    )
    made = write_protocol(cohort, trial)
    assert made.steps["transplanted"].iloc[0] == 260
    assert made.data.left_out["transplanted before time zero"] == 1
    assert made.data.left_out["with a transplant at an unknown time"] == 5
    kinds = made.kinds.table.groupby("class", observed=True)["supported"].any()
    assert not kinds["Very-Low"]
    assert "Very-Low" not in made.compared.names
    assert made.compared.n == made.data.n - made.kinds.left_out
