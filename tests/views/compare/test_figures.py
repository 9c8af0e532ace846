"""Figures of the compare page: what is drawn where, in which colour, and what it says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from app.analysis.associations import table_one
from app.cohort.colours import NEUTRAL, colour_of
from app.cohort.groupings import Grouping, GroupingSpec, only_groups
from app.study.figures.theme import framed, rgba
from app.views.compare.analysis import Enrichment, clinical_differences, composition, enrichment
from app.views.compare.figures import (
    composition_figure,
    differences_figure,
    enrichment_figure,
    ratio_ticks,
)
from app.views.compare.two_cohorts.figures import clinical_replication_figure, replication_figure
from app.views.compare.words import groups_title
from app.views.genomics.frequencies.analysis import group_frequencies
from data_loaders import Cohort, load_cohort

NAMES = ("Discovery", "Validation")


@pytest.fixture(scope="module")
def mpn() -> Cohort:
    return load_cohort("demo:mpn")


def everyone(cohort: Cohort) -> np.ndarray:
    return np.ones(cohort.n, dtype=bool)


@pytest.fixture(scope="module")
def contrast(mpn: Cohort) -> Enrichment:
    grouping = GroupingSpec.parse("variable:driver").build(mpn)
    found = group_frequencies(mpn, everyone(mpn), ["gene", "cytogenetic"], grouping=grouping)
    return enrichment(found, "CALR")


def named(figure: go.Figure) -> dict[str, Any]:
    return {trace.name: trace for trace in figure.data}


def texts(figure: go.Figure) -> list[str]:
    return [note.text for note in figure.layout.annotations]


def test_a_bar_is_filled_where_the_test_is_clear(mpn: Cohort):
    grouping = GroupingSpec.parse("variable:driver").build(mpn)
    ranked = clinical_differences(table_one(mpn, grouping))
    traces = named(framed(differences_figure(ranked, most=12), "Shown, 2,000 patients"))
    leading = ranked.head(12)
    clear = (leading["q_value"] < 0.05).to_numpy()
    assert len(traces["q < 0.05"]["y"]) == clear.sum()
    assert list(traces["q < 0.05"]["x"]) == leading.loc[clear, "smd"].tolist()
    assert "missing" in traces["q < 0.05"]["hovertext"][0]
    assert all(0 < trace.width < 1 for trace in traces.values()), "no bar covers its neighbours"


def test_between_two_groups_a_bar_has_the_colour_of_the_higher_one(mpn: Cohort):
    grouping = GroupingSpec.parse("variable:driver").build(mpn)
    two = only_groups(grouping, ("CALR", "JAK2"))
    colours = dict(zip(two.names, two.colours, strict=True))
    ranked = clinical_differences(table_one(mpn, two))
    traces = named(framed(differences_figure(ranked, colours=colours), "Shown"))
    platelets = (
        mpn.patients["platelets_1e9_per_l"].groupby(mpn.patients["driver"].astype(str)).mean()
    )
    assert platelets["CALR"] > platelets["JAK2"]
    place = ranked["variable"].tolist().index("platelets_1e9_per_l")
    assert ranked["higher_in"][place] == "CALR"
    assert place in list(traces["Higher in CALR"]["y"])
    assert traces["Higher in CALR"]["marker"]["color"] == colour_of("CALR")
    assert ranked.set_index("variable")["higher_in"]["sex"] == ""


def test_a_bar_that_would_squeeze_the_others_is_cut_and_says_its_number(mpn: Cohort):
    grouping = GroupingSpec.parse("variable:driver").build(mpn)
    ranked = clinical_differences(table_one(mpn, grouping)).head(4).reset_index(drop=True)
    ranked.loc[:1, "smd"] = [10.4, np.inf]
    figure = framed(differences_figure(ranked), "Shown")
    assert figure.layout.xaxis.range == (0, 2.5)
    assert {"10.40 ▸", "∞ ▸"} <= set(texts(figure))
    assert sum("▸" in text for text in texts(figure)) == 2
    assert all(max(trace["x"]) <= 2.5 for trace in figure.data)


def test_no_variable_makes_an_empty_figure_and_no_error(mpn: Cohort):
    grouping = GroupingSpec.parse("variable:driver").build(mpn)
    nothing = clinical_differences(table_one(mpn, grouping, variables=[]))
    assert framed(differences_figure(nothing), "Nothing, 0 patients").data == ()


def placed(trace: Any) -> np.ndarray:
    """Where the points of a trace stand; the first is the legend's and stands nowhere."""
    first, *rest = np.asarray(trace["x"], dtype=float)
    assert np.isnan(first)
    return np.asarray(rest)


