"""Who benefits, profiles, planted truth, immortal time and the answers side by side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from app.analysis.transplant import (
    NEVER,
    EmulationSettings,
    MicrosimulationSettings,
    Strategy,
    emulate,
    transition_models,
    weight_histogram,
)
from app.cohort.filters import Filter
from app.study.figures.theme import framed
from app.views.transplant.answers.analysis import four_answers
from app.views.transplant.answers.figures_trust import balance_figure, weight_figure
from app.views.transplant.answers.words import side_by_side, side_by_side_reading
from app.views.transplant.benefits.analysis import AGE, RISK, benefit, strata_of
from app.views.transplant.benefits.profile import (
    NO_ADVICE,
    Profile,
    ProfileAnswer,
    explore_profile,
    life_of,
    patients_alike,
)
from app.views.transplant.figures_gain import gain_forest, life_figure
from app.views.transplant.learning.figures import immortal_figure, truth_figure
from app.views.transplant.learning.immortal import immortal_time
from app.views.transplant.learning.planted import planted_truth, truth_reading
from app.views.transplant.protocol.analysis import write_protocol
from app.views.transplant.protocol.trial import TargetTrial
from app.views.transplant.timing._literature import literature_reading
from data_loaders import load_cohort
from data_loaders.demo import load_demo

TRIAL = TargetTrial(
    eligibility=Filter.from_dict({"column": "age_years", "between": [None, 70]}),
    strategies=(Strategy("within", 12.0), Strategy("never")),
    confounders=("variable:age_years", "variable:ipssm_score", "alteration:TP53_multi_hit"),
    classes="variable:ipssm",
)
SMALL = MicrosimulationSettings(delays=(0.0, 12.0), virtual=1_000, virtual_per_draw=200, draws=20)


@pytest.fixture(scope="module")
def mds():
    return load_demo("mds")


@pytest.fixture(scope="module")
def protocol(mds):
    return write_protocol(mds, TRIAL)


@pytest.fixture(scope="module")
def emulation(protocol):
    return emulate(protocol.data, TRIAL.strategies, EmulationSettings(96.0, draws=20))


def test_a_useless_transplant_looks_better_the_longer_one_waits():
    found = [immortal_time(months) for months in (0.0, 6.0, 12.0, 24.0)]
    naive = [one.naive[0] for one in found]
    assert naive[0] == pytest.approx(1.0, abs=1e-6)
    assert naive == sorted(naive, reverse=True)
    assert naive[-1] < 0.5
    assert all(one.honest[1] < 1 < one.honest[2] for one in found)
    assert found[-1].gain > found[1].gain > 1
    assert "does nothing" in found[2].sentence
    assert immortal_time(12.0).naive == found[2].naive
    figure = framed(immortal_figure(found[2]), "Useless", synthetic=True)
    assert figure.data[0].y[-1] == pytest.approx(0.5 ** (60 / 24))
    with pytest.raises(ValueError, match="number of months"):
        immortal_time(-1.0)


def test_the_planted_truth_is_that_of_the_cohort(mds, protocol, emulation):
    table = planted_truth(mds, protocol, emulation)
    told = {
        truth.key.partition("@")[2]: truth.details
        for truth in mds.provenance.truths
        if truth.key.startswith("effect:os:transplant@")
    }
    rows = table[table["strategy"] == "No transplant"].set_index("group")
    for group, details in told.items():
        # The provenance has every patient up to 70, the trial those whose class is known.
        assert rows.loc[group, "truth_rmst"] == pytest.approx(details["never"], abs=1.0)
    assert (
        np.sign(
            table.set_index("group")
            .query("strategy != 'No transplant'")
            .loc["High", "truth_difference"]
        )
        == 1
    )
    assert truth_reading(table)
    assert framed(truth_figure(table), "Truth", synthetic=True).data
    assert planted_truth(load_demo("mds", seed=1), protocol, emulation) is None


def test_gains_are_told_by_class_age_and_alteration(mds, protocol):
    strata = strata_of(mds, protocol, age="age_years", alterations=("TP53_multi_hit",))
    found = benefit(protocol.data, strata, SMALL)
    assert list(found.parts)[:2] == [RISK, AGE]
    by_class = found.support[found.support["by"] == RISK]
    assert by_class["n"].sum() == protocol.data.n
    carriers = mds.alterations["TP53_multi_hit"].iloc[protocol.patients].sum()
    assert found.support.iloc[-1]["n"] == carriers
    part = found.interactions[found.interactions["supported"]]
    assert (part["lower"] <= part["upper"]).all()
    assert len(found.reading) == 3
    one = part[part["by"] == AGE].head(1).assign(lower=1.0, upper=3.0)
    told = replace(found, interactions=one).reading[1]
    assert f"the gain of {one['group'].item()} differs from that of" in told
    assert "comparisons" not in told
    nobody = pd.Series([pd.NA] * protocol.data.n)
    without = benefit(protocol.data, {"Nothing": nobody}, SMALL)
    assert "does not divide" in without.why_not["Nothing"]
    assert framed(life_figure(found.parts[RISK]), "Life").data


def test_a_profile_says_what_supports_it_and_never_recommends(mds, protocol):
    profile = Profile(62.0, "High", {"TP53_multi_hit": False})
    models = transition_models(protocol.data)

    def explored(kind: Profile) -> ProfileAnswer:
        alike = patients_alike(mds, TRIAL, protocol, kind, "age_years")
        life = life_of(models, alike.data, SMALL)
        return explore_profile(mds, TRIAL, protocol, kind, life, age="age_years")

    found = explored(profile)
    assert found.reading[-1] == NO_ADVICE
    assert found.support["n"].is_monotonic_decreasing
    assert found.supported
    nearest = found.nearest
    assert nearest["distance"].is_monotonic_increasing
    first = mds.patients.iloc[nearest["position"].iloc[0]]
    assert first["ipssm"] == "High"
    assert first["os_months"] == pytest.approx(nearest["months"].iloc[0])
    rare = Profile(30.0, "Very Low", {"TP53_multi_hit": True})
    few = explored(rare)
    assert not few.supported
    delayed = few.simulation.cells["delay"] != NEVER
    assert not few.simulation.cells.loc[delayed, "supported"].any(), "greyed, whatever the class"
    assert few.simulation.differences.empty
    assert "do not tell" in few.reading[1]
    with pytest.raises(ValueError, match="not among the confounders"):
        explored(Profile(alterations={"ASXL1": True}))
    with pytest.raises(ValueError, match="at least one thing"):
        explored(Profile())


def test_figures_of_trust_and_the_literature(emulation):
    table = weight_histogram(emulation)
    shares = table.groupby(["strategy", "state"])["share"].sum()
    assert shares.to_numpy() == pytest.approx(1.0)
    assert framed(weight_figure(table), "Weights").data
    strategy = emulation.balance["strategy"].iloc[0]
    assert framed(balance_figure(emulation.balance, strategy), "Balance").data
    with pytest.raises(ValueError, match="Too few followed"):
        framed(balance_figure(emulation.balance, "Another"), "Balance")
    with pytest.raises(ValueError, match="nothing to compare"):
        framed(gain_forest(pd.DataFrame(), axis="Life"), "Gains")
    sentences = literature_reading(emulation)
    assert "lower risk" in sentences[0]
    assert "higher risk" in sentences[1]


@pytest.mark.shared
def test_answers_on_the_published_mds_cohort_equal_r(public_cohorts, r_survival):
    oracle = r_survival["mds_iwg_2022"]["transplant"]
    cohort = load_cohort(public_cohorts / "mds_iwg_2022" / "df_clinical.tsv")
    trial = TargetTrial(
        confounders=("variable:AGE", "variable:IPSSM_SCORE"),
        strategies=(Strategy("within", 6.0), Strategy("never")),
        horizon_months=48.0,
    )
    protocol = write_protocol(cohort, trial)
    found = four_answers(cohort, trial, protocol, landmarks=[6.0], drawn=6.0)
    row = found.adjusted.summary.iloc[0]
    cox = oracle["time_dependent_cox"]
    # R counts transplants of unknown time as never, and has every kind of patient.
    assert row["hr"] == pytest.approx(cox["hr"][0], rel=0.04)
    table = side_by_side(
        found, emulate(protocol.data, trial.strategies, EmulationSettings(48.0, draws=0))
    )
    assert table["wrong"].tolist()[0]
    assert not table["wrong"].iloc[1:].any()
    assert table["key"].iloc[0] == "naive"
    assert side_by_side_reading(table, 48.0)


@pytest.mark.shared
def test_first_remission_and_delayed_entry_on_the_published_aml_cohort(public_cohorts):
    folder = public_cohorts / "aml_papaemmanuil_2016"
    cohort = load_cohort(folder / "AMLSG_Clinical_Anon.RData")
    trial = TargetTrial(
        time_zero="column:cr_months",
        confounders=("variable:AOD", "variable:gender"),
        strategies=(Strategy("within", 6.0), Strategy("never")),
        horizon_months=60.0,
        progression="endpoint:relapse",
        eligibility=Filter.from_dict({"column": "AOD", "between": [None, 60]}),
    )
    data = write_protocol(cohort, trial).data
    assert data.left_out["transplanted before time zero"] > 0
    shift = (cohort.patients["os_months"] - cohort.patients["cr_months"]).max()
    assert data.time.max() <= shift + 1e-9
    result = emulate(
        data, trial.strategies, EmulationSettings(60.0, progression="Relapse", draws=0)
    )
    assert result.contrasts["supported"].all()
