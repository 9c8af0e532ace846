"""What the control hands on: plain data that makes the same groups again, elsewhere."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from app.cohort.groupings import Arrangement, GroupingSpec, arranged
from app.shell.controls._arrangement import IN_LINK
from app.shell.controls.grouping import ChosenGrouping
from app.shell.controls.grouping_parameters import option_and_parameters
from app.shell.session import demo_cohort

WHOLE = (
    "variable:driver",
    "alteration:CALR",
    "genes:TP53|ASXL1",
    "hierarchy:JAK2>MPL>CALR",
    "burden:",
    "alleles:CALR",
    "cut:age_years@median",
    "cut:hb_g_per_l@quartiles",
    "cut:age_years@40,60",
    "cut:age_years@optimal",
    'filters:Old={"between":[60.0,null],"column":"age_years"}|JAK2={"altered":"JAK2"}',
)


def script() -> None:
    import streamlit as st

    from app.cohort.filters import Filter
    from app.shell.controls.grouping import draw_grouping
    from app.shell.links import read_link
    from app.shell.session import demo_cohort, look_at

    read_link()
    chosen = Filter.from_dict({"column": "diagnosis", "in": ["MF"]})
    looking = look_at("demo:mpn", demo_cohort("demo:mpn"), chosen)
    st.session_state["_handed_on"] = draw_grouping(looking, "os")


def handed_on(**query: str) -> ChosenGrouping:
    at = AppTest.from_function(script, default_timeout=30)
    for key, value in query.items():
        at.query_params[key] = value
    at.run()
    assert not at.exception, at.exception
    chosen: ChosenGrouping = at.session_state["_handed_on"]
    return chosen


def same_again(chosen: ChosenGrouping) -> None:
    """A script that holds the spec and the arrangement as text makes what the page shows."""
    cohort = demo_cohort("demo:mpn")
    mask = (cohort.patients["diagnosis"] == "MF").to_numpy()
    spec = GroupingSpec.parse(str(chosen.spec))
    made = spec.build(cohort, mask)
    arrangement = Arrangement.from_dict(chosen.arrangement.to_dict())
    again, shown = arranged(made, arrangement), chosen.grouping
    assert shown is not None
    assert again.names == shown.names
    assert again.colours == shown.colours
    assert again.codes.tolist() == shown.codes.tolist()
    assert (again.label, again.ordered, again.data_driven) == (
        shown.label,
        shown.ordered,
        shown.data_driven,
    )


@pytest.mark.parametrize("text", WHOLE)
def test_spec_and_arrangement_make_again_what_is_shown(text: str):
    chosen = handed_on(group=text)
    same_again(chosen)
    if "optimal" not in text:
        assert str(chosen.spec) == text
    else:
        assert str(chosen.spec).startswith(f"{text}=")
        assert "corrected for the search" in chosen.note


def test_the_arrangement_is_handed_on():
    arrangement = Arrangement(
        names=(("CALR", "Calreticulin"),),
        colours=(("JAK2", "#123456"),),
        hidden=("MPL",),
        reference="Triple-negative",
    )
    chosen = handed_on(group="variable:driver", **{IN_LINK: arrangement.to_text()})
    assert chosen.arrangement == arrangement
    assert chosen.grouping is not None
    assert chosen.grouping.names == ("Triple-negative", "JAK2", "Calreticulin")
    same_again(chosen)


def test_everyone_together_is_no_grouping():
    chosen = handed_on(group="everyone")
    assert (chosen.spec, chosen.grouping, chosen.note) == (None, None, "")


@pytest.mark.parametrize(
    ("text", "option", "parameters"),
    [
        ("genes:a%7Cb|c", "genes:", {"gene_a": "a|b", "gene_b": "c"}),
        ("hierarchy:a>b", "hierarchy:", {"gene_order": ["a", "b"]}),
        ("cut:x@y@tertiles", "cut:x@y", {"cut": "Tertiles"}),
        ("cut:x@60,40", "cut:x", {"cut": "Typed", "cut_at": "40,60"}),
        ("cut:x@optimal=5", "cut:x", {"cut": "Optimal"}),
    ],
)
def test_a_whole_grouping_comes_apart_into_option_and_parameters(
    text: str, option: str, parameters: dict[str, object]
):
    assert option_and_parameters(text) == (option, parameters)


@pytest.mark.parametrize("text", ["variable:sex", "burden:", "cut:age_years", "genes:", "", "x"])
def test_what_is_an_option_by_itself_is_left_alone(text: str):
    assert option_and_parameters(text) is None
