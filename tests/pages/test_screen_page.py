"""The screen on the survival page, driven without a browser."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from app.study.figures.theme import SYNTHETIC_MARK
from app.views.survival.screen.page_one_alteration import (
    GENE,
    TABLE_KEY,
    VOLCANO_KEY,
    keep_point,
    keep_row,
)
from data_loaders import load_table_bytes
from tests.pages.conftest import calm, figures, open_upload, unfolded, words
from tests.pages.test_odd_cohorts import TABLES

Opener = Callable[..., AppTest]


def opened(open_app: Opener, **query: str | list[str]) -> AppTest:
    at = open_app("survival", view="Screen", **query)
    calm(at)
    return at


def title(at: AppTest, position: int = 0) -> str:
    return figures(at)[position]["layout"]["annotations"][0]["text"].replace("<br>", " ")


@pytest.mark.parametrize("cohort", ["demo:mpn", "demo:mds", "demo:aml"])
def test_it_opens_on_a_volcano_and_the_strongest_alterations_curves(open_app: Opener, cohort: str):
    at = opened(open_app, cohort=cohort)
    assert len(figures(at)) == 2
    assert all(SYNTHETIC_MARK in str(figure["layout"]) for figure in figures(at))
    assert "by alteration" in title(at)
    assert "unadjusted" in title(at)
    strongest = at.selectbox(key=GENE).options[0]
    assert f"by {strongest}".lower() in title(at, 1).lower()
    said = words(at)
    assert "alterations were tested in" in said
    assert "have q below 0.05" in said
    assert "hypotheses" in said


def test_each_way_to_see_it(open_app: Opener):
    at = opened(open_app, cohort="demo:aml", screen_as="Forest")
    assert "the 25 leading" in title(at)
    at.segmented_control(key="screen_as").set_value("Table").run()
    calm(at)
    table = next(frame for frame in at.dataframe if "hr" in frame.value.columns)
    assert len(table.value) == 48
    assert len(figures(at)) == 1


def test_age_and_sex_are_one_click(open_app: Opener):
    at = opened(open_app)
    before = words(at)
    at.segmented_control(key="screen_adjust").set_value("Age and sex").run()
    calm(at)
    assert "adjusted for age at diagnosis and sex" in title(at)
    assert words(at) != before
    at.segmented_control(key="screen_adjust").set_value("Chosen").run()
    calm(at)
    assert "unadjusted" in title(at)
    at.multiselect(key="screen_adjust_covariates").set_value(["diagnosis"]).run()
    calm(at)
    assert "adjusted for diagnosis" in title(at)


def test_options_change_what_is_tested(open_app: Opener):
    at = unfolded(opened(open_app, cohort="demo:mds"))
    at.number_input(key="screen_floor").set_value(100).run()
    calm(at)
    assert "altered in at least 100" in words(at)
    at.pills(key="screen_kinds").set_value(["Cytogenetic events"]).run()
    calm(at)
    assert "of 10 alterations tested" in words(at)
    at.segmented_control(key="screen_multiplicity").set_value("Holm").run()
    calm(at)
    assert "Holm over" in words(at)
    at.number_input(key="limit").set_value(2.0).run()
    calm(at)
    assert "Follow-up was ended at 2 years" in words(at)


def test_a_competing_endpoint_is_called_cause_specific(open_app: Opener):
    at = opened(open_app, endpoint="aml")
    assert "cause-specific" in words(at)


def test_the_chosen_alteration_stays_and_opens_in_full(open_app: Opener):
    at = opened(open_app)
    at.selectbox(key=GENE).set_value("TP53").run()
    assert "by TP53" in title(at, 1)
    at.segmented_control(key="screen_as").set_value("Table").run()
    at.segmented_control(key="screen_adjust").set_value("Age and sex").run()
    assert at.selectbox(key=GENE).value == "TP53"
    at.multiselect(key="dx").set_value(["MF"]).run()
    assert at.selectbox(key=GENE).value == "TP53"
    at.button(key="open_gene").click().run()
    calm(at)
    assert at.segmented_control(key="view").value == "Survival curves"
    assert at.selectbox(key="group").value == "alteration:TP53"
    assert "by TP53" in title(at)
    at.segmented_control(key="view").set_value("Screen").run()
    calm(at)


def test_a_click_chooses_and_a_second_one_changes_nothing(open_app: Opener):
    """What the browser reports of a click, handed to the callbacks of figure and table."""
    import streamlit as st

    from app.shell.session import Looking

    at = opened(open_app)
    looking: Looking = at.session_state["_looking_at"]
    state: dict[str, object] = {}
    original = st.session_state
    st.session_state = state  # type: ignore[assignment]
    try:
        for reported, chosen in (
            ([{"customdata": "EZH2"}], "EZH2"),
            ([], "EZH2"),
            ([{"customdata": ["TP53"]}], "TP53"),
            ([{"customdata": "no such gene"}], "TP53"),
            ([{}], "TP53"),
        ):
            state[VOLCANO_KEY] = {"selection": {"points": reported}}
            keep_point(looking)
            assert state[GENE] == chosen
        for rows, chosen in (([1], "ASXL1"), ([], "ASXL1"), ([9], "ASXL1")):
            state[TABLE_KEY] = {"selection": {"rows": rows}}
            keep_row(looking, ["TP53", "ASXL1"])
            assert state[GENE] == chosen
    finally:
        st.session_state = original


def test_a_redraw_is_quick(open_app: Opener):
    at = opened(open_app)
    start = time.perf_counter()
    at.run()
    assert time.perf_counter() - start < 2


def uploaded(name: str, content: bytes) -> AppTest:
    cohort = load_table_bytes(f"{name}.csv", content)
    return open_upload(cohort, "survival", query={"view": "Screen"})


@pytest.mark.parametrize("name", TABLES)
def test_odd_cohorts_are_answered_in_a_sentence(name: str):
    at = uploaded(name, TABLES[name])
    calm(at)
    expected = {
        "no_alteration": "no alterations to screen",
        "no_event": "No event was observed",
        "one_patient": "Lower the number",
        "no_endpoint": "no endpoint",
    }
    if name in expected:
        assert expected[name] in words(at)


def test_a_filter_that_leaves_one_sex_names_the_covariate(open_app: Opener):
    at = opened(open_app, sex=["F"], screen_adjust="Age and sex")
    assert "Sex is the same in all" in words(at)
