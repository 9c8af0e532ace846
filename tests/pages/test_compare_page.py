"""The compare page, driven without a browser."""

from __future__ import annotations

import time
from collections.abc import Callable

import pandas as pd
import pytest
from scipy.stats import fisher_exact
from streamlit.testing.v1 import AppTest

from app.cohort.colours import colour_of
from app.cohort.filters import Filter
from app.cohort.groupings import GroupingSpec
from app.study.analyses import views_of
from app.study.figures.theme import SYNTHETIC_MARK
from data_loaders import load_cohort, load_table_bytes
from tests.conftest import ROOT
from tests.pages.conftest import calm, figures, open_upload, run_when_worked, unfolded, words
from tests.pages.test_odd_cohorts import TABLES, counts_everyone, table
from tests.pages.test_survival_views import DEGENERATE

Opener = Callable[..., AppTest]
# Subgroups wait for their search, two cohorts for a question that both can answer.
AT_ONCE = [view for view in views_of("compare") if view not in ("Subgroups", "Two cohorts")]
TWO = ["CALR", "Triple-negative"]


def opened(open_app: Opener, view: str = "", **query: str | list[str]) -> AppTest:
    at = open_app("compare", **({"compare": view} if view else {}), **query)
    calm(at)
    return at


def uploaded(name: str, content: bytes, **query: str) -> AppTest:
    cohort = load_table_bytes(f"{name}.csv", content)
    return calm(open_upload(cohort, "compare", query=query))


def title(at: AppTest, position: int = 0) -> str:
    return figures(at)[position]["layout"]["annotations"][0]["text"].replace("<br>", " ")


def table_with(at: AppTest, column: str) -> pd.DataFrame:
    return next(frame.value for frame in at.dataframe if column in frame.value.columns)


@pytest.mark.parametrize("view", AT_ONCE)
@pytest.mark.parametrize("cohort", ["demo:mpn", "demo:mds", "demo:aml"])
def test_each_view_opens_on_a_finished_figure(open_app: Opener, cohort: str, view: str):
    at = opened(open_app, view, cohort=cohort)
    assert figures(at)
    assert all(SYNTHETIC_MARK in str(figure["layout"]) for figure in figures(at))


@pytest.mark.parametrize(
    ("cohort", "by"),
    [("demo:cll", "IGHV status"), ("demo:dlbcl", "cell of origin"), ("demo:mds", "SF3B1")],
)
def test_the_page_opens_on_what_divides_the_disease(open_app: Opener, cohort: str, by: str):
    at = opened(open_app, cohort=cohort)
    assert any(f"by {by}, " in title(at, place) for place in range(len(figures(at))))


def test_a_glance_answers_in_words_and_can_be_taken_away(open_app: Opener):
    at = unfolded(opened(open_app, dx=["MF"], compare_groups=TWO))
    assert len(figures(at)) == 4
    said = words(at)
    for part in ("**Clinical:**", "**Alterations:**", "**Overall survival:**", "In no group"):
        assert part in said, part
    assert "Analyses were done with CALR Explorer" in said
    assert title(at).startswith("<b>Patients: CALR and Triple-negative, ")


def test_the_alterations_counted_on_screen_are_those_of_pandas_and_scipy(open_app: Opener):
    at = opened(open_app, "Alterations", dx=["MF"], compare_groups=TWO)
    cohort = load_cohort("demo:mpn")
    fibrosis = cohort.patients["diagnosis"] == "MF"
    table = table_with(at, "odds_ratio").set_index("label")
    tested = table[table["p_value"].notna()]
    assert len(tested) > 5
    for label, row in tested.iterrows():
        feature = cohort.features.index[cohort.features["label"] == label][0]
        found = cohort.alterations[feature]
        square = []
        for group in TWO:
            own = found[fibrosis & (cohort.patients["driver"] == group)].dropna().astype(bool)
            square.append([int(own.sum()), int((~own).sum())])
        assert [row["altered"], row["others_altered"]] == [square[0][0], square[1][0]]
        assert row["p_value"] == pytest.approx(fisher_exact(square).pvalue, rel=1e-6)