def test_the_volcano_has_every_alteration_compared_in_the_groups_colour(contrast: Enrichment):
    figure = framed(enrichment_figure(contrast, {"CALR": "#d9541e"}), "Shown, 2,000")
    traces = named(figure)
    assert sum(len(placed(trace)) for trace in traces.values()) == contrast.n_tested
    assert all(trace["marker"]["symbol"][0] == "circle" for trace in traces.values()), "legend"
    assert traces["More in CALR"]["marker"]["color"] == rgba(str(colour_of("CALR")), 0.85)
    assert all(trace["marker"]["opacity"] == 1 for trace in traces.values()), "not faded"
    assert traces["q ≥ 0.05"]["marker"]["line"]["color"] == NEUTRAL, "hollow, with an outline"
    hits = contrast.hits["label"].tolist()
    assert set(texts(figure)) & set(hits)
    assert not set(texts(figure)) & set(contrast.by_construction)
    quiet = contrast.table.loc[contrast.table["q_value"] >= 0.05, "label"]
    assert len(set(texts(figure)) & set(quiet)) <= 5


def test_an_odds_ratio_of_nought_or_infinity_is_a_triangle_at_the_edge(contrast: Enrichment):
    figure = framed(enrichment_figure(contrast, {}), "Shown, 2,000")
    low, high = figure.layout.xaxis.range
    table = contrast.table[contrast.table["p_value"].notna()]
    endless = table["odds_ratio"].isin([0.0, np.inf]).sum()
    symbols = [s for trace in named(figure).values() for s in trace["marker"]["symbol"]]
    assert symbols.count("triangle-up") == endless
    assert all(((low < placed(t)) & (placed(t) < high)).all() for t in named(figure).values())


def test_ratios_on_an_axis_are_few_enough_for_a_phone():
    assert ratio_ticks(1.0) == [0.1, 0.2, 0.5, 1, 2, 5, 10]
    assert ratio_ticks(2.05) == [0.01, 0.1, 1, 10, 100]
    assert all(len(ratio_ticks(reach)) <= 7 for reach in (0.6, 1.0, 1.3, 1.4, 2.0, 3.0))


def test_each_bar_of_a_composition_is_whole(mpn: Cohort):
    groups = GroupingSpec.parse("variable:diagnosis").build(mpn)
    parts = GroupingSpec.parse("variable:driver").build(mpn)
    shares = composition(groups, parts, everyone(mpn))
    colours = dict(zip(parts.names, parts.colours, strict=True))
    traces = named(framed(composition_figure(shares, colours), "Shown, 2,000 patients"))
    assert np.sum([trace["x"] for trace in traces.values()], axis=0) == pytest.approx(1)
    assert traces["CALR"]["marker"]["color"] == colour_of("CALR")


def replicated() -> pd.DataFrame:
    return pd.DataFrame({
        "label": ["SRSF2", "TP53"],
        "odds_ratio_1": [0.2, 2.0], "lower_1": [0.1, 1.1], "upper_1": [0.4, 4.0],
        "odds_ratio_2": [0.0, 3.0], "lower_2": [0.0, 0.9], "upper_2": [2.0, np.inf],
        "p_value_1": [0.001, 0.02], "p_value_2": [0.4, np.nan],
        "q_value_1": [0.002, 0.03], "q_value_2": [0.5, np.nan],
    })  # fmt: skip


def test_two_cohorts_stand_on_one_axis_and_what_is_beyond_is_marked():
    figure = framed(replication_figure(replicated(), NAMES), "Alterations: 10 and 20 patients")
    traces = named(figure)
    assert list(traces) == list(NAMES)
    low, high = figure.layout.xaxis.range
    assert low == -high
    assert traces["Validation"]["marker"]["symbol"] == ("diamond", "triangle-left")
    assert np.asarray(traces["Validation"]["y"]) == pytest.approx([1.16, 0.16])
    assert traces["Discovery"]["x"] == pytest.approx(np.log10([0.2, 2.0]))
    ends = np.asarray(traces["Validation"]["x"]) + traces["Validation"]["error_x"]["array"]
    assert (ends <= high).all()
    assert "not tested" in traces["Validation"]["hovertext"][0]
    drivers = {colour_of(name) for name in ("JAK2", "CALR", "MPL", "triple-negative")}
    assert not {trace["marker"]["color"] for trace in traces.values()} & drivers


def test_a_clinical_difference_says_which_group_is_higher():
    table = replicated().rename(columns=lambda name: name.replace("odds_ratio", "smd"))
    figure = framed(clinical_replication_figure(table, NAMES, higher_in="Mutated"), "Clinical: 10")
    assert any("higher in Mutated" in text for text in texts(figure))
    assert figure.layout.xaxis.range[0] < 0
    undirected = table.assign(lower_1=np.nan, upper_1=np.nan, lower_2=np.nan, upper_2=np.nan)
    figure = framed(clinical_replication_figure(undirected, NAMES), "Clinical: 10")
    assert "Largest SMD" in texts(figure)
    assert "without direction" in named(figure)["Discovery"]["hovertext"][0]


def test_a_title_says_of_what_yes_and_no_are():
    codes = np.zeros(3, dtype=np.int64)
    grouping = Grouping("Double or triple hit", ("Yes", "No"), codes, ("#000", "#fff"))
    assert groups_title("Patients", grouping, 3) == "Patients by double or triple hit, 3 patients"
    named = replace(grouping, names=("GCB", "ABC"))
    assert groups_title("Patients", named, 3) == "Patients: GCB and ABC, 3 patients"
