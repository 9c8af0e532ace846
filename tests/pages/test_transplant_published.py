"""The transplant page on published cohorts: its own path gives R's numbers, and first remission."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app.analysis.transplant import (
    EFFECTIVE,
    EmulationSettings,
    Strategy,
    emulate,
    same_terms,
    timed_cox,
)
from app.cohort.filters import Filter
from app.views.transplant.answers.analysis import four_answers
from app.views.transplant.defaults import suggest
from app.views.transplant.protocol.analysis import write_protocol
from app.views.transplant.protocol.trial import TargetTrial
from app.views.transplant.timing._literature import literature_reading
from app.views.transplant.words import caution, headline, heavy_in_words, left_out_in_words
from data_loaders import Cohort, load_cohort, load_table_bytes
from tests.pages.conftest import calm, figures, open_upload, words

pytestmark = pytest.mark.shared
EARLY = "Transplant within 12 months"


@cache
def mds_as_r_read_it(folder: Path) -> Cohort:
    """The published table as the oracle's R script took it.

    There, a transplant without a time counts as none, and the one dated years before diagnosis
    counts from diagnosis on; the app leaves such patients out and says so.
    """
    frame = pd.read_csv(folder / "mds_iwg_2022" / "df_clinical.tsv", sep="\t", dtype=str)
    days = pd.to_numeric(frame["time_to_transplant_days"], errors="coerce")
    frame = frame.drop(columns="transplant")
    frame.loc[days < 0, "time_to_transplant_days"] = "0"
    return load_table_bytes("mds.tsv", frame.to_csv(sep="\t", index=False).encode())


def opened(cohort: Cohort, **state: object) -> AppTest:
    return calm(open_upload(cohort, "transplant", state=state))


def figure_of(at: AppTest, title: str) -> dict[str, Any]:
    return next(
        f for f in figures(at) if f["layout"]["annotations"][0]["text"].startswith(f"<b>{title}")
    )


def texts(figure: dict[str, Any]) -> str:
    return "\n".join(str(text["text"]) for text in figure["layout"]["annotations"])


@pytest.mark.parametrize("what", ["time_dependent_cox", "landmark_6_months"])
def test_the_answers_of_the_page_are_the_numbers_of_r_on_the_published_mds_cohort(
    public_cohorts: Path, r_survival: dict[str, Any], what: str
):
    oracle = r_survival["mds_iwg_2022"]["transplant"][what]
    adjusted = what == "time_dependent_cox"
    cohort = mds_as_r_read_it(public_cohorts)
    trial = TargetTrial(
        confounders=("variable:AGE", "variable:IPSSM_SCORE") if adjusted else (),
        strategies=(Strategy("within", 12.0), Strategy("never")),
    )
    made = write_protocol(cohort, trial)
    # R compares everybody, of whatever kind.
    every = replace(made, compared=made.data, compared_patients=made.patients)
    found = four_answers(cohort, trial, every, landmarks=[6.0], drawn=6.0)
    if adjusted:
        row = found.adjusted.summary.iloc[0]
        for name, column in (("hr", "hr"), ("lower", "lower"), ("upper", "upper")):
            assert row[column] == pytest.approx(oracle[name][0], rel=1e-9)
        return
    test = found.landmark_curves.test
    assert test.statistic == pytest.approx(oracle["logrank"]["chisq"], rel=1e-9)
    assert list(test.table["n"]) == oracle["logrank"]["n"]
    assert list(test.table["expected"]) == pytest.approx(oracle["logrank"]["expected"], rel=1e-9)
    for km, name in ((found.landmark_curves.unexposed, "0"), (found.landmark_curves.exposed, "1")):
        expected = oracle["km"][name]
        at_years = km.at([12.0 * years for years in expected["at"]])
        assert list(at_years["survival"]) == pytest.approx(expected["surv"], rel=1e-9)
        assert list(at_years["n_risk"]) == expected["n_risk"]
        assert km.rmst(12.0 * expected["rmst_to"]) == pytest.approx(
            12.0 * expected["rmst"], rel=1e-9
        )


def test_the_headline_on_the_published_mds_cohort_is_what_a_reviewer_signs(public_cohorts: Path):
    """Early mortality, a gain in higher risk, nothing in lower risk, no size beyond five years."""
    cohort = load_cohort(public_cohorts / "mds_iwg_2022" / "df_clinical.tsv")
    suggestion = suggest(cohort, Filter())
    assert suggestion is not None
    trial = suggestion.trial
    made = write_protocol(cohort, trial)
    settings = EmulationSettings(
        trial.horizon_months,
        grace=trial.grace_months,
        progression=next(iter(made.compared.onsets)),
        draws=400,
        higher=made.higher,
        effective=EFFECTIVE,
    )
    found = emulate(made.compared, trial.strategies, settings)
    said = " ".join(headline(found, timed_cox(made.compared)))
    assert "In higher risk it changes life by" in said
    assert "In lower risk nothing is established" in said
    assert "in the first 6 months after it **higher**" in said
    assert "later **lower**" in said
    assert "barely supported" in said
    rows = found.contrasts.set_index("group").loc[lambda t: t["strategy"] == EARLY]
    assert rows.loc["Higher risk", "verdict"] == "longer"
    assert rows.loc["All eligible", "verdict"] == "open"
    assert found.settings.horizon < 60, "of 163 early transplants few are followed for five years"
    assert "Very-Low" in left_out_in_words(made.kinds)
    assert "one patient has" in caution(found) + heavy_in_words(found)
    # What stands beside the literature does not contradict it.
    assert "these data give Higher risk by month 40 (+" in literature_reading(found)[1]
    # The other estimators lie within the intervals of the weights.
    own = same_terms(found, []).means.set_index("group")
    for group in ("All eligible", "Higher risk"):
        low, high = (rows.loc[group, f"rmst_difference_{end}"] for end in ("lower", "upper"))
        assert own.loc[group, "rmst_difference"].between(low, high).all()


@cache
def aml(folder: Path) -> Cohort:
    return load_cohort(folder / "aml_papaemmanuil_2016" / "AMLSG_Clinical_Anon.RData")


def test_first_remission_is_time_zero_on_the_published_aml_cohort(public_cohorts: Path):
    cohort = aml(public_cohorts)
    at = opened(cohort, view="Four answers", zero="column:cr_months")
    assert at.selectbox(key="zero").value == "column:cr_months"
    reached = cohort.patients["cr_months"].notna()
    naive = figure_of(at, "Naive: ever against never")
    assert "since complete remission" in texts(naive)
    n = int(texts(naive).partition("never, ")[2].partition(" patient")[0].replace(",", ""))
    assert 100 < n < int(reached.sum())
    assert "In a trial emulated on these" in words(at)


def test_delayed_entry_is_followed_from_its_time_on_the_published_aml_cohort(public_cohorts: Path):
    whole = aml(public_cohorts)
    # As if patients had come under observation only at their first remission.
    endpoint = replace(whole.endpoints["os"], entry="cr_months")
    cohort = replace(whole, endpoints={**whole.endpoints, "os": endpoint}, name="From remission")
    at = opened(cohort, view="The protocol", zero="Start of follow-up", risk="none")
    table = at.get("table")[0].value.set_index(" ")["In these data"]
    assert "delayed entry" in table["Time zero"]
    assert "transplanted before coming under observation" in table["Eligibility"]
    assert "In a trial emulated on these" in words(at)
    at.segmented_control[0].set_value("Four answers").run()
    assert not at.exception, at.exception
    assert "1,032 patients came under observation only after time zero" in words(at)
    found = list(at.session_state["_remembered"]["transplant estimates"].values())[-1]
    # Until their remission nobody is at risk in the emulated trial.
    assert found.curves["at_risk"].iloc[0] < found.n == 1032
