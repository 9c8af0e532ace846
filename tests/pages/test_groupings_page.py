"""The control "Compare by": every choice makes a figure or a sentence, links restore it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from app.cohort.groupings import Arrangement
from app.shell.controls._arrangement import IN_LINK
from app.shell.links import group_labels
from app.shell.session import demo_cohort
from tests.conftest import ROOT
from tests.pages.conftest import calm, figures, words

Opener = Callable[..., AppTest]


def legend(at: AppTest) -> list[str]:
    """Names of the groups in the figure's legend."""
    return [
        str(trace["name"])
        for trace in figures(at)[0]["data"]
        if trace.get("name") and trace.get("showlegend") is not False
    ]


def drawn(at: AppTest, *groups: str) -> None:
    """These groups, and no others, have a curve."""
    calm(at)
    assert set(legend(at)) == set(groups)


def test_two_genes_open_on_frequent_ones_that_occur_together(open_app: Opener):
    at = open_app("survival")
    at.selectbox(key="group").set_value("genes:").run()
    drawn(at, "JAK2 only", "TET2 only", "Both", "Neither")
    at.selectbox(key="gene_a").set_value("TP53").run()
    at.selectbox(key="gene_b").set_value("ASXL1").run()
    # Fewer than ten have both: they are set aside until they are asked for.
    drawn(at, "TP53 only", "ASXL1 only", "Neither")
    at.toggle(key="small_groups").set_value(True).run()
    drawn(at, "TP53 only", "ASXL1 only", "Both", "Neither")
    at.selectbox(key="gene_b").set_value("TP53").run()
    calm(at)
    assert "Choose two different genes" in words(at)


def test_the_drivers_are_the_hierarchy_of_myeloproliferative_neoplasms(open_app: Opener):
    at = open_app("survival", group="hierarchy:")
    drawn(at, "JAK2", "CALR", "MPL", "None of these")
    at.multiselect(key="gene_order").set_value(["MPL", "JAK2"]).run()
    drawn(at, "MPL", "JAK2", "None of these")
    at.multiselect(key="gene_order").set_value([]).run()
    calm(at)
    assert "Choose one to 9 genes" in words(at)


@pytest.mark.parametrize("cohort", ["demo:mpn", "demo:mds", "demo:aml"])
def test_every_compound_choice_answers_at_once_on_every_demo(open_app: Opener, cohort: str):
    at = open_app("survival", cohort=cohort)
    labels = group_labels(demo_cohort(cohort))
    compound = [key for key in labels if key.endswith(":") or key.startswith("alleles:")]
    assert {"genes:", "hierarchy:", "burden:", "filters:"} < set(compound)
    numbers = [key for key in labels if key.startswith("cut:")]
    for option in [*compound, numbers[0], numbers[-1]]:
        at.selectbox(key="group").set_value(option).run()
        calm(at)
        groups = legend(at)
        assert groups == ["All patients"] if option == "filters:" else len(groups) > 1, option


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("genes:TET2|ASXL1", {"TET2 only", "ASXL1 only", "Both", "Neither"}),
        ("hierarchy:MPL>CALR", {"MPL", "CALR", "None of these"}),
        ("alleles:CALR", {"CALR type 1", "CALR type 2", "CALR other", "CALR wild type"}),
        ("cut:age_years@60", {"Age up to 60 years", "Age above 60 years"}),
        ("cut:hb_g_per_l@clinical", {
            "Haemoglobin below 80 g/L",
            "Haemoglobin from 80 to below 100 g/L",
            "Haemoglobin 100 g/L or more",
        }),
        ('filters:a={"altered":"JAK2"}|b={"altered":"CALR"}', {"a", "b"}),
        ("cut:age_years@optimal=54", {"Age up to 54 years", "Age above 54 years"}),
    ],
)  # fmt: skip
def test_a_link_may_hold_the_grouping_whole(open_app: Opener, text: str, groups: set[str]):
    drawn(open_app("survival", group=text), *groups)


