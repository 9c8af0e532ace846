"""Figures of cumulative incidence: what they hold, aligned tables, marks, and few points."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from app.cohort.groupings import by_labels, by_variable
from app.study.figures.theme import SYNTHETIC_MARK, framed
from app.views.survival.incidence.analysis import GroupIncidence, incidence_by_group
from app.views.survival.incidence.figures import WRONG, Layers, incidence_alt, incidence_figure
from app.views.survival.incidence.figures_stacked import NEITHER, stacked_figure, stacked_panels
from data_loaders import Cohort, Endpoint
from tests.builders import DIAGNOSIS, make_cohort

AML = Endpoint("aml", "AML transformation", "t", "e", competing="c", event_label="AML")
ALL = Layers(band=True, competing=True, wrong=True, full_table=True)


def made(n: int = 300, causes: tuple[int, ...] = (0, 1, 2), seed: int = 2) -> Cohort:
    rng = np.random.default_rng(seed)
    cause = rng.choice(causes, n)
    return make_cohort(
        {
            "diagnosis": list(rng.choice(["ET", "MF", "PV"], n)),
            "t": list(rng.exponential(60, n) + 0.5),
            "e": list((cause == 1).astype(float)),
            "c": list((cause == 2).astype(float)),
        },
        variables=(DIAGNOSIS,),
        endpoints=(AML,),
    )


def of(c: Cohort, *, grouped: bool = True) -> GroupIncidence:
    grouping = by_variable(c, "diagnosis") if grouped else None
    return incidence_by_group(c, np.ones(c.n, dtype=bool), "aml", grouping)


COHORT = made()
RESULT = of(COHORT)


def texts(figure: go.Figure) -> str:
    return json.dumps(figure.to_plotly_json(), default=str)


def lines(figure: go.Figure, dash: str | None) -> list[Any]:
    """The curves of one look, without the keys of the legend."""
    return [
        trace
        for trace in figure.data
        if trace.mode == "lines"
        and trace.line.width
        and trace.line.dash == dash
        and trace.x[0] is not None
    ]


@pytest.mark.parametrize("unit", ["years", "months"])
def test_curves_rise_from_zero_in_the_colours_of_their_groups(unit):
    figure = framed(incidence_figure(RESULT, unit, layers=ALL), "t")
    factor = 12.0 if unit == "years" else 1.0
    for dash, column in ((None, "incidence"), ("dash", "competing"), ("dot", "naive")):
        curves = lines(figure, dash)
        assert len(curves) == 3
        for curve, group in zip(curves, RESULT.drawn, strict=True):
            assert (curve.x[0], curve.y[0]) == (0, 0)
            assert (np.diff(curve.y) >= 0).all()
            read = group.at(np.array(curve.x[1::25]) * factor)[column]
            np.testing.assert_allclose(curve.y[1::25], read, atol=1e-12)
    assert [c.line.color for c in lines(figure, None)] == [g.colour for g in RESULT.drawn]


def test_the_axis_says_what_its_shares_are_of():
    """Not "time to first treatment": that is no share."""
    figure = framed(incidence_figure(RESULT), "t")
    assert figure.layout.yaxis.title.text == "Cumulative incidence"


def test_the_band_holds_the_curve_and_can_be_taken_away():
    figure = framed(incidence_figure(RESULT, layers=Layers(band=True)), "t")
    filled = [trace for trace in figure.data if trace.fill == "tonexty"]
    edges = [trace for trace in figure.data if trace.line.width == 0 and not trace.fill]
    for upper, lower, curve in zip(edges, filled, lines(figure, None), strict=True):
        assert (np.array(lower.y) <= np.array(curve.y) + 1e-12).all()
        assert (np.array(upper.y) >= np.array(curve.y) - 1e-12).all()
    bare = framed(incidence_figure(RESULT, layers=Layers(band=False)), "t")
    assert not [trace for trace in bare.data if trace.fill]


def test_dashes_and_dots_are_named_once_and_only_where_drawn():
    named = [
        t.name for t in framed(incidence_figure(RESULT, layers=ALL), "t").data if t.x[0] is None
    ]
    assert named == ["Death without AML", WRONG]
    plain = framed(incidence_figure(RESULT), "t")
    assert WRONG not in texts(plain)
    assert not lines(plain, "dash")


def test_the_risk_table_counts_under_the_ticks():
    figure = framed(incidence_figure(RESULT, "years", layers=ALL), "t")
    ticks = list(figure.layout.xaxis.tickvals)
    rows = [t for t in figure.data if t.yaxis == "y2" and len(t.x) == len(ticks) > 1]
    assert len(rows) == 3 * 4
    assert all(list(row.x) == ticks for row in rows)
    for position, group in enumerate(RESULT.drawn):
        own = (COHORT.patients["diagnosis"] == group.name).to_numpy()
        time = COHORT.patients["t"].to_numpy()[own] / 12
        expected = [f"{int((time >= tick).sum()):,}" for tick in ticks]
        assert list(rows[4 * position].text) == expected
        printed = np.array([[int(text) for text in row.text] for row in rows[4 * position :][:4]])
        assert (printed.sum(axis=0) == own.sum()).all()
    assert figure.layout.xaxis2.matches == "x"


def test_a_rare_event_is_not_squeezed_and_nothing_is_cut():
    for causes in ((0,) * 30 + (1,), (0, 1), (1, 1, 2), (1,)):
        for layers in (Layers(), ALL):
            figure = framed(incidence_figure(of(made(causes=causes)), layers=layers), "t")
            top = figure.layout.yaxis.range[1]
            highest = max(
                max(curve.y) for dash in (None, "dash", "dot") for curve in lines(figure, dash)
            )
            assert highest <= top + 1e-12 <= 1 + 1e-9
            assert highest > 0.3 * top


def test_a_test_stands_in_the_figure_only_where_there_is_one():
    assert "Gray's test p" in texts(framed(incidence_figure(RESULT), "t"))
    assert "Gray" not in texts(framed(incidence_figure(of(COHORT, grouped=False)), "t"))


@pytest.mark.parametrize("name", ["ET", "MF"])
def test_stacked_areas_add_up_to_everyone(name):
    figure = framed(stacked_figure(RESULT, name, full_table=True), "t")
    areas = [trace for trace in figure.data if trace.fill]
    assert [trace.name for trace in areas] == ["AML", "Death without AML", NEITHER]
    np.testing.assert_allclose(np.sum([trace.customdata for trace in areas], axis=0), 1)
    np.testing.assert_allclose(areas[-1].y, 1)
    group = next(group for group in RESULT.drawn if group.name == name)
    at = group.at(np.array(areas[0].x[1::20]) * 12)
    np.testing.assert_allclose(areas[0].y[1::20], at["incidence"], atol=1e-12)
    np.testing.assert_allclose(areas[1].customdata[1::20], at["competing"], atol=1e-12)
    table = [trace for trace in figure.data if trace.yaxis == "y2"]
    assert len(table) == 1 + 1 + 4


def test_small_panels_show_every_group_with_its_numbers_at_risk():
    figure = framed(stacked_panels(RESULT, "years"), "t")
    areas = [trace for trace in figure.data if trace.fill]
    assert len(areas) == 3 * len(RESULT.drawn)
    assert len({trace.name for trace in areas if trace.showlegend}) == 3
    for position, group in enumerate(RESULT.drawn):
        axis = figure.layout[f"xaxis{position + 1 if position else ''}"]
        risk = group.counts(12 * np.array(axis.tickvals))["n_risk"]
        assert [label.split("<br>")[1] for label in axis.ticktext] == [f"{n:,}" for n in risk]
        assert f"<b>{group.name}</b>" in texts(figure)


def test_panels_do_not_overlap():
    c = made(400)
    names = [f"A group with quite a long name {i}" for i in range(9)]
    grouping = by_labels("G", [names[i % 9] for i in range(c.n)], names)
    figure = framed(stacked_panels(incidence_by_group(c, np.ones(c.n, bool), "aml", grouping)), "t")
    boxes = []
    for position in range(9):
        number = position + 1 if position else ""
        x, y = (figure.layout[f"{axis}axis{number}"].domain for axis in "xy")
        assert 0 <= x[0] < x[1] <= 1
        assert 0 <= y[0] < y[1] <= 1
        boxes.append((*x, *y))
    for i, a in enumerate(boxes):
        for b in boxes[i + 1 :]:
            assert a[1] <= b[0] or b[1] <= a[0] or a[3] <= b[2] or b[3] <= a[2]


def test_synthetic_data_is_marked_on_every_figure():
    for synthetic in (True, False):
        for figure in (
            framed(incidence_figure(RESULT), "t", synthetic=synthetic),
            framed(stacked_figure(RESULT, "ET"), "t", synthetic=synthetic),
            framed(stacked_panels(RESULT), "t", synthetic=synthetic),
        ):
            assert (SYNTHETIC_MARK in texts(figure)) == synthetic


@pytest.mark.parametrize("causes", [(0,), (2,), (1,)], ids=["none", "competing", "event"])
def test_what_did_not_happen_is_drawn_as_nothing(causes):
    result = of(made(causes=causes))
    figure = framed(incidence_figure(result, layers=ALL), "t")
    assert figure.layout.height > 0
    assert "NaN" not in texts(figure)
    assert len(lines(figure, None)) == (0 if causes == (0,) else 3)
    framed(stacked_panels(result), "t")
    framed(stacked_figure(result, "ET"), "t")
    nobody = incidence_by_group(COHORT, np.zeros(COHORT.n, dtype=bool), "aml")
    assert "All patients" not in incidence_alt("t", nobody, [])
    assert framed(stacked_panels(nobody), "t").layout.height > 0
    assert framed(incidence_figure(nobody, layers=ALL), "t").layout.height > 0


def test_a_large_cohort_makes_a_small_figure_of_exact_steps():
    result = of(made(60_000), grouped=False)
    for figure in (
        framed(incidence_figure(result, layers=ALL), "t"),
        framed(stacked_figure(result, "All patients"), "t"),
    ):
        assert max(len(trace.x) for trace in figure.data) <= 1_000
    curve = lines(framed(incidence_figure(result), "t"), None)[0]
    exact = result.drawn[0].at(12 * np.array(curve.x[1::97]) + 1e-9)
    np.testing.assert_allclose(curve.y[1::97], exact["incidence"], atol=1e-12)


def test_the_alternative_text_names_groups_and_says_what_it_says():
    text = incidence_alt("Title", RESULT, ["It differs."])
    for group in RESULT.drawn:
        assert re.search(rf"{group.name} \(n = {group.n}\)", text)
    assert text.endswith("It differs.")
