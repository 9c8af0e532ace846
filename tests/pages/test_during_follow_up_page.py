"""Events during follow-up on the survival page, and the guard that leads there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app.study.figures.theme import SYNTHETIC_MARK
from app.views.survival.page_immortal_time import DURING_VIEW
from data_loaders import Cohort, load_table_bytes
from tests.pages.conftest import calm, figures, open_upload, unfolded, words
from tests.pages.test_odd_cohorts import TABLES

Opener = Callable[..., AppTest]


def opened(open_app: Opener, **query: str | list[str]) -> AppTest:
    at = open_app("survival", view=DURING_VIEW, **query)
    calm(at)
    return at


def titles(at: AppTest) -> list[str]:
    drawn = [figure["layout"]["annotations"][0]["text"] for figure in figures(at)]
    return [text.replace("-<br>", "-").replace("<br>", " ") for text in drawn]


@pytest.mark.parametrize("cohort", ["demo:mpn", "demo:mds", "demo:aml"])
def test_it_opens_on_four_answers_side_by_side(open_app: Opener, cohort: str):
    at = opened(open_app, cohort=cohort)
    assert len(figures(at)) == 4
    assert all(SYNTHETIC_MARK in str(figure["layout"]) for figure in figures(at))
    for words_in, text in zip(
        ("", ", naive", ", landmark", ", Simon-Makuch"), titles(at), strict=True
    ):
        assert words_in in text
    assert "BIASED BY IMMORTAL TIME" in str(figures(at)[1]["layout"])
    assert "BIASED" not in str(figures(at)[2]["layout"])
    said = words(at)
    for part in (
        "naive",
        "time-dependent",
        "immortal time",
        "A landmark leaves out",
        "Mantel-Byar",
        "None of these is the effect",
    ):
        assert part in said, part


def test_the_readers_own_error_is_said(open_app: Opener):
    at = opened(open_app, cohort="demo:mds")
    assert "naive 0.54, time-dependent 0.81" in words(at)
    assert "comes out 1.50 times lower, by immortal time alone" in words(at)


def test_landmarks_are_edited_and_chosen(open_app: Opener):
    at = opened(open_app, cohort="demo:mds")
    assert "landmark 6" in titles(at)[2]
    at.segmented_control(key="landmark_of_4_6_9").set_value("9").run()
    calm(at)
    assert "landmark 9" in titles(at)[2]
    at.text_input(key="landmarks").set_value("3; 24, soon, -1").run()
    calm(at)
    assert "“soon” is not a landmark" in words(at)
    assert "“-1” is not a landmark" in words(at)
    table = next(f.value for f in at.dataframe if "Exposed later" in f.value.columns)
    assert table["Month"].tolist() == [3.0, 24.0]
    at.text_input(key="landmarks").set_value("9999999, nan, inf").run()
    calm(at)


def test_options_reach_every_answer(open_app: Opener):
    at = unfolded(opened(open_app, cohort="demo:mds"))
    at.number_input(key="limit").set_value(3.0).run()
    calm(at)
    assert "Follow-up ends at 3 years" in words(at)
    at.number_input(key="simon_makuch_start").set_value(6.0).run()
    calm(at)
    assert "from 6" in words(at)
    at.segmented_control(key="during_adjust").set_value("Nothing").run()
    calm(at)
    assert "Adjusted for" not in words(at)
    at.segmented_control(key="unit").set_value("months").run()
    calm(at)
    at.segmented_control(key="during_as").set_value("Landmark").run()
    calm(at)
    assert len(figures(at)) == 2


def test_the_event_of_another_endpoint_and_another_clock(open_app: Opener):
    at = opened(open_app, cohort="demo:mds", exposure="AML transformation")
    assert at.selectbox(key="exposure").value == "endpoint:aml"
    assert "by AML transformation" in titles(at)[0]
    at = opened(open_app, cohort="demo:aml", endpoint="rfs")
    assert "is counted from complete remission" in words(at)


def test_an_endpoint_without_an_event_before_it_says_what_is_needed(open_app: Opener):
    at = opened(open_app, cohort="demo:mpn")
    at.selectbox(key="endpoint").set_value("thrombosis").run()
    calm(at)


def table_of(**columns: object) -> bytes:
    n = 60
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "patient_id": [f"A{i}" for i in range(n)],
            "os_months": rng.exponential(30, n).round(1) + 1,
            "os_event": rng.integers(0, 2, n),
            **columns,
        }
    )
    return frame.to_csv(index=False).encode()


def uploaded(name: str, content: bytes, **state: str) -> tuple[Cohort, AppTest]:
    cohort = load_table_bytes(f"{name}.csv", content)
    return cohort, open_upload(cohort, "survival", state={"view": DURING_VIEW, **state})


@pytest.mark.parametrize("name", TABLES)
def test_odd_cohorts_are_answered_in_a_sentence(name: str):
    _, at = uploaded(name, TABLES[name])
    calm(at)
    if name != "no_endpoint":
        assert "transplant_months" in words(at)


def test_a_cohort_without_an_exposure_says_what_is_needed():
    _, at = uploaded("plain", table_of())
    calm(at)
    assert "needs a column with the time of a treatment or response" in words(at)
    assert not figures(at)


def test_an_uploaded_transplant_is_analysed():
    at_months = [float(i) if i % 3 == 0 else None for i in range(60)]
    _, at = uploaded("transplants", table_of(transplant_months=at_months))
    calm(at)
    assert len(figures(at)) == 4
    assert "had transplant during follow-up" in words(at)


def test_two_transplanted_patients_are_no_crash():
    at_months = [1.2, 0.5, *[None] * 58]
    _, at = uploaded("two", table_of(transplant_months=at_months))
    calm(at)
    assert "Only 2 patients with transplant: a comparison needs 10" in words(at)


def test_nobody_has_an_event_and_it_is_said():
    at_months = [0.5 + i / 100 if i % 2 else None for i in range(60)]
    _, at = uploaded("alive", table_of(transplant_months=at_months, os_event=[0] * 60))
    calm(at)
    assert "No event was observed" in words(at) + str(figures(at))


# The guard -----------------------------------------------------------------------------------

GUARDED = """
import streamlit as st
from app.cohort.groupings._spec import GroupingSpec, by_variable
from app.cohort.filters._filter import Filter
from app.views.survival.page_immortal_time import immortal_time_guard
from app.shell.session import Looking
cohort = st.session_state["the_cohort"]
looking = Looking("upload:x", cohort, Filter(), Filter().apply(cohort))
immortal_time_guard(looking, {grouping}, "os", {group!r})
"""


def guarded(cohort: Cohort, grouping: str, group: str = "") -> AppTest:
    at = AppTest.from_string(GUARDED.format(grouping=grouping, group=group))
    at.session_state["the_cohort"] = cohort
    at.run()
    calm(at)
    return at


@pytest.fixture(scope="module")
def treated() -> Cohort:
    months = [float(i) if i % 3 == 0 else None for i in range(60)]
    content = table_of(
        transplant_months=months, transplant=[int(m is not None) for m in months],
        sex=["F" if i % 2 else "M" for i in range(60)],
    )  # fmt: skip
    return load_table_bytes("treated.csv", content)


def test_the_guard_is_silent_on_groups_of_time_zero(treated: Cohort):
    assert not guarded(treated, "by_variable(cohort, 'sex')").warning
    assert not guarded(treated, "None").warning


def test_the_guard_offers_both_analyses_of_the_event(treated: Cohort):
    at = guarded(treated, "by_variable(cohort, 'transplant')", "variable:transplant")
    assert "Immortal time" in at.warning[0].value
    assert [button.label for button in at.button] == [
        "Landmark analysis of transplant",
        "Time-dependent analysis of transplant",
        "Who benefits from transplant: an emulated trial",
    ]
    at.button(key="guard_time_dependent").click().run()
    assert at.session_state["view"] == DURING_VIEW
    assert at.session_state["exposure"] == "column:transplant_months"
    assert at.session_state["endpoint"] == "os"
    assert at.session_state["during_as"] == "Time-dependent"


def test_a_cut_of_the_treatments_time_is_guarded_too(treated: Cohort):
    spec = "cut:transplant_months@median"
    at = guarded(treated, f"GroupingSpec.parse({spec!r}).build(cohort)", spec)
    assert len(at.button) == 3
    at.button(key="guard_landmark").click().run()
    assert at.session_state["exposure"] == "column:transplant_months"


def test_without_the_time_the_guard_says_what_is_needed():
    content = table_of(transplant=[i % 2 for i in range(60)])
    cohort = load_table_bytes("ever.csv", content)
    at = guarded(cohort, "by_variable(cohort, 'transplant')", "variable:transplant")
    assert "Immortal time" in at.warning[0].value
    assert not at.button
    assert "transplant_months" in at.caption[0].value


def test_the_guard_on_the_page_leads_to_the_view(treated: Cohort):
    at = calm(open_upload(treated, "survival", state={"group": "variable:transplant"}))
    assert any("Immortal time" in element.value for element in at.warning)
    at.button(key="guard_time_dependent").click().run()
    calm(at)
    assert at.selectbox(key="exposure").value == "column:transplant_months"
    assert "Simon-Makuch" in titles(at)[-1]
    assert len(figures(at)) == 2
