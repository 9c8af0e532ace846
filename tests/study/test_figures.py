"""Figures: what they hold, that they are marked, and that they stay small."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from app.cohort.groupings import by_labels, by_variable
from app.study.figures.bars import share_bars
from app.study.figures.theme import INK, SYNTHETIC_MARK, framed, nice_ticks, plotly_config
from app.views.subgroups.figures import MAX_POINTS, map_by_group, map_by_number
from app.views.survival.curves.analysis import survival_by_group
from app.views.survival.curves.figures import survival_alt, survival_figure
from tests.builders import DIAGNOSIS, OS, make_cohort

N = 300
RNG = np.random.default_rng(3)
COHORT = make_cohort(
    {
        "diagnosis": list(RNG.choice(["ET", "MF", "PV"], N)),
        "os_months": list(RNG.exponential(80, N) + 0.5),
        "os_event": list(RNG.integers(0, 2, N).astype(float)),
    },
    variables=(DIAGNOSIS,),
    endpoints=(OS,),
)
RESULT = survival_by_group(COHORT, np.ones(N, dtype=bool), "os", by_variable(COHORT, "diagnosis"))
POINTS = pd.DataFrame({"x": RNG.normal(size=N), "y": RNG.normal(size=N)})
GROUPS = by_labels("Subgroup", ["a", "b", None] * 100, ["a", "b"])


def texts(figure) -> str:
    return json.dumps(figure.to_plotly_json(), default=str)


def test_the_config_sends_nothing_anywhere():
    config = plotly_config("x")
    assert config["showSendToCloud"] is False
    assert config["displaylogo"] is False
    assert config["toImageButtonOptions"] == {"format": "svg", "filename": "x"}


def test_the_risk_table_counts_under_the_ticks():
    figure = framed(survival_figure(RESULT, "years"), "t")
    ticks = figure.layout.xaxis.tickvals
    rows = [t for t in figure.data if t.yaxis == "y2" and len(t.x) == len(ticks) > 1]
    assert [row.x for row in rows] == [tuple(ticks)] * 3
    times = COHORT.patients["os_months"].to_numpy()
    group = (COHORT.patients["diagnosis"] == RESULT.curves[0].name).to_numpy()
    expected = [f"{int((times[group] >= 12 * tick).sum()):,}" for tick in ticks]
    assert list(rows[0].text) == expected


def test_small_text_is_in_the_page_s_colour():
    """Grey ticks and names in a group's colour are below 4.5 to 1 on one page or the other."""
    figure = framed(survival_figure(RESULT, "years"), "t")
    inked = {trace.textfont.color for trace in figure.data if trace.mode == "text"}
    axes = figure.layout.xaxis, figure.layout.yaxis
    assert inked | {axis.tickfont.color for axis in axes} == {INK}
    assert figure.layout.yaxis.title.font.color == INK
    names = [t.text[0] for t in figure.data if t.mode == "text" and "■" in t.text[0]]
    assert [c.colour in text for c, text in zip(RESULT.curves, names, strict=True)] == [True] * 3


@pytest.mark.parametrize("unit", ["years", "months"])
def test_curves_start_at_one_and_carry_the_group_colours(unit):
    figure = framed(survival_figure(RESULT, unit, full_table=True), "t")
    lines = [t for t in figure.data if t.mode == "lines" and t.line.width > 1]
    assert [line.line.color for line in lines] == [c.colour for c in RESULT.curves]
    for line in lines:
        assert line.x[0] == 0
        assert line.y[0] == 1
        assert (np.diff(line.y) <= 0).all()


def test_synthetic_data_is_marked_on_every_figure():
    marked = [
        framed(survival_figure(RESULT), "t", synthetic=True),
        framed(share_bars(["a"], [1], [2], ["#000000"], of="patients"), "t", synthetic=True),
        framed(map_by_group(POINTS, GROUPS.codes, GROUPS, ["h"] * N), "t", synthetic=True),
        framed(map_by_number(POINTS, np.ones(N), ["h"] * N, label="l"), "t", synthetic=True),
    ]
    for figure in marked:
        assert SYNTHETIC_MARK in texts(figure)
    assert SYNTHETIC_MARK not in texts(framed(survival_figure(RESULT), "t"))


def test_a_large_cohort_makes_a_small_figure():
    n = 100_000
    big = make_cohort(
        {
            "os_months": list(RNG.exponential(80, n)),
            "os_event": list(RNG.integers(0, 2, n).astype(float)),
        },
        endpoints=(OS,),
    )
    figure = framed(survival_figure(survival_by_group(big, np.ones(n, dtype=bool), "os")), "t")
    assert max(len(t.x) for t in figure.data) <= 1_000
    line = next(t for t in figure.data if t.mode == "lines" and t.line.width > 1)
    km = survival_by_group(big, np.ones(n, dtype=bool), "os").drawn[0].km
    assert km is not None
    for x, y in list(zip(line.x, line.y, strict=True))[1::97]:
        exact = km.survival[np.searchsorted(km.time, x * 12 + 1e-9) - 1]
        assert y == pytest.approx(exact, abs=1e-12), "thinning keeps exact steps"


def test_a_result_without_curves_still_draws():
    nobody = survival_by_group(COHORT, np.zeros(N, dtype=bool), "os")
    figure = framed(survival_figure(nobody), "Nobody")
    assert figure.layout.height > 0
    assert "All patients" not in survival_alt("Nobody", nobody, [])


def test_the_map_draws_every_patient_once_and_greys_those_without_a_group():
    figure = framed(map_by_group(POINTS, GROUPS.codes, GROUPS, ["h"] * N), "t")
    assert sum(len(trace.x) for trace in figure.data) == N
    assert [len(trace.x) for trace in figure.data] == [100, 100, 100]


def test_the_map_by_number_leaves_missing_values_grey():
    values = np.where(np.arange(N) < 50, np.nan, np.arange(N, dtype=float))
    figure = framed(map_by_number(POINTS, values, ["h"] * N, label="Age"), "t")
    assert [len(trace.x) for trace in figure.data] == [50, 250]


def test_very_large_maps_are_sampled():
    n = MAX_POINTS + 5_000
    points = pd.DataFrame({"x": np.arange(n, dtype=float), "y": np.zeros(n)})
    figure = framed(map_by_number(points, np.ones(n), ["h"] * n, label="l"), "t")
    assert sum(len(trace.x) for trace in figure.data) == MAX_POINTS


@pytest.mark.parametrize("last", [0.0, 0.2, 1.0, 2.6, 7.0, 13.0, 30.0, 48.0, 361.0, 9_999.0])
def test_ticks_are_few_round_and_cover_the_axis(last):
    ticks = nice_ticks(last)
    assert 1 <= len(ticks) <= 7
    assert ticks[0] == 0
    assert ticks[-1] <= last + 1e-9
