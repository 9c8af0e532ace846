"""Every page on every cohort: no exception, a finished figure, the marks it owes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from app.study.figures.theme import SYNTHETIC_MARK
from app.views.methods.words import REFERENCES
from tests.conftest import ROOT
from tests.pages.conftest import PAGES, calm, figures, words

DEMOS = ("demo:mpn", "demo:mds", "demo:aml")
Opener = Callable[..., AppTest]


def title(at: AppTest) -> str:
    """Title of the first figure."""
    return figures(at)[0]["layout"]["annotations"][0]["text"].replace("<br>", " ")


@pytest.mark.parametrize("cohort", DEMOS)
@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_on_every_demo(open_app: Opener, page: str, cohort: str):
    at = open_app(page, cohort=cohort)
    calm(at)
    assert "SYNTHETIC" in words(at)
    assert "not medical advice" in words(at)
    assert words(at).count("not medical advice") == 1, "said once, calmly"


@pytest.mark.parametrize("cohort", DEMOS)
def test_home_and_survival_open_on_finished_figures(open_app: Opener, cohort: str):
    for page in ("home", "survival"):
        at = open_app(page, cohort=cohort)
        drawn = figures(at)
        assert drawn
        for figure in drawn:
            assert any(len(trace.get("x", ())) for trace in figure["data"])
            assert SYNTHETIC_MARK in str(figure["layout"])


def test_a_link_opens_the_same_cohort_filter_and_grouping(open_app: Opener):
    at = open_app("survival", dx=["MF"], group="alteration:ASXL1", unit="months", age=["50", "80"])
    calm(at)
    said = words(at)
    assert "Diagnosis is MF" in said
    assert "from 50 to 80 years" in said
    assert at.selectbox(key="group").value == "alteration:ASXL1"
    assert "by ASXL1" in title(at)


@pytest.mark.parametrize(
    "query",
    [
        {"dx": ["Nonsense"]},
        {"with": ["NOGENE"]},
        {"age": ["5", "500"]},
        {"age": ["x"]},
    ],
)
def test_a_link_that_cannot_be_restored_fully_says_so(open_app: Opener, query: dict[str, str]):
    at = open_app("home", **query)
    assert not at.exception
    assert [element for element in at.warning if element.value.startswith("This link")]


def test_filters_stay_from_page_to_page(open_app: Opener):
    at = open_app("survival")
    at.multiselect(key="dx").set_value(["MF"]).run()
    n = [element.value for element in at.markdown if " of 2," in element.value]
    at.switch_page(str(ROOT / "pages" / "home.py")).run()
    calm(at)
    assert at.multiselect(key="dx").value == ["MF"]
    assert [element.value for element in at.markdown if " of 2," in element.value] == n


def test_a_filter_that_selects_nobody_is_answered_in_a_sentence(open_app: Opener):
    for page in ("home", "survival", "subgroups"):
        at = open_app(page, dx=["ET"], **{"with": ["JAK2", "CALR", "MPL", "TP53", "ASXL1"]})
        calm(at)
        assert any("selects nobody" in element.value for element in at.info)


def test_another_cohort_clears_the_filter(open_app: Opener):
    at = open_app("home", dx=["MF"])
    at.selectbox(key="cohort").set_value("demo:aml").run()
    calm(at)
    assert "Everyone" in words(at)


def test_each_question_opens_its_page(open_app: Opener):
    at = open_app("home")
    cards = [button for button in at.button if str(button.key).startswith("question_")]
    assert len(cards) >= 3
    for position in range(len(cards)):
        at = open_app("home")
        at.button(key=f"question_{position}").click().run()
        calm(at)
        pages = {"Compare", "Patient", "Prognosis", "Survival", "Subgroups"}
        assert at.title[0].value in pages


def test_the_first_question_shows_myelofibrosis_by_driver(open_app: Opener):
    at = open_app("home")
    at.button(key="question_0").click().run()
    assert at.title[0].value == "Survival"
    assert at.multiselect(key="dx").value == ["MF"]
    assert title(at).startswith("<b>Overall survival by driver mutation")


@pytest.mark.parametrize("left", ["Cox model", "Competing risks", "Screen"])
def test_a_question_opens_the_view_it_promises_whatever_was_open_before(
    open_app: Opener, left: str
):
    at = open_app("survival", view=left)
    at.switch_page(str(ROOT / "pages" / "home.py")).run()
    at.button(key="question_0").click().run()
    assert at.segmented_control(key="view").value == "Survival curves"
    assert title(at).startswith("<b>Overall survival by driver mutation")


def test_a_question_says_that_it_replaces_the_filter(open_app: Opener):
    assert "Replaces your filter" not in words(open_app("home"))
    assert "Replaces your filter by: Diagnosis is MF." in words(open_app("home", dx=["ET"]))


def test_options_change_the_figure(open_app: Opener):
    at = open_app("survival")
    before = figures(at)[0]
    at.toggle(key="table").set_value(True).run()
    calm(at)
    assert figures(at)[0]["layout"]["height"] > before["layout"]["height"]
    at.number_input(key="limit").set_value(5.0).run()
    calm(at)
    assert "Follow-up ends at 5 years" in words(at)
    at.segmented_control(key="unit").set_value("months").run()
    calm(at)


def test_time_limit_zero_is_no_limit(open_app: Opener):
    at = open_app("survival")
    at.number_input(key="limit").set_value(0.0).run()
    calm(at)
    assert "Follow-up ends" not in words(at)


def test_every_citation_of_the_methods_page_has_its_reference(open_app: Opener):
    at = open_app("methods")
    assert not at.exception
    said = words(at)
    assert "[@" not in said
    for number in range(1, len(REFERENCES) + 1):
        assert f"[{number}]" in said, number
        assert f"\n{number}. " in f"\n{said}"


@pytest.mark.parametrize("asked", ["upload 0123456789", "upload:secret.csv", "No such cohort"])
@pytest.mark.parametrize("page", ["home", "survival", "subgroups"])
def test_a_cohort_that_is_gone_is_not_exchanged_for_another(
    open_app: Opener, page: str, asked: str
):
    at = open_app(page, cohort=asked, dx=["MF"])
    assert not at.exception
    assert "not here any more" in at.title[0].value
    assert asked in words(at).replace("\\", "")
    assert not at.get("plotly_chart")
    assert "2,000" not in words(at), "no number of another cohort"
    assert at.query_params["cohort"] in (asked, [asked]), (
        "the address is kept: a reload says the same"
    )
    at.run()
    assert "not here any more" in at.title[0].value
    at.button(key="leave_gone").click().run()
    assert not at.exception
    assert "2,000 of 2,000" in words(at), "and the other filter is not taken over"


def test_the_same_files_loaded_again_bring_the_view_back(open_app: Opener):
    rows = "".join(
        f"P{i},{'MF' if i % 2 else 'ET'},{10 + i},{i % 2},{i % 3 > 1}\n" for i in range(40)
    )
    content = ("patient_id,diagnosis,os_months,os_event,CALR\n" + rows).encode()
    at = open_app("data")
    at.file_uploader(key="upload_0").set_value(("of Jane Doe.csv", content, "text/csv")).run()
    assert not at.exception
    address = at.query_params["cohort"]
    address = address if isinstance(address, str) else address[0]
    assert address.startswith("upload ")
    assert "Jane" not in str(dict(at.query_params))
    again = open_app("survival", cohort=address, dx=["MF"])
    assert "not here any more" in again.title[0].value
    again.file_uploader(key="upload_0").set_value(("of Jane Doe.csv", content, "text/csv")).run()
    assert not again.exception
    assert "20 of 40 patients" in words(again)
    other = content.replace(b"P1,", b"Q1,")
    again = open_app("survival", cohort=address, dx=["MF"])
    again.file_uploader(key="upload_0").set_value(("other.csv", other, "text/csv")).run()
    assert not again.exception
    assert "40 of 40 patients" in words(again), "the filter of the link is not of this cohort"
