"""What stands beside the numbers: axes that end, small groups set aside, who is opened on."""

from __future__ import annotations

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from data_loaders import Cohort, Variable
from tests.builders import AGE, DIAGNOSIS, OS, make_cohort
from tests.pages.conftest import calm, figures, open_upload, words


def cohort() -> Cohort:
    rng = np.random.default_rng(6)
    labels = ["ET"] * 60 + ["MF"] * 60 + ["PV"] * 4
    n = len(labels)
    return make_cohort(
        {
            "diagnosis": labels,
            "age_years": list(rng.normal(60, 9, n).round(1)),
            "os_months": [*rng.exponential(50, n - 1).round(1) + 0.1, 500.0],
            "os_event": list((rng.random(n) < 0.5).astype(float)),
            "relapse": ["yes" if i % 3 == 0 else "no" for i in range(n)],
        },
        {"JAK2": [i % 2 for i in range(n)], "TET2": [int(i % 5 == 0) for i in range(n)]},
        variables=(DIAGNOSIS, AGE, Variable("relapse", "Relapse", "categorical")),
        endpoints=(OS,),
    )


def last_tick(chart: dict) -> float:
    return float(chart["layout"]["xaxis"]["range"][1])


def test_small_groups_are_set_aside_and_one_click_brings_them_back():
    at = calm(open_upload(cohort(), "survival"))
    toggle = at.toggle(key="small_groups")
    assert toggle.label == "Show groups of fewer than 10 patients: PV (4)"
    assert "4 in groups of fewer than 10, set aside" in words(at)
    assert "log-rank test, 1 degree of freedom" in words(at)
    calm(toggle.set_value(True).run())
    assert "Not in the test: PV has fewer than 10 patients." in words(at)
    assert "log-rank test, 1 degree of freedom" in words(at)


def test_the_axis_ends_and_one_click_shows_the_rest():
    at = calm(open_upload(cohort(), "survival"))
    ends = last_tick(figures(at)[0])
    assert "later, fewer than 10% or 10 patients are at risk in every group" in words(at)
    calm(at.toggle(key="small_groups").set_value(True).run())
    calm(at.toggle(key="whole_axis").set_value(True).run())
    assert last_tick(figures(at)[0]) > 500 / 12 > ends


def test_the_guard_says_why():
    at = calm(open_upload(cohort(), "survival", query={"group": "Relapse"}))
    assert "Immortal time" in words(at)
    assert "This is known because its name says so." in words(at)


@pytest.mark.parametrize(("query", "number"), [({"dx": "MF"}, 61), ({"patient": "5"}, 5)])
def test_the_patient_page_opens_on_a_selected_patient(query: dict[str, str], number: int):
    at = open_upload(cohort(), "patient", query=query)
    calm(at)
    assert at.number_input(key="patient").value == number


def test_compare_counts_whom_it_compares():
    at = calm(open_upload(cohort(), "compare", query={"group": "Diagnosis"}))
    assert "120 of 124 selected patients are compared: ET 60, MF 60." in words(at)
    bars = figures(at)[0]["data"][0]
    assert list(bars["text"]) == ["50%", "50%"]


def test_the_axis_of_one_patients_curves_is_said_to_end_with_the_patients_own_course():
    def said(own: float) -> str:
        at = AppTest.from_string(
            "from app.shell.controls.time_axis import draw_axis_end\n"
            f"print(draw_axis_end(12.0, 60.0, own={own}))"
        ).run()
        assert not at.exception
        return at.caption[0].value

    assert said(6.0).startswith("The axis ends at 1.0 years: later, fewer than")
    assert said(30.0).startswith("The axis ends at 2.5 years, with this patient's own course. ")
    assert "Beyond 1.0 years fewer than" in said(30.0)
    assert said(90.0).startswith("Beyond 1.0 years fewer than")
