"""Figures of the subgroups page: rings, selections, labels apart, counts that add up."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.cohort.groupings import by_labels
from app.study.figures.alluvial import alluvial
from app.study.figures.heatmap import prevalence_heatmap
from app.study.figures.labels import Anchor, all_shortened, place_labels, shortened
from app.study.figures.theme import SYNTHETIC_MARK, framed
from app.study.slides._reading import panels_of
from app.views.subgroups.figures import MapLook, map_by_group, map_by_number

N = 90
RNG = np.random.default_rng(1)
POINTS = pd.DataFrame({"x": RNG.normal(size=N), "y": RNG.normal(size=N)})
GROUPS = by_labels("Subgroup", ["a", "b", None] * 30, ["a", "b"])


def test_uncertain_patients_are_rings_and_nobody_is_drawn_twice():
    uncertain = np.arange(N) < 20
    look = MapLook(uncertain=uncertain)
    figure = framed(map_by_group(POINTS, GROUPS.codes, GROUPS, ["h"] * N, look=look), "t")
    rings = [t for t in figure.data if t.marker.symbol == "circle-open"]
    assert sum(len(t.x) for t in rings) == 20
    assert sum(len(t.x) for t in figure.data) == N
    assert sum(bool(t.showlegend) for t in figure.data) == 3, "one entry a group"


def test_a_map_on_a_slide_has_every_point_where_it_is():
    look = MapLook(uncertain=np.arange(N) < 20)
    figure = map_by_group(POINTS, GROUPS.codes, GROUPS, ["h"] * N, labels=True, look=look)
    (panel,), _ = panels_of(framed(figure, "t"))
    drawn = [(s.x, s.y) for s in panel.series if s.symbol not in ("", "none")]
    across, up = (np.concatenate(places) for places in zip(*drawn, strict=True))
    assert sorted(across) == pytest.approx(sorted(POINTS["x"]), abs=1e-3)
    assert sorted(up) == pytest.approx(sorted(POINTS["y"]), abs=1e-3)


@pytest.mark.parametrize("by_number", [False, True])
def test_selected_patients_stand_out_in_any_colour(by_number):
    chosen = np.array([0, 4, 50, 89])
    look = MapLook(chosen=chosen)
    common = {"look": look}
    values = np.where(np.arange(N) < 5, np.nan, np.arange(N, dtype=float))
    figure = (
        map_by_number(POINTS, values, ["h"] * N, label="l", **common)
        if by_number
        else map_by_group(POINTS, GROUPS.codes, GROUPS, ["h"] * N, **common)
    )
    found = {(trace.x[i], trace.y[i]) for trace in figure.data for i in trace.selectedpoints or ()}
    assert found == {(POINTS["x"][i], POINTS["y"][i]) for i in chosen}


def test_contours_and_a_found_patient_are_added():
    look = MapLook(contours=True, found=3)
    figure = framed(map_by_group(POINTS, GROUPS.codes, GROUPS, ["h"] * N, look=look), "t")
    assert [t.type for t in figure.data][-2:] == ["contour", "scattergl"]
    assert figure.data[-1].x == (POINTS["x"][3],)


@given(
    some.lists(
        some.tuples(
            some.text("ABC+", min_size=1, max_size=24), some.floats(0, 9), some.floats(0, 9)
        ),
        max_size=25,
    )
)
def test_no_label_covers_another(named):
    anchors = [Anchor(text, x, y) for text, x, y in named]
    placed = place_labels(anchors, (0.0, 9.0, 0.0, 9.0), (500.0, 400.0))
    scale = min(500 / 9, 400 / 9)
    for i, one in enumerate(placed):
        for other in placed[:i]:
            wide = (6.6 * len(one.text) + 6.6 * len(other.text)) / 2 + 8
            assert (
                abs(one.x - other.x) * scale >= wide - 1e-6
                or abs(one.y - other.y) * scale >= 20 - 1e-6
            )
    if anchors:
        assert placed[0].text == anchors[0].text, "the most important label is always there"


def test_the_heat_map_holds_the_prevalences_and_their_counts():
    rows = [("a", "F", 0.8, 0.1, 8, 10, 2, 20), ("b", "F", 0.1, 0.8, 2, 20, 8, 10)]
    names = ["group", "feature", "in_group", "outside", "altered_in_group", "tested_in_group"]
    table = pd.DataFrame(rows, columns=[*names, "altered_outside", "tested_outside"]).assign(
        odds_ratio=3.0, lower=2.0, upper=4.0, q_value=0.01
    )
    figure = framed(prevalence_heatmap(table, {"a": 10, "b": 20}, ["F"]), "t", synthetic=True)
    assert np.asarray(figure.data[0].z).tolist() == [[0.8, 0.1]]
    assert "8 of 10 tested (80%)" in figure.data[0].customdata[0][0]
    assert SYNTHETIC_MARK in str(figure.layout.annotations)


def test_the_flows_of_the_alluvial_add_up():
    table = pd.DataFrame([[30, 5], [0, 12]], index=["a", "b"], columns=["X", "Y"])
    figure = framed(
        alluvial(table, {"a": "#2a7fc1"}, left="Subgroup", right="Class"), "t", synthetic=True
    )
    sankey = figure.data[0]
    assert sum(sankey.link.value) == 47
    assert list(sankey.node.label) == ["a (35)", "b (12)", "X (30)", "Y (17)"]
    assert SYNTHETIC_MARK in str(figure.layout.annotations)


def test_a_label_does_not_hide_a_small_group():
    small = np.column_stack([np.linspace(4.9, 5.1, 6), np.full(6, 5.0)])
    large = RNG.normal((2.0, 2.0), 0.8, (300, 2))
    anchors = [Anchor("JAK2", 2.0, 2.0, large), Anchor("TET2 / DNMT3A", 5.0, 5.0, small)]
    placed = place_labels(anchors, (0.0, 9.0, 0.0, 9.0), (500.0, 400.0))
    assert [label.text for label in placed] == ["JAK2", "TET2 / DNMT3A"]
    scale = 400 / 9
    for label in placed:
        half = (6.6 * len(label.text) + 8) / 2
        under = (np.abs(small[:, 0] - label.x) * scale < half) & (
            np.abs(small[:, 1] - label.y) * scale < 10
        )
        assert under.mean() <= 0.25


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Myelofibrotic transformation, months", "Myelofibrotic transformation, event"),
        ("CALR mutation, type 1", "CALR mutation, type 2"),
        ("del(5q) with other events", "del(7q) with other events"),
    ],
)
def test_shortened_names_still_differ(one: str, two: str):
    assert shortened(one, 16) != shortened(two, 16)
    assert max(len(shortened(name, 16)) for name in (one, two)) <= 16
    assert shortened("JAK2", 16) == "JAK2"


def test_names_that_differ_in_the_middle_stay_apart():
    names = [f"BCR::ABL1 (international scale) at {month} months, %" for month in (3, 6, 12)]
    short = all_shortened([*names, "Sokal", "Platelets at the first visit, 10⁹/L"], 26)
    assert short[:2] == ["BCR::ABL1 (int…3 months, %", "BCR::ABL1 (int…6 months, %"]
    assert len(set(short)) == len(short)
    assert max(map(len, short)) <= 26
    assert short[3:] == ["Sokal", shortened("Platelets at the first visit, 10⁹/L", 26)]
    alike = ["A long name of something, twice", "A long name of something, twice"]
    assert all_shortened(alike, 16) == [shortened(alike[0], 16)] * 2
