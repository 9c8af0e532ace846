"""The subgroups page driven without a browser, with its real worker process."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app.study.figures.theme import SYNTHETIC_MARK
from app.views.subgroups.page_map import _CHOSEN, _Chosen
from tests.conftest import ROOT
from tests.pages.conftest import calm, figures, run_when_worked, words

Opener = Callable[..., AppTest]


@pytest.fixture
def finished(open_app: Opener) -> Callable[..., AppTest]:
    """The page with its map, its verdict and its stability."""

    def opener(**query: str | list[str]) -> AppTest:
        return until_finished(open_app("subgroups", **query))

    return opener


def until_finished(at: AppTest) -> AppTest:
    deadline = time.monotonic() + 120
    while "quality, seed" not in words(at):
        assert time.monotonic() < deadline, words(at)
        run_when_worked(at)
    calm(at)
    return at


def open_tab(at: AppTest, name: str) -> AppTest:
    at.session_state["subgroup_tabs"] = name
    return at.run()


def map_figure(at: AppTest) -> dict:
    return figures(at)[0]


def subgroup_table(at: AppTest) -> pd.DataFrame:
    return next(e.value for e in at.dataframe if "Median confidence" in e.value.columns)


def choose_by_hand(at: AppTest, positions: list[int]) -> None:
    """As a lasso does: AppTest has no mouse."""
    cohort = at.session_state["_looking_at"].cohort
    at.session_state[_CHOSEN] = _Chosen(cohort.fingerprint, np.array(positions))
    at.run()


def test_the_page_ends_with_a_verdict_and_stability(finished):
    at = finished(dx=["MF"])
    said = words(at)
    assert "How far to trust this" in said
    assert "shuffled" in said
    assert "are uncertain" in said or "is uncertain" in said
    table = subgroup_table(at)
    assert set(table["Verdict"]) <= {"stable", "tentative", "unstable", "not assessed", "–"}
    assert table["Stability"].dropna().between(0, 1).all()
    assert table["n"].sum() == at.session_state["_looking_at"].selection.n
    for figure in figures(at):
        assert SYNTHETIC_MARK in str(figure["layout"])


def test_each_tab_opens(finished):
    at = finished(dx=["MF"])
    for name, shown in (
        ("What they are", "heatmap"),
        ("Clinical profile", "Largest SMD"),
        ("Against a classification", "sankey"),
        ("Saved", "Load saved groups"),
    ):
        open_tab(at, name)
        calm(at)
        kinds = [trace["type"] for figure in figures(at) for trace in figure["data"]]
        columns = [column for element in at.dataframe for column in element.value.columns]
        uploads = [element.label for element in at.get("file_uploader")]
        assert shown in {*kinds, *columns, *uploads}, name


def test_a_name_is_shown_everywhere_and_in_the_link(finished):
    at = finished(dx=["MF"])
    old = at.selectbox(key="rename_which").value
    at.text_input(key="rename_to").set_value("Mine")
    at.button(key="rename_now").click().run()
    calm(at)
    assert "Mine" in str(map_figure(at)["layout"]["annotations"])
    assert "Mine" in list(subgroup_table(at)["Subgroup"])
    names = at.query_params["names"]
    assert json.loads(names[0] if isinstance(names, list) else names) == {old: "Mine"}


def test_two_groups_cannot_bear_one_name(finished):
    at = finished(dx=["MF"])
    which = at.selectbox(key="rename_which")
    at.text_input(key="rename_to").set_value(which.options[1])
    at.button(key="rename_now").click().run()
    assert any("name of its own" in element.value for element in at.error)


def test_a_selection_survives_recolouring_and_becomes_groups_of_every_page(finished):
    at = finished(dx=["MF"])
    inside = np.flatnonzero(at.session_state["_looking_at"].selection.mask)[:60].tolist()
    choose_by_hand(at, inside)
    assert "60 patients selected" in words(at)
    assert "of the others" in words(at), "what they carry is told"

    def highlighted() -> int:
        return sum(len(trace.get("selectedpoints", ())) for trace in map_figure(at)["data"])

    assert highlighted() == 60
    at.selectbox(key="colour").set_value("variable:driver").run()
    assert highlighted() == 60
    at.text_input(key="selection_name").set_value("Mine")
    at.button(key="save_selection").click().run()
    calm(at)
    at.button(key="clear_selection").click().run()
    assert highlighted() == 0
    open_tab(at, "Clinical profile")
    at.selectbox(key="profiled").set_value("Mine").run()
    calm(at)
    profile = next(e.value for e in at.dataframe if "Largest SMD" in e.value.columns)
    assert {"Mine (60)"} < set(profile.columns)
    at.switch_page(str(ROOT / "pages" / "survival.py")).run()
    at.selectbox(key="group").set_value("saved:Mine").run()
    calm(at)
    assert "Mine: at 5 years" in words(at)
    assert "All others: at 5 years" in words(at)


def test_saved_groups_travel_in_the_link_of_a_demo(finished, open_app: Opener):
    at = finished(dx=["MF"])
    inside = np.flatnonzero(at.session_state["_looking_at"].selection.mask)[:60].tolist()
    choose_by_hand(at, inside)
    at.text_input(key="selection_name").set_value("Mine")
    at.button(key="save_selection").click().run()
    at.switch_page(str(ROOT / "pages" / "survival.py")).run()
    assert "saved" not in at.query_params, "it is not shown yet"
    at.selectbox(key="group").set_value("saved:Mine").run()
    at.run()
    guest = open_app("survival", dx="MF", group="Saved: Mine", saved=at.query_params["saved"])
    calm(guest)
    assert not guest.warning
    said = next(line for line in words(at).splitlines() if "Mine: at 5 years" in line)
    assert said in words(guest)
    lost = open_app("survival", dx="MF", group="Saved: Mine")
    assert any("saved in another session" in w.value for w in lost.warning)


def test_a_selection_without_a_name_is_not_saved(finished):
    at = finished(dx=["MF"])
    choose_by_hand(at, np.flatnonzero(at.session_state["_looking_at"].selection.mask)[:9].tolist())
    at.button(key="save_selection").click().run()
    assert any("Give the groups a name" in element.value for element in at.error)


def test_subgroups_are_joined_saved_and_compared(finished):
    at = finished(dx=["MF"])
    names = at.multiselect(key="groups").options[:2]
    at.multiselect(key="groups").set_value(names).run()
    at.toggle(key="joined").set_value(True).run()
    at.text_input(key="groups_name").set_value("Both").run()
    at.button(key="save_groups").click().run()
    calm(at)
    at.switch_page(str(ROOT / "pages" / "survival.py")).run()
    at.selectbox(key="group").set_value("saved:Both").run()
    calm(at)
    assert "All others" in words(at)


def test_settings_are_part_of_the_question(finished):
    at = finished(dx=["MF"], quality="preview")
    assert "No verdict" in words(at)
    assert "preview quality" in words(at)
    at.number_input(key="rarer").set_value(20.0).run()
    until_finished(at)
    kept = [text for text in words(at).splitlines() if "alterations used" in text]
    assert int(kept[0].split("·")[1].split()[0]) < 10
    at.selectbox(key="features").set_value("cytogenetics").run()
    calm(at)


def test_the_plain_pipeline_stands_for_comparison(finished):
    at = finished(dx=["MF"], quality="plain")
    assert "plain quality" in words(at)


def test_a_stopped_search_says_so_and_starts_again(open_app: Opener):
    # A search may end in the moment in which it is stopped: the next seed is another search.
    for seed in range(7, 27):
        at = open_app("subgroups", dx=["PV"], seed=str(seed))
        if any(button.key == "stop_search" for button in at.button):
            at.button(key="stop_search").click().run()
        if "You stopped the search" in words(at):
            break
    assert "You stopped the search" in words(at)
    at.button(key="start_again").click().run()
    until_finished(at)
    assert "You stopped" not in words(at)


def test_too_few_patients_are_refused_in_a_sentence(open_app: Opener):
    at = open_app("subgroups", dx=["MF"], age=["18", "24"])
    deadline = time.monotonic() + 120
    while not at.info and time.monotonic() < deadline:
        run_when_worked(at)
    calm(at)
    assert at.info[0].value.endswith(".")


def test_names_in_a_broken_link_are_passed_over(open_app: Opener):
    for text in ("{", "[1]", '{"JAK2": 3}', '{"JAK2": ""}', "x" * 5000):
        at = open_app("subgroups", dx=["MF"], names=text)
        assert not at.exception
