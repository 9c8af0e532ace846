"""The page of several sites: its example, real releases, and files that are none."""

from __future__ import annotations

import json
from datetime import date

import pytest
from streamlit.testing.v1 import AppTest

from app.cohort.filters import Filter
from app.cohort.tally import ReleasePolicy, TallyError, pool, tally_of
from app.views.pooled.analysis import agreement, common_filter, pooled_survival, shared_questions
from app.views.pooled.words import pooled_methods, pooled_notes, pooled_reading
from data_loaders import load_cohort
from tests.pages.conftest import calm, figures, words

MADE = date(2026, 11, 30)


def test_the_page_opens_on_an_example_and_draws_groups_and_sites(open_app):
    at = calm(open_app("pooled"))
    assert len(figures(at)) == 1
    assert "sites pooled" in json.dumps(figures(at)[0]["layout"])
    at.selectbox(key="pooled_group").set_value("alteration:ASXL1").run()
    calm(at)
    assert len(figures(at)) == 2, "curves and the sites' hazard ratios"
    assert "Hazard ratio of ASXL1 mutated against ASXL1 wild type" in words(at)
    assert "SYNTHETIC" in json.dumps(figures(at))
    assert "DerSimonian" in words(at)


def test_a_release_is_written_under_the_policy(open_app):
    at: AppTest = open_app("pooled", cohort="demo:mds")
    at.session_state["release"] = True
    at.run()
    at.text_input(key="release_site").set_value("Hospital *A*").run()
    calm(at)
    assert "event tables of about 1,500 patients" in words(at)


def test_a_cox_model_over_sites_is_shown_asked_for_and_answered(open_app):
    at: AppTest = open_app("pooled", cohort="demo:mds")
    at.session_state["rounds"] = True
    calm(at.run())
    assert "Exact: 6 rounds of sums give the model of the pooled rows" in words(at)
    assert "The one-shot approximation (ODAC) differs from the exact model by at most" in words(at)
    at.segmented_control(key="rounds_part").set_value("Ask the sites").run()
    at.text_input(key="rounds_who").set_value("Centre").run()
    at.text_input(key="rounds_sites").set_value("A, B").run()
    assert "needs at least 3" in at.error[0].value
    at.text_input(key="rounds_sites").set_value("A, B, *C*").run()
    calm(at)
    assert "Centre asks A, B and \\*C\\* for a Cox model of overall survival" in words(at)
    at.segmented_control(key="rounds_part").set_value("Answer as a site").run()
    calm(at)
    assert "Open the request that the coordinator sent" in words(at)


def test_sites_that_do_not_fit_together_are_told_apart():
    cohort = load_cohort("demo:mds")
    half = cohort.numbers("age_years") < 70
    older = Filter.from_dict({"column": "age_years", "between": [60, None]})
    policy, exact = ReleasePolicy(), ReleasePolicy(1, 1)
    one = tally_of(cohort.subset(half)).release(policy, site="A", made=MADE)
    two = tally_of(cohort.subset(~half)).release(exact, site="B", made=MADE)
    both = pooled_survival([one, two], "os")
    assert not both.exact
    assert "rounded" in " ".join(pooled_notes(both, []))
    assert "rounded cumulative counts to multiples of 5" in pooled_methods(
        both, agreement([one, two])
    )
    assert pooled_reading(both)[0].startswith("All patients:")
    again = tally_of(cohort.subset(half)).release(policy, site="C", made=MADE)
    assert agreement([one, again])["same_patients"].tolist() == ["", "A"]
    chosen = tally_of(cohort.subset(~half)).release(exact, site="D", made=MADE, selected=older)
    with pytest.raises(TallyError, match="agree on whom to count"):
        common_filter([one, chosen])
    months = tally_of(cohort.subset(~half)).release(
        ReleasePolicy(1, 1, tuple(range(0, 400, 3))), site="E", made=MADE
    )
    with pytest.raises(TallyError, match="different grids"):
        pooled_survival([one, months], "os")
    assert set(shared_questions([one, two])) == set(cohort.endpoints)
    assert pool([one, two]).events(None, "os")["events"].sum() == pytest.approx(
        cohort.numbers("os_event").sum(), abs=3
    )
