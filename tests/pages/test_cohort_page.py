"""The Cohort page driven without a browser: pictures, table one, builder, saved filters, links."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.study.figures.theme import SYNTHETIC_MARK
from data_loaders import load_cohort, load_table_bytes
from pages.cohort import TABS
from tests.conftest import ROOT
from tests.pages.conftest import calm, figures, words
from tests.pages.test_odd_cohorts import TABLES, counts_everyone, table

Opener = Callable[..., AppTest]
DEMOS = ("demo:mpn", "demo:mds", "demo:aml")
MPN = load_cohort("demo:mpn")


def on(at: AppTest, tab: str) -> AppTest:
    at.session_state["cohort_tabs"] = tab
    return calm(at.run())


def n(at: AppTest) -> int:
    """Patients selected, as the sidebar says."""
    text = next(e.value for e in at.sidebar.markdown if " of " in e.value)
    return int(text.strip("*").split(" of ")[0].replace(",", ""))


def table_one(at: AppTest) -> Any:
    return next(e.value for e in at.dataframe if "SMD" in e.value.columns)


def widget(elements: Any, start: str) -> Any:
    """The last widget whose key starts so."""
    return [element for element in elements if str(element.key).startswith(start)][-1]


@pytest.mark.parametrize("cohort", DEMOS)
def test_every_tab_opens_on_every_demo(open_app: Opener, cohort: str):
    at = calm(open_app("cohort", cohort=cohort))
    drawn = figures(at)
    assert len(drawn) >= 9
    for figure in drawn:
        assert SYNTHETIC_MARK in str(figure["layout"])
        title = str(figure["layout"]["annotations"]).replace("<br>", " ")
        assert " known" in title or "patients" in title
    assert all(chart.proto.alt for chart in at.get("plotly_chart"))
    for tab in list(TABS)[1:]:
        on(at, tab)


def test_undo_redo_and_clear_bring_filters_and_widgets_back(open_app: Opener):
    at = calm(open_app("cohort"))
    at.multiselect(key="dx").set_value(["MF"]).run()
    at.multiselect(key="with").set_value(["ASXL1"]).run()
    last = n(at)
    calm(at.button(key="undo").click().run())
    assert (at.multiselect(key="dx").value, at.multiselect(key="with").value) == (["MF"], [])
    assert n(at) == (MPN.patients["diagnosis"] == "MF").sum()
    calm(at.button(key="redo").click().run())
    assert at.multiselect(key="with").value == ["ASXL1"]
    assert n(at) == last
    calm(at.button(key="clear_filter").click().run())
    assert n(at) == MPN.n
    calm(at.button(key="undo").click().run())
    assert n(at) == last


def test_a_link_with_any_filter_is_restored_shown_and_taken_out(open_app: Opener):
    text = (
        '{"all":[{"any":[{"altered":"ASXL1"},{"variant":"TET2","vaf":[0.1,null]}]},'
        '{"column":"hb_g_per_l","between":[null,100]}]}'
    )
    at = calm(open_app("cohort", dx=["MF"], filter=text))
    assert "ASXL1 altered or TET2 variant with VAF 10% or more" in words(at)
    narrow = n(at)
    link = at.query_params["filter"]
    assert not at.warning
    calm(at.button(key="condition_1").click().run())
    assert n(at) > narrow
    again = calm(open_app("survival", dx=["MF"], filter=link))
    assert n(again) == narrow, "the compact form travels to any page"


@pytest.mark.parametrize("text", ["garbage", '{"altered":"NOGENE"}', '{"column":"no","in":["a"]}'])
def test_a_filter_that_cannot_be_restored_is_said(open_app: Opener, text: str):
    at = calm(open_app("cohort", filter=text))
    assert any("could not be restored fully" in element.value for element in at.warning)
    assert n(at) == MPN.n


def test_mf_over_65_with_asxl1_but_not_calr_type_1_without_code(open_app: Opener):
    """The first question of a newcomer, answered in the builder alone."""
    at = on(open_app("cohort"), "Filter builder")
    type_1 = next(str(f) for f in MPN.features.index if "CALR" in f and "1" in f)
    for what in ("variable:diagnosis", "variable:age_years", "altered", "altered"):
        if widget(at.selectbox, "builder_what").value:
            widget(at.button, "builder_add").click().run()
        widget(at.selectbox, "builder_what").set_value(what).run()
        if what == "variable:diagnosis":
            widget(at.multiselect, "builder_part").set_value(["MF"]).run()
        elif what == "variable:age_years":
            low = next(e for e in at.number_input if str(e.key).endswith("_low"))
            low.set_value(66.0).run()
    features = [e for e in at.multiselect if str(e.key).startswith("builder_part")][1:]
    features[0].set_value(["ASXL1"])
    features[1].set_value([type_1])
    widget(at.selectbox, "builder_not").set_value("is not")
    calm(at.run())
    frame, altered = MPN.patients, MPN.alterations
    expected = (
        (frame["diagnosis"] == "MF") & (frame["age_years"] >= 66)
        & altered["ASXL1"].fillna(value=False) & ~altered[type_1].fillna(value=True)
    ).sum()  # fmt: skip
    assert f"**{expected:,} of 2,000 patients**" in words(at)
    calm(at.button(key="builder_use").click().run())
    assert n(at) == expected > 0
    assert at.multiselect(key="dx").value == ["MF"]
    assert at.multiselect(key="with").value == ["ASXL1"]
    assert at.multiselect(key="without").value == [type_1]


def test_the_builder_finds_a_gene_by_its_name(open_app: Opener):
    at = on(open_app("cohort"), "Filter builder")
    what = widget(at.selectbox, "builder_what")
    calm(what.set_value("gene:ASXL1").run())
    assert widget(at.selectbox, "builder_what").value == "altered"
    assert widget(at.multiselect, "builder_part").value == ["ASXL1"]
    carriers = int(MPN.alterations["ASXL1"].fillna(value=False).sum())
    assert f"**{carriers:,} of 2,000 patients**" in words(at)


def test_a_pasted_list_selects_is_saved_and_never_reaches_the_link(open_app: Opener):
    at = on(open_app("cohort"), "Filter builder")
    ids = [str(i) for i in MPN.patients.index[:3]]
    widget(at.selectbox, "builder_what").set_value("patients").run()
    at.text_area[0].set_value(f"{ids[0]}\n{ids[1]}, nobody; {ids[2]}").run()
    assert "3 of 4 found in this cohort" in words(at)
    at.text_input(key="builder_name").set_value("Mine")
    at.button(key="builder_save").click().run()
    calm(at.button(key="builder_use").click().run())
    assert n(at) == 3
    on(at, next(iter(TABS)))
    assert not any(i in str(dict(at.query_params)) for i in ids)
    assert not any(i in words(at) for i in ids)
    link = {key: at.query_params[key] for key in at.query_params}
    guest = calm(open_app("cohort", **link))
    assert any("identifiers never go into a link" in element.value for element in guest.warning)


def test_saved_filters_are_combined_and_drawn(open_app: Opener):
    at = on(open_app("cohort"), "Filter builder")
    for name, gene in (("A", "ASXL1"), ("B", "TET2")):
        at.button(key="builder_empty").click().run()
        widget(at.button, "builder_add").click().run()
        widget(at.selectbox, "builder_what").set_value("altered").run()
        widget(at.multiselect, "builder_part").set_value([gene]).run()
        at.text_input(key="builder_name").set_value(name)
        calm(at.button(key="builder_save").click().run())
    a, b = (MPN.alterations[gene].fillna(value=False) for gene in ("ASXL1", "TET2"))
    assert "UpSet figure" in at.get("plotly_chart")[-1].proto.alt
    for how, expected in (("Union", a | b), ("Intersection", a & b), ("Difference", a & ~b)):
        at.segmented_control(key="saved_how").set_value(how).run()
        assert f"**{how}: {expected.sum():,} patients**" in words(calm(at))
    calm(at.button(key="combination_use").click().run())
    assert n(at) == (a & ~b).sum()


def test_table_one_follows_grouping_and_filter(open_app: Opener):
    at = on(open_app("cohort", dx=["MF"], group="variable:sex"), "Table one")
    table = table_one(at)
    women = ((MPN.patients["diagnosis"] == "MF") & (MPN.patients["sex"] == "F")).sum()
    assert f"F ({women:,})" in table.columns
    assert "Sex" not in set(table["Variable"]), "what the groups are made of is no row"
    at.segmented_control(key="table_numbers").set_value("Mean, Welch").run()
    assert "Welch t" in set(table_one(calm(at))["Test"])


def test_nobody_selected_gets_a_sentence_on_every_tab(open_app: Opener):
    at = calm(open_app("cohort", dx=["ET"], **{"with": ["JAK2", "CALR", "MPL", "TP53"]}))
    for tab in TABS:
        on(at, tab)
    on(at, "Step by step")
    assert figures(at)


MORE_TABLES = {
    "forty_levels": table(
        "patient_id,diagnosis,centre,CALR",
        [f"A{i},D{i % 40},C{i},{i % 2}" for i in range(200)],
    ),
    "wide_numbers": table(
        "patient_id,age_years,ferritin,ratio,weight",
        [f"A{i},{40 + i % 30},{10 ** (i % 9)},{i / 1e7},{-5 if i % 2 else 5}" for i in range(60)],
    ),
    "all_missing_but_one": table(
        "patient_id,diagnosis,hb_g_per_l,CALR",
        [f"A{i},{'MF' if i == 3 else ''},{100 if i == 3 else ''},{'' if i else 1}"
         for i in range(30)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", [*TABLES, *MORE_TABLES])
def test_odd_cohorts_break_no_tab(name: str):
    cohort = load_table_bytes(f"{name}.csv", (TABLES | MORE_TABLES)[name])
    at = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60)
    at.session_state["_uploads"] = {f"upload:{cohort.name}": cohort}
    at.session_state["cohort"] = f"upload:{cohort.name}"
    at.switch_page(str(ROOT / "pages" / "cohort.py"))
    for tab in TABS:
        on(at, tab)
        counts_everyone(at, cohort)
        assert "nan" not in words(at).split()
