"""Forest plot, residuals and adjusted curves: what they draw is what the numbers say."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.cohort.colours import assign_colours
from app.study.figures.forest import forest_alt, forest_figure, ratio_words
from app.study.figures.theme import SYNTHETIC_MARK, framed
from app.views.survival.cox.analysis import fit_models
from app.views.survival.cox.checks import adjustable, adjusted_view, residual_trend
from app.views.survival.cox.figures_adjusted import adjusted_figure
from app.views.survival.cox.figures_residuals import residual_figure
from app.views.survival.cox.words_rows import forest_rows
from data_loaders import load_cohort

ROWS = pd.DataFrame(
    [
        {"label": "Age, per 10 years", "hr": 2.0, "lower": 1.8, "upper": 2.2, "p_value": 1e-9},
        {"label": "low", "group": "Risk", "reference": True, "n": 40, "events": 9},
        {"label": "high", "group": "Risk", "hr": 3.0, "lower": 2.0, "upper": 4.5, "p_value": 0.012},
        {"label": "TP53 mutated", "hr": 5.0, "lower": 0.4, "upper": 60.0, "p_value": 0.2, "n": 12},
        {"label": "MPL mutated", "hr": np.inf, "lower": np.nan, "upper": np.nan},
        {
            "label": "EZH2 mutated",
            "hr": np.nan,
            "lower": np.nan,
            "upper": np.nan,
            "note": "no event",
        },
    ]
).assign(reference=lambda frame: frame["reference"].eq(True))  # noqa: FBT003


def window(figure):
    return tuple(10 ** np.array(figure.layout.xaxis.range, dtype=float))


def points(figure, name=""):
    return next(
        t
        for t in figure.data
        if t.mode == "markers"
        and t.marker.symbol in {"square", "circle"}
        and (t.name or "") == name
    )


def whiskers(figure):
    return [t for t in figure.data if t.mode == "lines"]


def words(figure) -> list[str]:
    return [annotation.text for annotation in figure.layout.annotations]


def boxes(figure, side: str) -> list[tuple[float, float]]:
    """Top and bottom of every text on one side of the plot, in pixels."""
    found = []
    for text in figure.layout.annotations:
        if text.yref != "y" or (text.x == 0) != (side == "left"):
            continue
        height = 15 * (text.text.count("<br>") + 1)
        top = text.y if text.yanchor == "top" else text.y - height / 2
        found.append((top, top + height))
    return sorted(found)


def test_points_stand_at_the_estimates_and_whiskers_at_the_limits():
    figure = framed(forest_figure(ROWS), "t")
    assert list(points(figure).x) == [2.0, 3.0, 5.0]
    low, high = window(figure)
    x = np.array(whiskers(figure)[0].x, dtype=float).reshape(-1, 3)[:, :2]
    np.testing.assert_allclose(x, [[1.8, 2.2], [2.0, 4.5], [0.4, high]])
    assert low <= 0.4
    assert 15 <= high < 60


def test_an_interval_beyond_the_axis_ends_in_an_arrow():
    figure = framed(forest_figure(ROWS), "t")
    arrows = [t for t in figure.data if str(t.marker.symbol).startswith("triangle")]
    assert [t.marker.symbol for t in arrows] == ["triangle-right"]
    assert list(arrows[0].x) == pytest.approx([window(figure)[1]])
    assert list(arrows[0].y) == [points(figure).y[2]]


def test_the_point_grows_with_the_information():
    sizes = points(framed(forest_figure(ROWS), "t")).marker.size
    assert sizes[0] > sizes[1] > sizes[2] >= 5


def test_references_and_missing_estimates_are_said_in_words():
    said = words(framed(forest_figure(ROWS), "t"))
    assert said.count("reference") == 1
    assert "no event" in said
    assert any(text.startswith("infinite") for text in said)
    assert "3.00 (2.00–4.50)<br>p = 0.012" in said
    assert "<b>Risk</b>" in said
    assert "low<br>40, 9" in said
    assert "TP53 mutated<br>12" in said
    assert "Age,<br>per 10 years" in said


def test_a_line_stands_at_one():
    figure = framed(forest_figure(ROWS), "t")
    assert [(shape.x0, shape.x1) for shape in figure.layout.shapes] == [(1, 1)]
    assert 1 in figure.layout.xaxis.tickvals


def test_two_series_stand_under_each_other_and_differ_in_shape():
    both = pd.concat(
        [ROWS.iloc[[0]].assign(series="Univariable"), ROWS.iloc[[0]].assign(series="Multivariable")]
    )
    figure = framed(forest_figure(both), "t")
    first, second = points(figure, "Univariable"), points(figure, "Multivariable")
    assert first.y[0] < second.y[0]
    assert (first.marker.symbol, second.marker.symbol) == ("circle", "square")
    assert first.marker.color != second.marker.color
    assert sum(text.startswith("Age") for text in words(figure)) == 1
    assert figure.layout.showlegend


def test_what_a_heading_says_beside_it_has_its_room():
    rows = ROWS.iloc[[1, 2]].assign(group_note="interaction<br>p = 0.010")
    figure = framed(forest_figure(rows), "t")
    right = boxes(figure, "right")
    assert len(right) == 3
    assert all(above[1] <= below[0] + 1 for above, below in pairwise(right))


@pytest.mark.parametrize("count", [1, 20, 60])
def test_up_to_sixty_rows_do_not_overlap(count):
    rows = pd.DataFrame(
        {
            "label": [f"A covariate with a rather long name {i}" for i in range(count)],
            "group": [f"Heading {i // 4}" if i % 3 else None for i in range(count)],
            "hr": np.linspace(0.3, 4, count),
            "lower": np.linspace(0.2, 3, count),
            "upper": np.linspace(0.5, 5, count),
            "p_value": 0.5,
            "n": 10,
            "events": 5,
        }
    )
    figure = framed(forest_figure(rows), "t")
    for side in ("left", "right"):
        own = boxes(figure, side)
        assert len(own) >= count
        for above, below in pairwise(own):
            assert above[1] <= below[0] + 1
        assert own[-1][1] <= figure.layout.yaxis.range[0] + 1
    assert figure.layout.height < 90 * count + 200


def test_the_words_leave_room_for_the_plot_on_a_phone():
    margin = framed(forest_figure(ROWS.assign(label="A covariate with a very long name")), "t")
    left, right = margin.layout.margin.l, margin.layout.margin.r
    assert 358 - left - right >= 70
    assert all((annotation.font.size or 12) >= 12 for annotation in margin.layout.annotations)


ratios = st.floats(1e-8, 1e8)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(ratios, st.floats(1.0, 1e6), st.floats(1.0, 1e6)), min_size=1, max_size=8)
)
def test_the_axis_holds_one_and_every_reasonable_estimate(drawn):
    rows = pd.DataFrame(
        {
            "label": [str(i) for i in range(len(drawn))],
            "hr": [hr for hr, _, _ in drawn],
            "lower": [hr / a for hr, a, _ in drawn],
            "upper": [hr * b for hr, _, b in drawn],
        }
    )
    figure = framed(forest_figure(rows), "t")
    low, high = window(figure)
    assert low < 1 < high
    ticks = figure.layout.xaxis.tickvals
    assert 1 <= len(ticks) <= 7
    assert all(low <= tick <= high for tick in ticks)
    said = [words for words in figure.layout.xaxis.ticktext if words]
    assert "1" in said
    assert len(said) <= 4, "level and beside each other on a phone"
    for hr in rows["hr"]:
        if 0.01 <= hr <= 100:
            assert low <= hr <= high
    for line in whiskers(figure):
        x = np.array(line.x, dtype=float)
        x = x[~np.isnan(x)]
        assert ((x >= low * 0.999) & (x <= high * 1.001)).all()


def test_missing_limits_are_open_ends():
    rows = pd.DataFrame({"label": ["a"], "hr": [2.0], "lower": [np.nan], "upper": [np.inf]})
    figure = framed(forest_figure(rows), "t")
    symbols = {str(t.marker.symbol) for t in figure.data if t.mode == "markers"}
    assert {"triangle-left", "triangle-right"} <= symbols


@pytest.mark.parametrize(
    ("ratio", "said"),
    [(1.944, "1.94"), (12.34, "12.3"), (123.4, "123"), (5e4, "> 1000"), (np.inf, "∞"),
     (0.001, "< 0.01"), (np.nan, "?")],
)  # fmt: skip
def test_a_ratio_in_words(ratio, said):
    assert ratio_words(ratio) == said


def test_what_has_no_rows_is_refused():
    for rows in (ROWS.iloc[:0], ROWS.drop(columns="lower")):
        with pytest.raises(ValueError, match="needs rows with the columns"):
            framed(forest_figure(rows), "t")


def test_the_figures_of_a_model_are_marked_and_hold_its_numbers():
    cohort = load_cohort("demo:mpn")
    specs = ["variable:age_years", "variable:driver"]
    models = fit_models(cohort, np.ones(cohort.n, dtype=bool), "os", specs)
    rows = forest_rows(models)
    forest = framed(forest_figure(rows), "Overall survival", synthetic=True)
    assert list(points(forest).x) == models.model.summary["hr"].tolist()
    assert "reads" in forest_alt("Title", rows, ["It reads."])
    trend = residual_trend(models.model, "Age at diagnosis")
    residuals = framed(residual_figure(trend, "Age"), "t", synthetic=True)
    dots = next(t for t in residuals.data if t.mode == "markers")
    assert len(dots.x) == models.model.events
    dashed = next(t for t in residuals.data if t.line.dash == "dash")
    assert list(dashed.y) == [trend.coefficient] * 2
    view = adjusted_view(models, adjustable(models)[0])
    adjusted = framed(
        adjusted_figure(view, assign_colours(view.names), event_label="death"), "t", synthetic=True
    )
    drawn = [t for t in adjusted.data if t.mode == "lines" and t.line.width and t.line.width > 2]
    assert [t.name for t in drawn] == list(view.names)
    for line in drawn:
        assert line.y[0] == 1
        assert (np.diff(np.array(line.y)) <= 1e-12).all()
    dotted = [t for t in adjusted.data if t.line.dash == "dot"]
    assert len(dotted) == len(view.names)
    alone = framed(
        adjusted_figure(view, assign_colours(view.names), event_label="death", unadjusted=False),
        "t",
    )
    assert not [t for t in alone.data if t.line.dash == "dot"]
    for figure in (forest, residuals, adjusted):
        assert SYNTHETIC_MARK in json.dumps(figure.to_plotly_json(), default=str)


def test_many_events_make_a_small_residual_figure():
    n = 40_000
    cohort = load_cohort("demo:mpn")
    models = fit_models(cohort, np.ones(cohort.n, dtype=bool), "os", ["variable:age_years"])
    trend = residual_trend(models.model, "Age at diagnosis")
    points_many = pd.concat([trend.points] * (n // len(trend.points) + 1), ignore_index=True)
    points_many = points_many.sort_values("time", ignore_index=True)
    many = type(trend)(trend.term, points_many, trend.smooth, trend.coefficient)
    figure = framed(residual_figure(many, "Age"), "t")
    assert max(len(t.x) for t in figure.data) <= 1_500