def test_a_link_of_the_address_bar_restores_option_and_parameters(open_app: Opener):
    at = open_app("survival", group="cut:age_years@40,60")
    query = dict(at.query_params)
    assert set(query) == {"group", "cut", "cut_at"}
    again = open_app("survival", **query)
    drawn(again, "Age up to 40 years", "Age above 40 up to 60 years", "Age above 60 years")


def test_a_saved_view_may_hold_the_grouping_whole(open_app: Opener):
    at = open_app("home")
    at.session_state["group"] = "cut:age_years@60"
    at.switch_page(str(ROOT / "pages" / "survival.py"))
    drawn(at.run(), "Age up to 60 years", "Age above 60 years")


@pytest.mark.parametrize(
    "query",
    [{"group": "saved:Mine"}, {"group": "genes:TP53|NOGENE"}, {"group": "alteration:NOGENE"}],
)
def test_a_grouping_that_cannot_be_restored_is_said_once(open_app: Opener, query: dict[str, str]):
    at = open_app("survival", **query)
    assert not at.exception
    assert any("stands in for them" in element.value for element in at.warning)
    assert not at.run().warning or "stands in" not in words(at)


def test_a_number_can_be_cut_in_every_way(open_app: Opener):
    at = open_app("survival", group="cut:age_years@median")
    drawn(at, "Age up to 58 years", "Age above 58 years")
    assert "Cut at the median of the 2,000 selected patients" in words(at)
    for rule, number in (("Tertiles", 3), ("Quartiles", 4), ("Clinical", 3)):
        at.segmented_control(key="cut").set_value(rule).run()
        calm(at)
        assert len(legend(at)) == number
    at.segmented_control(key="cut").set_value("Typed").run()
    drawn(at, "Age up to 58 years", "Age above 58 years")
    at.text_input(key="cut_at").set_value("forty").run()
    calm(at)
    assert "Type one to 9 numbers" in words(at)
    at.text_input(key="cut_at").set_value("45").run()
    drawn(at, "Age up to 45 years", "Age above 45 years")
    at.selectbox(key="group").set_value("cut:hb_g_per_l").run()
    calm(at)
    assert not at.text_input(key="cut_at").value, "values of age mean nothing for haemoglobin"


def test_what_was_chosen_for_one_number_or_cohort_does_not_trip_another(open_app: Opener):
    at = open_app("survival", group="cut:age_years@clinical")
    at.selectbox(key="group").set_value("cut:ldh_u_per_l").run()
    calm(at)
    assert at.segmented_control(key="cut").value == "Median"
    assert len(legend(at)) == 2
    for option, cohort in (("genes:", "demo:aml"), ("hierarchy:", "demo:mpn")):
        at.selectbox(key="group").set_value(option).run()
        at.selectbox(key="cohort").set_value(cohort).run()
        calm(at)
        assert len(legend(at)) > 1
        assert at.selectbox(key="group").value == option


def test_quantiles_follow_the_filter(open_app: Opener):
    at = open_app("survival", group="cut:age_years@median", dx=["MF"])
    assert legend(at) != ["Age up to 58 years", "Age above 58 years"]


def test_an_optimal_cut_says_its_corrected_p_value_and_its_optimism(open_app: Opener):
    at = open_app("survival", group="cut:age_years@optimal", dx=["MF"])
    calm(at)
    said = words(at)
    assert "corrected for the search" in said
    assert "is optimistic: cross-validation leaves" in said
    assert "found in the same patients" in said


def test_an_optimal_cut_that_cannot_be_found_falls_back_to_the_median(open_app: Opener):
    at = open_app("survival", group="cut:age_years@optimal", age=["93", "95"])
    calm(at)
    assert "It is cut at the median instead" in words(at)
    assert len(legend(at)) == 2


def test_ties_are_answered_in_a_sentence_and_everyone_is_shown(open_app: Opener):
    at = open_app("survival", group="cut:fibrosis_grade@quartiles")
    drawn(at, "All patients")
    assert "a group would be empty" in words(at)


