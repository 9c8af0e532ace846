"""The patient page, driven without a browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app.study.figures.theme import SYNTHETIC_MARK
from app.views.home.page_questions import questions
from data_loaders import load_cohort
from data_loaders.demo import load_demo
from tests.builders import AGE, OS, make_cohort
from tests.conftest import ROOT
from tests.pages.conftest import calm, figures, open_upload, words

Opener = Callable[..., AppTest]
SWIMMER = "Swimmer plot"


def opened(open_app: Opener, **query: str | list[str]) -> AppTest:
    at = open_app("patient", **query)
    calm(at)
    return at


def everything_sent(at: AppTest) -> str:
    """Words, figures and tables that went to the browser."""
    tables = "\n".join(frame.value.to_csv() for frame in at.dataframe)
    return words(at) + str(figures(at)) + tables


def named(ids: list[str], text: str) -> set[str]:
    """Identifiers that stand in a text as words of their own."""
    return set(ids) & set(re.findall(r"[\w-]+", text))


@pytest.mark.parametrize("cohort", ["demo:mpn", "demo:mds", "demo:aml"])
def test_both_views_open_on_a_finished_figure(open_app: Opener, cohort: str):
    at = opened(open_app, cohort=cohort, patient="17")
    said = words(at)
    assert "is most like patient 17" in said
    assert "How they did: death in" in said
    assert "It is not a prognosis for this one" in said
    assert len(figures(at)) == 2
    at = opened(open_app, cohort=cohort, patients=SWIMMER)
    assert len(figures(at)) == 1
    assert f"40 of {load_cohort(cohort).n:,}" in figures(at)[0]["layout"]["annotations"][0][
        "text"
    ].replace("<br>", " ")
    assert SYNTHETIC_MARK in str(figures(at)[0]["layout"])


def test_no_identifier_is_sent_until_it_is_asked_for(open_app: Opener):
    cohort = load_cohort("demo:mpn")
    ids = [str(name) for name in cohort.patients.index]
    at = opened(open_app, patient="17")
    assert not named(ids, everything_sent(at))
    at.toggle(key="show_identifiers").set_value(True).run()
    assert f"Identifier in the data: {ids[16]}" in words(at)
    nearest = next(frame.value for frame in at.dataframe if "Identifier" in frame.value.columns)
    assert set(nearest["Identifier"]) <= set(ids)
    assert not named(ids, str(at.query_params))
    assert not named(ids, str(figures(at)))
    at = opened(open_app, patients=SWIMMER)
    assert not named(ids, everything_sent(at))


def test_a_patient_is_found_by_identifier_and_the_link_holds_the_number(open_app: Opener):
    cohort = load_cohort("demo:mpn")
    at = opened(open_app)
    at.text_input(key="find_identifier").set_value(str(cohort.patients.index[16])).run()
    calm(at)
    assert "**Patient 17**" in words(at)
    at.text_input(key="find_identifier").set_value("nobody").run()
    assert "No patient of this cohort bears this identifier." in words(at)


def test_next_and_previous_stay_within_the_filter(open_app: Opener):
    at = opened(open_app, dx="MF", patient="17")
    diagnosis = load_cohort("demo:mpn").patients["diagnosis"].to_numpy()
    for key in ("next_patient", "next_patient", "previous_patient", "random_patient"):
        at.button(key=key).click().run()
        calm(at)
        number = at.number_input(key="patient").value
        assert diagnosis[number - 1] == "MF"
        assert f"**Patient {number}**" in words(at)


def test_a_patient_outside_the_filter_is_said_to_be(open_app: Opener):
    outside = int((load_cohort("demo:mpn").patients["diagnosis"] != "MF").to_numpy().argmax()) + 1
    at = opened(open_app, dx="MF", patient=str(outside))
    assert f"The filter does not select patient {outside}" in words(at)
    assert "is most like" in words(at)


def test_one_click_saves_the_nearest_for_every_page(open_app: Opener):
    at = opened(open_app, patient="17")
    at.button(key="save_similar").click().run()
    calm(at)
    assert at.get("page_link")
    at.switch_page(str(ROOT / "pages" / "survival.py")).run()
    at.selectbox(key="group").set_value("saved:Like patient 17").run()
    calm(at)
    assert "Like patient 17" in words(at)
    assert "25" in str(figures(at)[0])


def test_another_patient_of_the_nearest_is_one_click_away(open_app: Opener):
    at = opened(open_app, patient="17")
    button = next(b for b in at.button if str(b.key).startswith("go_to_"))
    button.click().run()
    calm(at)
    assert f"**{button.label}**" in words(at)


def test_a_number_beyond_a_smaller_cohort_starts_anew(open_app: Opener):
    at = opened(open_app, cohort="demo:mpn", patient="1990")
    assert "**Patient 1990**" in words(at)
    at.selectbox(key="cohort").set_value("demo:aml").run()
    calm(at)
    assert "**Patient 1**" in words(at)


def test_lanes_follow_sorting_paging_and_groups(open_app: Opener):
    at = opened(
        open_app, patients=SWIMMER, swimmer_sort="Age at diagnosis, highest first",
        swimmer_lanes="20", group="alteration:ASXL1", swimmer_which="Page by page",
    )  # fmt: skip
    said = words(at)
    assert "Page 1 of 100, 2,000 patients in all" in said
    title = figures(at)[0]["layout"]["annotations"][0]["text"].replace("<br>", " ")
    assert "by ASXL1, 20 of 2,000 patients; age at diagnosis, highest first" in title


def test_tiny_untested_and_endless_cohorts_get_a_sentence(open_app: Opener):
    opened(open_app)
    tiny = make_cohort({"age_years": [50.0, 60.0, None]}, {"TP53": [True, None, None]}, (AGE,))
    at = open_upload(tiny, "patient")
    calm(at)
    said = words(at)
    assert "This cohort has no endpoint" in said
    assert "widen the filter" in said or "Too little is known" in said
    few = load_demo("mpn", n=30)
    at = open_upload(few, "patient")
    calm(at)
    assert isinstance(at.dataframe[0].value, pd.DataFrame)


@pytest.mark.parametrize("demo", ["mpn", "mds", "aml"])
def test_home_asks_who_is_most_like_a_patient_and_the_page_answers(open_app: Opener, demo: str):
    key = f"demo:{demo}"
    titles = [question.title for question in questions(load_demo(demo), key)]
    asked = titles.index("Who is most like this patient, and how did they do?")
    at = open_app("home", cohort=key)
    at.button(key=f"question_{asked}").click().run()
    calm(at)
    assert at.title[0].value == "Patient"
    assert "is most like patient" in words(at)
    assert "How they did: death in" in words(at)


def test_home_does_not_ask_it_where_nothing_could_answer():
    few = {"os_months": [1.0, 2.0], "os_event": [1, 0], "age_years": [50.0, 60.0]}
    cohort = make_cohort(few, endpoints=(OS,))
    assert "patient" not in [question.view.page for question in questions(cohort, "x")]


@pytest.mark.parametrize(
    ("cohort", "said"), [("demo:cll", "· IGHV status "), ("demo:dlbcl", "· Cell of origin ")]
)
def test_a_class_is_said_with_what_it_is_of(open_app: Opener, cohort: str, said: str):
    assert f"**Patient 1** {said}" in words(opened(open_app, cohort=cohort))
