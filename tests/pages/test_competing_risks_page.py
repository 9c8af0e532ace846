"""The competing-risks view driven without a browser, on the demos and on odd cohorts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.study.figures.theme import SYNTHETIC_MARK
from app.views.survival.incidence.figures import WRONG
from app.views.survival.incidence.figures_stacked import NEITHER
from data_loaders import load_table_bytes
from tests.pages.conftest import calm, figures, open_upload, unfolded, words

Opener = Callable[..., AppTest]
VIEW = "Competing risks"


def title(at: AppTest) -> str:
    return figures(at)[0]["layout"]["annotations"][0]["text"].replace("<br>", " ")


def columns_of_tables(at: AppTest) -> list[list[str]]:
    return [list(element.value.columns) for element in at.dataframe]


def uploaded(name: str, header: str, rows: list[str], **query: str) -> AppTest:
    cohort = load_table_bytes(f"{name}.csv", "\n".join([header, *rows]).encode())
    return open_upload(cohort, "survival", query={"view": VIEW, **query})


@pytest.mark.parametrize("cohort", ["demo:mpn", "demo:mds", "demo:aml"])
def test_it_opens_on_a_finished_figure(open_app: Opener, cohort: str):
    at = calm(open_app("survival", view=VIEW, cohort=cohort))
    (figure,) = figures(at)
    assert SYNTHETIC_MARK in str(figure["layout"])
    assert title(at).startswith("<b>Cumulative incidence of ")
    assert "has no competing event" in words(at), "the page opens on overall survival"
    assert "still at risk" in words(at)
    assert "the question of why it happens" in words(at)
    assert any("Subdistribution HR (95% CI)" in columns for columns in columns_of_tables(at))


def test_the_endpoint_is_shared_with_the_other_views(open_app: Opener):
    at = calm(open_app("survival", endpoint="thrombosis"))
    at.segmented_control(key="view").set_value(VIEW).run()
    calm(at)
    assert at.selectbox(key="risk_endpoint").value == "thrombosis"
    assert "Overall survival" not in at.selectbox(key="risk_endpoint").options
    assert "has no competing event" not in words(at)
    at.selectbox(key="risk_endpoint").set_value("aml").run()
    assert "AML transformation" in title(calm(at))
    at.segmented_control(key="view").set_value("Survival curves").run()
    assert at.selectbox(key="endpoint").value == "aml"
    at.selectbox(key="endpoint").set_value("os").run()
    at.segmented_control(key="view").set_value(VIEW).run()
    assert "Overall survival has no competing event" in words(calm(at))
    at.segmented_control(key="view").set_value("Survival curves").run()
    assert at.selectbox(key="endpoint").value == "os", "an endpoint only looked past stays chosen"


@pytest.mark.parametrize("parameter", ["endpoint", "risk_endpoint"])
def test_a_link_names_the_endpoint(open_app: Opener, parameter: str):
    at = calm(open_app("survival", view=VIEW, **{parameter: "Thrombosis"}))
    assert at.selectbox(key="risk_endpoint").value == "thrombosis"


def test_dashes_dots_band_and_table_follow_the_options(open_app: Opener):
    at = calm(open_app("survival", view=VIEW, group="variable:diagnosis"))
    plain = figures(at)[0]
    assert WRONG not in str(plain)
    at.toggle(key="wrong").set_value(True)
    at.toggle(key="competing").set_value(True)
    at.toggle(key="band").set_value(False)
    at.toggle(key="table").set_value(True).run()
    drawn = figures(calm(at))[0]
    assert WRONG in str(drawn)
    dashes = {trace.get("line", {}).get("dash") for trace in drawn["data"]}
    assert {"dash", "dot"} <= dashes
    assert not any(trace.get("fill") for trace in drawn["data"])
    assert drawn["layout"]["height"] > plain["layout"]["height"]


def test_unit_and_limit_carry_over_between_views(open_app: Opener):
    at = calm(open_app("survival"))
    at.segmented_control(key="unit").set_value("months").run()
    at.number_input(key="limit").set_value(24.0).run()
    at.segmented_control(key="view").set_value(VIEW).run()
    calm(at)
    assert at.segmented_control(key="unit").value == "months"
    assert "Follow-up ends at 2 years" in words(at)
    assert 24 < figures(at)[0]["layout"]["xaxis"]["range"][1] < 25


def test_stacked_shows_all_groups_or_one(open_app: Opener):
    at = calm(open_app("survival", view=VIEW, group="variable:diagnosis", incidence_as="Stacked"))
    assert figures(at)[0]["layout"]["xaxis3"]
    assert NEITHER in str(figures(at)[0])
    at.selectbox(key="stacked_group").set_value("MF").run()
    assert "MF, 535 patients" in title(calm(at))
    at.selectbox(key="group").set_value("everyone").run()
    assert "All patients" in title(calm(at))


def test_pairs_are_tested_when_they_are_looked_at(open_app: Opener):
    at = calm(open_app("survival", view=VIEW, group="variable:diagnosis"))
    assert not any("p, adjusted" in columns for columns in columns_of_tables(at))
    at.session_state["incidence_pairs_open"] = True
    at.run()
    assert any("p, adjusted" in columns for columns in columns_of_tables(calm(at)))


def test_a_selection_without_events_and_one_of_nobody(open_app: Opener):
    at = calm(open_app("survival", view=VIEW, dx=["ET"], age=["18", "24"]))
    assert "observed in these patients" in words(at)
    at = calm(open_app("survival", view=VIEW, dx=["ET"], **{"with": ["JAK2", "CALR", "MPL"]}))
    assert "selects nobody" in words(at)


HEADER = "patient_id,diagnosis,os_months,os_event,aml_months,aml_event"
N = 40
ODD = {
    "no_competing": (
        "patient_id,os_months,os_event",
        [f"A{i},{i + 1},{i % 2}" for i in range(N)],
        "No endpoint of this cohort has a competing event",
    ),
    "no_event": (
        HEADER,
        [f"A{i},{'MF' if i % 3 else 'ET'},{i + 1},0,{i + 1},0" for i in range(N)],
        "Neither AML transformation nor death without AML transformation was observed",
    ),
    "only_deaths": (
        HEADER,
        [f"A{i},{'MF' if i % 3 else 'ET'},{i + 1},{i % 2},{i + 1},0" for i in range(N)],
        "only the competing event was",
    ),
    "only_aml": (
        HEADER,
        [f"A{i},{'MF' if i % 2 else 'ET'},{i + 1},0,{i + 1},{i % 3 % 2}" for i in range(N)],
        "equals one minus the Kaplan-Meier curve",
    ),
    "one_patient": (HEADER, ["A1,MF,12,1,8,1"], "only one group with patients"),
    "a_group_of_one": (
        HEADER,
        [f"A{i},{'ET' if not i else 'MF'},{i + 1},{i % 2},{i + 1},{i % 3 % 2}" for i in range(N)],
        "fewer than 10 patients",
    ),
    "forty_groups": (
        HEADER,
        [f"A{i},D{i % 40},{i % 97 + 1},{i % 2},{i % 97 + 1},{i % 3 % 2}" for i in range(600)],
        "smaller groups that are not shown",
    ),
    "a_group_without_aml": (
        HEADER,
        [
            f"A{i},{'ET' if i % 2 else 'MF'},{i + 2},{i % 3 % 2},{i + 1},{int(i % 4 == 0)}"
            for i in range(N)
        ],
        "fewer than two groups",
    ),
    "all_at_once": (
        HEADER,
        [f"A{i},{'ET' if i % 2 else 'MF'},12,{i // 2 % 2},12,{i // 4 % 2}" for i in range(N)],
        "does not differ clearly",
    ),
}


@pytest.mark.parametrize("shown", ["Curves", "Stacked"])
@pytest.mark.parametrize("name", ODD)
def test_odd_cohorts_get_a_sentence(name: str, shown: str):
    header, rows, expected = ODD[name]
    at = uploaded(name, header, rows, incidence_as=shown, wrong="true", competing="true")
    assert expected in words(unfolded(at))
    assert "nan" not in words(at).replace("–", "").split()


def test_groups_that_come_about_later_are_guarded():
    rows = [f"A{i},{i % 3 % 2},{i + 1},{i % 2},{i + 1},{i % 5 % 2}" for i in range(60)]
    header = HEADER.replace("diagnosis", "transplant")
    at = calm(uploaded("later", header, rows, group="variable:transplant"))
    assert "Immortal time" in words(at)
    assert "Immortal time" not in words(calm(uploaded("later", header, rows, group="everyone")))


def test_what_is_taken_away_is_of_this_view(open_app: Opener):
    at = calm(open_app("survival", view=VIEW, cohort="demo:mds", group="variable:ipssm"))
    keys = {str(button.proto.id) for button in unfolded(at).get("download_button")}
    assert any("incidence_take_py" in key for key in keys)
    assert any("incidence_take_xlsx" in key for key in keys)
    assert "Fine-Gray model" in words(at)
    assert np.all([len(element.value) for element in at.dataframe])