def test_saved_filters_are_compared(open_app: Opener):
    at = open_app("survival", group="filters:", dx=["MF"])
    assert "Save at least two filters" in words(at)
    at.button(key="save_filter").click().run()
    assert [element.value for element in at.error] == ["Give the filter a name first."]
    for name, disease in (("Fibrosis", "MF"), ("Thrombocythaemia", "ET")):
        at.multiselect(key="dx").set_value([disease]).run()
        at.text_input(key="filter_name").set_value(name)
        at.button(key="save_filter").click().run()
    at.multiselect(key="dx").set_value([]).run()
    drawn(at, "Fibrosis", "Thrombocythaemia")
    assert "in none of the chosen groups" in words(at), "polycythaemia vera is in neither"
    guest = open_app("survival", **dict(at.query_params))
    drawn(guest, "Fibrosis", "Thrombocythaemia")
    at.selectbox(key="group").set_value("variable:driver").run()
    assert set(at.query_params) == set(), "an address holds what is shown, no more"


def arranging(at: AppTest) -> AppTest:
    """Open the popover that arranges groups, as a click on it does."""
    at.session_state["groups"] = True
    return at.run()


def widget(at: AppTest, kind: str, what: str, group: str):
    found = [w for w in at.get(kind) if w.key.startswith(f"arrange:{what}:") and group in w.key]
    assert len(found) == 1
    return found[0]


def test_groups_are_renamed_hidden_moved_and_reset(open_app: Opener):
    at = arranging(open_app("survival"))
    assert legend(at) == ["JAK2", "CALR", "MPL", "Triple-negative"]
    widget(at, "text_input", "names", "Triple-negative").set_value("No driver").run()
    widget(at, "toggle", "shown", "MPL").set_value(False).run()
    widget(at, "button", "up", "CALR").click().run()
    calm(at)
    assert legend(at) == ["CALR", "JAK2", "No driver"]
    assert "73 in a hidden group" in words(at)
    kept = Arrangement.from_text(at.query_params[IN_LINK])
    assert kept.names == (("Triple-negative", "No driver"),)
    at.selectbox(key="group").set_value("variable:sex").run()
    assert legend(at) == ["F", "M"]
    assert IN_LINK not in at.query_params
    at.selectbox(key="group").set_value("variable:driver").run()
    assert legend(at) == ["CALR", "JAK2", "No driver"], "switching back restores it"
    at.button(key="arrange_reset").click().run()
    assert legend(at) == ["JAK2", "CALR", "MPL", "Triple-negative"]
    assert widget(at, "text_input", "names", "Triple-negative").value == "Triple-negative"


def test_a_reference_goes_first_and_a_colour_is_kept(open_app: Opener):
    at = arranging(open_app("survival"))
    reference = next(w for w in at.selectbox if w.key.startswith("arrange:reference:"))
    reference.set_value("Triple-negative").run()
    widget(at, "color_picker", "colours", "JAK2").set_value("#123456").run()
    calm(at)
    assert legend(at) == ["Triple-negative", "JAK2", "CALR", "MPL"]
    assert "#123456" in str(figures(at)[0]["data"])


def test_two_groups_of_one_name_are_answered_in_a_sentence(open_app: Opener):
    at = arranging(open_app("survival"))
    widget(at, "text_input", "names", "MPL").set_value("CALR").run()
    calm(at)
    assert "Two groups are called CALR" in words(at)
    assert legend(at) == ["JAK2", "CALR", "MPL", "Triple-negative"]


def test_a_link_restores_how_groups_are_shown(open_app: Opener):
    text = Arrangement(names=(("CALR", "Calreticulin"),), hidden=("MPL",)).to_text()
    at = open_app("survival", **{IN_LINK: text})
    drawn(at, "JAK2", "Calreticulin", "Triple-negative")
    broken = open_app("survival", **{IN_LINK: "{"})
    assert not broken.exception
    assert "cannot be read" in words(broken)
