"""The genomics page, driven without a browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from app.study.analyses import views_of
from app.study.figures.theme import SYNTHETIC_MARK
from tests.pages.conftest import calm, figures, unfolded, words

Opener = Callable[..., AppTest]


def opened(open_app: Opener, **query: str | list[str]) -> AppTest:
    at = open_app("genomics", **query)
    calm(at)
    return at


def title(at: AppTest, position: int = 0) -> str:
    return figures(at)[position]["layout"]["annotations"][0]["text"].replace("<br>", " ")


@pytest.mark.parametrize("view", views_of("genomics"))
@pytest.mark.parametrize("cohort", ["demo:mpn", "demo:mds", "demo:aml"])
def test_each_view_opens_on_a_finished_figure(open_app: Opener, cohort: str, view: str):
    at = opened(open_app, cohort=cohort, genomics=view)
    assert figures(at)
    assert all(SYNTHETIC_MARK in str(figure["layout"]) for figure in figures(at))
    assert not at.info
    assert "Analyses were done with CALR Explorer" in words(unfolded(at))


def test_it_compares_diagnoses_first_and_keeps_what_a_link_asks(open_app: Opener):
    at = opened(open_app)
    assert at.selectbox(key="group").value == "variable:diagnosis"
    assert "by diagnosis" in title(at)
    at = opened(open_app, group="alteration:ASXL1")
    assert at.selectbox(key="group").value == "alteration:ASXL1"
    assert "so described and not compared: ASXL1" in words(at)


def test_which_mutations_go_with_sf3b1_and_which_avoid_it(open_app: Opener):
    at = opened(open_app, cohort="demo:mds", genomics="Together or apart", pairs_about="SF3B1")
    said = words(at)
    assert "Goes with SF3B1: " in said
    avoided = said.split("Avoids SF3B1: ")[1].split("\n")[0]
    assert "SRSF2" in avoided
    table = next(frame.value for frame in at.dataframe if "label_b" in frame.value.columns)
    assert (table["label_a"] == "SF3B1").all()


def test_kinds_are_genes_cytogenetics_or_both(open_app: Opener):
    at = opened(open_app, cohort="demo:mds", group="everyone", kinds=["Cytogenetics"])
    ticks = figures(at)[0]["layout"]["yaxis"]["ticktext"]
    assert "del(5q)" in ticks
    assert "TET2" not in ticks
    at = opened(open_app, cohort="demo:mds", group="everyone", kinds=["Genes"])
    assert "TET2" in figures(at)[0]["layout"]["yaxis"]["ticktext"]
    assert "del(5q)" not in figures(at)[0]["layout"]["yaxis"]["ticktext"]


def test_the_most_different_come_first_when_asked(open_app: Opener):
    at = opened(open_app, genomics_order="Most different")
    table = next(frame.value for frame in at.dataframe if "q_value" in frame.value.columns)
    first = figures(at)[0]["layout"]["yaxis"]["ticktext"][0]
    assert first == f"{table['label'].iloc[0]} *"


def test_one_genes_variants_mirrored(open_app: Opener):
    at = opened(
        open_app, genomics="Variants", variants_gene="TP53",
        variants_for="Two groups, mirrored", variants_above="MF", variants_below="PV",
    )  # fmt: skip
    assert "MF above, PV below" in title(at)
    assert "UniProt P04637" in str(figures(at)[0]["layout"])


def test_the_order_of_acquisition_says_what_it_assumes(open_app: Opener):
    at = opened(open_app, genomics="Allele fractions")
    assert len(figures(at)) == 2
    said = words(at)
    assert "A hint, not a proof" in said
    assert "copy number" in said


def test_a_filter_that_selects_nobody_is_said(open_app: Opener):
    at = opened(open_app, dx=["PV"], age=["94", "95"], **{"with": ["CALR", "MPL"]})
    assert "selects nobody" in words(at)
    assert not figures(at)