def test_one_group_against_the_others_is_chosen(open_app: Opener):
    at = opened(open_app, "Alterations", contrast="MPL")
    assert "MPL against the other groups" in title(at)
    at.segmented_control(key="contrast").set_value("Triple-negative").run()
    calm(at)
    assert "Triple-negative against the other groups" in title(at)


def test_groups_keep_their_colours_in_every_view(open_app: Opener):
    for view in ("Alterations", "Survival"):
        at = opened(open_app, view, contrast="CALR")
        assert str(colour_of("CALR")) in str(figures(at)) or "rgba(217,84,30" in str(figures(at))


def test_one_pill_is_no_comparison_and_says_so(open_app: Opener):
    at = opened(open_app, compare_groups=["CALR"])
    assert "Pick one more group" in words(at)
    assert "JAK2" in str(figures(at)[0])


def test_more_than_eight_groups_are_cut_to_the_largest():
    at = uploaded("forty", DEGENERATE["forty_groups"], group="variable:diagnosis")
    assert "The 8 largest of 10 groups are compared" in words(at)


# Two cohorts -------------------------------------------------------------------------------------


def test_what_groups_are_made_of_becomes_a_step_once_the_search_is_done(
    open_app: Opener, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("app.study.story._player.export_available", lambda: (False, "none"))
    at = opened(open_app, "Subgroups", cohort="demo:mpn", dx="MF", group="alteration:ASXL1")
    deadline = time.monotonic() + 120
    offered = "compare_composition_story_0"
    while offered not in {button.key for button in at.button} and time.monotonic() < deadline:
        run_when_worked(at)
    at.button(key=offered).click().run()
    shown = figures(at)[0]["data"]
    at.switch_page(str(ROOT / "pages" / "story.py")).run()
    at.button(key="story_ready").click().run()
    calm(at)
    assert any("Ready: 1 of 1" in text.value for text in at.markdown)
    # The worker found again what the page showed.
    (scene,) = at.session_state["_story_ready"][1]
    drawn = {trace["name"]: trace["text"] for trace in scene.stage["data"] if "name" in trace}
    assert drawn == {trace["name"]: trace["text"] for trace in shown}
    assert len(drawn) > 3


def test_where_no_cohort_can_be_asked_the_most_alike_is_offered(open_app: Opener):
    said = words(opened(open_app, "Two cohorts", cohort="demo:dlbcl"))
    assert "CLL demo (synthetic) has no variable called Cell of origin." in said


def test_the_same_question_is_answered_in_two_cohorts(open_app: Opener):
    at = opened(open_app, "Two cohorts", cohort="demo:mds", other="AML demo (synthetic)",
                group="alteration:TP53")  # fmt: skip
    said = words(unfolded(at))
    for part in ("**Overall survival:** hazard ratio", "**Clinical:** Of", "**Alterations:** Of"):
        assert part in said, part
    shown = figures(at)
    assert len(shown) == 4
    assert "MDS demo (synthetic)" in title(at, 0)
    assert "AML demo (synthetic)" in title(at, 1)
    ranges = [figure["layout"]["xaxis"]["range"] for figure in shown[:2]]
    assert ranges[0] == ranges[1], "one axis for both"
    colours = [
        {trace["name"]: trace["line"]["color"] for trace in figure["data"] if trace.get("name")}
        for figure in shown[:2]
    ]
    assert colours[0] == colours[1]
    assert "were compared in two cohorts (MDS demo (synthetic): TP53 mutated" in said
    assert "proves nothing" in said
    assert "only in MDS demo (synthetic)" in said


def test_what_cannot_be_asked_in_the_other_cohort_is_said_with_what_can(open_app: Opener):
    at = opened(open_app, "Two cohorts")
    assert "cannot be asked in" in at.info[0].value
    offers = [button for button in at.button if button.label.startswith("Compare by ")]
    assert offers
    offers[0].click().run()
    calm(at)
    assert len(figures(at)) >= 3


# Lists ------------------------------------------------------------------------------------------


def paste(at: AppTest, name: str, text: str) -> AppTest:
    at.text_input(key="list_name").set_value(name)
    at.text_area(key="list_ids").set_value(text)
    at.button(key="list_add").click().run()
    assert not at.exception, at.exception
    return at


def test_a_pasted_list_is_set_against_everyone_else_then_against_another(open_app: Opener):
    listed = [str(name) for name in load_cohort("demo:mpn").patients.index]
    at = paste(opened(open_app), "Responders", "\n".join([*listed[:300], "nobody-1"]))
    assert "Responders: 300 patients found; 1 words are no patient" in words(at)
    assert at.selectbox(key="group").value == "filters:"
    assert "Responders 300, Everyone else 1,700" in words(at)
    at = paste(at, "Others", ", ".join(listed[200:500]))
    assert "Only Responders 200, Only Others 200, Responders and Others 100" in words(at)
    assert not at.warning


def test_no_identifier_of_a_list_is_in_the_address_or_on_the_page(open_app: Opener):
    listed = [str(name) for name in load_cohort("demo:mpn").patients.index[:300]]
    at = paste(opened(open_app), "Responders", " ".join(listed))
    shown = words(at) + str(dict(at.query_params)) + str(figures(at))
    assert not any(name in shown for name in listed)


def test_a_list_of_strangers_is_refused_in_a_sentence(open_app: Opener):
    at = paste(opened(open_app), "Strangers", "x1 x2 x3")
    assert "None of the 3 words is the identifier" in at.error[0].value
    at = paste(opened(open_app), "", "P0001")
    assert at.error


# The guard ---------------------------------------------------------------------------------------

LATER = {
    "Transplanted": {"known": "transplant_months"},
    "Not transplanted": {"not": {"known": "transplant_months"}},
}
TREATED = table(
    "patient_id,sex,os_months,os_event,transplant,transplant_months,CALR",
    [
        f"A{i},{'FM'[i % 2]},{i + 5},{i % 2},{int(not i % 3)},{i if not i % 3 else ''},{i % 2}"
        for i in range(1, 61)
    ],
)


@pytest.mark.parametrize("view", ["At a glance", "Survival"])
def test_groups_that_come_about_later_meet_the_immortal_time_guard(view: str):
    at = uploaded("treated", TREATED, compare=view, group="variable:transplant")
    assert "Immortal time" in at.warning[0].value
    assert "Landmark analysis of transplant" in [button.label for button in at.button]


def test_filters_on_a_treatment_meet_the_guard_too_and_the_way_out_works(open_app: Opener):
    spec = GroupingSpec.of_filters({n: Filter.from_dict(plain) for n, plain in LATER.items()})
    at = opened(open_app, "Survival", cohort="demo:mds", group=str(spec))
    assert "Immortal time" in at.warning[0].value
    at.button(key="guard_landmark").click().run()
    calm(at)
    assert at.title[0].value == "Survival"
    assert "landmark" in str(figures(at)).lower()


def test_groups_of_time_zero_meet_no_guard(open_app: Opener):
    at = opened(open_app, "Survival", cohort="demo:mds", group="alteration:SF3B1")
    assert not [box for box in at.warning if "Immortal" in box.value]


# What is missing ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(TABLES))
def test_a_cohort_that_lacks_something_gets_a_sentence(name: str):
    cohort = load_table_bytes(f"{name}.csv", TABLES[name])
    at = calm(open_upload(cohort, "compare"))
    counts_everyone(at, cohort)
    for view in views_of("compare"):
        at.segmented_control(key="compare").set_value(view).run()
        calm(at)
        assert figures(at) or at.info or at.get("progress"), (view, words(at))


def test_a_filter_that_selects_nobody_is_said(open_app: Opener):
    at = opened(open_app, dx=["PV"], age=["94", "95"], **{"with": ["CALR", "MPL"]})
    assert "selects nobody" in words(at)
    assert not figures(at)
